import type { Result } from '../result/result.js';
import type { Staleness } from '../result/round.js';
import { PHASES, type Phase } from './expression.js';
import { isMissing, type Metric, type Missing, type Reading } from './metric.js';
import { missingIn, validRounds } from './rounds.js';

/** How old what readers of the read-only port got was. */
export const READ_METRICS: readonly Metric[] = [
  {
    ...readMetric('staleness', 'how old a row read on the read-only port was, in the worst round'),
    unit: 'ms',
    statistics: ['p50', 'p99', 'max'],
    usual: 'max',
    read: (result, { phase, statistic }) => worstAge(result, phase, statistic ?? 'max'),
  },
  {
    ...readMetric('stale_reads', 'reads that did not see what had been acknowledged before they began'),
    read: (result, { phase }) => sumOf(result, phase, ({ stale }) => stale),
  },
  {
    ...readMetric('backward_reads', 'reads that saw an older row than one before them'),
    read: (result, { phase }) => sumOf(result, phase, ({ nonMonotonic }) => nonMonotonic),
  },
];

function readMetric(name: string, meaning: string): Omit<Metric, 'read'> {
  return {
    name,
    group: 'Reads',
    unit: 'count',
    meaning,
    better: 'less',
    statistics: [],
    usual: null,
    phases: true,
    part: null,
    perRound: null,
  };
}

/** Percentiles of several rounds cannot be added up: the worst one is an upper bound of them all. */
function worstAge(result: Result, phase: Phase | null, statistic: string): Reading {
  const told = stalenessOf(result, phase);
  if (isMissing(told)) {
    return told;
  }
  let worst = 0;
  for (const { p50Ms, p99Ms, maxMs } of told.parts) {
    const tail = statistic === 'p99' ? p99Ms : maxMs;
    const age = statistic === 'p50' ? p50Ms : tail;
    if (age === null) {
      return { missing: 'no age was read' };
    }
    worst = Math.max(worst, age);
  }
  return { value: worst, detail: told.detail };
}

function sumOf(result: Result, phase: Phase | null, of: (part: Staleness) => number): Reading {
  const told = stalenessOf(result, phase);
  return isMissing(told)
    ? told
    : { value: told.parts.reduce((sum, part) => sum + of(part), 0), detail: told.detail };
}

/** At least one; a phase that a round does not have is left out, one without a read is not. */
function stalenessOf(
  result: Result,
  phase: Phase | null,
): { readonly parts: readonly Staleness[]; readonly detail: string } | Missing {
  const valid = validRounds(result, null);
  if (isMissing(valid)) {
    return valid;
  }
  const parts: Staleness[] = [];
  for (const each of valid.rounds) {
    const { round } = each;
    if (round.staleness === null) {
      return missingIn(each, 'no heartbeat was read on a read-only port');
    }
    for (const name of phase === null ? PHASES : [phase]) {
      const part = round.staleness[name];
      if (part === null && round.phases[name] !== null) {
        return missingIn(each, `no heartbeat was read ${name} the fault`);
      }
      parts.push(...(part === null ? [] : [part]));
    }
  }
  return parts.length === 0
    ? { missing: phase === null ? 'nothing was read' : `no round has a part ${phase} the fault` }
    : { parts, detail: valid.detail };
}

import type { NamedResult } from '../result/named.js';
import type { PhaseTotals, Result } from '../result/result.js';
import { formatCount, formatMicros, formatMillis, formatRate } from '../units.js';
import { type Headline, type HeadlineDowntime, headlineOf } from './headline.js';
import { failedAttempts } from './terminal/latency.js';

/** A line of the table of several results. */
export interface FigureRow {
  readonly name: string;
  /** One of each result, in their order; null where there is none. Names in it come from outside. */
  readonly values: readonly (string | null)[];
}

/** The figures that results are looked at side by side by; a line that none of them has is left out. */
export function figureRows(results: readonly NamedResult[]): readonly FigureRow[] {
  const told = results.map(({ result }) => ({ result, headline: headlineOf(result) }));
  return FIGURES.map(([name, of]) => ({ name, values: told.map(of) })).filter(({ values }) =>
    values.some((value) => value !== null),
  );
}

interface Told {
  readonly result: Result;
  readonly headline: Headline;
}

const FIGURES: readonly (readonly [name: string, of: (told: Told) => string | null])[] = [
  ['started', ({ headline }) => `${headline.startedAt.slice(0, 16).replace('T', ' ')}`],
  ['status', ({ headline }) => (headline.status === 'completed' ? null : headline.status)],
  ['workload', ({ headline }) => headline.workload],
  ['clients', ({ result }) => formatCount(result.plan.clients)],
  ['fault', ({ headline }) => headline.fault],
  ['rounds', roundsInWords],
  ['write downtime', ({ headline }) => downtimeInWords(headline.writeDowntime)],
  ['read downtime', ({ headline }) => downtimeInWords(headline.readDowntime)],
  ['lost commits', lostInWords],
  ['in doubt', ({ result }) => formatCount(result.totals.outcomes.in_doubt)],
  ['failed attempts', ({ result }) => formatCount(failedAttempts(result.totals.outcomes))],
  ['tps', ({ headline }) => formatRate(headline.tps)],
  ['tps before', phase('before', ({ tps }) => formatRate(tps))],
  ['tps during', phase('during', ({ tps }) => formatRate(tps))],
  ['tps after', phase('after', ({ tps }) => formatRate(tps))],
  ['p50', ({ result }) => micros(result.totals.response?.p50Us)],
  ['p99', ({ headline }) => micros(headline.p99Us)],
  ['p99 before', phase('before', ({ response }) => micros(response?.p99Us))],
  ['p99 during', phase('during', ({ response }) => micros(response?.p99Us))],
  ['p99 after', phase('after', ({ response }) => micros(response?.p99Us))],
  ['longest', ({ result }) => micros(result.totals.response?.maxUs)],
  ['gates', ({ headline }) => gatesInWords(headline.gates)],
];

/** `6.82 s`, `> 19.7 s` where it was not over, `6.82 s (median)` over rounds. */
export function downtimeInWords(downtime: HeadlineDowntime): string | null {
  switch (downtime.kind) {
    case 'no_fault':
      return null;
    case 'none_seen':
      return 'none seen';
    case 'not_measured':
      return 'not measured';
    case 'away': {
      const figure = `${downtime.over ? '' : '> '}${formatMillis(downtime.ms)}`;
      return downtime.of === 'round' ? figure : `${figure} (${downtime.of})`;
    }
  }
}

function roundsInWords({ result, headline }: Told): string | null {
  const done = result.analysis.rounds.length;
  const invalid = done - headline.rounds;
  return done < 2 && invalid === 0 ? null : `${done}${invalid > 0 ? `, ${invalid} invalid` : ''}`;
}

function lostInWords({ result, headline }: Told): string | null {
  if (headline.lost === null) {
    return result.commits === null ? null : 'not known';
  }
  return formatCount(headline.lost);
}

function gatesInWords(gates: Headline['gates']): string | null {
  if (gates === null) {
    return null;
  }
  const { passed, failed } = gates;
  return failed === 0 ? `${passed} passed` : `${failed} of ${passed + failed} FAILED`;
}

function phase(
  name: 'before' | 'during' | 'after',
  of: (totals: PhaseTotals) => string | null,
): (told: Told) => string | null {
  return ({ result }) => {
    const totals = result.analysis.phases[name];
    return totals === null ? null : of(totals);
  };
}

function micros(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : formatMicros(value);
}

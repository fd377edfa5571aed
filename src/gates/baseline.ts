import { findingsOf } from '../compare/comparable.js';
import type { Finding } from '../compare/comparison.js';
import { UserError } from '../errors.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { formatMillis } from '../units.js';
import { type Gate, needsBaseline, printFigure } from './expression.js';
import { isMissing, type Missing, type Reading } from './metric.js';
import { metricOf, readFigureOf } from './metrics.js';
import { roundStatistic } from './rounds.js';

/**
 * Refuses gates that cannot be judged since there is nothing to compare with.
 * @throws UserError where one needs a baseline and there is none, none that completed, or none with such a figure
 */
export function checkBaseline(gates: readonly Gate[], baseline: NamedResult | null): void {
  for (const gate of gates.filter(needsBaseline)) {
    if (baseline === null) {
      throw new UserError(
        `The gate '${gate.expression}' compares with a baseline, and none was given.`,
        'Name its result with --baseline.',
      );
    }
    const ending = endingOf(baseline.result);
    if (ending !== null) {
      throw new UserError(
        `Expected a baseline that completed, found ${baseline.name}, which ${ending}.`,
        'Name another one.',
      );
    }
    const reading = baselineReading(gate, baseline.result);
    if (isMissing(reading)) {
      throw new UserError(
        `The baseline ${baseline.name} has no ${printFigure(gate.figure)} to compare with: ${reading.missing}.`,
      );
    }
  }
}

/** Why a run did not measure what was asked of it, `was interrupted after 5.00 s`; null when it completed. */
export function endingOf({ run }: Result): string | null {
  switch (run.status) {
    case 'completed':
      return null;
    case 'interrupted':
      return `was interrupted after ${formatMillis(run.elapsedMs)}`;
    case 'broken':
      return 'broke: the target did not come back';
  }
}

/**
 * Why the figures of two results say nothing of each other, `this run had 8 clients, the baseline had 64 clients`; null
 * when nothing is known against it. How each of them ended is not asked here.
 */
export function whyIncomparable(result: Result, baseline: Result): string | null {
  const named = (name: string, own: Result): NamedResult => ({ name, directory: null, result: own });
  const findings = findingsOf(named('the baseline', baseline), [named('this run', result)]);
  const texts = findings.filter(refuses).map(({ text }) => text);
  return texts.length === 0 ? null : texts.join(' ').replace(/\.$/, '');
}

/**
 * What a reader of gates that compare with a baseline must know, one sentence each: that a generator was short of CPU, and
 * what was passed over.
 * @param anyway whether what is not comparable was compared, too
 */
export function baselineWarnings(
  gates: readonly Gate[],
  named: NamedResult,
  baseline: NamedResult | null,
  anyway: boolean,
): readonly string[] {
  if (baseline === null || !gates.some(needsBaseline)) {
    return [];
  }
  const findings = findingsOf(baseline, [named]);
  const passedOver = anyway ? findings.filter(refuses) : [];
  return [
    ...findings.filter(({ what }) => what === 'generator').map(({ text }) => text),
    ...passedOver.map(({ text }) => `Not comparable, and compared anyway: ${text}`),
  ];
}

/**
 * A lab shares its machine with the load, so that its generator is short of CPU more often than not: that is warned of. A
 * run that did not complete fails by itself.
 */
function refuses({ what }: Finding): boolean {
  return what !== 'generator' && what !== 'status';
}

function baselineReading({ figure, condition }: Gate, baseline: Result): Reading {
  if (condition.kind !== 'not_worse') {
    return readFigureOf(baseline, figure);
  }
  const values = metricOf(figure).perRound?.(baseline, figure.part) ?? NO_ROUNDS;
  return isMissing(values) ? values : { value: roundStatistic(values.values, 'median'), detail: '' };
}

/** The parser takes no such gate. */
export const NO_ROUNDS: Missing = { missing: 'it has no figure of each round' };

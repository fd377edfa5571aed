import type { PhaseTotals, Result } from '../result/result.js';
import type { Phase } from './expression.js';
import { isMissing, type Missing } from './metric.js';
import { missingIn, noted, validRounds } from './rounds.js';

/** A phase of all valid rounds together. */
export interface ToldPhase {
  readonly phase: PhaseTotals;
  readonly detail: string;
}

/**
 * Of during and after, one round of which they cannot be told is enough for none: it may have been the worst. Before is
 * that of the rounds that have one.
 */
export function toldPhase(result: Result, name: Phase): ToldPhase | Missing {
  const valid = validRounds(result, null);
  if (isMissing(valid)) {
    return valid;
  }
  for (const round of valid.rounds) {
    const { before, after } = round.round.phases;
    if (before === null && (name !== 'before' || result.analysis.phases.before === null)) {
      return missingIn(round, noted(result, round, 'before, during and after cannot be told'));
    }
    if (after === null && name !== 'before') {
      return { missing: `throughput was not back at 90 % for 3 s${round.where}`, never: true };
    }
  }
  const { phases } = result.analysis;
  const own = phases[name];
  if (own !== null) {
    const told = valid.rounds.filter(({ round }) => round.phases[name] !== null).length;
    const detail =
      told === valid.rounds.length ? valid.detail : `over ${told} of ${valid.rounds.length} rounds`;
    return { phase: own, detail };
  }
  // What came after the fault, all of it: the load held on, so that nothing was during.
  return name === 'during' && phases.after !== null
    ? { phase: phases.after, detail: 'after the fault, since the load never fell below 90 %' }
    : { missing: 'the phases of the rounds are not told' };
}

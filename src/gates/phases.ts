import type { PhaseTotals, Result } from '../result/result.js';
import type { Phase } from './expression.js';
import { isMissing, type Missing } from './metric.js';
import { missingIn, noted, validRounds } from './rounds.js';

/** A phase of all valid rounds together. */
export interface ToldPhase {
  readonly phase: PhaseTotals;
  readonly detail: string;
}

/** One round whose phases cannot be told is enough for none: it may have been the worst. */
export function toldPhase(result: Result, name: Phase): ToldPhase | Missing {
  const valid = validRounds(result, null);
  if (isMissing(valid)) {
    return valid;
  }
  for (const round of valid.rounds) {
    const { before, after } = round.round.phases;
    if (before === null) {
      return missingIn(round, noted(result, round, 'before, during and after cannot be told'));
    }
    if (after === null && name !== 'before') {
      return { missing: `the load never came back${round.where}`, never: true };
    }
  }
  const { phases } = result.analysis;
  const own = phases[name];
  if (own !== null) {
    return { phase: own, detail: valid.detail };
  }
  // What came after the fault, all of it: the load held on, so that nothing was during.
  return name === 'during' && phases.after !== null
    ? { phase: phases.after, detail: 'after the fault, since the load never fell below 90 %' }
    : { missing: 'the phases of the rounds are not told' };
}

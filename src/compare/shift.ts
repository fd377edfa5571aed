import { median } from 'simple-statistics';
import { boundingRank, LEVEL, rankTest, Z_95 } from './rank-test.js';

/**
 * How far two samples lie apart, and whether that can be told from chance: a rank test and the Hodges–Lehmann shift
 * with its interval. The contract between comparing two results and gates against a baseline.
 */
export interface Shift {
  readonly verdict: 'better' | 'worse' | 'no_difference' | 'too_few';
  /** Candidate minus base, in the unit of the samples. */
  readonly shift: number;
  /** 95 %; null with too few to say. */
  readonly interval: { readonly from: number; readonly to: number } | null;
  /** Two-sided; null with too few to say. */
  readonly p: number | null;
  /** How many values of each a difference of this size needs; null unless there were too few. */
  readonly needed: number | null;
}

/**
 * The shift is the median of all differences of one value of the candidate and one of the base; its interval lies between
 * two of these, is distribution-free, and keeps its 95 % with ties. It is better or worse when the rank test says so with
 * p < 5 % and the interval does not hold 0.
 * @param base, candidate at least one value each, in the same unit
 */
export function shiftBetween(
  base: readonly number[],
  candidate: readonly number[],
  lowerIsBetter: boolean,
): Shift {
  if (base.length === 0 || candidate.length === 0) {
    throw new Error('A shift takes at least one value of each.');
  }
  const differences = differencesOf(base, candidate);
  const shift = median(differences);
  const rank = boundingRank(base.length, candidate.length);
  if (rank === 0) {
    return { verdict: 'too_few', shift, interval: null, p: null, needed: neededFor(differences) };
  }
  const interval = {
    from: differences[rank - 1] as number,
    to: differences[differences.length - rank] as number,
  };
  const p = rankTest(candidate, base);
  const told = p < LEVEL && (interval.from > 0 || interval.to < 0);
  const verdict = interval.to < 0 === lowerIsBetter ? 'better' : 'worse';
  return { verdict: told ? verdict : 'no_difference', shift, interval, p, needed: null };
}

/** Values of one run. */
export interface Sample {
  /** At least one. */
  readonly values: readonly number[];
  /** What lies closer together cannot be told apart, in the unit of the values; null where nothing bounds it. */
  readonly resolution: number | null;
}

export interface ResolvedShift extends Shift {
  /** The resolution, where it is all that speaks against a verdict of the rank test; null otherwise. */
  readonly blurredBy: number | null;
}

/** The same of values that are known up to a resolution: a shift that is no longer than that of either is none. */
export function resolvedShift(base: Sample, candidate: Sample, lowerIsBetter: boolean): ResolvedShift {
  const shift = shiftBetween(base.values, candidate.values, lowerIsBetter);
  const resolution = Math.max(base.resolution ?? 0, candidate.resolution ?? 0);
  const isTold = shift.verdict === 'better' || shift.verdict === 'worse';
  return isTold && Math.abs(shift.shift) <= resolution
    ? { ...shift, verdict: 'no_difference', blurredBy: resolution }
    : { ...shift, blurredBy: null };
}

/** Each value of the candidate minus each of the base, ascending. */
function differencesOf(base: readonly number[], candidate: readonly number[]): number[] {
  const differences = candidate.flatMap((value) => base.map((from) => value - from));
  return differences.sort((a, b) => a - b);
}

/** With a power of 80 %: of five pairs of runs that differ so much, four show it. */
const Z_POWER = 0.8416212335729143;

/**
 * How many values of each let the rank test find, in four of five cases, that one sample lies beyond the other as often
 * as it does here (Noether 1987, Sample size determination for some common nonparametric tests). At least as many as can
 * tell anything.
 */
function neededFor(differences: readonly number[]): number {
  const above = differences.filter((difference) => difference > 0).length;
  const below = differences.filter((difference) => difference < 0).length;
  const beyond = Math.abs(above - below) / differences.length / 2;
  const noether = beyond === 0 ? 0 : (Z_95 + Z_POWER) ** 2 / (6 * beyond ** 2);
  return Math.max(LEAST, Math.ceil(noether));
}

/** Of each: with 3 and 3 the most extreme of the outcomes comes by chance in one case of ten, with 4 and 4 in one of 35. */
const LEAST = 4;

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

import type { Plan } from '../plan/plan.js';
import type { Event } from '../result/result.js';
import type { Bucket } from './recording.js';

/** How a run stands, told from time to time while it goes on. */
export interface RunProgress {
  readonly plan: Plan;
  readonly elapsedMs: number;
  /** Null when only a number of transactions, or of rounds, ends the load. */
  readonly durationMs: number | null;
  /** What is new since the last call and whose frames are all there, in intervals: some progressMs of it, never nothing. */
  readonly latest: readonly Bucket[];
  /** '' when nobody leads, null when that is not known. */
  readonly leader: string | null;
  /** Of so many rounds; null when there are none. */
  readonly round: { readonly now: number; readonly of: number } | null;
  /** When each fault was about to be done, until now. */
  readonly faultsMs: readonly number[];
  /** What was seen in the cluster since the call before, all of it at the first one. */
  readonly events: readonly Event[];
}

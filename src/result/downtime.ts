import type { Route } from '../plan/target.js';

/**
 * The longest time without an acknowledgement that overlaps the round. docs/measuring.md says how it is found and what
 * the resolution means.
 */
export interface Downtime {
  /** The port that was watched; reads are watched on `rw` when the workload reads only there. */
  readonly route: Route;
  /**
   * Whether the service was away. False for a gap that says nothing: not longer than the buckets of the timeline, or
   * than the load's own pauses before the fault. An outage shorter than `resolutionMs` may hide in it.
   */
  readonly outage: boolean;
  /** Last acknowledgement before the gap, first one after it; `toMs` is null when none came until the end of the round. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** toMs - fromMs; until the end of the round when nothing came back. */
  readonly durationMs: number;
  /** The true outage lies in (durationMs - resolutionMs, durationMs]: how densely the service was tried. */
  readonly resolutionMs: number;
  /** Attempts that failed in the gap. */
  readonly failures: number;
  /** Longest time without an acknowledgement in the steady part before the fault; null when there was none. */
  readonly usualPauseMs: number | null;
  /** Longest delay of the generator's own event loops in the buckets that the gap touches: by so much it may be its own. */
  readonly stallMs: number;
}

import type { Frame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import type { ClientFacts, FaultRecord } from '../result/result.js';

/** Everything the load recorded, merged over the workers: what analysis and the result are made from. */
export interface Recording {
  readonly plan: Plan;
  /** In order of time, without holes: an interval in which nothing ended has a bucket, too. */
  readonly buckets: readonly Bucket[];
  readonly clients: readonly ClientFacts[];
  readonly faults: readonly FaultRecord[];
  /** From the start of the load to the end of its last transaction. */
  readonly elapsedMs: number;
}

/** The merged frames of one interval, or of several neighbouring ones far from a fault. */
export interface Bucket extends Omit<Frame, 'worker' | 'interval'> {
  readonly startMs: number;
  readonly widthMs: number;
}

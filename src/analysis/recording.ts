import type { Frame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import type { ClientFacts, ClusterFacts, Event, FaultRecord, Gap } from '../result/result.js';

/** Everything that was recorded of a run, merged over the workers: what analysis and the result are made from. */
export interface Recording {
  readonly plan: Plan;
  /** In order of time, without holes: an interval in which nothing ended has a bucket, too. */
  readonly buckets: readonly Bucket[];
  readonly clients: readonly ClientFacts[];
  /** The longest gap of each client from fault to fault, in the order of the clients. */
  readonly gaps: readonly (readonly Gap[])[];
  readonly faults: readonly FaultRecord[];
  /** What the observers saw, in order of time. */
  readonly events: readonly Event[];
  /** As it was before the load. */
  readonly cluster: ClusterFacts;
  /** The commands of each script, in the order of their figures in frames. */
  readonly commands: readonly (readonly NamedCommand[])[];
  /** From the start of the load to the end of its last transaction. */
  readonly elapsedMs: number;
}

/** Where a command stands: frames hold figures only. */
export interface NamedCommand {
  /** In the text of the script, from 1; 0 where there is no text. */
  readonly line: number;
  /** First line of the command. */
  readonly text: string;
}

/** The merged frames of one interval, or of several neighbouring ones far from a fault. */
export interface Bucket extends Omit<Frame, 'worker' | 'interval'> {
  readonly startMs: number;
  readonly widthMs: number;
}

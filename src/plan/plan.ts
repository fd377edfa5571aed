import type { Route, Target } from './target.js';

/**
 * Everything a run will do, resolved from flags, environment and defaults. Plain data, never changed, without
 * secrets: it is sent to worker threads and written into the result as it is.
 */
export interface Plan {
  readonly target: Target;
  readonly workload: WorkloadPlan;
  readonly clients: number;
  readonly workers: number;
  readonly protocol: Protocol;
  readonly durationMs: number;
  /** Length of one interval of the timeline. */
  readonly intervalMs: number;
  /** Seed of every random stream of the run; the same seed gives the same values to the same client. */
  readonly seed: number;
  readonly deadlines: Deadlines;
  readonly reconnect: ReconnectPolicy;
  /** Whether a probe asks each endpoint beside the load, see observe/probe.ts. */
  readonly probes: boolean;
  readonly faults: readonly FaultPlan[];
  readonly label?: string;
}

export type Protocol = 'simple' | 'extended' | 'prepared';

export interface WorkloadPlan {
  readonly name: string;
  /** Values of the workload's own options, `{ scale: 10 }`. */
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** Scripts in the order of their index in frames and results. */
  readonly scripts: readonly ScriptPlan[];
}

export interface ScriptPlan {
  readonly name: string;
  readonly weight: number;
  readonly route: Route;
  /** Whether a lost reply can leave a commit in doubt. */
  readonly writes: boolean;
}

/** When a client gives up, in ms. The socket is destroyed then: no reply that comes later can be mistaken for another's. */
export interface Deadlines {
  /** From the start of the TCP connect until ReadyForQuery. */
  readonly connectMs: number;
  /** From the send of one statement until its reply is complete. */
  readonly statementMs: number;
  /** From the first statement of a transaction until its last reply. */
  readonly transactionMs: number;
}

/** Wait between two attempts of one client: `firstMs`, doubled at each failure up to `capMs`, each time drawn from the upper half. */
export interface ReconnectPolicy {
  readonly firstMs: number;
  readonly capMs: number;
}

export interface FaultPlan {
  readonly kind: string;
  readonly atMs: number;
  readonly options: Readonly<Record<string, string>>;
}

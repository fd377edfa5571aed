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
  /** Whether a client that has scripts of several ports is bound to one of them, see {@link Connections}. */
  readonly connections: Connections;
  /** A client connects anew after so many transactions; 0 = it keeps its connection. */
  readonly transactionsPerConnection: number;
  /** Of the load behind the warm-up; null when only `transactions` ends it. */
  readonly durationMs: number | null;
  /** How many transactions end the load; null when only its duration does. */
  readonly transactions: TransactionLimit | null;
  /** Load before instant 0 of the run that is not recorded at all. */
  readonly warmupMs: number;
  readonly pace: Pace;
  /** Acknowledged later than this after its intended start is late; with an open pace one that cannot begin by then is skipped. */
  readonly latencyLimitMs: number | null;
  readonly retry: RetryPolicy;
  /** Whether the time of each command of the scripts is measured: a clock read for each. */
  readonly perCommand: boolean;
  /** Files with a line for each transaction, or for each span of time, as pgbench writes them; null for none. */
  readonly log: LogPlan | null;
  /** Length of one interval of the timeline. */
  readonly intervalMs: number;
  /** Seed of every random stream of the run; the same seed gives the same values to the same client. */
  readonly seed: number;
  readonly deadlines: Deadlines;
  readonly reconnect: ReconnectPolicy;
  /** Whether a probe asks each endpoint beside the load, see observe/probe.ts. */
  readonly probes: boolean;
  /** Whether the layers of the cluster are watched, see observe/. */
  readonly observers: boolean;
  /** Whether a writer is connected to each node itself, past the proxy: shows two primaries at work, see observe/direct-writer.ts. */
  readonly directWrites: boolean;
  readonly ledger: LedgerMode;
  /** The faults are done so often, one round after the other; null when they are done once, at their times. */
  readonly rounds: number | null;
  readonly faults: readonly FaultPlan[];
  /** What whoever ran it calls it; absent without --label. */
  readonly label?: string;
  /** Whatever else whoever ran it wants to find it by, from --tag NAME=VALUE. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * `per-client`: a client has one connection, to one port; where the scripts are for both, clients are dealt out to the
 * ports by the weights of the scripts, so that clients that wait for writes do not hold up reads. `per-script`: a client
 * has one connection for each script, and each of its transactions is any of them by weight.
 */
export type Connections = 'per-client' | 'per-script';

export interface TransactionLimit {
  readonly count: number;
  /** Each client does so many, or all clients together. */
  readonly per: 'client' | 'run';
}

/**
 * `closed`: a client begins its next transaction when the last one has ended. `open`: transactions begin at instants of a
 * Poisson process, whether the ones before have ended or not, as far as there are free clients.
 */
export type Pace = { readonly kind: 'closed' } | { readonly kind: 'open'; readonly stages: readonly Stage[] };

/** Transactions per second of all clients, changing evenly from the first to the last instant of the stage. */
export interface Stage {
  /** Null for the only stage of a fixed rate, which has no end. */
  readonly durationMs: number | null;
  readonly fromTps: number;
  readonly toTps: number;
}

export interface RetryPolicy {
  /**
   * What follows a serialization failure, a deadlock or, in `restart`, a duplicate key. `fail`: as in pgbench, the same
   * transaction is tried again with the same random values, `maxTries` times in all; then it has failed. `restart`: as
   * in sysbench, the event begins anew with new values until it goes through.
   */
  readonly contention: 'fail' | 'restart';
  /** 0 = without a limit but that of time. */
  readonly maxTries: number;
}

export interface LogPlan {
  /** Path without what pgbench appends, `.PID` and `.WORKER`. */
  readonly prefix: string;
  /** Share of the transactions that are written, 0 < rate ≤ 1. */
  readonly samplingRate: number;
  /** A line for each span of so many seconds instead of for each transaction; null for the latter. */
  readonly aggregateSeconds: number | null;
  /** Whether failures are told by what they were. */
  readonly failuresDetailed: boolean;
}

export type Protocol = 'simple' | 'extended' | 'prepared';

export interface WorkloadPlan {
  readonly name: string;
  /** Values of the workload's own options, `{ scale: 10 }`; of all its workloads, where it is a mix. */
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** Names of those that are as they are by default. */
  readonly usualOptions: readonly string[];
  /** Variables that the user set with -D, as text. */
  readonly variables: Readonly<Record<string, string>>;
  /** Scripts in the order of their index in frames and results. */
  readonly scripts: readonly ScriptPlan[];
}

export interface ScriptPlan {
  readonly name: string;
  readonly weight: number;
  readonly route: Route;
  /** Whether a lost reply can leave a commit in doubt. */
  readonly writes: boolean;
  readonly source: ScriptOrigin;
}

/** Where the program of a script comes from: everything but functions travels in the plan. */
export type ScriptOrigin =
  /** A script in pgbench's language. */
  | { readonly kind: 'text'; readonly text: string }
  /** A sysbench event, as the names of its groups of statements. */
  | { readonly kind: 'event'; readonly groups: readonly string[] }
  /** A function of the script of this name in the workload file at `url`. */
  | { readonly kind: 'function'; readonly url: string; readonly script: string };

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
  /** Connections of all clients that are under way at once in the load, at most: who comes later waits for its turn. */
  readonly burst: number;
}

/**
 * Where the token of each commit goes, by which the audit finds out what was lost. `history`: into the unused column of
 * pgbench_history where a script inserts there, else as `insert`: into a row of a table of the tool's own. `off`: nowhere.
 */
export type LedgerMode = 'history' | 'insert' | 'off';

export interface FaultPlan {
  readonly kind: string;
  readonly atMs: number;
  readonly options: Readonly<Record<string, string>>;
}

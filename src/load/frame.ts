import { NO_COUNTS, type SparseHistogram } from '../histogram.js';
import type { Route } from '../plan/target.js';
import type { Outcome } from '../postgres/outcome.js';

/**
 * What one worker recorded in one interval: plain data that survives serialisation. Frames add up in any
 * order, of any worker on any machine; an interval may come in several frames. All instants are µs since the
 * start of the run on the monotonic clock, -1 where there is none.
 */
export interface Frame {
  readonly worker: number;
  /** The interval [interval × intervalMs, (interval + 1) × intervalMs) since the start of the run. */
  readonly interval: number;
  /** One entry for each script that ended anything in the interval. */
  readonly scripts: readonly ScriptFrame[];
  readonly errors: readonly ErrorFrame[];
  readonly servers: readonly ServerFrame[];
  readonly probes: readonly ProbeFrame[];
  /** At most one of each port: the heartbeat of the run. */
  readonly heartbeats: readonly HeartbeatFrame[];
  readonly connects: ConnectFrame;
  /** Longest delay of this worker's event loop that began in the interval. */
  readonly stallUs: number;
}

/** What a frame holds of an interval in which nothing happened. */
export const NOTHING_RECORDED: Omit<Frame, 'worker' | 'interval'> = {
  scripts: [],
  errors: [],
  servers: [],
  probes: [],
  heartbeats: [],
  connects: { attempts: 0, successes: 0, latency: NO_COUNTS },
  stallUs: 0,
};

export interface ScriptFrame {
  /** Index in plan.workload.scripts. */
  readonly script: number;
  /** Attempts that ended in the interval, in the order of OUTCOMES. */
  readonly outcomes: readonly number[];
  readonly firstAckUs: number;
  readonly lastAckUs: number;
  /** Latency of acknowledged transactions whose service and response time are the same. */
  readonly punctual: SparseHistogram;
  /** Service and response time of those that waited before they could be sent, sample by sample in both. */
  readonly delayedService: SparseHistogram;
  readonly delayedResponse: SparseHistogram;
  readonly maxServiceUs: number;
  readonly maxResponseUs: number;
  /** Acknowledged, but later after the intended start than the plan's latency limit. */
  readonly late: number;
  /** Transactions that ended in the interval and had been tried again, and how often in all. */
  readonly retried: number;
  readonly retries: number;
  /** Schedule lag of an open pace: from the intended start of a transaction to its first attempt. */
  readonly lag: SparseHistogram;
  readonly maxLagUs: number;
  /** {@link COMMAND_FIGURES} numbers for each command of the script, one command behind the other; empty unless they are measured. */
  readonly commands: readonly number[];
}

/** What is recorded of a command: how often it was answered, in how many µs altogether, and how often it failed. */
export const COMMAND_FIGURES = ['count', 'sumUs', 'failures'] as const;

/** Attempts that did not end in an acknowledgement, by what was wrong. */
export interface ErrorFrame {
  readonly script: number;
  readonly route: Route;
  readonly outcome: Outcome;
  /** SQLSTATE, errno name, or one of the transport words of postgres/failure.ts. */
  readonly code: string;
  /** `127.0.0.1:5432` as the server calls itself, or '' when the attempt never got that far. */
  readonly server: string;
  readonly count: number;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Message of the first one. */
  readonly message: string;
}

/** Acknowledgements by the server that gave them. */
export interface ServerFrame {
  readonly server: string;
  readonly route: Route;
  /** Whether these were acknowledgements of writes. */
  readonly writes: boolean;
  /** `direct`: of a writer that is connected to the node itself, past the proxy. */
  readonly via: 'load' | 'direct';
  readonly acks: number;
  readonly firstAckUs: number;
  readonly lastAckUs: number;
}

/** What the probe of one endpoint found: it asks at a fixed cadence, whatever the load does. */
export interface ProbeFrame {
  readonly route: Route;
  /** `service`: keeps its connection as long as it is served. `connect`: a new connection for each request. */
  readonly kind: 'service' | 'connect';
  readonly acks: number;
  readonly failures: number;
  readonly firstAckUs: number;
  readonly lastAckUs: number;
  /**
   * Start of the last attempt before the one that was acknowledged first: had the service been there for it, it would
   * have been acknowledged itself. -1 when there was none before.
   */
  readonly triedBeforeUs: number;
  /**
   * Acknowledgements on a connection that was there before the last trouble (a failure, a hang, a fault that was about
   * to be done), and the first of them. Always none for `connect`.
   */
  readonly keptAcks: number;
  readonly firstKeptAckUs: number;
  /** When the connection of that one was made: what was there before one trouble was not there before an earlier one. */
  readonly keptSinceUs: number;
  /** Largest position in the WAL that the server named in an acknowledgement of a write, bytes; -1 where it named none. */
  readonly lastLsn: number;
}

/** What readers of one port saw of the value that a writer of the read-write port changes at a fixed cadence. */
export interface HeartbeatFrame {
  readonly route: Route;
  readonly reads: number;
  /** Reads that did not see what had been acknowledged to the writer before they began. */
  readonly stale: number;
  /** Reads that saw an older value than one before them had seen. */
  readonly nonMonotonic: number;
  /** Age of what was read, in µs; 0 for the newest. */
  readonly ageUs: SparseHistogram;
  readonly maxAgeUs: number;
}

export interface ConnectFrame {
  readonly attempts: number;
  readonly successes: number;
  /** From the start of an attempt that succeeded to ReadyForQuery. */
  readonly latency: SparseHistogram;
}

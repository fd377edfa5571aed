import type { Failure } from '../postgres/failure.js';
import type { AckRing } from './ack-ring.js';
import type { ClientScript, Closing } from './client-scripts.js';
import type { ClientTimes } from './client-times.js';
import type { ConnectSlots } from './connect-slots.js';
import type { Recorder } from './recorder.js';
import type { TransactionLog } from './transaction-log.js';

/** Where a client stands. */
export type Phase =
  /** Has no connection and tries to get its first one, before the load. */
  | 'opening'
  | 'connecting'
  /** Waits for the start of the load, for that of a transaction, or until wakeUs. */
  | 'waiting'
  /** A transaction is in flight. */
  | 'running'
  /** A failed transaction is being rolled back; its outcome is recorded already. */
  | 'rolling_back'
  /** Has done its last transaction, and connects for what scripts have to do behind it. */
  | 'retiring'
  /** That is in flight. */
  | 'closing'
  | 'stopped';

/** A client as its group sees it while the load runs. */
export interface Member {
  readonly id: number;
  readonly phase: Phase;
  /** Transactions that count for the limit of their number. */
  counted: number;
  /** What it waited for has come, or is overdue. */
  wake(nowUs: number): void;
}

/** What executions of one worker share. */
export interface ExecutionGroup {
  readonly recorder: Recorder;
  readonly statementUs: number;
  /** Whether the time of each command is recorded. */
  readonly perCommand: boolean;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  nowUs(): number;
  /** The last nowUs() that anyone read: good enough for deadlines, and free. */
  lastNowUs: number;
}

/** What the clients of one worker share. */
export interface ClientGroup extends ExecutionGroup {
  readonly scripts: readonly ClientScript[];
  /** What each client runs when it has done its last transaction. */
  readonly closings: readonly Closing[];
  readonly connectUs: number;
  /** Of the connections that may be under way at once. */
  readonly slots: ConnectSlots;
  readonly transactionUs: number;
  readonly firstPauseUs: number;
  readonly capPauseUs: number;
  /** A transaction that cannot begin within this is skipped; Infinity without a limit. */
  readonly latencyLimitUs: number;
  /** Nothing that ends before this instant counts. */
  readonly warmupUs: number;
  /** Whether contention begins the transaction anew with other values, else how often it is tried, Infinity for always. */
  readonly restarts: boolean;
  readonly maxTries: number;
  /** 0 = connections are kept. */
  readonly transactionsPerConnection: number;
  /** Undefined without a ledger. */
  readonly acks: AckRing | undefined;
  /** Undefined without one, and in the warm-up. */
  readonly log: TransactionLog | undefined;
  /** µs since 1970 of an instant of the load. */
  epochUs(nowUs: number): number;
  /** Shared by all sessions of the thread. */
  readonly readBuffer: Buffer;
  /** When it must look at each client, by slot: the end of its pause, or the deadline of what it waits for. */
  readonly wakeAtUs: Float64Array;
  readonly clientTimes: ClientTimes;
  /** Between the start of the load and its end; no transaction begins outside. */
  running: boolean;
  /** Whether there is one more transaction to begin. */
  mayBegin(client: Member): boolean;
  /** A transaction is begun, or was in flight at the end of the warm-up: it counts for the limit of their number. */
  countTransaction(client: Member): void;
  /** Calls client.wake() in the next turn of the event loop, if it still waits then. */
  soon(client: Member): void;
  /** The client has its first connections, or one of them failed. */
  connectedFirst(client: Member, failure: Failure | undefined): void;
  /** The client has nothing in flight and will begin nothing. */
  stopped(client: Member): void;
}

import type { RunProgress } from '../analysis/progress.js';
import type { LedgerMode, Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import type { Result } from '../result/result.js';
import type { PrepareProgress } from '../workload/workload.js';

export type { RunProgress } from '../analysis/progress.js';
export type { PrepareProgress } from '../workload/workload.js';

/**
 * A lab. Its ports can be passed by: `rw` and `ro` are then URIs of another way into it, to a pooler in front of it for
 * one.
 */
export interface LabTarget {
  readonly lab: string;
  /** Base directory of all labs' state, where it is not the usual one. */
  readonly stateDir?: string;
  readonly rw?: string;
  readonly ro?: string;
}

/**
 * A cluster, or a single server, that this tool did not start. What a URI leaves out comes from PGUSER, PGPASSWORD,
 * PGDATABASE and PGSSLMODE.
 */
export interface AddressTarget {
  readonly lab?: never;
  /** Read-write endpoint, `postgresql://user:password@host:port/database`. */
  readonly rw: string;
  /** Read-only endpoint. */
  readonly ro?: string;
  /** Base URL of one member's REST API, `http://host:8008`; the others are found from it. */
  readonly patroni?: string;
  /** Of its basic auth. */
  readonly patroniUser?: string;
  /** PGHA_BENCH_PATRONI_PASSWORD when absent. */
  readonly patroniPassword?: string;
  /** Paths of PEM files: who signed its certificate, the certificate to show it, and the key of that one. */
  readonly patroniCa?: string;
  readonly patroniCert?: string;
  readonly patroniKey?: string;
  /** Accept whatever certificate it shows. */
  readonly patroniInsecure?: boolean;
  /** URL of HAProxy's statistics page, or the path of its stats socket. */
  readonly haproxy?: string;
  /** How it checks its servers, for predictions: words of its configuration, `inter 3s fall 3 rise 2`. */
  readonly haproxyCheck?: string;
  /** Of the page's basic auth. */
  readonly haproxyUser?: string;
  /** PGHA_BENCH_HAPROXY_PASSWORD when absent. */
  readonly haproxyPassword?: string;
  /** Path of a PEM file: who signed its certificate. */
  readonly haproxyCa?: string;
  readonly haproxyInsecure?: boolean;
  /** Client URLs of etcd, `http://host:2379`. */
  readonly etcd?: readonly string[];
  /** Of etcd's own authentication. */
  readonly etcdUser?: string;
  /** PGHA_BENCH_ETCD_PASSWORD when absent. */
  readonly etcdPassword?: string;
  /** Paths of PEM files: who signed their certificates, the certificate to show them, and the key of that one. */
  readonly etcdCa?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly etcdInsecure?: boolean;
  /** Addresses of PostgreSQL by the name of the member, `{ n1: 'host:5432' }`, where Patroni's do not lead there. */
  readonly direct?: Readonly<Record<string, string>>;
}

/** A target that a file names; whatever else is given here comes before what the file says of it. */
export interface NamedTarget extends Partial<Omit<AddressTarget, 'lab'>> {
  readonly name: string;
  /** Path of the file; `pgha-bench.yaml` of the working directory, or of the nearest above it, when absent. */
  readonly file?: string;
  readonly lab?: never;
}

export type TargetOptions = LabTarget | AddressTarget | NamedTarget;

/** Options that a workload has of its own, by name: `{ scale: 10 }`, `{ 'table-size': 100_000 }`. */
export type WorkloadOptions = Readonly<Record<string, string | number | boolean>>;

/** What {@link init} and {@link cleanup} are told. */
export interface TableOptions {
  /** A built-in, `tpcb`, or the path of a workload file. */
  readonly workload: string;
  readonly workloadOptions?: WorkloadOptions;
  /** The lab named `default` when absent. */
  readonly target?: TargetOptions;
  /** Do it to tables that this tool did not make, too. */
  readonly force?: boolean;
  /** Ends the work; tables may then be incomplete. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

/** What a run is watched and ended with. A function that throws costs the result: the run rejects with what it threw. */
export interface RunHooks {
  /** Stops the load; what was recorded until then is a result, too, of status `interrupted`. */
  readonly signal?: AbortSignal;
  /** One line about what is done now, for people: `Stopping the lab.` */
  readonly onStep?: (line: string) => void;
  /** While the load runs, every `progressMs`. */
  readonly onProgress?: (progress: RunProgress) => void;
  /**
   * As soon as there is a result, before a lab of the run's own is stopped.
   * @param directory folder that it was written to, absolute; null where that failed: the run then rejects
   */
  readonly onResult?: (result: Result, directory: string | null) => void;
  /** While the tables of a lab of the run's own are made. */
  readonly onPrepare?: (progress: PrepareProgress) => void;
  /** What is done to the cluster from now on and would stay so if the process ended: `freeze-node of n1`. */
  readonly onStanding?: (standing: readonly string[]) => void;
  /** The name of the lab that the run starts for itself, and that would stay if the process ended. */
  readonly onOwnLab?: (name: string) => void;
}

/** What to run, in the order of these: scripts are numbered, and drawn, in it. At least one of them. */
export interface SelectionOptions {
  /** A built-in, `tpcb`, or the path of a workload file of your own. */
  readonly workload?: string;
  /** Workloads by weight, `tpcb@1,select-only@9`. */
  readonly mix?: string;
  /** pgbench's own scripts, `tpcb-like@2`. */
  readonly builtins?: readonly string[];
  /** Paths of scripts in pgbench's language, `mine.sql@4`. */
  readonly files?: readonly string[];
}

/** How the load is made. */
export interface LoadOptions {
  /** Options that the workloads have of their own. */
  readonly workloadOptions?: WorkloadOptions;
  /** Variables of the scripts. */
  readonly variables?: Readonly<Record<string, string | number>>;
  /** All scripts go to this port; each to the one that it names when absent. */
  readonly route?: Route;
  /** Virtual clients, one connection each; 1 when absent. */
  readonly clients?: number;
  /** Threads that the clients share; one per core when absent. */
  readonly workers?: number;
  /** Of the load behind the warm-up, 1 s to 480 h; 60,000 when nothing else ends the load. */
  readonly durationMs?: number;
  /** End after so many transactions of each client. */
  readonly transactions?: number;
  /** End after so many transactions of all clients. */
  readonly events?: number;
  /** `prepared` when absent. */
  readonly protocol?: Protocol;
  /** The same seed draws the same values; another one each time when absent. */
  readonly seed?: number;
  /** Transactions a second of all clients; as fast as they are answered when absent. */
  readonly rate?: number;
  /** Rates that change, `30s:200,60s:200..2000`; they say how long the load is. */
  readonly stages?: string;
  /** Load before the run that is not counted; none when absent. */
  readonly warmupMs?: number;
  /** Later is late, and what has not begun by then is skipped. */
  readonly latencyLimitMs?: number;
  /** Tries of a transaction after contention, 0 = no limit; 1 when absent, of sysbench's workloads 0. */
  readonly maxTries?: number;
  /** A new connection for each transaction. */
  readonly connect?: boolean;
  /** A connection for each script instead of a port for each client. */
  readonly readSplit?: boolean;
  /** Until a connection is ready; 5000 when absent. */
  readonly connectTimeoutMs?: number;
  /** Until a statement is answered; 10,000 when absent. */
  readonly statementTimeoutMs?: number;
  /** Until a transaction is over; 30,000 when absent. */
  readonly transactionTimeoutMs?: number;
  /** From a failure to the next connection, doubled each time, `25ms..500ms`. */
  readonly reconnectPause?: string;
  /** Connections of all clients that are under way at once in the load, at most; 256 when absent. */
  readonly reconnectBurst?: number;
}

/** What is done to the cluster and what watches it. */
export interface FaultOptions {
  /**
   * Each as `KIND[:options][@TIME]`, `switchover@20s`; none for an empty list. When absent, a lab has a switchover in the
   * middle, and a cluster that this tool did not start has none.
   */
  readonly faults?: readonly string[];
  /** Do them so often, one round after the other; ends the run. */
  readonly rounds?: number;
  /** Patroni's scope of a cluster that this tool did not start and that may be hurt. */
  readonly allowFault?: string;
  /** Where tokens of commits go; as the workload has room when absent. */
  readonly ledger?: LedgerMode;
  /** Ask each endpoint every 20 ms beside the load; true when absent. */
  readonly probes?: boolean;
  /** Watch all layers of the cluster; true when absent. */
  readonly observers?: boolean;
  /** Refuse a target that would make the run fail or mislead, before the load; true when absent. */
  readonly doctor?: boolean;
  /** Write to each node, past the proxy, which shows two primaries at work; false when absent. */
  readonly directWrites?: boolean;
}

/** What is kept of the run, and what it is judged by. */
export interface ResultOptions {
  /** Folder of the result, new or empty; a new one below `results/` of the working directory when absent. */
  readonly out?: string;
  /** A name to know it by. */
  readonly label?: string;
  /** Whatever else to find it by. */
  readonly tags?: Readonly<Record<string, string | number>>;
  /** Conditions on the result, `write_downtime.p95 < 10s`. They are parsed before anything is connected to. */
  readonly gates?: readonly string[];
  /** Path of a YAML file of more of them. */
  readonly gatesFile?: string;
  /** Result that gates compare with: a folder, its result.json, or a label. */
  readonly baseline?: string;
  /** Let gates compare with a baseline that is not comparable, too, and say why it is not. */
  readonly anyway?: boolean;
  /** Measure the time of each command of the scripts. */
  readonly reportPerCommand?: boolean;
  /** From one call of onProgress to the next, at least 1000; 1000 when absent. */
  readonly progressMs?: number;
  /** Write a line for each transaction, as pgbench does. */
  readonly log?: boolean;
  /** Path of its files without what pgbench appends; `pgbench_log` when absent. */
  readonly logPrefix?: string;
  /** Share of the transactions in it, 0 < rate ≤ 1. */
  readonly samplingRate?: number;
  /** A line for each span of so many seconds instead of for each transaction. */
  readonly aggregateSeconds?: number;
  /** Say in it why a transaction failed. */
  readonly failuresDetailed?: boolean;
}

/**
 * All that a run can be told, with the meaning of the command line's options. They are read by the same code, so that
 * messages name an option as the command line does: `--duration` is durationMs.
 */
export interface RunOptions extends SelectionOptions, LoadOptions, FaultOptions, ResultOptions, RunHooks {
  /**
   * Where to. When absent: the target that the environment or a file names, see docs/targets.md; else the lab named `default` if it is up; else a lab of the run's own, with tables of scale 10 where
   * the workload has a scale, which is stopped at the end.
   */
  readonly target?: TargetOptions;
  /** Of a lab of the run's own; `stock` when absent. */
  readonly profile?: 'stock' | 'fast' | 'safe';
}

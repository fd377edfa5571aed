import type { Plan } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import type { Outcome } from '../postgres/outcome.js';
import type { Way } from '../postgres/way.js';
import type { CommitAudit } from './commits.js';
import type { Downtime } from './downtime.js';
import type { GateOutcome } from './gate.js';
import type { GeneratorFacts } from './generator.js';
import type { Observed } from './observed.js';
import type { RoundDetails, RoundsSummary } from './round.js';

export type { Way } from '../postgres/way.js';

/**
 * What was run and what came of it: the content of result.json. A figure that could not be measured is null and
 * its reason stands in {@link Result.notes}; it is never 0. Instants are ms since the start of the run (monotonic,
 * with fractions), durations are ms, latencies are µs.
 */
export interface Result {
  readonly format: 'pgha-bench/result';
  /** Rises when a reader of the older version would misread a newer file. */
  readonly version: 1;
  readonly tool: ToolFacts;
  readonly run: RunFacts;
  readonly generator: GeneratorFacts;
  readonly plan: Plan;
  readonly cluster: ClusterFacts;
  readonly totals: Totals;
  readonly timeline: Timeline;
  readonly errors: readonly ErrorFacts[];
  readonly servers: readonly ServerFacts[];
  /** Who acknowledged to writers that are connected to the nodes themselves; empty without such. */
  readonly directWrites: readonly ServerFacts[];
  readonly clients: readonly ClientFacts[];
  readonly events: readonly Event[];
  readonly faults: readonly FaultRecord[];
  readonly analysis: Analysis;
  /** Null without a ledger. */
  readonly commits: CommitAudit | null;
  readonly observed: Observed;
  /** Conditions that the run was asked to meet, in the order in which they were named; empty without. */
  readonly gates: readonly GateOutcome[];
  /** What a reader of the figures must know: what is missing and why, what disturbed the run. */
  readonly notes: readonly string[];
}

export interface ToolFacts {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface RunFacts {
  readonly id: string;
  /** ISO 8601, UTC; instant 0 of the timeline on the wall clock. */
  readonly startedAt: string;
  readonly status: 'completed' | 'interrupted' | 'broken';
  /** From the start of the load to the end of its last transaction. */
  readonly elapsedMs: number;
}

/** What was found out about the target before the load; null where it could not be read. */
export interface ClusterFacts {
  readonly postgres: string | null;
  readonly patroni: string | null;
  readonly haproxy: string | null;
  /** Patroni's scope, when known. */
  readonly scope: string | null;
  /** What stands before the servers of each endpoint; null where nobody looked. */
  readonly ways: Ways | null;
  readonly members: readonly MemberFacts[];
  /** Settings that decide how long a failover takes, by the name that Patroni, PostgreSQL or HAProxy gives them, `patroni.ttl`. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
}

export type Ways = Readonly<{ rw: Way; ro?: Way }>;

export interface MemberFacts {
  readonly name: string;
  readonly role: string;
  /** `127.0.1.1:5432`, as acknowledgements name their server. */
  readonly address: string;
  readonly apiUrl: string;
}

/** The whole run, from merged histograms. */
export interface Totals extends PaceTotals {
  readonly scripts: readonly ScriptTotals[];
  /** One for each port that the load uses, rw first. */
  readonly ports: readonly PortTotals[];
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Acknowledged transactions per second of elapsed time. */
  readonly tps: number;
  readonly service: LatencySummary | null;
  readonly response: LatencySummary | null;
  readonly connects: {
    readonly attempts: number;
    readonly successes: number;
    readonly latency: LatencySummary | null;
  };
  /** The whole distributions; null when nothing was acknowledged. */
  readonly spectra: { readonly service: Spectrum | null; readonly response: Spectrum | null };
}

export interface ScriptTotals extends PaceTotals {
  readonly name: string;
  readonly route: Route;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly tps: number;
  readonly service: LatencySummary | null;
  readonly response: LatencySummary | null;
  /** In the order of the script; null unless the plan asked for them. */
  readonly commands: readonly CommandTotals[] | null;
}

/** All scripts of one port together. */
export interface PortTotals extends PaceTotals {
  readonly route: Route;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly tps: number;
  readonly service: LatencySummary | null;
  readonly response: LatencySummary | null;
}

export interface PaceTotals {
  /** Acknowledged later after the intended start than the plan's latency limit; null without one. */
  readonly late: number | null;
  /** Transactions that were tried more than once, and how often beyond the first try, over all that ended. */
  readonly retried: number;
  readonly retries: number;
  /** From the intended start of a transaction to its first attempt; null for a closed pace. */
  readonly lag: LatencySummary | null;
}

/** One command of a script, as the clients saw it. */
export interface CommandTotals {
  /** In the text of the script, from 1; 0 where there is no text. */
  readonly line: number;
  /** First line of the command. */
  readonly text: string;
  readonly count: number;
  /** Of those that were answered; null without any. */
  readonly meanUs: number | null;
  readonly failures: number;
}

/** Latencies in µs; percentiles come from a merged histogram of 3 significant digits. */
export interface LatencySummary {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly stddevUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/**
 * A distribution of latencies for a plot of percentiles: at `percents[i]` of all the latency was at most `valuesUs[i]`.
 * Five points to each halving of the distance to 100 %, as far as the count carries; the last one is 100 %.
 */
export interface Spectrum {
  readonly percents: readonly number[];
  readonly valuesUs: readonly number[];
}

/**
 * The run in buckets, by column: element i of each column belongs to the bucket that starts at `startMs[i]` and is
 * `widthMs[i]` long. Buckets far from a fault may be wider than the plan's interval in a long run.
 */
export interface Timeline {
  readonly startMs: readonly number[];
  readonly widthMs: readonly number[];
  /** Attempts that ended in the bucket, by route and outcome; an outcome that never came is absent. */
  readonly outcomes: Readonly<Partial<Record<Route, Readonly<Partial<Record<Outcome, readonly number[]>>>>>>;
  /** First and last acknowledgement in the bucket, ms since the start; null where there was none. */
  readonly firstAckMs: Readonly<Partial<Record<Route, readonly (number | null)[]>>>;
  readonly lastAckMs: Readonly<Partial<Record<Route, readonly (number | null)[]>>>;
  /** Response time of the acknowledged in µs; null where there was none. */
  readonly p50Us: readonly (number | null)[];
  readonly p90Us: readonly (number | null)[];
  readonly p99Us: readonly (number | null)[];
  readonly maxUs: readonly (number | null)[];
  /** Writes of the load that were acknowledged in the bucket, by the server that did; a server that never did is absent. */
  readonly writers: Readonly<Record<string, readonly number[]>>;
  /** What the probe of each endpoint found in the bucket; a route without a probe is absent. Not part of the outcomes above. */
  readonly probes: Readonly<Partial<Record<Route, ProbeColumns>>>;
  /** Connections that became ready in the bucket. */
  readonly connects: readonly number[];
  /** Failed attempts of the load by class, see analysis/error-class.ts; a class that never came is absent. */
  readonly errors: Readonly<Record<string, readonly number[]>>;
  /** Longest delay of a worker's event loop in the bucket, ms. */
  readonly stallMs: readonly number[];
}

export interface ProbeColumns {
  readonly acks: readonly number[];
  readonly failures: readonly number[];
}

/** Attempts that did not end in an acknowledgement, by what was wrong. */
export interface ErrorFacts {
  readonly code: string;
  readonly outcome: Outcome;
  readonly route: Route;
  readonly script: string;
  /** Server that the attempt had reached, '' for none. */
  readonly server: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** What the first of them said. */
  readonly message: string;
}

export interface ServerFacts {
  readonly server: string;
  readonly route: Route;
  /** Whether these were acknowledgements of writes. */
  readonly writes: boolean;
  readonly acks: number;
  readonly firstAckMs: number;
  readonly lastAckMs: number;
}

export interface ClientFacts {
  readonly client: number;
  readonly acks: number;
  readonly connects: number;
  readonly lastAckMs: number | null;
  /** The longest time between two acknowledgements of this client, null with less than two. */
  readonly longestGap: Gap | null;
}

/** From the last acknowledgement before to the first one after. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that happened at one instant in one layer. */
export interface Event {
  readonly atMs: number;
  /** The event happened in (atMs - uncertaintyMs, atMs]: the time since the observer had looked before. */
  readonly uncertaintyMs: number;
  readonly layer: 'run' | 'fault' | 'patroni' | 'haproxy' | 'etcd' | 'postgres' | 'client';
  /** Machine-readable kind, such as `leader`, `role`, `state`, `timeline`, `server_up`, `server_down`. */
  readonly kind: string;
  /** What it is about: member name, HAProxy `backend/server`; '' for the whole layer. */
  readonly subject: string;
  readonly from: string | null;
  readonly to: string | null;
  /** One short line for people, `n2 leads`. */
  readonly text: string;
}

/** A fault: what was asked, what was answered, what was observed. The answer is not the truth (Patroni may say 503 and do it). */
export interface FaultRecord {
  readonly kind: string;
  /** From 1; faults of the same round were done together. */
  readonly round: number;
  /** Whom it was done to, `n1`; null where that is nobody, or not known. */
  readonly subject: string | null;
  /** The member of etcd that led when it was asked for: a lost one makes leases last longer. Null where it is not known. */
  readonly etcdLeader: string | null;
  readonly plannedAtMs: number;
  readonly askedAtMs: number | null;
  /** The request in words, `POST http://127.0.1.1:8008/switchover leader=n1 candidate=n2`. */
  readonly asked: string | null;
  readonly answeredAtMs: number | null;
  /** HTTP status and text, or the error of the request. */
  readonly answer: string | null;
  /** What the observers saw, `leader n1 -> n2`; null when nothing changed. */
  readonly observed: string | null;
  readonly observedAtMs: number | null;
  /** Why it was not done, when it was not. */
  readonly failure: string | null;
  /** What a command printed, and its exit code (null: ended by a signal); null for faults that are none. */
  readonly output: { readonly exitCode: number | null; readonly text: string } | null;
  /** How it was undone, `started n1 again`; null when there was nothing to undo, or it was not tried. */
  readonly undone: string | null;
  readonly undoneAtMs: number | null;
  readonly undoFailure: string | null;
  /** When the whole cluster was healthy again, ms since the start of the run; null when that was not seen. */
  readonly healthyAtMs: number | null;
  /** Something else that happened around it, so that the round says nothing of it; null when nothing did. */
  readonly disturbance: string | null;
}

/** Figures derived from the recording (timeline and histograms) and the faults; no other source. */
export interface Analysis {
  /** One for each round, in the order of time; empty without a fault. */
  readonly rounds: readonly RoundAnalysis[];
  /** One for each kind of fault that had more than one round; empty otherwise. */
  readonly summaries: readonly RoundsSummary[];
  /** Before, during and after over all valid rounds together. */
  readonly phases: Readonly<Record<'before' | 'during' | 'after', PhaseTotals | null>>;
}

/** What a phase has in all valid rounds together. */
export interface PhaseTotals {
  readonly lengthMs: number;
  readonly tps: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** From merged histograms. */
  readonly response: LatencySummary | null;
  readonly spectrum: Spectrum | null;
}

export interface RoundAnalysis extends RoundDetails {
  /** Index in Result.faults: of a round of several, the last one that was asked for. */
  readonly fault: number;
  readonly phases: Phases;
  /** Null when it could not be measured; the notes say why. */
  readonly writeDowntime: Downtime | null;
  readonly readDowntime: Downtime | null;
  /** Null when no client had a gap to tell of. */
  readonly clientGaps: ClientGaps | null;
  /** Clients that acknowledged something after the round's downtime, of all. */
  readonly clientsBack: number;
}

/** Distribution of the clients' own longest gaps in the round, ms; up to its end for one that did not come back before. */
export interface ClientGaps {
  /** How many clients it is taken over: those that had been acknowledged anything. */
  readonly clients: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Before = steady part up to the fault; during = from the fault until throughput was ≥ 90 % of the median before for 3 s;
 * after = the rest. Where the plan's rate changes, throughput is the share of it that was acknowledged.
 */
export interface Phases {
  /** Null when there was no steady part before the fault. */
  readonly before: PhaseFacts | null;
  /** Null when the load never left 90 %, or when it cannot be told. */
  readonly during: PhaseFacts | null;
  /** Null when the load never came back to 90 %, or when it cannot be told. */
  readonly after: PhaseFacts | null;
}

/** Whole buckets: from and to lie on their edges. */
export interface PhaseFacts {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tps: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly response: LatencySummary | null;
}

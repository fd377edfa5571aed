/** What watched the cluster, and what did not. */
export interface ObserverFacts {
  /** `patroni`, `haproxy`, `etcd`, `postgres`. */
  readonly layer: string;
  readonly watched: boolean;
  /** What it would have shown, and what it takes to have it; null when it watched. */
  readonly missing: string | null;
}

/** A host's clock against that of this machine. */
export interface ClockOffset {
  readonly host: string;
  /** Its clock minus ours, ms; the true value lies within ± uncertaintyMs. */
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}

/** One value of one node over the run: `values[i]` was true at `atMs[i]`; null where it was not to be had. */
export interface Series {
  /** `n2` or `rw/n2`. */
  readonly subject: string;
  /** `replay_lag_bytes`, `sessions`, `wal_lsn`. */
  readonly name: string;
  readonly unit: 'bytes' | 'count' | 'ms';
  readonly atMs: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface Observed {
  readonly observers: readonly ObserverFacts[];
  readonly clocks: readonly ClockOffset[];
  readonly series: readonly Series[];
  /** Ends of timelines as /history listed them after the run, the newest last; empty without Patroni. */
  readonly history: readonly TimelineEnd[];
}

/** See HistoryEntry of cluster/patroni.ts. */
export interface TimelineEnd {
  readonly timeline: number;
  readonly forkLsn: number;
  readonly reason: string;
  readonly at: string | null;
  readonly newLeader: string | null;
}

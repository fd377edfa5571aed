import type { Downtime } from './downtime.js';

/** From the smallest to the largest value that settings imply, ms. */
export interface Range {
  readonly minMs: number;
  /** Null where nothing bounds it. */
  readonly maxMs: number | null;
}

/** The steps of a failover, in the order in which they are to be expected. */
export type StageKind =
  | 'leader_key_gone'
  | 'leader_key_taken'
  | 'promoted'
  | 'proxy_up'
  | 'first_connection'
  | 'first_commit'
  | 'steady';

/** One step of the waterfall: it ends at `atMs`, and began where the one before it ended, the first one at the request. */
export interface Stage {
  readonly kind: StageKind;
  /** Ms since the start of the run; null when it was not seen, `missing` says why. */
  readonly atMs: number | null;
  /**
   * From the last step before it that was seen, or from the request, ms; negative when it came earlier; null when it was
   * not seen itself.
   */
  readonly tookMs: number | null;
  /** It happened in (atMs - uncertaintyMs, atMs]. */
  readonly uncertaintyMs: number;
  /** Who saw it: `etcd watch`, `patroni n2`, `haproxy rw/n2`, `probe`, `load`. */
  readonly source: string | null;
  readonly missing: string | null;
  /** What the cluster's settings predict for `tookMs`; null where they are not known or say nothing. */
  readonly predicted: Range | null;
}

/** What the cluster's settings imply for the write downtime of this fault, and by which formula. */
export interface Prediction extends Range {
  /** `ttl − loop_wait … ttl until the lease ends, …`: the parts, each with its range. */
  readonly parts: readonly PredictionPart[];
  /** Whether what was measured lies within; null without a measurement, and for one that was not over. */
  readonly holds: boolean | null;
}

export interface PredictionPart extends Range {
  readonly name: string;
  /** Names of the settings it is made of, `patroni.ttl`. */
  readonly settings: readonly string[];
}

/** How service came back, ms since the fault was asked for; null where it did not or cannot be told. */
export interface Recovery {
  readonly firstErrorMs: number | null;
  readonly lastErrorMs: number | null;
  /** First commit on a connection that was made after the fault, and on one that was there before it. */
  readonly newConnectionMs: number | null;
  readonly existingConnectionMs: number | null;
  /** First second at whose begin throughput was back at this share of the median before. */
  readonly to50Ms: number | null;
  readonly to90Ms: number | null;
  readonly to99Ms: number | null;
}

/** Two servers that acknowledged writes in overlapping time. */
export interface SplitBrain {
  /** The one whose timeline went on, and the other one. */
  readonly winner: string;
  readonly loser: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly overlapMs: number;
  /** Writes that the loser acknowledged in the overlap. */
  readonly acksOnLoser: number;
  /** Who saw it: acknowledgements of the load, of the direct writers, or only that both nodes were writable. */
  readonly evidence: 'load' | 'direct_writes' | 'roles';
}

/** What readers saw of the heartbeat in one phase. */
export interface Staleness {
  readonly reads: number;
  /** Age of what was read, ms: 0 for the newest. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Reads that saw an older value than one before them had seen. */
  readonly nonMonotonic: number;
  /** Reads that did not see what had been acknowledged to the writer before they began. */
  readonly stale: number;
}

/** Min, median and max over rounds, with a bootstrap interval of the median (95 %); null with less than 5 rounds. */
export interface Spread {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly interval: { readonly from: number; readonly to: number } | null;
}

/** What is told of a round beside the phases and downtimes. */
export interface RoundDetails {
  /** Why the round says nothing of the fault: something else disturbed it; null when it is valid. */
  readonly invalid: string | null;
  /** Beside `writeDowntime`: the probe that connects anew, alone, on each port. */
  readonly newConnections: { readonly rw: Downtime | null; readonly ro: Downtime | null };
  readonly stages: readonly Stage[];
  readonly prediction: Prediction | null;
  /** Why there is no prediction where there could be one, `haproxy.inter is not known`; null otherwise. */
  readonly unpredicted: string | null;
  /** One sentence: what dominated, and which setting would change it. */
  readonly dominated: string | null;
  readonly recovery: Recovery;
  readonly splitBrain: SplitBrain | null;
  /** Of reads through the read-only port; null without a heartbeat. */
  readonly staleness: Readonly<Record<'before' | 'during' | 'after', Staleness | null>> | null;
  /** The same of reads through the read-write port: none is stale while it leads to the one primary. */
  readonly stalenessOnRw: Readonly<Record<'before' | 'during' | 'after', Staleness | null>> | null;
  /** Longest delay of the generator's own event loops within the write downtime, ms; null without one. */
  readonly generatorStallMs: number | null;
}

/** Over all valid rounds of one kind of fault. */
export interface RoundsSummary {
  readonly kind: string;
  readonly valid: number;
  readonly invalid: number;
  /** ms */
  readonly writeDowntimeMs: Spread | null;
  readonly readDowntimeMs: Spread | null;
  readonly steadyAfterMs: Spread | null;
}

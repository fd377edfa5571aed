/**
 * What became of the commits that the clients know of: the ledger of the clients, compared with what the database holds
 * after the run. docs/measuring.md says what each class means.
 */
export interface CommitAudit {
  /** Where the tokens lie. */
  readonly mode: 'history' | 'insert';
  /** Tokens that clients drew: one for each commit that was attempted, warm-up included. */
  readonly drawn: number;
  /** Server that was audited as primary, `127.0.2.2:5432`, and its timeline; null when none could be. */
  readonly primary: AuditedServer | null;
  /** One for each replica that could be asked. */
  readonly replicas: readonly AuditedReplica[];
  /** Scripts whose commits carry no token: what became of those is not known, and they are in none of the counts. */
  readonly uncovered: readonly string[];
  /** Sums over the workload's tables that must agree; empty where it has none. */
  readonly invariants: readonly Invariant[];
  /** What was lost, by fork of the timeline; empty when nothing was. */
  readonly losses: readonly Loss[];
  /** Name of the file of lost tokens, in the directory of the result; null when nothing was lost. */
  readonly lostFile: string | null;
  /** Why the audit, or a part of it, was not made; one sentence each. */
  readonly missing: readonly string[];
}

/** How the sets of the clients and of the server overlap. */
export interface AuditCounts {
  readonly ackedPresent: number;
  /** Acknowledged, and not there. */
  readonly ackedLost: number;
  /** Acknowledged with the warning that no standby has it; their parts of the two above. */
  readonly unreplicatedPresent: number;
  readonly unreplicatedLost: number;
  readonly inDoubtCommitted: number;
  readonly inDoubtAbsent: number;
  /** Told aborted, and there. */
  readonly ghosts: number;
  /** Tokens that are there more than once. */
  readonly duplicates: number;
  /** Tokens that no client drew. */
  readonly unexpected: number;
}

export interface AuditedServer extends AuditCounts {
  readonly server: string;
  readonly timeline: number | null;
  /** From the end of the load, ms: when the first write was acknowledged that let the audit begin, and how long it took. */
  readonly beganMs: number;
  readonly tookMs: number;
}

export interface AuditedReplica extends AuditCounts {
  readonly server: string;
  /** Whether it holds what the primary holds. */
  readonly same: boolean;
}

export interface Invariant {
  /** `sum of pgbench_accounts.abalance = sum of pgbench_history.delta` */
  readonly name: string;
  readonly holds: boolean;
  /** What was found, in words: both sides. */
  readonly found: string;
}

/** What one fork of the timeline took. */
export interface Loss {
  /** Acknowledged commits that are lost. */
  readonly count: number;
  /** First and last acknowledgement of a lost commit, ms since the start of the run; null where the ring of the clients did not reach back. */
  readonly firstAckMs: number | null;
  readonly lastAckMs: number | null;
  /** Servers that had acknowledged them. */
  readonly servers: readonly string[];
  /** WAL behind the fork that the old primary had acknowledged to the probe, at least; null where it is not known. */
  readonly walBytes: number | null;
  /** The fork in bytes of WAL, and the timeline that ended there; null without /history. */
  readonly forkLsn: number | null;
  readonly timeline: number | null;
}

import { leaderChanges } from '../analysis/leaders.js';
import type { Bucket } from '../analysis/recording.js';
import type { RunClock } from '../clock.js';
import type { HttpAccess } from '../cluster/http.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { auditCommits } from '../ledger/audit.js';
import type { TpcbState } from '../ledger/invariants.js';
import type { LostToken } from '../ledger/lost-tokens.js';
import { sourcesOf } from '../ledger/sources.js';
import type { WorkerLedger } from '../load/ledger-facts.js';
import { timelineEnds } from '../observe/patroni.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import type { CommitAudit } from '../result/commits.js';
import type { Event } from '../result/result.js';
import type { LedgerPlan } from '../workload/ledger-plan.js';

export interface AuditRequest {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly access: HttpAccess;
  readonly members: readonly ClusterMember[];
  readonly ledger: LedgerPlan;
  readonly tpcb: TpcbState | null;
  readonly runId: string;
  readonly ledgers: readonly WorkerLedger[];
  readonly events: readonly Event[];
  readonly buckets: readonly Bucket[];
  readonly stoppedMs: number;
  readonly clock: RunClock;
  readonly signal: AbortSignal;
}

export interface Audited {
  /** Null without a ledger. */
  readonly commits: CommitAudit | null;
  readonly lost: Iterable<LostToken>;
}

/** What became of the commits of a run; where there is no ledger, nothing is looked at. */
export async function auditRun(request: AuditRequest): Promise<Audited> {
  const { plan, ledger, buckets } = request;
  if (ledger.mode === 'off') {
    return { commits: null, lost: [] };
  }
  return auditCommits({
    mode: ledger.mode,
    runId: request.runId,
    ledgers: request.ledgers,
    sources: sourcesOf(ledger),
    uncovered: ledger.uncovered,
    target: plan.target,
    secrets: request.secrets,
    access: request.access,
    members: request.members,
    history: await timelineEnds(plan.target.patroni, request.access),
    leaderChanges: leaderChanges(request.events),
    lsnBefore: (atMs) => lsnBefore(buckets, atMs),
    tpcb: request.tpcb,
    timelineAtStart: request.members.find(({ role }) => role.endsWith('leader'))?.timeline ?? null,
    endMs: request.stoppedMs,
    clock: request.clock,
    signal: request.signal,
  });
}

/** The largest position in the WAL that was acknowledged to the probe up to then. */
function lsnBefore(buckets: readonly Bucket[], atMs: number): number | null {
  let lsn = -1;
  for (const bucket of buckets) {
    if (bucket.startMs > atMs) {
      break;
    }
    for (const probe of bucket.probes) {
      lsn = Math.max(lsn, probe.lastLsn);
    }
  }
  return lsn < 0 ? null : lsn;
}

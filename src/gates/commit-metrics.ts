import type { AuditedServer, CommitAudit } from '../result/commits.js';
import type { Result } from '../result/result.js';
import { whyUncovered } from '../result/uncovered.js';
import { countMetric, isMissing, type Metric, type Missing, type Reading } from './metric.js';

/** What the audit found of the commits. */
export const COMMIT_METRICS: readonly Metric[] = [
  counted('lost', 'commits that were acknowledged and are gone', ({ ackedLost }) => ackedLost),
  counted('ghosts', 'commits that are there although the client was told no', ({ ghosts }) => ghosts),
  counted('duplicates', 'commits that are there more than once', ({ duplicates }) => duplicates),
  counted('unexpected', 'commits that are there and that no client made', ({ unexpected }) => unexpected),
  {
    ...countMetric('Commits', 'lost_wal', 'WAL behind the forks that the old primaries had acknowledged'),
    unit: 'bytes',
    read: (result) => lostWal(result),
  },
  {
    ...countMetric('Commits', 'broken_invariants', "sums over the workload's tables that do not agree"),
    read: (result) => {
      const audit = auditOf(result);
      if (isMissing(audit)) {
        return audit;
      }
      const { invariants } = audit.commits;
      return invariants.length === 0
        ? { missing: 'no invariant was looked at: the workload has none, or it could not be read' }
        : { value: invariants.filter(({ holds }) => !holds).length, detail: `of ${invariants.length}` };
    },
  },
  {
    ...countMetric('Commits', 'differing_replicas', 'replicas that do not hold what the primary holds'),
    read: (result) => {
      const audit = auditOf(result);
      if (isMissing(audit)) {
        return audit;
      }
      const { replicas, missing } = audit.commits;
      const differing = replicas.filter(({ same }) => !same).length;
      const asked = replicas.length > 0 && replicas.length >= result.cluster.members.length - 1;
      return differing > 0 || asked
        ? { value: differing, detail: `of ${replicas.length}` }
        : { missing: missing[0]?.replace(/\.$/, '') ?? 'not every replica could be asked' };
    },
  },
];

function counted(name: string, meaning: string, of: (primary: AuditedServer) => number): Metric {
  return {
    ...countMetric('Commits', name, meaning),
    read: (result) => {
      const audit = auditOf(result);
      if (isMissing(audit)) {
        return audit;
      }
      const value = of(audit.primary);
      // None that was found does not mean none where not every commit of the load had a token.
      const uncovered = value === 0 ? whyUncovered(audit.commits) : null;
      return uncovered === null ? { value, detail: '' } : { missing: uncovered };
    },
  };
}

function auditOf(
  result: Result,
): { readonly commits: CommitAudit; readonly primary: AuditedServer } | Missing {
  const { commits, plan } = result;
  if (commits === null) {
    return {
      missing:
        plan.ledger === 'off'
          ? 'commits were not audited (--ledger off)'
          : 'commits were not audited, the notes of the result say why',
    };
  }
  if (commits.primary === null) {
    const why = commits.missing[0]?.replace(/\.$/, '');
    return { missing: why ?? 'no primary could be audited' };
  }
  return { commits, primary: commits.primary };
}

function lostWal(result: Result): Reading {
  const audit = auditOf(result);
  if (isMissing(audit)) {
    return audit;
  }
  let sum = 0;
  for (const { walBytes } of audit.commits.losses) {
    if (walBytes === null) {
      return { missing: 'how much WAL a fork of the timeline took is not known' };
    }
    sum += walBytes;
  }
  return { value: sum, detail: '' };
}

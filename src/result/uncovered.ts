import type { CommitAudit } from './commits.js';

/** Why a count of 0 does not mean none: to go into a sentence. Null where every commit carries a token. */
export function whyUncovered({ uncovered }: Pick<CommitAudit, 'uncovered'>): string | null {
  return uncovered.length === 0
    ? null
    : `commits of ${uncovered.join(', ')} carry no token: whether one of them was lost is not known`;
}

/** Acknowledged commits that are lost; null where nobody could look, or not at all of them and none was found. */
export function lostOf(commits: CommitAudit): number | null {
  const lost = commits.primary?.ackedLost ?? null;
  return lost === 0 && commits.uncovered.length > 0 ? null : lost;
}

import type { ClusterMember } from '../cluster/patroni.js';
import { hostPort } from '../plan/target.js';
import type { Loss } from '../result/commits.js';
import type { TimelineEnd } from '../result/observed.js';
import type { LostToken } from './lost-tokens.js';

/** The leader became another one. The first leader of a run is no change. */
export interface LeaderChange {
  /** Ms since the start of the run, when it was seen. */
  readonly atMs: number;
  /** Names of the members; null when it was not known who led before. */
  readonly from: string | null;
  readonly to: string;
}

/** What tells where lost commits were lost. */
export interface ForkFacts {
  /** In the order of time. */
  readonly leaderChanges: readonly LeaderChange[];
  /** Who is at which address. */
  readonly members: readonly ClusterMember[];
  /** All that /history lists. */
  readonly history: readonly TimelineEnd[];
  /** The leader's timeline when the run began; null when it is not known. */
  readonly timelineAtStart: number | null;
  /** End of WAL, in bytes, that was known to be acknowledged to the probe at this instant. */
  readonly lsnBefore: (atMs: number) => number | null;
}

/** Lost commits by the change of the leader that took them, in the order of the changes. */
export function lossesOf(lost: Iterable<LostToken>, facts: ForkFacts): readonly Loss[] {
  const groups = new Map<number, Group>();
  for (const token of lost) {
    const reign = reignOf(token, facts);
    const group = groups.get(reign) ?? {
      count: 0,
      firstMs: Infinity,
      lastMs: -Infinity,
      blind: 0,
      servers: new Set(),
    };
    groups.set(reign, group);
    enter(group, token);
  }
  const forks = forksOf(facts);
  return [...groups.entries()]
    .sort(([one], [other]) => one - other)
    .map(([reign, group]) => lossOf(group, forks[reign] ?? null, facts.leaderChanges[reign]?.atMs, facts));
}

interface Group {
  count: number;
  firstMs: number;
  lastMs: number;
  /** Those whose instant the clients forgot, which were earlier than those that they remember. */
  blind: number;
  readonly servers: Set<string>;
}

function enter(group: Group, { atMs, server }: LostToken): void {
  group.count++;
  if (atMs === null) {
    group.blind++;
  } else {
    group.firstMs = Math.min(group.firstMs, atMs);
    group.lastMs = Math.max(group.lastMs, atMs);
  }
  if (server !== null) {
    group.servers.add(server);
  }
}

/** It cannot be told which: behind all others. */
const UNKNOWN = Number.MAX_SAFE_INTEGER;

/**
 * In which leader's time the commit was acknowledged: reign 0 is that of the leader that the run began with, and reign
 * n ends with change n. Time alone would err around a change: the old leader may go on acknowledging behind it, and the
 * new one begins before it is seen. So it is the reign of the server that acknowledged, the nearest one when it had
 * several, and time alone decides where the server is not known.
 */
function reignOf({ atMs, server }: LostToken, { leaderChanges, members }: ForkFacts): number {
  if (atMs === null) {
    return leaderChanges.length <= 1 ? 0 : UNKNOWN;
  }
  const name = nameOf(server, members);
  const byTime = leaderChanges.filter((change) => change.atMs <= atMs).length;
  let nearest = byTime;
  let nearestMs = Infinity;
  for (let reign = 0; reign <= leaderChanges.length; reign++) {
    const leader = reign === 0 ? leaderChanges[0]?.from : leaderChanges[reign - 1]?.to;
    const beginMs = leaderChanges[reign - 1]?.atMs ?? -Infinity;
    const endMs = leaderChanges[reign]?.atMs ?? Infinity;
    const distanceMs = Math.max(beginMs - atMs, atMs - endMs, 0);
    if (name !== null && leader === name && distanceMs < nearestMs) {
      nearest = reign;
      nearestMs = distanceMs;
    }
  }
  return nearest;
}

function nameOf(server: string | null, members: readonly ClusterMember[]): string | null {
  const member = members.find(
    ({ host, port }) => host !== null && port !== null && hostPort({ host, port }) === server,
  );
  return member?.name ?? null;
}

/**
 * The end of a timeline that each change of the leader made. They are as many, as a rule; a crash that was recovered in
 * place may have ended one without a change of the leader, and then names decide.
 */
function forksOf({ leaderChanges, history, timelineAtStart }: ForkFacts): readonly (TimelineEnd | null)[] {
  if (timelineAtStart === null) {
    return [];
  }
  const ends = history.filter((end) => end.timeline >= timelineAtStart);
  // Without a watch of the leader, one end alone says where everything was lost.
  if (ends.length === leaderChanges.length || (leaderChanges.length === 0 && ends.length === 1)) {
    return ends;
  }
  let next = 0;
  return leaderChanges.map((change) => {
    const index = ends.findIndex((end, position) => position >= next && end.newLeader === change.to);
    if (index < 0) {
      return null;
    }
    next = index + 1;
    return ends[index] ?? null;
  });
}

function lossOf(
  group: Group,
  fork: TimelineEnd | null,
  changedAtMs: number | undefined,
  { lsnBefore }: ForkFacts,
): Loss {
  const lastAckMs = Number.isFinite(group.lastMs) ? group.lastMs : null;
  // Behind the last commit that is lost the probe may already speak with the new leader.
  const knownMs = Math.min(lastAckMs ?? Infinity, changedAtMs ?? Infinity);
  const lsn = fork === null || !Number.isFinite(knownMs) ? null : lsnBefore(knownMs);
  return {
    count: group.count,
    firstAckMs: group.blind > 0 || lastAckMs === null ? null : group.firstMs,
    lastAckMs,
    servers: [...group.servers].sort(),
    walBytes: fork === null || lsn === null ? null : Math.max(0, lsn - fork.forkLsn),
    forkLsn: fork?.forkLsn ?? null,
    timeline: fork?.timeline ?? null,
  };
}

import type { ClusterFacts, Event } from '../result/result.js';

/** The leader key, or what /cluster says of it, went from one member to another. */
export interface LeaderChange {
  readonly from: string;
  readonly to: string;
  /** It happened in (atMs - uncertaintyMs, atMs]. */
  readonly atMs: number;
  readonly uncertaintyMs: number;
}

/** Every change of the leader; by etcd where it was watched, since it knows them all and to the ms. */
export function leaderChanges(events: readonly Event[]): LeaderChange[] {
  // An etcd that never named a leader is not the one that Patroni keeps it in.
  const watched = events.some((event) => isEtcdLeader(event) && Boolean(event.to));
  const changes: LeaderChange[] = [];
  let leader: string | null = null;
  for (const event of events) {
    if (watched ? !isEtcdLeader(event) : !isPatroniLeader(event)) {
      continue;
    }
    const { atMs, uncertaintyMs, from, to } = event;
    leader ??= from || null;
    if (leader !== null && to && to !== leader) {
      changes.push({ from: leader, to, atMs, uncertaintyMs });
    }
    leader = to || leader;
  }
  return changes;
}

/** Who led at the instant; null when nobody knows. */
export function leaderAt(events: readonly Event[], cluster: ClusterFacts, atMs: number): string | null {
  const next = events.find((event) => event.atMs > atMs && isEtcdLeader(event));
  const listed = cluster.members.find(({ role }) => role.endsWith('leader'));
  return leaderSeen(events, atMs) ?? (next?.from || listed?.name || null);
}

/** Who was last seen to lead at the instant; null when nobody was. */
export function leaderSeen(events: readonly Event[], atMs: number): string | null {
  return events.findLast((event) => event.atMs <= atMs && isTaken(event))?.to ?? null;
}

/** The first event that says that the key is free; etcd's rather than Patroni's. */
export function keyGone(events: readonly Event[]): Event | undefined {
  return (
    events.find((event) => event.layer === 'etcd' && event.kind === 'leader_key_gone') ??
    events.find((event) => event.layer === 'patroni' && event.kind === 'leader_gone')
  );
}

/** The first event that says who has it now. */
export function keyTaken(events: readonly Event[], wanted: (leader: string) => boolean): Event | undefined {
  const taken = events.filter((event) => isTaken(event) && wanted(event.to ?? ''));
  return taken.find(isEtcdLeader) ?? taken[0];
}

function isTaken(event: Event): boolean {
  return (isEtcdLeader(event) || isPatroniLeader(event)) && Boolean(event.to);
}

function isEtcdLeader(event: Event): boolean {
  return event.layer === 'etcd' && ETCD_LEADER.has(event.kind);
}

/** The first is what was found when the watch began. */
const ETCD_LEADER: ReadonlySet<string> = new Set(['leader_key', 'leader_key_gone', 'leader_key_taken']);

function isPatroniLeader(event: Event): boolean {
  return event.layer === 'patroni' && (event.kind === 'leader' || event.kind === 'leader_gone');
}

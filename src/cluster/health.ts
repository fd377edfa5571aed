import { messageOf } from '../errors.js';
import type { HttpAccess } from './http.js';
import {
  type ClusterMember,
  getCluster,
  getMember,
  type PatroniCluster,
  type PatroniMember,
} from './patroni.js';

/** Whether a cluster can take a fault: one leader that is primary, and every replica streams on its timeline. */
export type ClusterHealth =
  | {
      readonly healthy: true;
      readonly cluster: PatroniCluster;
      readonly leader: ClusterMember;
      readonly replicas: readonly ClusterMember[];
    }
  | {
      readonly healthy: false;
      /** What is not as it should be, `n3 does not stream`. */
      readonly reason: string;
      readonly cluster: PatroniCluster | null;
    };

/**
 * @param urls base URLs of Patroni members; the first that answers is asked
 * @param wanted number of members that there must be, when known: one that has never come, or whose key has
 *   expired, is not in the list at all
 */
export async function getHealth(
  urls: readonly string[],
  access: HttpAccess = {},
  wanted?: number,
): Promise<ClusterHealth> {
  let cluster: PatroniCluster;
  try {
    cluster = await firstCluster(urls, access);
  } catch (error) {
    return { healthy: false, reason: messageOf(error), cluster: null };
  }
  if (wanted !== undefined && cluster.members.length < wanted) {
    const reason = `${cluster.members.length} of ${wanted} members are in the cluster`;
    return { healthy: false, reason, cluster };
  }
  const leaders = cluster.members.filter(isLeaderRole);
  const leader = leaders[0];
  if (leader === undefined || leaders.length > 1) {
    const reason = leader === undefined ? 'there is no leader' : `there are ${leaders.length} leaders`;
    return { healthy: false, reason, cluster };
  }
  return judge(cluster, leader, access);
}

async function judge(
  cluster: PatroniCluster,
  leader: ClusterMember,
  access: HttpAccess,
): Promise<ClusterHealth> {
  let self: PatroniMember;
  try {
    // The DCS may name a leader whose promotion is still under way, and only the leader knows who streams from it.
    self = await getMember(leader.apiUrl, access);
  } catch (error) {
    return { healthy: false, reason: messageOf(error), cluster };
  }
  const replicas = cluster.members.filter((member) => member !== leader);
  const reason = flawOf(leader, self, replicas);
  return reason === null ? { healthy: true, cluster, leader, replicas } : { healthy: false, reason, cluster };
}

/** The first thing that is wrong, null when nothing is. */
export function flawOf(
  leader: ClusterMember,
  self: PatroniMember,
  replicas: readonly ClusterMember[],
): string | null {
  if (leader.role === 'leader' && self.role !== 'primary') {
    return `${leader.name} holds the leader key, and its PostgreSQL is ${self.role}`;
  }
  if (self.state !== 'running') {
    return `${leader.name} is ${self.state}`;
  }
  const streaming = new Set(
    self.replication.filter((peer) => peer.state === 'streaming').map((peer) => peer.applicationName),
  );
  for (const replica of replicas) {
    if (!streams(replica, streaming)) {
      const told = replica.state === 'running' || replica.state === 'streaming' ? '' : ` (${replica.state})`;
      return `${replica.name} does not stream${told}`;
    }
    if (replica.timeline !== self.timeline) {
      return `${replica.name} is on timeline ${replica.timeline ?? '?'}, the leader on ${self.timeline ?? '?'}`;
    }
  }
  return null;
}

/**
 * The leader knows it at once. Patroni from 3.0.4 on says `streaming` of a replica, too, but that is what the replica wrote
 * to the DCS last, and one that hangs writes nothing; so it is believed only of a replica that streams from another member.
 */
function streams(replica: ClusterMember, fromLeader: ReadonlySet<string>): boolean {
  if (replica.state !== 'running' && replica.state !== 'streaming') {
    return false;
  }
  const cascades = typeof replica.tags['replicatefrom'] === 'string';
  return fromLeader.has(replica.name) || (cascades && replica.state === 'streaming');
}

async function firstCluster(urls: readonly string[], access: HttpAccess): Promise<PatroniCluster> {
  let failure: unknown = new Error('no Patroni member is known');
  for (const url of urls) {
    try {
      return await getCluster(url, access);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function isLeaderRole(member: ClusterMember): boolean {
  return member.role === 'leader' || member.role === 'standby_leader';
}

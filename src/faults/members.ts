import type { ClusterMember, PatroniCluster } from '../cluster/patroni.js';
import { UserError } from '../errors.js';

/** Null while the leader key is free. */
export function leaderOf(cluster: PatroniCluster): ClusterMember | null {
  return cluster.members.find(({ role }) => role === 'leader' || role === 'standby_leader') ?? null;
}

/**
 * Whom an option means.
 * @param wanted `leader`, `replica` or a member's name
 * @throws UserError when there is none
 */
export function memberFor(cluster: PatroniCluster, leader: ClusterMember, wanted: string): ClusterMember {
  if (wanted === 'leader') {
    return leader;
  }
  if (wanted === 'replica') {
    return replicaOf(cluster, leader);
  }
  const member = cluster.members.find(({ name }) => name === wanted);
  if (member === undefined) {
    const names = cluster.members.map(({ name }) => name).join(', ');
    throw new UserError(
      `--fault: expected leader, replica or a member of the cluster (${names}), found '${wanted}'.`,
    );
  }
  return member;
}

/** The replica that was asked for, or the one that lags least. @throws UserError when there is none */
export function candidateOf(
  cluster: PatroniCluster,
  leader: ClusterMember,
  wanted: string | undefined,
  title = 'A switchover',
): ClusterMember {
  const replicas = cluster.members.filter((member) => member.name !== leader.name);
  const names = replicas.map((member) => member.name).join(', ') || 'none';
  if (wanted !== undefined) {
    const candidate = replicas.find((member) => member.name === wanted);
    if (candidate === undefined) {
      throw new UserError(`The candidate must be a replica (${names}), found '${wanted}'.`);
    }
    return candidate;
  }
  const fit = running(replicas).filter(
    (member) => member.tags['nofailover'] !== true && member.tags['failover_priority'] !== 0,
  );
  const [best] = fit;
  if (best === undefined) {
    throw new UserError(
      `${title} needs a replica that runs and may lead; replicas of ${leader.name}: ${names}.`,
      'Start one, or run with --fault none.',
    );
  }
  return best;
}

/** The replica that lags least, whether it may lead or not. @throws UserError when none runs */
export function replicaOf(
  cluster: PatroniCluster,
  leader: ClusterMember,
  title = 'The fault',
): ClusterMember {
  const replicas = cluster.members.filter((member) => member.name !== leader.name);
  const [best] = running(replicas);
  if (best === undefined) {
    const names = replicas.map((member) => member.name).join(', ') || 'none';
    throw new UserError(
      `${title} needs a replica that runs; replicas of ${leader.name}: ${names}.`,
      'Start one, or run with --fault none.',
    );
  }
  return best;
}

/** The one that lags least comes first. */
function running(replicas: readonly ClusterMember[]): readonly ClusterMember[] {
  return replicas
    .filter((member) => member.state === 'running' || member.state === 'streaming')
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/** With synchronous replication only a synchronous standby may take over; then the smaller lag wins. */
function rankOf(member: ClusterMember): number {
  const synchronous = member.role === 'sync_standby' || member.role === 'quorum_standby';
  return (synchronous ? 0 : 2 ** 52) + (member.lag ?? 2 ** 51);
}

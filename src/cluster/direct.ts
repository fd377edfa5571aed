import type { Target } from '../plan/target.js';
import type { ClusterMember } from './patroni.js';

/**
 * The members with the addresses that the user gave in place of Patroni's: from here those may lead nowhere, as behind a
 * network of containers. Patroni's own API is asked where it says.
 */
export function withDirect(
  members: readonly ClusterMember[],
  { direct = {} }: Pick<Target, 'direct'>,
): readonly ClusterMember[] {
  return members.map((member) =>
    Object.hasOwn(direct, member.name) ? { ...member, ...direct[member.name] } : member,
  );
}

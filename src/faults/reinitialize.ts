import { type ClusterMember, type PatroniCluster, postReinitialize } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { askPatroni } from './ask.js';
import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { memberFor } from './members.js';

/** A replica loses its data and copies the leader's. */
export const reinitialize: Fault = {
  kind: 'reinitialize',
  summary: 'a replica throws its data away and copies them anew, through POST /reinitialize',
  exercises: 'reads with a replica less, and the leader under a base backup; no failover',
  expects: 'service',
  needs: 'patroni',
  options: [{ name: 'member', summary: 'which replica [the one that lags least]' }],

  async check(context) {
    const { cluster, leader } = await checkMayAsk(context, 'A reinitialize');
    replicaFor(cluster, leader, context.plan.options['member']);
  },

  async inject(context) {
    const record = await askPatroni(context, ({ cluster, leader }) => {
      const { name, apiUrl } = replicaFor(cluster, leader, context.plan.options['member']);
      return {
        subject: name,
        asked: `POST ${apiUrl}/reinitialize`,
        send: (access) => postReinitialize(apiUrl, access),
      };
    });
    return { record, undo: null };
  },
};

function replicaFor(
  cluster: PatroniCluster,
  leader: ClusterMember,
  wanted: string | undefined,
): ClusterMember {
  const member = memberFor(cluster, leader, wanted ?? 'replica');
  if (member.name === leader.name) {
    throw new UserError(
      `Only a replica can be copied anew, and ${leader.name} leads.`,
      'Name another member, or none.',
    );
  }
  return member;
}

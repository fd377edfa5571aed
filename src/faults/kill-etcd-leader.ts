import { UserError } from '../errors.js';
import type { Fault } from './fault.js';
import { checkReady } from './look.js';
import { labOf, signalWords, strike } from './strike.js';

/** etcd elects another leader, which refreshes every lease. */
export const killEtcdLeader: Fault = {
  kind: 'kill-etcd-leader',
  summary: 'SIGKILL to the member of etcd that leads',
  exercises: 'an election of etcd under Patroni; leases last longer by it; no failover is to be seen',
  expects: 'service',
  needs: 'lab',
  options: [],

  async check(context) {
    labOf(context);
    await checkReady(context, 'kill-etcd-leader');
  },

  inject: (context) =>
    strike(context, ({ etcdLeader }) => {
      if (etcdLeader === null) {
        throw new UserError('No member of etcd says who leads.');
      }
      return {
        subject: etcdLeader,
        strike: async (lab, onSignal) =>
          signalWords('SIGKILL', await lab.kill(etcdLeader, ['etcd'], onSignal), etcdLeader),
        undo: async (lab) => {
          await lab.start(etcdLeader, ['etcd']);
          return `started etcd of ${etcdLeader} again`;
        },
      };
    }),
};

import { UserError } from '../errors.js';
import type { Fault } from './fault.js';
import { checkReady } from './look.js';
import { forOption, labOf, lasting, signalWords, strike } from './strike.js';

/** The others must have elected one long before the old leader is back. */
const USUAL = '15s';

/** etcd elects another leader, which refreshes every lease. */
export const killEtcdLeader: Fault = {
  kind: 'kill-etcd-leader',
  summary: 'SIGKILL to the member of etcd that leads, started again later',
  exercises: 'an election of etcd under Patroni; leases last longer by it; no failover is to be seen',
  expects: 'service',
  needs: 'lab',
  options: [{ ...forOption(USUAL), isFirst: true }],

  async check(context) {
    labOf(context);
    await checkReady(context, 'kill-etcd-leader');
  },

  async inject(context) {
    const injection = await strike(context, ({ etcdLeader }) => {
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
    });
    return lasting(context, injection, USUAL);
  },
};

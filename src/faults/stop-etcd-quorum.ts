import { atOnce } from './every-part.js';
import type { Fault } from './fault.js';
import { checkReady } from './look.js';
import { forOption, labOf, lasting, signalWords, strike } from './strike.js';

const USUAL = '15s';

/** Without a quorum of etcd nobody can keep the leader key: the primary demotes itself, and nobody takes over. */
export const stopEtcdQuorum: Fault = {
  kind: 'stop-etcd-quorum',
  summary: 'SIGSTOP to two of the three members of etcd, the leader among them, SIGCONT later',
  exercises:
    'Patroni without its DCS: the primary demotes itself after retry_timeout unless failsafe_mode is on; reads go on',
  expects: 'service',
  needs: 'lab',
  options: [{ ...forOption(USUAL), isFirst: true }],

  async check(context) {
    labOf(context);
    await checkReady(context, 'stop-etcd-quorum');
  },

  async inject(context) {
    const injection = await strike(context, ({ etcdLeader }) => {
      const { nodes } = labOf(context);
      const first = etcdLeader ?? nodes[0] ?? '';
      const [second = ''] = nodes.filter((node) => node !== first);
      const two = [first, second];
      return {
        subject: two.join(' '),
        // To the end of each: what is still being done to one could not be undone.
        strike: async (lab, onSignal) => {
          const freeze = async (node: string) =>
            signalWords('SIGSTOP', await lab.freeze(node, ['etcd'], onSignal), node);
          const words = await atOnce(two.map((node) => () => freeze(node)));
          return words.join(', ');
        },
        undo: async (lab) => {
          await atOnce(two.map((node) => () => lab.thaw(node, ['etcd'])));
          return `SIGCONT to etcd of ${two.join(' and ')}`;
        },
      };
    });
    return lasting(context, injection, USUAL);
  },
};

import { killFault } from './kill-fault.js';
import { NODE_COMPONENTS } from './lab-control.js';

/** The machine of a node is gone. */
export const killNode = killFault({
  kind: 'kill-node',
  summary: "SIGKILL to all of the leader's node: Patroni, PostgreSQL and etcd",
  exercises:
    'loss of a machine: expiry of the leader key (ttl), longer when etcd led there, too; loses what was not replicated',
  expects: 'another_leader',
  components: NODE_COMPONENTS,
  startAgain: ['etcd', 'patroni'],
  usual: 'leader',
});

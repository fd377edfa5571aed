import { killFault } from './kill-fault.js';
import { NODE_COMPONENTS } from './lab-control.js';

/** The machine of a replica is gone: no failover, but reads are hurt, and with synchronous replication writes wait. */
export const killReplica = killFault({
  kind: 'kill-replica',
  summary: "SIGKILL to all of a replica's node: Patroni, PostgreSQL and etcd; started again later",
  exercises: 'reads that lose a server; writes that wait for it, where replication is synchronous',
  expects: 'service',
  components: NODE_COMPONENTS,
  startAgain: ['etcd', 'patroni'],
  usual: 'replica',
  option: 'member',
  // HAProxy's stock checks need 6 to 9 s until they find it DOWN.
  lasts: '15s',
});

import { killFault } from './kill-fault.js';

/** PostgreSQL lives on, read-write, with nobody to demote it. */
export const killPatroni = killFault({
  kind: 'kill-patroni',
  summary: "SIGKILL to the leader's Patroni; its PostgreSQL lives on",
  exercises:
    'expiry of the leader key (ttl); clients that are connected past HAProxy may write to two primaries until it is back',
  expects: 'another_leader',
  components: ['patroni'],
  startAgain: ['patroni'],
  usual: 'leader',
});

import { freezeFault } from './freeze-fault.js';

/** PostgreSQL hangs, and Patroni beside it does not. */
export const freezePostgres = freezeFault({
  kind: 'freeze-postgres',
  summary: "SIGSTOP to the leader's PostgreSQL, SIGCONT later",
  exercises:
    'a server that hangs on a machine that works; the postmaster alone is noticed by nobody: sessions go on, new ones hang',
  expects: 'another_leader',
  options: [
    {
      name: 'what',
      summary: 'all, or the postmaster without its backends [all]',
      choices: ['all', 'postmaster'],
    },
  ],
  componentsFor: ({ what }) => [what === 'postmaster' ? 'postmaster' : 'postgres'],
});

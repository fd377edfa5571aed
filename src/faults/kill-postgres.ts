import { killFault } from './kill-fault.js';

/**
 * PostgreSQL crashes. The postmaster and all its backends die at once: orphaned backends end as soon as they wait for
 * something, and until then would go on committing, which no crash of a server does.
 */
export const killPostgres = killFault({
  kind: 'kill-postgres',
  summary: "SIGKILL to the leader's PostgreSQL, with all its backends",
  exercises:
    'crash recovery in place by Patroni, without a failover while primary_start_timeout lasts; HAProxy may keep it UP',
  expects: 'service',
  components: ['postgres'],
  startAgain: [],
  usual: 'leader',
});

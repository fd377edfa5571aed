import { APPLICATION } from '../lab/postgres.js';
import type { ClusterSecrets } from './secrets.js';

export const APPLICATION_SQL = 'application.sql';

/** Role and database of the loads, as in a lab; run again, it does nothing but set the password. */
export function applicationSql({ application }: ClusterSecrets): string {
  return `-- The role and the database of the loads. Run again, it sets the password, and nothing else.
\\set ON_ERROR_STOP on
SELECT 'CREATE ROLE ${APPLICATION} LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${APPLICATION}') \\gexec
-- The password is not to stand in the server's log, should the statement fail.
SET log_min_error_statement = panic;
SET log_statement = none;
ALTER ROLE ${APPLICATION} PASSWORD '${application}';
GRANT pg_monitor TO ${APPLICATION};
SELECT 'CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${APPLICATION}') \\gexec
`;
}

import type pg from 'pg';
import { UserError } from '../errors.js';
import { probeConnections } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import { connectionsByRoute } from '../plan/ports.js';
import { hostPort } from '../plan/target.js';
import type { Way } from '../result/result.js';

/**
 * What would make the run fail or mislead, found before any load.
 * @param sql a client of the read-write endpoint
 * @param way what stands before the server
 * @throws UserError
 */
export async function checkServer(sql: pg.ClientBase, plan: Plan, way: Way): Promise<void> {
  const where = hostPort(plan.target.rw);
  const { rows } = await sql.query<ServerRow>(SERVER);
  const [server] = rows;
  if (server === undefined) {
    throw new UserError(`${where} did not answer a query.`);
  }
  if (server.standby) {
    throw new UserError(
      `The read-write endpoint ${where} leads to a standby.`,
      "Give the address of the primary, or of the proxy's read-write port, to --rw.",
    );
  }
  if (way.kind === 'pooler') {
    return; // Its clients are not the server's connections.
  }
  const free = server.max - server.reserved - server.used;
  const lookers = probeConnections(plan) + (plan.observers ? 1 : 0);
  const { rw: own } = connectionsByRoute(plan);
  if (own + lookers > free) {
    const clients = `${plan.clients} clients${own === plan.clients ? '' : ` with ${own} connections to it`}`;
    throw new UserError(
      `${clients}${lookers > 0 ? ` and ${lookers} to look on` : ''} need as many connections, but ` +
        `${where} has ${free} left (max_connections ${server.max}, ${server.reserved} reserved, ${server.used} in use).`,
      `Use --clients ${Math.max(1, Math.floor(((free - lookers) * plan.clients) / Math.max(1, own)))} at most, raise max_connections, or leave the probes out with --probes off.`,
    );
  }
}

interface ServerRow {
  readonly standby: boolean;
  readonly max: number;
  readonly reserved: number;
  readonly used: number;
}

/** This connection is closed before the load, so it does not count as in use. */
const SERVER = `
  SELECT pg_is_in_recovery() AS standby,
         current_setting('max_connections')::int AS max,
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
         (SELECT count(*)::int FROM pg_stat_activity
           -- An ordinary role is not told the type of other roles' backends.
          WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
            AND pid <> pg_backend_pid()) AS used`;

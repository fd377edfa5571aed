import type pg from 'pg';
import { UserError } from '../errors.js';
import { lookersOf } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import { connectionsByRoute } from '../plan/ports.js';
import { hostPort } from '../plan/target.js';
import { connectionsLeft, ROOM, type Room } from '../postgres/room.js';
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
  const { room } = server;
  const free = connectionsLeft(room);
  const lookers = lookersOf(plan).server;
  const { rw: own } = connectionsByRoute(plan);
  if (own + lookers > free) {
    const clients = `${plan.clients} clients${own === plan.clients ? '' : ` with ${own} connections to it`}`;
    throw new UserError(
      `${clients}${lookers > 0 ? ` and ${lookers} to look on` : ''} need as many connections, but ` +
        `${where} has ${free} left (max_connections ${room.max}, ${room.reserved} reserved, ${room.used} in use).`,
      `Use --clients ${Math.max(1, Math.floor(((free - lookers) * plan.clients) / Math.max(1, own)))} at most, raise max_connections, or leave the probes out with --probes off.`,
    );
  }
}

interface ServerRow {
  readonly standby: boolean;
  readonly room: Room;
}

const SERVER = `SELECT pg_is_in_recovery() AS standby, ${ROOM} AS room`;

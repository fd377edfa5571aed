import type pg from 'pg';
import { type Endpoint, hostPort } from '../plan/target.js';
import { isPooled } from './dial.js';
import { socketOf } from './pg-client.js';

/** How an endpoint led to a server, as one connection before the load showed it. */
export interface Way {
  /**
   * `direct`: the server sees itself at the address that was dialled. `proxy`: it does not. `pooler`: what answered tells
   * the id of a process that is not the server's, as PgBouncer does. `multi-host`: several addresses, tried in turn.
   */
  readonly kind: 'direct' | 'proxy' | 'pooler' | 'multi-host';
  /** Servers that answered, as they name themselves; none where the connection was a Unix socket. */
  readonly servers: readonly string[];
}

interface Seen {
  readonly host: string | null;
  readonly port: number | null;
  readonly pid: number;
}

const SEEN = 'SELECT host(inet_server_addr()) AS host, inet_server_port() AS port, pg_backend_pid() AS pid';

/** What stands between this tool and the server. @param sql a connection to the endpoint @throws what the query throws */
export async function wayTo(sql: pg.Client, endpoint: Endpoint): Promise<Way> {
  const { rows } = await sql.query<Seen>(SEEN);
  const { host = null, port = null, pid = -1 } = rows[0] ?? {};
  const server = host === null || port === null ? null : hostPort({ host, port });
  return { kind: kindOf(sql, endpoint, server, pid), servers: server === null ? [] : [server] };
}

function kindOf(sql: pg.Client, endpoint: Endpoint, server: string | null, pid: number): Way['kind'] {
  if (isPooled(sql, pid)) {
    return 'pooler';
  }
  if (endpoint.otherHosts !== undefined) {
    return 'multi-host';
  }
  const { remoteAddress, remotePort } = socketOf(sql);
  const dialled =
    remoteAddress === undefined || remotePort === undefined
      ? null // A Unix socket, at both ends.
      : hostPort({ host: remoteAddress.replace(/^::ffff:/, ''), port: remotePort });
  return dialled === server ? 'direct' : 'proxy';
}

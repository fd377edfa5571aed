import type pg from 'pg';
import type { Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { isPooled } from '../postgres/dial.js';
import { systemIdentifierOf } from '../postgres/system-identifier.js';
import { PATIENCE_MS } from './answer.js';

/** As SHOW tells them, by name; what this version does not have, or we may not see, is not in it. */
export type Settings = ReadonlyMap<string, string>;

/** What a session of the load finds behind an endpoint. */
export interface EndpointLook {
  readonly standby: boolean;
  /** Of the server itself; null on a Unix socket. */
  readonly address: string | null;
  readonly port: number | null;
  readonly systemIdentifier: string | null;
  /** As they are for this user in this database. */
  readonly settings: Settings;
  /** Connections that the role and the database may have; null without a limit. */
  readonly roleLimit: number | null;
  readonly databaseLimit: number | null;
  /** Who answers for the server: nobody, or a pooler, which gives a session a server for as long as this says. */
  readonly pooler: 'none' | 'session' | 'transaction';
}

/** @throws UserError when it cannot be connected to, and what pg throws */
export async function lookAtEndpoint(
  endpoint: Endpoint,
  password: string | undefined,
  signal: AbortSignal,
): Promise<EndpointLook> {
  const wait = { queryTimeoutMs: PATIENCE_MS, signal };
  const client = await openClient(endpoint, password, 'doctor', wait);
  try {
    const { rows } = await client.query<{ look: Raw }>(LOOK);
    const look = rows[0]?.look;
    if (look === undefined) {
      throw new Error('the server answered no row');
    }
    const { settings, pid, ...rest } = look;
    return {
      ...rest,
      settings: new Map(Object.entries(settings)),
      systemIdentifier: await systemIdentifierOf(client),
      pooler: isPooled(client, pid) ? await poolerOf(endpoint, password, wait, client) : 'none',
    };
  } finally {
    await closeClient(client);
  }
}

type Raw = Omit<EndpointLook, 'settings' | 'systemIdentifier' | 'pooler'> & {
  readonly settings: Readonly<Record<string, string>>;
  readonly pid: number;
};

const LOOK = `
SELECT json_build_object(
  'standby', pg_is_in_recovery(),
  'address', host(inet_server_addr()),
  'port', inet_server_port(),
  'pid', pg_backend_pid(),
  'settings', (SELECT json_object_agg(name, current_setting(name, true)) FROM pg_settings),
  'roleLimit', (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
  'databaseLimit', (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
) AS look`;

/** Two sessions that are open at once share a server only where they have it for a transaction. */
async function poolerOf(
  endpoint: Endpoint,
  password: string | undefined,
  wait: { readonly queryTimeoutMs: number; readonly signal: AbortSignal },
  first: pg.Client,
): Promise<'session' | 'transaction'> {
  const second = await openClient(endpoint, password, 'doctor', wait);
  try {
    const one = await backendOf(first);
    return (await backendOf(second)) === one ? 'transaction' : 'session';
  } finally {
    await closeClient(second);
  }
}

async function backendOf(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? null;
}

import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { type ProcessRecord, recordOf, workingDirectoryOf } from './process.js';

/** The role that owns the database where loads go. */
export const APPLICATION = 'pgha';

export const LOADS = { user: APPLICATION, database: APPLICATION } as const;

/** The server that runs on this data directory now, null when none does. */
export async function postmasterOf(dataDir: string): Promise<ProcessRecord | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'latin1').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) {
    return null;
  }
  const record = await recordOf(pid);
  // The file outlives a server that was killed, and its pid may be another's by now; a server works in its data directory.
  const isOurs = record !== null && (await workingDirectoryOf(pid)) === (await realpath(dataDir));
  return isOurs ? record : null;
}

/**
 * Files in /dev/shm that these processes have mapped. A server that is killed leaves them there, and nobody can tell
 * afterwards whose they were; one that is started again on its data directory removes them.
 */
export async function sharedMemoryOf(servers: readonly ProcessRecord[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const { pid } of servers) {
    const maps = await readFile(`/proc/${pid}/maps`, 'latin1').catch(() => '');
    for (const [file] of maps.matchAll(/\/dev\/shm\/PostgreSQL\.\d+/g)) {
      files.add(file);
    }
  }
  return [...files];
}

/** Role and database of the loads, with what a benchmark wants to see of the server. */
export async function createApplication(
  superuser: Endpoint,
  secret: string,
  password: string,
): Promise<void> {
  await withClient(superuser, secret, async (client) => {
    const role = client.escapeIdentifier(APPLICATION);
    // Created again when an earlier try broke half-way.
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION]);
    if (rowCount === 0) {
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    }
    await client.query(`GRANT pg_monitor TO ${role}`);
    const databases = await client.query('SELECT FROM pg_database WHERE datname = $1', [APPLICATION]);
    if (databases.rowCount === 0) {
      await client.query(`CREATE DATABASE ${role} OWNER ${role}`);
    }
  });
}

/** Null when a write commits; it leaves nothing but a transaction id. */
export async function missingWrite(endpoint: Endpoint, password: string): Promise<null> {
  return withClient(endpoint, password, async (client) => {
    await client.query('SELECT pg_current_xact_id()');
    return null;
  });
}

/** Null when a replica answers. */
export async function missingRead(endpoint: Endpoint, password: string): Promise<string | null> {
  return withClient(endpoint, password, async (client) => {
    const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    return rows[0]?.standby === true ? null : 'the server that answered is no replica';
  });
}

async function withClient<T>(
  endpoint: Endpoint,
  password: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await openClient(endpoint, password, 'lab', { queryTimeoutMs: 20_000 });
  try {
    return await use(client);
  } finally {
    await closeClient(client);
  }
}

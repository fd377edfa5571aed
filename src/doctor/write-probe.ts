import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { Address, Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { type Asked, answerOf, PATIENCE_MS } from './answer.js';
import { endpointAt } from './postgres-evidence.js';

/** A row that was written through the read-write endpoint, and where it was read. */
export interface WriteProbe {
  /** From the start of the INSERT to its acknowledgement. */
  readonly ackMs: number;
  /** By member, and `ro` for the read-only endpoint: from the acknowledgement until the row was read, ms. */
  readonly visible: readonly Asked<number>[];
}

/** A row that is not there by then does not come. */
const VISIBLE_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 5;

/** Where the row is to be read; each with the user of the load. */
export interface Reader {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly password: string | undefined;
}

/** The members past the proxy, and the read-only endpoint. */
export function readersOf(
  rw: Endpoint,
  rwPassword: string | undefined,
  ro: { readonly endpoint: Endpoint; readonly password: string | undefined } | undefined,
  members: readonly { readonly name: string; readonly address: Address }[],
): readonly Reader[] {
  const nodes = members.map(({ name, address }) => ({
    name,
    endpoint: endpointAt(rw, address),
    password: rwPassword,
  }));
  return ro === undefined ? nodes : [...nodes, { name: 'ro', ...ro }];
}

/**
 * Makes a table of its own, writes a row, and drops the table, whatever happened between.
 * @throws UserError when the endpoint cannot be connected to, and what PostgreSQL says of the table or the write
 */
export async function probeByWriting(
  rw: Endpoint,
  password: string | undefined,
  readers: readonly Reader[],
): Promise<WriteProbe> {
  const table = `pgha_bench_doctor_${randomBytes(6).toString('hex')}`;
  const client = await openClient(rw, password, 'doctor', { queryTimeoutMs: 2 * PATIENCE_MS });
  // Connecting is not the time that a row takes.
  const connected = await Promise.all(readers.map(connect));
  try {
    await client.query(`CREATE TABLE ${table} (token int)`);
    try {
      const askedMs = performance.now();
      await client.query(`INSERT INTO ${table} VALUES (1)`);
      const ackedMs = performance.now();
      const visible = await Promise.all(connected.map((each) => readBy(each, table, ackedMs)));
      return { ackMs: ackedMs - askedMs, visible };
    } finally {
      await drop(client, table);
    }
  } finally {
    const others = connected.flatMap(({ answer }) => ('value' in answer ? [answer.value] : []));
    await Promise.all([client, ...others].map(closeClient));
  }
}

async function connect({ name, endpoint, password }: Reader): Promise<Asked<pg.Client>> {
  const answer = await answerOf((signal) =>
    openClient(endpoint, password, 'doctor', { queryTimeoutMs: PATIENCE_MS, signal }),
  );
  return { name, answer };
}

/** @throws UserError that names what is left behind */
async function drop(client: pg.Client, table: string): Promise<void> {
  try {
    await client.query(`DROP TABLE ${table}`);
  } catch (error) {
    throw new UserError(`The table ${table} could not be dropped: ${messageOf(error)}.`, 'Drop it by hand.');
  }
}

async function readBy(
  { name, answer }: Asked<pg.Client>,
  table: string,
  ackedMs: number,
): Promise<Asked<number>> {
  if ('unknown' in answer) {
    return { name, answer };
  }
  const within = VISIBLE_WITHIN_MS + PATIENCE_MS;
  return {
    name,
    answer: await answerOf((signal) => visibleAfter(answer.value, table, ackedMs, signal), within),
  };
}

async function visibleAfter(
  client: pg.Client,
  table: string,
  ackedMs: number,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    try {
      const { rows } = await client.query(`SELECT token FROM ${table}`);
      const nowMs = performance.now();
      if (rows.length > 0) {
        return nowMs - ackedMs;
      }
    } catch (error) {
      if (codeOf(error) !== UNDEFINED_TABLE) {
        throw error;
      }
    }
    if (performance.now() - ackedMs > VISIBLE_WITHIN_MS) {
      throw new Error(`the row was not there ${VISIBLE_WITHIN_MS / 1000} s after it was acknowledged`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

const UNDEFINED_TABLE = '42P01';

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { codeOf, messageOf } from '../errors.js';
import { type Address, directly, type Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { type Answer, type Asked, answerOf, PATIENCE_MS } from './answer.js';

/** A row that was written through the read-write endpoint, and where it was read. */
export interface WriteProbe {
  /** From the start of the INSERT to its acknowledgement, ms; or why there was none. */
  readonly ack: Answer<number>;
  /** By member, and `ro` for the read-only endpoint: from the acknowledgement until the row was read, ms. */
  readonly visible: readonly Asked<number>[];
  /** The table, where it could not be dropped. */
  readonly left: LeftBehind | null;
  /** Whether it was told to end before it had ended: what is missing then says nothing of the target. */
  readonly wasInterrupted: boolean;
}

export interface LeftBehind {
  readonly table: string;
  readonly reason: string;
}

/** A row that is not there by then does not come. */
const VISIBLE_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 5;

/** A commit that takes longer is not acknowledged: it waits for a standby that is away, or for a disk. */
const STATEMENT_MS = 2 * PATIENCE_MS;

/** That openClient waits. */
const CONNECT_MS = 5000;
const CLOSE_MS = 1000;

/** Longer than all its parts together: what is left behind can be told only when it has ended. */
export const PROBE_MS =
  // Both ways in, and the readers'.
  2 * CONNECT_MS +
  PATIENCE_MS +
  // CREATE and INSERT.
  2 * STATEMENT_MS +
  (VISIBLE_WITHIN_MS + PATIENCE_MS) +
  // Cancel and DROP.
  2 * PATIENCE_MS +
  3 * CLOSE_MS;

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
    endpoint: directly(rw, address),
    password: rwPassword,
  }));
  return ro === undefined ? nodes : [...nodes, { name: 'ro', ...ro }];
}

/**
 * Makes a table of its own, writes a row, and drops the table, whatever happened between.
 * @param signal ends it early; the table is dropped all the same
 * @throws UserError when the endpoint cannot be connected to, and what PostgreSQL says where it does not make the table
 */
export async function probeByWriting(
  rw: Endpoint,
  password: string | undefined,
  readers: readonly Reader[],
  signal?: AbortSignal,
): Promise<WriteProbe> {
  signal?.throwIfAborted();
  const table = `pgha_bench_doctor_${randomBytes(6).toString('hex')}`;
  const wait = { queryTimeoutMs: STATEMENT_MS, ...(signal === undefined ? {} : { signal }) };
  const client = await openClient(rw, password, 'doctor', wait);
  // Connecting is not the time that a row takes.
  const connected = await Promise.all(readers.map(connect));
  const seen = await written(client, connected, table, signal).catch((error: unknown) => ({ error }));
  const others = connected.flatMap(({ answer }) => ('value' in answer ? [answer.value] : []));
  await Promise.all([client, ...others].map(closeClient));
  const left = await leftOf(rw, password, table);
  const wasInterrupted = signal?.aborted === true;
  if (!('error' in seen)) {
    return { ...seen, left, wasInterrupted };
  }
  if (left === null && !wasInterrupted) {
    throw seen.error;
  }
  return { ack: { unknown: messageOf(seen.error) }, visible: [], left, wasInterrupted };
}

async function connect({ name, endpoint, password }: Reader): Promise<Asked<pg.Client>> {
  const answer = await answerOf((signal) =>
    openClient(endpoint, password, 'doctor', { queryTimeoutMs: PATIENCE_MS, signal }),
  );
  return { name, answer };
}

/** @throws what PostgreSQL says where it does not make the table: that is not what was to be tried */
async function written(
  client: pg.Client,
  readers: readonly Asked<pg.Client>[],
  table: string,
  signal: AbortSignal | undefined,
): Promise<Pick<WriteProbe, 'ack' | 'visible'>> {
  try {
    await client.query(withoutStandby(`CREATE TABLE ${table} (token int)`));
  } catch (error) {
    if (error instanceof pg.DatabaseError) {
      throw error;
    }
    return { ack: unacknowledged(error), visible: [] };
  }
  const askedMs = performance.now();
  try {
    await client.query(`INSERT INTO ${table} VALUES (1)`);
  } catch (error) {
    return { ack: unacknowledged(error), visible: [] };
  }
  const ackedMs = performance.now();
  const visible = await Promise.all(readers.map((each) => readBy(each, table, ackedMs, signal)));
  return { ack: { value: ackedMs - askedMs }, visible };
}

/** What is no part of the trial waits for no standby. One message, so that a pooler gives it to one server. */
function withoutStandby(statement: string): string {
  return `BEGIN; SET LOCAL synchronous_commit = local; ${statement}; COMMIT`;
}

function unacknowledged(error: unknown): Answer<never> {
  const message = messageOf(error);
  return {
    unknown: message === 'Query read timeout' ? `no answer within ${STATEMENT_MS / 1000} s` : message,
  };
}

/**
 * Drops the table, on a connection of its own: the other may hang in a commit, with the table locked.
 * @returns what is left behind, null when nothing is
 */
async function leftOf(rw: Endpoint, password: string | undefined, table: string): Promise<LeftBehind | null> {
  try {
    const client = await openClient(rw, password, 'doctor', { queryTimeoutMs: PATIENCE_MS });
    try {
      await client.query(CANCEL, [`%${table}%`]);
      await client.query(withoutStandby(`DROP TABLE IF EXISTS ${table}`));
      return null;
    } finally {
      await closeClient(client);
    }
  } catch (error) {
    return { table, reason: messageOf(error).replace(/\.$/, '') };
  }
}

/** By the statement, not by the process: behind a pooler that may be another's by now. */
const CANCEL = `
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
 WHERE query LIKE $1 AND state <> 'idle' AND pid <> pg_backend_pid()`;

async function readBy(
  { name, answer }: Asked<pg.Client>,
  table: string,
  ackedMs: number,
  signal: AbortSignal | undefined,
): Promise<Asked<number>> {
  if ('unknown' in answer) {
    return { name, answer };
  }
  const within = VISIBLE_WITHIN_MS + PATIENCE_MS;
  const until = (late: AbortSignal) => (signal === undefined ? late : AbortSignal.any([late, signal]));
  return {
    name,
    answer: await answerOf((late) => visibleAfter(answer.value, table, ackedMs, until(late)), within),
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

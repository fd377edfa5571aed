import type { Socket } from 'node:net';
import pg from 'pg';
import { codeOf, messageOf, UserError } from '../errors.js';
import { type Endpoint, hostPort } from '../plan/target.js';
import { sslOptions } from './tls.js';

/** Connections outside the load: before and after it, one at a time, with messages for people. */

const CONNECT_TIMEOUT_MS = 5000;

/** For questions that any server answers at once. */
export const LOOK_TIMEOUT_MS = 15_000;

/**
 * Connects, for preparing and looking; not for the load.
 * @param wait `queryTimeoutMs`: for each query; on `signal` the connection is dropped, whatever is under way
 * @throws UserError that says what is wrong with the address, the password or the server
 */
export async function openClient(
  endpoint: Endpoint,
  password: string | undefined,
  purpose: string,
  wait: { readonly queryTimeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    database: endpoint.database,
    password: () => password ?? '',
    ssl: sslOptions(endpoint),
    application_name: `pgha-bench/${purpose}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...(wait.queryTimeoutMs === undefined ? {} : { query_timeout: wait.queryTimeoutMs }),
  });
  const hangUp = () => dropClient(client);
  wait.signal?.addEventListener('abort', hangUp);
  client.on('end', () => wait.signal?.removeEventListener('abort', hangUp));
  // Without a listener a connection that breaks between two queries would end the process; the next query tells.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw connectionProblem(error, endpoint);
  }
}

/** Says goodbye; a server that does not answer is not waited for. */
export async function closeClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => dropClient(client), GOODBYE_MS);
  await client.end();
  clearTimeout(timer);
}

const GOODBYE_MS = 1000;

/** Lets go of the connection without a word, whatever is under way. pg keeps its stream to itself in the types only. */
export function dropClient(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

/** Whether the server speaks TLS at all: settles sslmode prefer. @throws UserError as openClient does */
export async function offersTls(endpoint: Endpoint, password: string | undefined): Promise<boolean> {
  try {
    const client = await openClient({ ...endpoint, sslMode: 'require' }, password, 'look');
    await closeClient(client);
    return true;
  } catch (error) {
    if (messageOf(error).includes(NO_TLS)) {
      return false;
    }
    throw error;
  }
}

/** pg's words when the server answers the request for TLS with no. */
const NO_TLS = 'does not support SSL';

/**
 * A question that PostgreSQL refused or did not answer, as one line; whatever else was thrown is a bug, and stays one.
 * @param what was to be done, `look at the tables`
 */
export function queryProblem(error: unknown, endpoint: Endpoint, what: string): unknown {
  const code = codeOf(error);
  const message = messageOf(error);
  const lost = /^Connection terminated|^Query read timeout|^Client has encountered/.test(message);
  if (error instanceof UserError || (!lost && !(error instanceof pg.DatabaseError) && code === undefined)) {
    return error;
  }
  const reason = code === undefined ? message : `${message} (${code})`;
  return new UserError(`${hostPort(endpoint)} did not let pgha-bench ${what}: ${reason}.`);
}

function connectionProblem(error: unknown, endpoint: Endpoint): UserError {
  const where = hostPort(endpoint);
  const code = codeOf(error);
  const message = messageOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return new UserError(`No server listens on ${where}.`, 'Check the address, or start the server.');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError(`The host '${endpoint.host}' is not known.`, 'Check the address.');
    case '28P01':
    case '28000':
      return new UserError(
        `${where} does not let user '${endpoint.user}' in: ${message}.`,
        'Check the user and the password in the URI, or PGPASSWORD.',
      );
    case '3D000':
      return new UserError(
        `There is no database '${endpoint.database}' at ${where}.`,
        'Create it, or name another one in the URI.',
      );
    case '53300':
      return new UserError(
        `${where} has no free connection: ${message}.`,
        'Raise max_connections, or stop other clients.',
      );
    case undefined:
      return new UserError(`Could not connect to ${where}: ${transportProblem(message)}`);
    default:
      return new UserError(`Could not connect to ${where}: ${message} (${code}).`);
  }
}

function transportProblem(message: string): string {
  if (message.includes('timeout expired')) {
    return `no ready connection within ${CONNECT_TIMEOUT_MS / 1000} s. Check the address and that the server is up.`;
  }
  if (message.includes('terminated unexpectedly')) {
    return 'the connection was closed before it was ready. A proxy without a healthy server does this: check its servers.';
  }
  if (message.includes('password must be a string') || message.includes('SASL')) {
    return `authentication failed (${message}). Check the password in the URI, or PGPASSWORD.`;
  }
  return `${message}.`;
}

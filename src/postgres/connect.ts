import pg from 'pg';
import { codeOf, lineOf, messageOf, UserError } from '../errors.js';
import { type Address, type Endpoint, hostPort } from '../plan/target.js';
import { Dial, lastOf, type Refusals } from './dial.js';
import { CHANNEL_BINDING, CONNECT_TIMEOUT, WRONG_ROLE } from './failure.js';
import { hangUp } from './pg-client.js';

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
  try {
    return (await dialled(endpoint, password, purpose, wait)).client;
  } catch (error) {
    throw error instanceof NotDialled ? connectionProblem(error.cause, endpoint, error.address) : error;
  }
}

/** A connection, and the address it was made to. */
export interface Dialled {
  readonly client: pg.Client;
  readonly address: Address;
}

/** None of the addresses would do; the cause is what the last one said, undefined when it said nothing. */
export class NotDialled extends Error {
  /** Of the cause. */
  readonly address: Address;

  /** @param refusals of all addresses that were tried, in their order */
  constructor(readonly refusals: Refusals) {
    const { error, address } = lastOf(refusals);
    super(`No connection to ${hostPort(address)}`, { cause: error });
    this.address = address;
  }
}

/** As openClient does. @throws NotDialled */
export async function dialled(
  endpoint: Endpoint,
  password: string | undefined,
  purpose: string,
  { queryTimeoutMs, signal }: { readonly queryTimeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Dialled> {
  const config = {
    keepAlive: true,
    ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
  };
  const login = {
    endpoint,
    password,
    applicationName: `pgha-bench/${purpose}`,
    patienceMs: CONNECT_TIMEOUT_MS,
    config,
  };
  const notDialled = (error: unknown) => new NotDialled([{ error, address: endpoint }]);
  const givenUp = () => notDialled(new Error('The connection was given up.'));
  if (signal?.aborted === true) {
    throw givenUp(); // It does not tell again.
  }
  return new Promise((resolve, reject) => {
    const fail = (problem: NotDialled) => {
      dial.abandon();
      settled();
      reject(problem);
    };
    const onAbort = () => fail(givenUp());
    const timer = setTimeout(() => fail(notDialled(new Error('timeout expired'))), CONNECT_TIMEOUT_MS);
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const dial = new Dial(login, {
      dialled: (client, address) => {
        settled();
        dropOn(signal, client);
        resolve({ client, address });
      },
      notDialled: (refusals) => {
        settled();
        reject(new NotDialled(refusals));
      },
      // A connection that breaks between two queries: the next query tells.
      hungUp: () => undefined,
    });
    signal?.addEventListener('abort', onAbort);
  });
}

function dropOn(signal: AbortSignal | undefined, client: pg.Client): void {
  const drop = () => dropClient(client);
  signal?.addEventListener('abort', drop);
  client.on('end', () => signal?.removeEventListener('abort', drop));
}

/** Says goodbye; a server that does not answer is not waited for. */
export async function closeClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => dropClient(client), GOODBYE_MS);
  await client.end();
  clearTimeout(timer);
}

const GOODBYE_MS = 1000;

/** Lets go of the connection without a word, whatever is under way. */
export function dropClient(client: pg.Client): void {
  hangUp(client);
}

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

/** @param address that the error is of */
export function connectionProblem(
  error: unknown,
  endpoint: Endpoint,
  address: Address = endpoint,
): UserError {
  const where = hostPort(address);
  const code = codeOf(error);
  const message = error === undefined ? CLOSED_EARLY : lineOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return new UserError(`No server listens on ${where}.`, 'Check the address, or start the server.');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError(`The host '${address.host}' is not known.`, 'Check the address.');
    case '28P01':
    case '28000':
      return new UserError(
        `${where} does not let user '${endpoint.user}' in: ${message}.`,
        'Check the user, and the password in the URI, PGPASSWORD or ~/.pgpass.',
      );
    case '3D000':
      return new UserError(
        `There is no database '${endpoint.database}' at ${where}.`,
        'Create it, or name another one in the URI.',
      );
    case '08P01':
      return new UserError(
        `${where} takes no such connection: ${message}.`,
        'Of a pooler, let it ignore what it does not know: ignore_startup_parameters.',
      );
    case WRONG_ROLE:
      return new UserError(
        `No server at ${hostPort(endpoint)} will do: ${withoutPoint(message)}.`,
        'Check the addresses, and target_session_attrs.',
      );
    case CHANNEL_BINDING:
      return new UserError(`Could not connect to ${where}: ${withoutPoint(message)}.`);
    case CONNECT_TIMEOUT:
      return new UserError(`Could not connect to ${where}: ${transportProblem('timeout expired')}`);
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

/** pg's words. */
const CLOSED_EARLY = 'terminated unexpectedly';

function withoutPoint(text: string): string {
  return text.replace(/\.$/, '');
}

function transportProblem(message: string): string {
  if (message.includes('timeout expired')) {
    return `no ready connection within ${CONNECT_TIMEOUT_MS / 1000} s. Check the address and that the server is up.`;
  }
  if (message.includes(CLOSED_EARLY)) {
    return 'the connection was closed before it was ready. A proxy without a healthy server does this: check its servers.';
  }
  if (message.includes('password must be a string') || message.includes('SASL')) {
    return `authentication failed (${message}). Check the password in the URI, PGPASSWORD or ~/.pgpass.`;
  }
  return `${withoutPoint(message)}.`;
}

import pg from 'pg';
import { codeOf, messageOf } from '../errors.js';
import type { Endpoint } from '../plan/target.js';
import type { GivenEndpoint } from '../plan/uri.js';
import { closeClient, connectionProblem, dialled, NotDialled } from './connect.js';
import { lastOf } from './dial.js';
import { passwordFromFile } from './password-file.js';
import { expectRoots, tlsFilesFor } from './tls-files.js';

/** An endpoint with nothing left open, and its password. */
export interface SettledEndpoint {
  readonly endpoint: Endpoint;
  readonly password: string | undefined;
}

/**
 * Settles what an address leaves open, once, before any plan is made: the password from its file, the files of TLS, and
 * whether there is TLS. What the first server answers about that holds for all addresses of the endpoint.
 * @throws UserError
 */
export async function settle(
  given: GivenEndpoint,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SettledEndpoint> {
  const password = given.password ?? passwordFromFile(given.endpoint, given.passFile, env);
  if (given.tls === 'settled' && given.endpoint.sslMode === 'disable') {
    return { endpoint: withoutTls(given.endpoint), password };
  }
  const { tlsFiles: _, ...bare } = given.endpoint;
  const tlsFiles = tlsFilesFor(given, env);
  const endpoint: Endpoint = tlsFiles === undefined ? bare : { ...bare, tlsFiles };
  if (given.tls === 'settled') {
    expectRoots(endpoint, given.flag, env);
    return { endpoint, password };
  }
  const ways = [{ ...endpoint, sslMode: 'require' } as const, withoutTls(endpoint)] as const;
  const [first, second] = given.tls === 'prefer' ? ways : [ways[1], ways[0]];
  return { endpoint: await firstThatConnects(first, second, password), password };
}

/** So that a plan names no files that are not used. */
function withoutTls({ tlsFiles: _, ...endpoint }: Endpoint): Endpoint {
  return { ...endpoint, sslMode: 'disable' };
}

/**
 * As libpq: the other way is tried where this one was the trouble, at any of the addresses, and not for a server that is
 * not there.
 */
async function firstThatConnects(
  first: Endpoint,
  second: Endpoint,
  password: string | undefined,
): Promise<Endpoint> {
  const refusal = await refusalOf(first, password);
  if (refusal === undefined) {
    return first;
  }
  const ofTheWay = refusal.refusals.find(({ error }) => isOfTheWay(error));
  if (ofTheWay === undefined) {
    throw connectionProblem(refusal.cause, first, refusal.address);
  }
  const other = await refusalOf(second, password);
  if (other === undefined) {
    return second;
  }
  // A server without TLS has answered the second time only; else the first answer is that of the way that was wanted.
  const told = isWithoutTls(ofTheWay.error) ? lastOf(other.refusals) : ofTheWay;
  throw connectionProblem(told.error, first, told.address);
}

async function refusalOf(endpoint: Endpoint, password: string | undefined): Promise<NotDialled | undefined> {
  try {
    const { client } = await dialled(endpoint, password, 'look');
    await closeClient(client);
    return undefined;
  } catch (error) {
    if (error instanceof NotDialled) {
      return error;
    }
    throw error;
  }
}

/** What TLS, or its lack, may be to blame for: a refusal by pg_hba.conf, a handshake, a certificate. */
function isOfTheWay(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    return codeOf(error) === '28000';
  }
  return (
    isWithoutTls(error) || /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_|SELF_|UNABLE_)/.test(codeOf(error) ?? '')
  );
}

/** pg's words when the server answers the request for TLS with no. */
function isWithoutTls(error: unknown): boolean {
  return messageOf(error).includes('does not support SSL');
}

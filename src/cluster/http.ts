import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { codeOf, messageOf } from '../errors.js';

/** How an HTTP endpoint of the stack is reached. */
export interface HttpAccess {
  /** From the connect until the last byte of the reply; default 2000. */
  readonly timeoutMs?: number;
  readonly basicAuth?: { readonly user: string; readonly password: string };
  readonly tls?: TlsAccess;
  /** Further ones to send. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Files in PEM. */
export interface TlsAccess {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Accept whatever certificate the server shows. */
  readonly insecure?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly text: string;
}

/**
 * An endpoint of the stack did not answer as it should. Ordinary while a cluster fails over: Patroni drops a
 * connection without a reply when it has lost its DCS, for one.
 */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';

  /**
   * @param endpoint URL or path of the socket, never with a password in it
   * @param reason `timeout`; `transport`: refused, reset, empty reply; `status`: not the status that was asked for;
   *   `malformed`: not the content that was asked for
   */
  constructor(
    readonly endpoint: string,
    readonly reason: 'timeout' | 'transport' | 'status' | 'malformed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${endpoint}: ${message}`, options);
  }
}

/**
 * One request on a connection of its own (Patroni speaks HTTP/1.0 and closes after each reply).
 * Any status is a reply; whoever asked judges it.
 */
export function request(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS',
  url: string,
  access: HttpAccess,
  body?: unknown,
): Promise<HttpReply> {
  const timeoutMs = access.timeoutMs ?? 2000;
  const endpoint = withoutPassword(url);
  // Content-Length is demanded by Patroni (411 without it), so the body is never chunked.
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers: Record<string, string | number> = { ...access.headers };
  if (payload !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = payload.length;
  }
  if (access.basicAuth !== undefined) {
    const { user, password } = access.basicAuth;
    headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  return new Promise((resolve, reject) => {
    const fail = (reason: 'timeout' | 'transport', message: string, cause?: unknown) => {
      clearTimeout(deadline);
      reject(new EndpointError(endpoint, reason, message, { cause }));
    };
    const transport = url.startsWith('https:') ? https : http;
    const outgoing = transport.request(
      url,
      { method, headers, agent: false, signal: access.signal, ...tlsOptions(access.tls) },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', (error) => fail('transport', messageOf(error), error));
        incoming.on('end', () => {
          clearTimeout(deadline);
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    const deadline = setTimeout(() => {
      fail('timeout', `no complete reply within ${timeoutMs} ms`);
      outgoing.destroy();
    }, timeoutMs);
    outgoing.on('error', (error) => fail('transport', describe(error), error));
    outgoing.end(payload);
  });
}

/** GET that must answer 200 with JSON. */
export async function getJson(url: string, access: HttpAccess): Promise<unknown> {
  return jsonOf(url, await request('GET', url, access));
}

/** The JSON of a reply that must have been 200. */
export function jsonOf(url: string, reply: HttpReply): unknown {
  const endpoint = withoutPassword(url);
  if (reply.status !== 200) {
    throw new EndpointError(endpoint, 'status', `answered ${reply.status} ${oneLine(reply.text)}`.trimEnd());
  }
  try {
    return JSON.parse(reply.text);
  } catch (error) {
    throw new EndpointError(endpoint, 'malformed', `answered no JSON: ${oneLine(reply.text)}`, {
      cause: error,
    });
  }
}

/** The files are read, and made ready, once for each way: that is a third of what a request by TLS costs us. */
export function tlsOptions(
  tls: TlsAccess | undefined,
): https.RequestOptions & { readonly secureContext?: SecureContext } {
  if (tls === undefined) {
    return {};
  }
  const secureContext = contexts.get(tls) ?? contextOf(tls);
  contexts.set(tls, secureContext);
  return { secureContext, ...(tls.insecure === true ? { rejectUnauthorized: false } : {}) };
}

const contexts = new WeakMap<TlsAccess, SecureContext>();

function contextOf({ caFile, certFile, keyFile }: TlsAccess): SecureContext {
  return createSecureContext({
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  });
}

function describe(error: unknown): string {
  // Node's words for a connection that ended before a reply.
  if (codeOf(error) === 'ECONNRESET') {
    return 'the connection was closed without a reply';
  }
  return messageOf(error);
}

export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}

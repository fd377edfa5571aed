import http from 'node:http';
import https from 'node:https';
import { messageOf } from '../errors.js';
import { decode, prefixRange } from './etcd.js';
import { type EtcdAccess, withToken } from './etcd-login.js';
import { EndpointError, type HttpAccess, tlsOptions, withoutPassword } from './http.js';
import { type JsonObject, objectOf, objectsOf, textOf } from './json.js';

/** One key that was put or deleted. */
export interface KeyChange {
  readonly key: string;
  /** Null when it was deleted. */
  readonly value: string | null;
  /** Of the transaction that did it: changes of one transaction share it. */
  readonly revision: number;
}

/** What a watch tells. */
export type WatchMessage =
  /** It stands; `revision` is where the member was then: what comes up to it had happened before. */
  | { readonly kind: 'created'; readonly revision: number }
  | { readonly kind: 'changes'; readonly changes: readonly KeyChange[] }
  /** The changes from the revision that was asked for are gone; those behind `revision` are still there. */
  | { readonly kind: 'compacted'; readonly revision: number }
  /** It is over, `etcdserver: no leader`. */
  | { readonly kind: 'ended'; readonly reason: string };

/** From the connect until the watch stands. */
const CREATE_TIMEOUT_MS = 1000;

/** More than etcd takes for a value (1.5 MiB), and for the values of a transaction. */
const LONGEST_LINE = 64 * 1024 * 1024;

/**
 * Changes of all keys with a prefix, as they happen: one stream of JSON from the gateway of API v3. It ends when the
 * member has lost its leader for a while, since it would be silent from then on.
 *
 * @param fromRevision the first revision that is wanted, which may be a past one; null for what happens from now on
 * @throws EndpointError when the member cannot be reached, or the stream breaks
 */
export async function* watchEtcd(
  url: string,
  prefix: string,
  fromRevision: number | null,
  access: EtcdAccess = {},
): AsyncGenerator<WatchMessage, void, undefined> {
  const order = {
    create_request: {
      ...prefixRange(prefix),
      ...(fromRevision === null ? {} : { start_revision: String(fromRevision) }),
    },
  };
  const base = url.replace(/\/+$/, '');
  const token = (await access.login?.known?.catch(() => null)) ?? null;
  const incoming = await openStream(`${base}/v3/watch`, order, withToken(access, token));
  const parser = new WatchParser(withoutPassword(url));
  try {
    for await (const chunk of incoming) {
      for (const message of parser.push(chunk)) {
        // etcd does not tell a token that it does not know from a right that is missing.
        if (message.kind === 'ended' && REFUSED.test(message.reason)) {
          await access.login?.renew(base, access, token);
        }
        yield message;
      }
    }
  } catch (error) {
    throw error instanceof EndpointError ? error : broken(url, error);
  } finally {
    incoming.destroy();
  }
}

const REFUSED = /permission denied|invalid auth token|user name is empty|revision of auth store is old/;

/** Resolves with the head of the answer, which etcd sends with the first message. */
function openStream(url: string, order: unknown, access: HttpAccess): Promise<http.IncomingMessage> {
  const payload = JSON.stringify(order);
  // The gateway hands `Grpc-Metadata-*` on; `hasleader` asks the member to end the stream when it has lost its leader.
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    'grpc-metadata-hasleader': 'true',
    ...access.headers,
  };
  return new Promise((resolve, reject) => {
    const transport = url.startsWith('https:') ? https : http;
    const outgoing = transport.request(
      url,
      { method: 'POST', headers, agent: false, signal: access.signal, ...tlsOptions(access.tls) },
      (incoming) => {
        clearTimeout(deadline);
        if (incoming.statusCode === 200) {
          // A host that is gone for good says nothing: the kernel asks after a while.
          incoming.socket.setKeepAlive(true, 5000);
          resolve(incoming);
          return;
        }
        incoming.resume();
        reject(new EndpointError(withoutPassword(url), 'status', `answered ${incoming.statusCode}`));
      },
    );
    const deadline = setTimeout(() => {
      const message = `no watch within ${CREATE_TIMEOUT_MS} ms`;
      reject(new EndpointError(withoutPassword(url), 'timeout', message));
      outgoing.destroy();
    }, CREATE_TIMEOUT_MS);
    outgoing.on('error', (error) => {
      clearTimeout(deadline);
      reject(broken(url, error));
    });
    outgoing.end(payload);
  });
}

function broken(url: string, cause: unknown): EndpointError {
  return new EndpointError(withoutPassword(url), 'transport', messageOf(cause), { cause });
}

/** The stream of a watch: one JSON object a line, cut anywhere. */
export class WatchParser {
  /** Pieces of a line whose end is not there yet. */
  private pieces: Buffer[] = [];
  private pending = 0;

  constructor(private readonly endpoint: string) {}

  /** @throws EndpointError `malformed` */
  push(chunk: Buffer): readonly WatchMessage[] {
    const messages: WatchMessage[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.pieces.push(chunk.subarray(from, end));
      messages.push(...this.messagesOf(Buffer.concat(this.pieces).toString('utf8').trim()));
      this.pieces = [];
      this.pending = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      // Node may use the chunk's memory again.
      this.pieces.push(Buffer.from(chunk.subarray(from)));
      this.pending += chunk.length - from;
    }
    if (this.pending > LONGEST_LINE) {
      throw new EndpointError(this.endpoint, 'malformed', 'sent a line of a watch without an end');
    }
    return messages;
  }

  private messagesOf(line: string): readonly WatchMessage[] {
    if (line === '') {
      return [];
    }
    let json: JsonObject | null;
    try {
      json = objectOf(JSON.parse(line));
    } catch (error) {
      throw new EndpointError(this.endpoint, 'malformed', 'sent no JSON in a watch', { cause: error });
    }
    const result = objectOf(json?.['result']);
    if (result === null) {
      const error = objectOf(json?.['error']);
      return [{ kind: 'ended', reason: textOf(error?.['message']) ?? 'no reason given' }];
    }
    return messagesOfResult(result);
  }
}

const NEWLINE = 0x0a;

/** A message without any of these is a sign of life. */
function messagesOfResult(result: JsonObject): readonly WatchMessage[] {
  const messages: WatchMessage[] = [];
  if (result['created'] === true) {
    messages.push({ kind: 'created', revision: revisionOf(objectOf(result['header'])?.['revision']) });
  }
  const changes = objectsOf(result['events']).map(changeOf);
  if (changes.length > 0) {
    messages.push({ kind: 'changes', changes });
  }
  if (result['canceled'] === true) {
    const compacted = revisionOf(result['compact_revision']);
    const reason = textOf(result['cancel_reason']) || 'it was cancelled';
    messages.push(compacted > 0 ? { kind: 'compacted', revision: compacted } : { kind: 'ended', reason });
  }
  return messages;
}

/** PUT, the enum's zero, is left out by the gateway; some write it. */
function changeOf(event: JsonObject): KeyChange {
  const pair = objectOf(event['kv']) ?? {};
  return {
    key: decode(pair['key']),
    value: event['type'] === 'DELETE' ? null : decode(pair['value']),
    revision: revisionOf(pair['mod_revision']),
  };
}

/** int64 is text in JSON. Revisions stay below 2^53 for longer than anybody waits. */
function revisionOf(value: unknown): number {
  const revision = Number(value ?? 0);
  return Number.isSafeInteger(revision) ? revision : 0;
}

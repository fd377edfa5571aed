import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { haproxyCommand } from '../cluster/haproxy.js';
import type { HttpAccess } from '../cluster/http.js';
import { type Address, type HaproxyAddress, hostPort } from '../plan/target.js';
import { answerOf, known } from './answer.js';

const TRIES = 5;
const PAUSE_MS = 20;

/**
 * The proxy of HAProxy that sends on who connects to this address: a connection of ours is made, says nothing, and is
 * looked for among HAProxy's sessions. Null where it is not among them: only the stats socket tells, and a connection for
 * which no server is UP, or that comes from another address than we know, is not to be found.
 */
export async function proxyBehind(
  address: Address,
  haproxy: HaproxyAddress,
  access: HttpAccess,
): Promise<string | null> {
  if (haproxy.kind !== 'socket' || address.host.startsWith('/')) {
    return null;
  }
  const { path } = haproxy;
  return known(await answerOf((signal) => traced(address, path, { ...access, signal }), access.timeoutMs));
}

async function traced(
  { host, port }: Address,
  path: string,
  access: HttpAccess & { readonly signal: AbortSignal },
): Promise<string | null> {
  const socket = connect({ host, port, signal: access.signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    // What comes after that is told by its absence from the list.
    socket.on('error', () => undefined);
    const { localAddress = '', localPort = 0 } = socket;
    const own = hostPort({ host: localAddress.replace(/^::ffff:/, ''), port: localPort });
    for (let tries = 0; tries < TRIES; tries++) {
      const proxy = parseSessions(await haproxyCommand(path, 'show sess', access)).get(own);
      if (proxy !== undefined) {
        return proxy;
      }
      await sleep(PAUSE_MS, undefined, { signal: access.signal });
    }
    return null;
  } finally {
    socket.destroy();
  }
}

/** The proxy that each session was sent on by, by the address of its client; those that wait for one are left out. */
export function parseSessions(text: string): ReadonlyMap<string, string> {
  const sessions = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, host, port, proxy] = / src=(\S+):(\d+) .*?\bbe=(\S+)/.exec(line) ?? [];
    if (host !== undefined && proxy !== undefined && proxy !== '<NONE>') {
      sessions.set(hostPort({ host: host.replace(/^::ffff:/, ''), port: Number(port) }), proxy);
    }
  }
  return sessions;
}

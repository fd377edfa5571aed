import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import type { ClusterMember } from '../cluster/patroni.js';
import type { Target } from '../plan/target.js';
import type { Event } from '../result/result.js';
import { observedBy, observersOf } from './observers.js';
import { timelineEnds } from './patroni.js';

const HOST = '127.0.0.1';
let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  sockets.clear();
  await new Promise<unknown>((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
});

/** Takes connections and never says a word. */
async function silentPort(): Promise<{
  readonly port: number;
  readonly connected: (count: number) => Promise<void>;
}> {
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, HOST, resolve));
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connected = async (count: number) => {
    while (sockets.size < count) {
      await new Promise((resolve) => listening.once('connection', resolve));
    }
  };
  return { port, connected };
}

/** Nobody listens there. */
async function deadPort(): Promise<number> {
  const { port } = await silentPort();
  await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  return port;
}

function everythingAt(port: number, events: Event[]) {
  const url = `http://${HOST}:${port}`;
  const member = { name: 'n1', role: 'leader', state: 'running', apiUrl: url, host: HOST, port };
  const members: ClusterMember[] = [{ ...member, timeline: 1, lag: null, tags: {} }];
  const target: Target = {
    kind: 'cluster',
    name: 'made',
    rw: { host: HOST, port, user: 'u', database: 'd', sslMode: 'disable' },
    patroni: [url],
    haproxy: { kind: 'url', url },
    etcd: [url],
  };
  const clock = new RunClock(process.hrtime.bigint());
  const context = { clock, emit: (event: Event) => events.push(event) };
  return observersOf(target, members, {}, NO_ACCESS, context, { prefix: '/service/x/' });
}

describe('observers of what is not there', () => {
  it('say what is missing, and tell nothing that nobody saw', async () => {
    const events: Event[] = [];
    const set = everythingAt(await deadPort(), events);
    for (const observer of set.observers) {
      observer.start();
    }
    const refused = () =>
      set.observers.map((observer) => /ECONNREFUSED/.test(observer.facts().missing ?? ''));
    await expect.poll(refused).toEqual([true, true, true, true]);
    await Promise.all(set.observers.map((observer) => observer.stop()));
    expect(set.observers.map((observer) => observer.facts().watched)).toEqual([false, false, false, false]);
    expect(set.observers.map((observer) => observer.gaps.length > 0)).toEqual([true, true, true, true]);
    // That an API does not answer was seen; of PostgreSQL it may be our reach alone.
    expect(new Set(events.map(({ kind, to }) => `${kind} ${to}`))).toEqual(
      new Set(['state unreachable', 'etcd_down unreachable']),
    );
  });

  it('stop though what they ask hangs', async () => {
    const { port, connected } = await silentPort();
    const set = everythingAt(port, []);
    for (const observer of set.observers) {
      observer.start();
    }
    // /cluster, a member, HAProxy, etcd's members, its keys, PostgreSQL.
    await connected(6);
    await Promise.all(set.observers.map((observer) => observer.stop()));
    await expect
      .poll(() => [...sockets].filter((socket) => !socket.destroyed && !socket.readableEnded))
      .toEqual([]);
  });

  it('are none of what was not given, and say what to give', () => {
    const clock = new RunClock(process.hrtime.bigint());
    const rw = { host: HOST, port: 1, user: 'u', database: 'd', sslMode: 'disable' } as const;
    const target: Target = { kind: 'server', name: 's', rw, patroni: [] };
    const set = observersOf(
      target,
      [],
      {},
      NO_ACCESS,
      { clock, emit: () => undefined },
      {
        missing: 'its scope is not known',
      },
    );
    expect(set.observers).toEqual([]);
    const { observers } = observedBy(set, []);
    expect(observers.map(({ layer, missing }) => [layer, missing?.replace(/.*; /, '')])).toEqual([
      ['patroni', 'give --patroni URL'],
      ['haproxy', 'give --haproxy URL|SOCKET'],
      ['etcd', 'give --etcd URL'],
      ['postgres', 'give --patroni URL, which names the nodes'],
    ]);
  });

  it('know no history', async () => {
    expect(await timelineEnds([`http://${HOST}:${await deadPort()}`])).toEqual([]);
  });
});

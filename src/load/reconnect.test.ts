import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type NullServer, startNullServer } from '../null-server/server.js';
import type { Plan } from '../plan/plan.js';
import { Load, type TestScript } from './load.fixture.js';

/* Many clients that lose their connections together come back in turns. */

const CLIENTS = 50;
const BURST = 4;
const SELECT = [{ name: 'select', text: 'SELECT 1;' }];

let server: NullServer;
let silent: Server | undefined;

beforeEach(async () => {
  server = await startNullServer();
});

afterEach(async () => {
  await server.close();
  silent?.close();
  silent = undefined;
});

function loadOf(connectMs: number, given: Partial<Plan> = {}, scripts: readonly TestScript[] = SELECT): Load {
  const endpoint = {
    host: server.host,
    port: server.port,
    user: 'any',
    database: 'any',
    sslMode: 'disable',
  } as const;
  return new Load({ endpoint }, scripts, {
    clients: CLIENTS,
    deadlines: { connectMs, statementMs: 60_000, transactionMs: 60_000 },
    reconnect: { firstMs: 1, capMs: 5, burst: BURST },
    ...given,
  });
}

/** In place of the null server: takes every connection, and says nothing. */
class Silent {
  readonly open = new Set<Socket>();
  /** Most at once, and all. */
  most = 0;
  ever = 0;

  listen(): void {
    silent = createServer((socket) => {
      this.open.add(socket);
      this.most = Math.max(this.most, this.open.size);
      this.ever++;
      socket.on('error', () => undefined);
      socket.on('close', () => this.open.delete(socket));
      socket.resume();
    });
    silent.listen(server.port, server.host);
  }
}

/** All clients of a load have lost their connections to a server that is silent from then on. */
async function silenced(load: Load): Promise<Silent> {
  await load.begin();
  await load.acks(CLIENTS);
  await server.cut();
  const silence = new Silent();
  silence.listen();
  return silence;
}

/** Clients that wait for their turn. */
function queued({ group }: Load): number {
  return (group.slots as unknown as { readonly waiting: readonly unknown[] }).waiting.length;
}

const NOTHING = async (): Promise<void> => undefined;
const SOON = { timeout: 30_000 };

it('are all back, each of them, when the server is', async () => {
  const load = loadOf(5000);
  await load.begin();
  await load.acks(CLIENTS);
  await server.cut();
  await server.listen(server.port);
  await load.acks(10 * CLIENTS);
  const connects = () => load.group.summaries().map((client) => client.connects);
  await expect.poll(connects, { timeout: 30_000 }).toEqual(connects().map(() => 2));
  await load.end();
});

it('never have more connections under way than they may, and their wait has no deadline', async () => {
  const load = loadOf(1000);
  const silence = await silenced(load);
  await expect.poll(() => silence.ever, { timeout: 50_000 }).toBeGreaterThan(3 * BURST);
  await load.end();
  // The server may learn of the end of one a little later than the client begins the next.
  expect(silence.most).toBeLessThanOrEqual(2 * BURST);
  expect(load.errors['connect_timeout']).toBeGreaterThanOrEqual(2 * BURST);
  expect(load.errors['connect_timeout']).toBeLessThanOrEqual(silence.ever);
});

it('begin no connection when those that have one give it up at the end', async () => {
  const load = loadOf(60_000);
  await silenced(load);
  await expect.poll(() => queued(load), SOON).toBe(CLIENTS - BURST);
  await load.end();
  expect(load.connectAttempts).toBe(BURST);
});

it('begin none when the run is interrupted while they have something to do at the end', async () => {
  const closing = { name: 'closes', run: NOTHING, writes: false, closing: NOTHING };
  const load = loadOf(60_000, {}, [...SELECT, closing]);
  load.script = 0;
  await silenced(load);
  await expect.poll(() => queued(load), SOON).toBe(CLIENTS - BURST);
  const finished = load.group.finish(60_000, { code: 'run_ended', message: '' });
  load.group.interrupt({ code: 'interrupted', message: '' });
  await finished;
  expect(load.connectAttempts).toBe(BURST);
});

it('leave the connection that they are making for the one that what is to do at the end needs', async () => {
  const closing = { name: 'closes', run: NOTHING, writes: false, closing: NOTHING };
  const alone = {
    clients: 1,
    connections: 'per-script',
    reconnect: { firstMs: 1, capMs: 5, burst: 1 },
  } as const;
  const load = loadOf(60_000, alone, [...SELECT, closing]);
  load.script = 0;
  const silence = await silenced(load);
  await expect.poll(() => silence.open.size, SOON).toBe(1);
  const [first] = silence.open;
  const finished = load.group.finish(60_000, { code: 'run_ended', message: '' });
  await expect.poll(() => silence.ever, SOON).toBe(2);
  await expect.poll(() => [...silence.open].filter((socket) => socket === first), SOON).toEqual([]);
  load.group.interrupt({ code: 'interrupted', message: '' });
  await finished;
  // The one slot that there is was returned.
  expect(load.group.slots.take({ takeTurn: () => false })).toBe(true);
});

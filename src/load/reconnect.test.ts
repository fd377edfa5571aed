import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type NullServer, startNullServer } from '../null-server/server.js';
import { Load } from './load.fixture.js';

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

function loadOf(connectMs: number): Load {
  const endpoint = {
    host: server.host,
    port: server.port,
    user: 'any',
    database: 'any',
    sslMode: 'disable',
  } as const;
  return new Load({ endpoint }, SELECT, {
    clients: CLIENTS,
    deadlines: { connectMs, statementMs: 60_000, transactionMs: 60_000 },
    reconnect: { firstMs: 1, capMs: 5, burst: BURST },
  });
}

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
  await load.begin();
  await load.acks(CLIENTS);
  await server.cut();
  // Takes every connection, and says nothing.
  const open = new Set<Socket>();
  let most = 0;
  let ever = 0;
  silent = createServer((socket) => {
    open.add(socket);
    most = Math.max(most, open.size);
    ever++;
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.resume();
  });
  silent.listen(server.port, server.host);
  await expect.poll(() => ever, { timeout: 50_000 }).toBeGreaterThan(3 * BURST);
  await load.end();
  // The server may learn of the end of one a little later than the client begins the next.
  expect(most).toBeLessThanOrEqual(2 * BURST);
  expect(load.errors['connect_timeout']).toBeGreaterThanOrEqual(2 * BURST);
  expect(load.errors['connect_timeout']).toBeLessThanOrEqual(ever);
});

import { once } from 'node:events';
import net from 'node:net';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPooled } from '../postgres/dial.js';
import { socketOf } from '../postgres/pg-client.js';
import { wayTo } from '../postgres/way.js';
import { type NullServer, startNullServer } from './server.js';

let server: NullServer;
let client: pg.Client;

beforeEach(async () => {
  server = await startNullServer();
  client = await connect();
});

afterEach(async () => {
  await client.end().catch(() => undefined);
  await server.close();
});

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({
    host: server.host,
    port: server.port,
    user: 'any',
    database: 'any',
    ssl: false,
  });
  made.on('error', () => undefined);
  await made.connect();
  return made;
}

describe('the null server', () => {
  it('answers simple queries, several in one message too', async () => {
    expect((await client.query('SELECT abalance FROM pgbench_accounts')).rows).toEqual([{ value: 0 }]);
    const results = await client.query('UPDATE t SET a = 1; INSERT INTO t VALUES (1)');
    expect(
      (results as unknown as pg.QueryResult[]).map(({ command, rowCount }) => [command, rowCount]),
    ).toEqual([
      ['UPDATE', 1],
      ['INSERT', 1],
    ]);
    expect((await client.query('')).rows).toEqual([]);
  });

  it('answers in order, and all of it, while others come', async () => {
    const queries = Array.from(
      { length: 200 },
      (_, index) => `${index % 2 === 0 ? 'UPDATE' : 'DELETE'} ${index}`,
    );
    const others: Promise<pg.Client>[] = [];
    const answered: Promise<pg.QueryResult>[] = [];
    for (const query of queries) {
      answered.push(client.query(query));
      others.push(connect());
      await Promise.all([answered.at(-1), others.length % 10 === 0 ? others.at(-1) : undefined]);
    }
    expect((await Promise.all(answered)).map(({ command }) => command)).toEqual(
      queries.map((query) => query.slice(0, 6)),
    );
    expect(server.connections.now).toBe(1 + queries.length);
    await Promise.all(others.map(async (other) => (await other).end()));
  });

  it('answers prepared statements, once and again', async () => {
    const query = { name: 'one', text: 'SELECT abalance FROM pgbench_accounts WHERE aid = $1', values: [7] };
    expect((await client.query(query)).rows).toEqual([{ value: 0 }]);
    expect((await client.query(query)).rows).toEqual([{ value: 0 }]);
  });

  it('is where it says that it is, and no standby', async () => {
    const { host, port } = server;
    const endpoint = { host, port, user: 'any', database: 'any', sslMode: 'disable' } as const;
    expect(await wayTo(client, endpoint)).toEqual({ kind: 'direct', servers: [`127.0.0.1:${port}`] });
  });

  it('is the server of its sessions, and no pooler in front of one', async () => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expect(isPooled(client, rows[0]?.pid ?? 0)).toBe(false);
  });

  it.each([
    ['a Bind without a zero', [0x42, 0, 0, 0, 6, 1, 1]],
    ['a Bind whose only zeros are behind it', [0x42, 0, 0, 0, 5, 1, 0x53, 0, 0, 0, 4]],
    ['a Parse without a zero', [0x50, 0, 0, 0, 6, 1, 1]],
    ['a negative length', [0x51, 0xff, 0xff, 0xff, 0]],
    ['a length that leaves itself out', [0x51, 0, 0, 0, 3]],
  ])('hangs up on %s, and serves the others', async (_, bytes) => {
    const rude = await connect();
    const ended = new Promise<void>((resolve) => rude.on('end', resolve));
    socketOf(rude).write(Buffer.from(bytes));
    await ended;
    expect((await client.query('SELECT 1')).rows).toEqual([{ value: 0 }]);
  });

  it('hangs up on a start-up message of a negative length', async () => {
    const rude = net.connect(server.port, server.host);
    rude.on('error', () => undefined);
    rude.end(Buffer.from([0xff, 0xff, 0xff, 0xf0, 0, 3, 0, 0]));
    await once(rude, 'close');
    expect((await client.query('SELECT 1')).rows).toEqual([{ value: 0 }]);
  });

  it('refuses what it cannot pretend to do, and goes on', async () => {
    await expect(client.query('COPY t FROM STDIN')).rejects.toMatchObject({ code: '0A000' });
    expect((await client.query('DELETE FROM t')).rowCount).toBe(1);
  });

  it('answers messages in whatever pieces they come', async () => {
    const socket = socketOf(client);
    const write = socket.write.bind(socket);
    Object.assign(socket, {
      write: (bytes: Buffer) => [...bytes].map((byte) => write(Buffer.from([byte]))).every(Boolean),
    });
    expect((await client.query({ text: 'SELECT $1', values: [1] })).rows).toEqual([{ value: 0 }]);
  });

  it('ends its connections when it is cut, and is back on the same port', async () => {
    const ended = new Promise<void>((resolve) => client.on('end', resolve));
    const { port } = server;
    await server.cut();
    await ended;
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.listen(port);
    client = await connect();
    expect(server.connections).toEqual({ now: 1, ever: 2 });
  });

  it('says in one line that its port is taken', async () => {
    await expect(startNullServer({ port: server.port })).rejects.toThrow(
      /^The null server cannot listen on .*--port/,
    );
  });
});

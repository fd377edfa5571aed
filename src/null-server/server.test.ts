import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

  it('answers prepared statements, once and again', async () => {
    const query = { name: 'one', text: 'SELECT abalance FROM pgbench_accounts WHERE aid = $1', values: [7] };
    expect((await client.query(query)).rows).toEqual([{ value: 0 }]);
    expect((await client.query(query)).rows).toEqual([{ value: 0 }]);
  });

  it('is where it says that it is, and no standby', async () => {
    const { rows } = await client.query(
      'SELECT host(inet_server_addr()) AS host, inet_server_port() AS port',
    );
    expect(rows).toEqual([{ host: '127.0.0.1', port: server.port }]);
  });

  it('refuses what it cannot pretend to do, and goes on', async () => {
    await expect(client.query('COPY t FROM STDIN')).rejects.toMatchObject({ code: '0A000' });
    expect((await client.query('DELETE FROM t')).rowCount).toBe(1);
  });

  it('answers messages in whatever pieces they come', async () => {
    const socket = (client as unknown as { connection: { stream: NodeJS.WritableStream } }).connection.stream;
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

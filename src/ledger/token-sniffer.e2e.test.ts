import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { TokenSniffer } from './token-sniffer.fixture.js';

let server: PrivateServer;
let direct: pg.Client;
let sniffer: TokenSniffer;
let client: pg.Client;
let port: number;

beforeAll(async () => {
  server = await startPrivateServer();
  direct = await server.connect();
  await direct.query('CREATE TABLE t (token text CHECK (length(token) < 20))');
  await direct.query('CREATE TABLE late (token text UNIQUE DEFERRABLE INITIALLY DEFERRED)');
});

afterAll(async () => {
  await direct.end();
  await server.stop();
});

beforeEach(async () => {
  await direct.query('TRUNCATE t, late');
  sniffer = new TokenSniffer(server.host, server.port);
  port = await sniffer.listen();
  client = await connected(port);
});

afterEach(async () => {
  await client.end().catch(() => undefined);
  await sniffer.close();
});

/** Both protocols: the token in the text of a query, and as a parameter of a statement. */
const WAYS = [
  ['simple', (token: string) => client.query(`INSERT INTO t VALUES ('${token}')`)],
  ['extended', (token: string) => client.query('INSERT INTO t VALUES ($1)', [token])],
] as const;

describe.each(WAYS)('with the %s protocol', (_name, insert) => {
  it('a token counts at its COMMIT and not before', async () => {
    await client.query('BEGIN');
    await insert('0badcafe.1.1');
    await insert('0badcafe.1.2');
    expect([...sniffer.acknowledged]).toEqual([]);
    await client.query('COMMIT');
    expect([...sniffer.acknowledged]).toEqual(['0badcafe.1.1', '0badcafe.1.2']);
    await expectStored();
  });

  it('a token counts at once without a block', async () => {
    await insert('0badcafe.1.3');
    expect([...sniffer.acknowledged]).toEqual(['0badcafe.1.3']);
    await expectStored();
  });

  it('a token does not count when it was rolled back, or failed', async () => {
    await client.query('BEGIN');
    await insert('0badcafe.1.4');
    await client.query('ROLLBACK');
    await expect(insert('0badcafe.1.5555555555555')).rejects.toThrow('t_token_check');
    await client.query('BEGIN');
    await insert('0badcafe.1.6');
    await expect(insert('0badcafe.1.7777777777777')).rejects.toThrow('t_token_check');
    expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
    await insert('0badcafe.1.8');
    expect([...sniffer.acknowledged]).toEqual(['0badcafe.1.8']);
    await expectStored();
  });
});

it('a COMMIT that fails acknowledges nothing', async () => {
  await client.query('BEGIN');
  await client.query("INSERT INTO late VALUES ('0badcafe.2.1'), ('0badcafe.2.1')");
  await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '23505' });
  await client.query('SELECT 1');
  expect([...sniffer.acknowledged]).toEqual([]);
});

it('a whole transaction in one query counts once it is through', async () => {
  await client.query("BEGIN; INSERT INTO t VALUES ('0badcafe.3.1'); COMMIT");
  await client.query("BEGIN; INSERT INTO t VALUES ('0badcafe.3.2'); ROLLBACK");
  expect([...sniffer.acknowledged]).toEqual(['0badcafe.3.1']);
  await expectStored();
});

it('a commit whose answer is cut off does not count', async () => {
  await client.query('BEGIN');
  await client.query("INSERT INTO t VALUES ('0badcafe.4.1')");
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  await direct.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
  await expect(client.query('COMMIT')).rejects.toThrow();
  expect([...sniffer.acknowledged]).toEqual([]);
  await expectStored();
});

it('many connections at a time are told apart, and messages come in whatever pieces they like', async () => {
  const clients = await Promise.all(Array.from({ length: 8 }, () => connected(port)));
  await Promise.all(
    clients.map(async (each, number) => {
      for (let seq = 1; seq <= 50; seq++) {
        await each.query('BEGIN');
        await each.query('INSERT INTO t SELECT $1 FROM repeat($2, 1)', [
          `0badcafe.${number}.${seq}`,
          'x'.repeat(70_000),
        ]);
        await each.query(seq % 3 === 0 ? 'ROLLBACK' : 'COMMIT');
      }
      await each.end();
    }),
  );
  expect(sniffer.acknowledged.size).toBe(8 * 34);
  await expectStored();
});

it('a client of the proxy learns at once that the server is gone', async () => {
  const ended = new Promise((resolve) => client.once('end', resolve));
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  await direct.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
  await ended;
});

/** What was acknowledged is what is stored: nothing was lost on this server. */
async function expectStored(): Promise<void> {
  const { rows } = await direct.query<{ token: string }>('SELECT token FROM t');
  expect(rows.map(({ token }) => token).sort()).toEqual([...sniffer.acknowledged].sort());
}

async function connected(port: number): Promise<pg.Client> {
  const { user } = server;
  const each = new pg.Client({ host: '127.0.0.1', port, user, database: 'postgres', ssl: false });
  each.on('error', () => undefined);
  await each.connect();
  return each;
}

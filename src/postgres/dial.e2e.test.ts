import { once } from 'node:events';
import net from 'node:net';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf } from '../errors.js';
import type { Address, Endpoint } from '../plan/target.js';
import { closeClient, openClient } from './connect.js';
import { Dial, isPooled } from './dial.js';
import { type PrivateServer, startPrivateServer } from './private-server.fixture.js';

/* Two servers, one of which takes no writes, beside addresses where there is none: which of them is found. */

let writable: PrivateServer;
let readOnly: PrivateServer;
/** Takes connections and says nothing; closes them at once; nobody listens. */
let silent: net.Server;
let closing: net.Server;
let refused: Address;

beforeAll(async () => {
  [writable, readOnly] = await Promise.all([
    startPrivateServer(),
    startPrivateServer({ default_transaction_read_only: 'on' }),
  ]);
  silent = net.createServer().listen(0, '127.0.0.1');
  closing = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  const gone = net.createServer().listen(0, '127.0.0.1');
  await Promise.all([silent, closing, gone].map((each) => once(each, 'listening')));
  refused = addressOf(gone);
  gone.close();
});

afterAll(async () => {
  silent.close();
  closing.close();
  await Promise.all([writable.stop(), readOnly.stop()]);
});

function addressOf(server: net.Server): Address {
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

function through(addresses: readonly Address[], more: Partial<Endpoint> = {}): Endpoint {
  const [first, ...otherHosts] = addresses;
  return { ...writable.endpoint, ...first, otherHosts, ...more };
}

/** The port that a dial came to, or the code of its failure, and how it ended. */
function dial(endpoint: Endpoint, patienceMs?: number): Promise<{ port: number; code: string | undefined }> {
  return new Promise((resolve) => {
    const login = { endpoint, password: undefined, applicationName: 'test' };
    new Dial(patienceMs === undefined ? login : { ...login, patienceMs }, {
      dialled: (client: pg.Client, { port }) => {
        void closeClient(client);
        resolve({ port, code: undefined });
      },
      notDialled: (error, { port }) => resolve({ port, code: codeOf(error) ?? 'closed' }),
      hungUp: () => undefined,
    });
  });
}

describe('a dial', () => {
  it('goes on where nobody listens, where it is hung up, and where nobody answers', async () => {
    const endpoint = through([refused, addressOf(closing), addressOf(silent), writable]);
    expect(await dial(endpoint, 1000)).toEqual({ port: writable.port, code: undefined });
  });

  it('ends with what the last address said', async () => {
    expect(await dial(through([addressOf(closing), refused]))).toEqual({
      port: refused.port,
      code: 'ECONNREFUSED',
    });
    expect(await dial(through([refused, addressOf(closing)]))).toMatchObject({ code: 'closed' });
  });

  it('does not hide what a server says of the login', async () => {
    expect(await dial(through([writable, refused], { database: 'none' }))).toMatchObject({ code: '3D000' });
  });

  it.each([
    ['read-write', 'writable'],
    ['read-only', 'readOnly'],
    ['primary', 'readOnly'],
    ['prefer-standby', 'readOnly'],
    [undefined, 'readOnly'],
  ] as const)('for %s finds the one that is %s', async (targetSessionAttrs, which) => {
    const more = targetSessionAttrs === undefined ? {} : { targetSessionAttrs };
    const found = await dial(through([refused, readOnly, writable], more));
    expect(found).toEqual({ port: (which === 'writable' ? writable : readOnly).port, code: undefined });
  });

  it('tells that none has the role', async () => {
    const endpoint = through([writable, readOnly], { targetSessionAttrs: 'standby' });
    expect(await dial(endpoint)).toEqual({ port: readOnly.port, code: 'wrong_role' });
    await expect(openClient(endpoint, undefined, 'test')).rejects.toThrow(
      `No server at 127.0.0.1:${writable.port},127.0.0.1:${readOnly.port} will do`,
    );
  });

  it('begins anywhere where the order is random', async () => {
    const endpoint = through([writable, readOnly], { loadBalanceHosts: 'random' });
    const ports = new Set<number>();
    // That one of them is never first in 60 has a chance of 2^-59.
    for (let time = 0; time < 60 && ports.size < 2; time++) {
      ports.add((await dial(endpoint)).port);
    }
    expect(ports.size).toBe(2);
  });

  it('leaves no connection of the addresses that would not do', async () => {
    await dial(through([readOnly, writable], { targetSessionAttrs: 'read-write' }));
    const sql = await readOnly.connect();
    await expect
      .poll(async () => {
        const { rows } = await sql.query("SELECT FROM pg_stat_activity WHERE application_name = 'test'");
        return rows.length;
      })
      .toBe(0);
    await sql.end();
  });

  it('knows a server from a pooler', async () => {
    const sql = await openClient(writable.endpoint, undefined, 'test');
    const { rows } = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid ?? 0;
    expect([isPooled(sql, pid), isPooled(sql, pid + 1)]).toEqual([false, true]);
    await closeClient(sql);
  });
});

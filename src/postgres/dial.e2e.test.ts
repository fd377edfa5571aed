import { once } from 'node:events';
import net from 'node:net';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf } from '../errors.js';
import type { Address, Endpoint } from '../plan/target.js';
import { closeClient, dialled, type NotDialled, openClient } from './connect.js';
import { Dial, isPooled, lastOf, type Refusals } from './dial.js';
import type { Failure } from './failure.js';
import { type PrivateServer, startPrivateServer } from './private-server.fixture.js';
import { Session } from './session.js';

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

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(async () => {
  silent.close();
  closing.close();
  await Promise.all([writable.stop(), readOnly.stop()]);
});

function addressOf(server: net.Server): Address {
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

/** In front of a server, and keeps its words on its role back. */
function silentOfRole({ host, port }: Address): net.Server {
  const relay = net.createServer((near) => {
    const far = net.connect(port, host);
    near.pipe(far).on('error', () => near.destroy());
    far.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      near.write(
        text.replaceAll('in_hot_standby', 'in_other_words').replaceAll('default_tr', 'unknown_tr'),
        'latin1',
      );
    });
    far.on('close', () => near.destroy());
    near.on('error', () => far.destroy());
  });
  return relay.listen(0, '127.0.0.1');
}

/** In front of a server with TLS: its part of the handshake comes in 20 pieces, 50 ms apart. */
function slowToShakeHands({ host, port }: Address): net.Server {
  const relay = net.createServer((near) => {
    const far = net.connect(port, host);
    near.pipe(far).on('error', () => near.destroy());
    let sent = Promise.resolve();
    let length = 0;
    far.on('data', (chunk) => {
      // The first is the S that says yes to TLS, the second begins the handshake.
      const pieces = length === 1 ? 20 : 1;
      length += chunk.length;
      const size = Math.ceil(chunk.length / pieces);
      for (let at = 0; at < chunk.length; at += size) {
        sent = sent.then(async () => {
          near.write(chunk.subarray(at, at + size));
          await new Promise((resolve) => setTimeout(resolve, pieces === 1 ? 0 : 50));
        });
      }
    });
    far.on('close', () => near.destroy());
    near.on('error', () => far.destroy());
  });
  return relay.listen(0, '127.0.0.1');
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
      notDialled: (refusals) => {
        const { error, address } = lastOf(refusals);
        resolve({ port: address.port, code: codeOf(error) ?? 'closed' });
      },
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

  it('knows what every address said', async () => {
    const refusals = await new Promise<Refusals>((resolve) => {
      const endpoint = through([refused, addressOf(closing), refused]);
      new Dial(
        { endpoint, password: undefined, applicationName: 'test' },
        { dialled: () => undefined, notDialled: resolve, hungUp: () => undefined },
      );
    });
    const said = refusals.map(({ error, address }) => [address.port, codeOf(error) ?? 'closed']);
    const { port } = addressOf(closing);
    expect(said).toEqual([
      [refused.port, 'ECONNREFUSED'],
      [port, 'closed'],
      [refused.port, 'ECONNREFUSED'],
    ]);
  });

  it('stays with a server whose handshake is slow', async () => {
    await writable.offerTls();
    const encrypted = { sslMode: 'require' } as const;
    await expect.poll(async () => (await dial({ ...writable.endpoint, ...encrypted })).code).toBe(undefined);
    const slow = slowToShakeHands(writable);
    await once(slow, 'listening');
    const { port } = addressOf(slow);
    expect(await dial(through([addressOf(slow), refused, refused], encrypted), 1500)).toEqual({
      port,
      code: undefined,
    });
    slow.close();
  });

  it('fails as any other where the files of TLS have gone away', async () => {
    const endpoint: Endpoint = {
      ...writable.endpoint,
      otherHosts: [refused],
      sslMode: 'require',
      tlsFiles: { caFile: '/nowhere/root.crt' },
    };
    expect(await dial(endpoint)).toEqual({ port: refused.port, code: 'ENOENT' });
    await expect(openClient(endpoint, undefined, 'test')).rejects.toThrow('/nowhere/root.crt');
    const code = await new Promise((resolve) => {
      const told = { onConnected: () => undefined, onReply: () => undefined };
      const options = { endpoint, password: undefined, applicationName: 'test', identify: false };
      const owner = { ...told, onLost: (failure: Failure) => resolve(failure.code) };
      new Session(owner, options, Buffer.alloc(64), 0).connect();
    });
    expect(code).toBe('ENOENT');
  });

  it.each([
    ['PGOPTIONS', '-c statement_timeout=7'],
    ['PGREPLICATION', 'true'],
    ['PGSSLNEGOTIATION', 'direct'],
  ])('does not follow %s', async (variable, value) => {
    vi.stubEnv(variable, value);
    const sql = await openClient(writable.endpoint, undefined, 'test');
    // A connection for replication takes no SELECT.
    const { rows } = await sql.query("SELECT current_setting('statement_timeout') AS timeout");
    expect(rows).toEqual([{ timeout: '0' }]);
    await closeClient(sql);
  });

  it('is not begun for who has given up before', async () => {
    const given = dialled(writable.endpoint, undefined, 'test', { signal: AbortSignal.abort() });
    const error = (await given.catch((reason: unknown) => reason)) as NotDialled;
    expect(String(error.cause)).toContain('given up');
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

  it('asks where nobody tells the role by itself, as before PostgreSQL 14', async () => {
    const old = [silentOfRole(readOnly), silentOfRole(writable)];
    await Promise.all(old.map((each) => once(each, 'listening')));
    const [first, second] = old.map(addressOf) as [Address, Address];
    const found = await dial(through([first, second], { targetSessionAttrs: 'read-write' }));
    expect(found).toEqual({ port: second.port, code: undefined });
    const other = await dial(through([second, first], { targetSessionAttrs: 'read-only' }));
    expect(other).toEqual({ port: first.port, code: undefined });
    for (const each of old) {
      each.close();
    }
  });

  it('knows a server from a pooler', async () => {
    const sql = await openClient(writable.endpoint, undefined, 'test');
    const { rows } = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid ?? 0;
    expect([isPooled(sql, pid), isPooled(sql, pid + 1)]).toEqual([false, true]);
    await closeClient(sql);
  });
});

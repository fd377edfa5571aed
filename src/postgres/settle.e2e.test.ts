import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseUri } from '../plan/uri.js';
import { Authority, type Certified } from './authority.fixture.js';
import { closeClient, openClient } from './connect.js';
import { type PrivateServer, startPrivateServer } from './private-server.fixture.js';
import { settle } from './settle.js';

/* A server with TLS, a login by password, by client certificate, and one without TLS; addressed in every way. */

const home = mkdtempSync(join(tmpdir(), 'pgha-bench-home-'));
let server: PrivateServer;
let authority: Authority;
let stranger: Authority;
let client: Certified;

beforeAll(async () => {
  server = await startPrivateServer();
  authority = new Authority();
  stranger = new Authority();
  client = authority.certify('by_certificate');
  const { certFile, keyFile } = authority.certify('server', ['DNS:localhost']);
  await server.set({
    ssl_cert_file: server.take(certFile),
    ssl_key_file: server.take(keyFile),
    ssl_ca_file: server.take(authority.caFile),
    ssl: 'on',
  });
  const sql = await server.connect();
  for (const role of ['by_password', 'by_certificate', 'plain_only', 'tls_only', 'in_clear']) {
    await sql.query(`CREATE ROLE ${role} LOGIN PASSWORD 's3cret'`);
  }
  await sql.end();
  await server.restrict([
    'host all by_password all scram-sha-256',
    'hostssl all by_certificate all cert',
    'host all by_certificate all reject',
    'hostnossl all plain_only all scram-sha-256',
    'hostssl all tls_only all scram-sha-256',
    'host all tls_only,plain_only all reject',
    'hostssl all in_clear all password',
  ]);
});

afterAll(async () => {
  await server.stop();
  authority.remove();
  stranger.remove();
  rmSync(home, { recursive: true });
});

/** How the session of an address came to be, by the server's word; or what was said instead. */
async function sessionOf(
  user: string,
  words: string,
  env: Record<string, string> = {},
  host = 'localhost',
  port = server.port,
): Promise<string> {
  const uri = `postgresql://${user}@${host}:${port}/postgres?${words}`;
  try {
    const own = { HOME: home, PGPASSWORD: 's3cret', ...env };
    const { endpoint, password } = await settle(parseUri(uri, '--rw', own), own);
    const sql = await openClient(endpoint, password, 'test');
    const { rows } = await sql.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await closeClient(sql);
    return `${endpoint.sslMode}, ${rows[0]?.ssl ? 'encrypted' : 'plain'}`;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).not.toContain('s3cret');
    expect(String(error)).not.toContain('\n');
    return String(error);
  }
}

/** Speaks TLS with its own certificate to the client, and passes on what it reads. */
function manInTheMiddle(port: number, { certFile, keyFile }: Certified): net.Server {
  const secureContext = tls.createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const serve = async (near: net.Socket) => {
    const far = net.connect(port, '127.0.0.1');
    const [request] = await once(near, 'data');
    far.write(request);
    await once(far, 'data');
    near.write('S');
    const [inner, outer] = [
      new tls.TLSSocket(near, { isServer: true, secureContext }),
      tls.connect({ socket: far, rejectUnauthorized: false }),
    ];
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  };
  return net.createServer((near) => void serve(near)).listen(0, '127.0.0.1');
}

describe('sslmode', () => {
  it.each([
    ['by_password', 'disable', 'disable, plain'],
    ['by_password', 'allow', 'disable, plain'],
    ['by_password', 'prefer', 'require, encrypted'],
    ['by_password', 'require', 'require, encrypted'],
    ['plain_only', 'prefer', 'disable, plain'],
    ['plain_only', 'require', 'pg_hba.conf'],
    ['tls_only', 'allow', 'require, encrypted'],
    ['tls_only', 'disable', 'pg_hba.conf'],
  ])('%s with %s comes to: %s', async (user, mode, outcome) => {
    expect(await sessionOf(user, `sslmode=${mode}`)).toContain(outcome);
  });

  it.each(['up,down', 'down,up'])(
    'prefer falls back at a server without TLS, with the others down: %s',
    async (order) => {
      const bare = await startPrivateServer();
      const gone = net.createServer().listen(0, '127.0.0.1');
      await once(gone, 'listening');
      const down = (gone.address() as net.AddressInfo).port;
      gone.close();
      const hosts = order.replace('up', `127.0.0.1:${bare.port}`).replace('down', `127.0.0.1:${down}`);
      const settled = (database: string) =>
        settle(parseUri(`postgresql://tester@${hosts}/${database}`, '--rw', {}), {});
      try {
        expect((await settled('postgres')).endpoint.sslMode).toBe('disable');
        await expect(settled('none')).rejects.toThrow(`no database 'none' at 127.0.0.1:${bare.port}`);
      } finally {
        await bare.stop();
      }
    },
  );

  it('verify-ca and verify-full hold the certificate against the root, and the name', async () => {
    const by = (mode: string, { caFile }: Authority) => `sslmode=${mode}&sslrootcert=${caFile}`;
    expect(await sessionOf('by_password', by('verify-full', authority))).toBe('verify-full, encrypted');
    expect(await sessionOf('by_password', by('verify-ca', authority))).toBe('verify-ca, encrypted');
    expect(await sessionOf('by_password', by('verify-full', stranger))).toContain('certificate');
    expect(await sessionOf('by_password', by('verify-ca', stranger))).toContain('certificate');
    // A root certificate makes require check, as in libpq.
    expect(await sessionOf('by_password', by('require', authority))).toBe('require, encrypted');
    expect(await sessionOf('by_password', by('require', stranger))).toContain('certificate');
    // The certificate is localhost's.
    const elsewhere = (mode: string) => sessionOf('by_password', by(mode, authority), {}, '127.0.0.1');
    expect(await elsewhere('verify-full')).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await elsewhere('verify-ca')).toBe('verify-ca, encrypted');
  });

  it('verify-full takes an IP address that the certificate names', async () => {
    const other = await startPrivateServer();
    try {
      const { certFile, keyFile } = authority.certify('by-address', ['IP:127.0.0.1']);
      await other.set({ ssl_cert_file: other.take(certFile), ssl_key_file: other.take(keyFile), ssl: 'on' });
      const uri = `postgresql://tester@127.0.0.1:${other.port}/postgres?sslmode=verify-full&sslrootcert=${authority.caFile}`;
      const { endpoint, password } = await settle(parseUri(uri, '--rw', {}), { HOME: home });
      await closeClient(await openClient(endpoint, password, 'test'));
    } finally {
      await other.stop();
    }
  });

  it('names the root certificate that is missing, wrong, or too weak a mode for it', async () => {
    expect(await sessionOf('by_password', 'sslmode=verify-full')).toContain('root.crt does not exist');
    expect(await sessionOf('by_password', 'sslmode=require&sslrootcert=/nowhere.crt')).toContain(
      'no file /nowhere.crt',
    );
    const { keyFile } = client;
    expect(await sessionOf('by_password', `sslmode=verify-ca&sslrootcert=${keyFile}`)).toContain(
      'certificate',
    );
    expect(await sessionOf('by_password', 'sslrootcert=system')).toContain('certificate');
  });
});

describe('a client certificate', () => {
  const files = ({ certFile, keyFile }: Certified) => `sslcert=${certFile}&sslkey=${keyFile}`;

  it('logs in', async () => {
    expect(await sessionOf('by_certificate', `sslmode=require&${files(client)}`)).toBe('require, encrypted');
    expect(await sessionOf('by_certificate', 'sslmode=require')).toContain("let user 'by_certificate' in");
    const foreign = stranger.certify('by_certificate');
    expect(await sessionOf('by_certificate', `sslmode=require&${files(foreign)}`)).not.toContain('encrypted');
  });

  it('has a key that only its owner reads', async () => {
    const open = join(home, 'open.key');
    copyFileSync(client.keyFile, open);
    chmodSync(open, 0o644);
    const words = `sslmode=require&sslcert=${client.certFile}&sslkey=${open}`;
    expect(await sessionOf('by_certificate', words)).toContain('can be read by others');
    const other = authority.certify('other');
    const mixed = `sslmode=require&sslcert=${client.certFile}&sslkey=${other.keyFile}`;
    expect(await sessionOf('by_certificate', mixed)).toContain('belong together');
  });

  it('is found in ~/.postgresql, as is the root certificate', async () => {
    const folder = join(home, 'full', '.postgresql');
    mkdirSync(folder, { recursive: true });
    copyFileSync(authority.caFile, join(folder, 'root.crt'));
    copyFileSync(client.certFile, join(folder, 'postgresql.crt'));
    copyFileSync(client.keyFile, join(folder, 'postgresql.key'));
    chmodSync(join(folder, 'postgresql.key'), 0o600);
    const env = { HOME: join(home, 'full') };
    expect(await sessionOf('by_certificate', 'sslmode=verify-full', env)).toBe('verify-full, encrypted');
    copyFileSync(stranger.caFile, join(folder, 'root.crt'));
    expect(await sessionOf('by_certificate', 'sslmode=require', env)).toContain('certificate');
    rmSync(join(folder, 'postgresql.key'));
    expect(await sessionOf('by_certificate', 'sslmode=require', env)).toContain('no file');
  });
});

describe('channel binding', () => {
  it.each([
    ['by_password', 'sslmode=require&channel_binding=require', 'require, encrypted'],
    ['by_password', 'sslmode=require&channel_binding=disable', 'require, encrypted'],
    ['by_password', 'sslmode=disable&channel_binding=require', 'does not offer channel binding'],
    ['in_clear', 'sslmode=require&channel_binding=require', 'asks for no login with channel binding'],
    ['in_clear', 'sslmode=require', 'require, encrypted'],
    ['tester', 'sslmode=require&channel_binding=require', 'asks for no login with channel binding'],
  ])('%s with %s comes to: %s', async (user, words, outcome) => {
    expect(await sessionOf(user, words)).toContain(outcome);
  });
});

describe('a man in the middle', () => {
  it('is found out by channel binding alone, where nobody checks certificates', async () => {
    const middle = manInTheMiddle(server.port, stranger.certify('localhost'));
    await once(middle, 'listening');
    const { port } = middle.address() as net.AddressInfo;
    const words = 'sslmode=require&channel_binding';
    const session = (binding: string) =>
      sessionOf('by_password', `${words}=${binding}`, {}, 'localhost', port);
    expect(await session('disable')).toBe('require, encrypted');
    expect(await session('prefer')).toContain('channel binding');
    expect(await session('require')).toContain('channel binding');
    middle.close();
  });
});

describe('a password file', () => {
  it('gives the password, unless the environment or the address does', async () => {
    const file = join(home, 'passwords');
    writeFileSync(file, `localhost:${server.port}:postgres:by_password:s3cret\n`, { mode: 0o600 });
    const without = { PGPASSWORD: '', PGPASSFILE: file };
    expect(await sessionOf('by_password', 'sslmode=disable', without)).toBe('disable, plain');
    expect(await sessionOf('by_password', `sslmode=disable&passfile=${file}`, { PGPASSWORD: '' })).toBe(
      'disable, plain',
    );
    expect(await sessionOf('by_password', 'sslmode=disable', { PGPASSWORD: '' })).toContain('.pgpass');
    expect(
      await sessionOf('by_password', 'sslmode=disable', { PGPASSFILE: file, PGPASSWORD: 'wrong' }),
    ).toContain("let user 'by_password' in");
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { checkCredentials, clusterAccess, patroniAccess, tlsProblem } from './access.js';
import { makeCertificates } from './certificates.fixture.js';
import { EtcdLogin } from './etcd-login.js';
import { request } from './http.js';

let directory: string;
const servers: Server[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-tls-'));
  makeCertificates(directory);
});

afterAll(() => rmSync(directory, { recursive: true }));

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('patroniAccess', () => {
  it('puts the files of the target and the password beside it together', () => {
    const access = { user: 'me', caFile: 'ca', certFile: 'c', keyFile: 'k', insecure: true };
    expect(patroniAccess({ patroniAccess: access }, { patroniPassword: 'secret' })).toEqual({
      basicAuth: { user: 'me', password: 'secret' },
      tls: { caFile: 'ca', certFile: 'c', keyFile: 'k', insecure: true },
    });
    expect(patroniAccess({}, { patroniPassword: 'secret' })).toEqual({});
  });
});

describe('clusterAccess', () => {
  it('hands the authority of Patroni on where nothing else is said, and its user and certificate to nobody', () => {
    const patroni = { user: 'me', caFile: 'ca', certFile: 'c', keyFile: 'k', insecure: true };
    const { haproxy, etcd } = clusterAccess({ patroniAccess: patroni }, { patroniPassword: 'secret' });
    expect(haproxy).toEqual({ tls: { caFile: 'ca', insecure: true } });
    expect(etcd).toEqual({ tls: { caFile: 'ca', insecure: true } });
  });

  it('does so all or not at all: who names an own way of TLS is not trusted blindly', () => {
    const patroniAccess = { caFile: 'ca', insecure: true };
    const etcd = (etcdAccess: object) => clusterAccess({ patroniAccess, etcdAccess }, {}).etcd.tls;
    expect(etcd({ user: 'root', caFile: 'own' })).toEqual({ caFile: 'own' });
    expect(etcd({ certFile: 'c', keyFile: 'k' })).toEqual({ certFile: 'c', keyFile: 'k' });
    expect(etcd({ insecure: false })).toEqual({ insecure: false });
    const { haproxy } = clusterAccess({ patroniAccess, haproxyAccess: { caFile: 'own' } }, {});
    expect(haproxy.tls).toEqual({ caFile: 'own' });
  });

  it('gives HAProxy a password with each request, and etcd none', () => {
    const { haproxy, etcd } = clusterAccess(
      {
        haproxyAccess: { user: 'you', caFile: 'own' },
        etcdAccess: { user: 'root' },
        patroniAccess: { caFile: 'ca' },
      },
      { haproxyPassword: 'two', etcdPassword: 'three' },
    );
    expect(haproxy).toEqual({ basicAuth: { user: 'you', password: 'two' }, tls: { caFile: 'own' } });
    expect(etcd).toEqual({ tls: { caFile: 'ca' }, login: expect.any(EtcdLogin) });
  });
});

describe('checkCredentials', () => {
  const me = (password: string) => ({ basicAuth: { user: 'me', password } });

  it('is content with the right password, and has changed nothing', async () => {
    const asked: string[] = [];
    const url = await serve(patroni({ password: 'secret', asked }));
    await checkCredentials([url], me('secret'));
    expect(asked).toEqual(['GET /patroni', 'DELETE /restart']);
  });

  it('takes back no restart that somebody has scheduled', async () => {
    const asked: string[] = [];
    const url = await serve(patroni({ password: 'secret', asked, isScheduled: true }));
    await checkCredentials([url], me('wrong'));
    expect(asked).toEqual(['GET /patroni']);
  });

  it('says that a password is missing, or wrong, and never which it was', async () => {
    const url = await serve(patroni({ password: 'secret' }));
    await expect(checkCredentials([url], {})).rejects.toThrow(
      `Patroni at ${url} asks for a user and a password, and none was given. Give --patroni-user NAME`,
    );
    const wrong = checkCredentials([url], me('hunter2'));
    await expect(wrong).rejects.toThrow("does not accept the password of 'me' (401 not authenticated)");
    await expect(wrong).rejects.toThrow(UserError);
    await expect(wrong).rejects.not.toThrow('hunter2');
  });

  it.each([
    ['Access is denied', 'restapi.allowlist'],
    ['client certificate required', '--patroni-cert FILE'],
  ])('says what to do about 403 %s', async (text, action) => {
    const url = await serve(patroni({ forbidden: text }));
    await expect(checkCredentials([url], {})).rejects.toThrow(action);
  });

  it('asks every member, and leaves out one that does not answer', async () => {
    const open = await serve(patroni({}));
    const closed = await serve(patroni({ password: 'secret' }));
    await checkCredentials(['http://127.0.0.1:1', open], {});
    await expect(checkCredentials(['http://127.0.0.1:1', open, closed], {})).rejects.toThrow(closed);
  });

  it('speaks TLS with a certificate of its own, and trusts who signed the other', async () => {
    const url = await serveTls(patroni({ password: 'secret' }), { wantsCertificate: true });
    const tls = { caFile: file('ca.pem'), certFile: file('client.pem'), keyFile: file('client.key') };
    await checkCredentials([url], { tls, ...me('secret') });
    expect((await request('DELETE', `${url}/restart`, { tls, ...me('secret') })).status).toBe(404);
  });

  it('says that a certificate is not trusted, unless it need not be', async () => {
    const url = await serveTls(patroni({}), { wantsCertificate: false });
    await expect(checkCredentials([url], {})).rejects.toThrow(/is not trusted: .* Give .* --patroni-ca FILE/);
    await checkCredentials([url], { tls: { insecure: true } });
  });

  it('says that a certificate is wanted, and none was given, or none that is accepted', async () => {
    const url = await serveTls(patroni({}), { wantsCertificate: true });
    const caFile = file('ca.pem');
    await expect(checkCredentials([url], { tls: { caFile } })).rejects.toThrow(
      'asks for a client certificate, and none was given',
    );
    // Node hangs up on a certificate that it does not accept; Patroni's OpenSSL says why.
    const foreign = { caFile, certFile: file('foreign.pem'), keyFile: file('foreign.key') };
    await expect(checkCredentials([await serveByOpenssl()], { tls: foreign })).rejects.toThrow(
      `does not accept the certificate of ${file('foreign.pem')}`,
    );
  });

  it('says that TLS was spoken to who speaks none', async () => {
    const url = (await serve(patroni({}))).replace('http:', 'https:');
    await expect(checkCredentials([url], {})).rejects.toThrow('Check https:// or http://');
  });
});

describe('tlsProblem', () => {
  it('leaves every other failure alone', async () => {
    const failure = await request('GET', 'http://127.0.0.1:1/', {}).catch((error: unknown) => error);
    expect(tlsProblem('patroni', 'http://127.0.0.1:1', failure, {})).toBeNull();
  });
});

interface Rules {
  readonly password?: string;
  readonly forbidden?: string;
  readonly isScheduled?: boolean;
  /** Gets each request. */
  readonly asked?: string[];
}

/** What Patroni's API does about who asks: reading is free, changing is not. */
function patroni({ password, forbidden, isScheduled = false, asked = [] }: Rules): RequestListener {
  return (incoming: IncomingMessage, reply) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (incoming.method === 'GET') {
      const schedule = isScheduled ? { scheduled_restart: { schedule: '2030-01-01T00:00:00+00:00' } } : {};
      reply.end(JSON.stringify({ role: 'primary', state: 'running', ...schedule }));
      return;
    }
    const { authorization } = incoming.headers;
    if (forbidden !== undefined) {
      reply.writeHead(403).end(`<html><p>${forbidden}</p></html>`);
    } else if (password !== undefined && authorization === undefined) {
      reply.writeHead(401).end('no auth header received');
    } else if (password !== undefined && authorization !== `Basic ${btoa(`me:${password}`)}`) {
      reply.writeHead(401).end('not authenticated');
    } else {
      reply.writeHead(404).end('no restarts are scheduled');
    }
  };
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await portOf(http.createServer(listener))}`;
}

async function serveTls(listener: RequestListener, options: { wantsCertificate: boolean }): Promise<string> {
  const server = https.createServer(
    {
      key: readFileSync(file('server.key')),
      cert: readFileSync(file('server.pem')),
      ca: readFileSync(file('ca.pem')),
      requestCert: options.wantsCertificate,
      rejectUnauthorized: options.wantsCertificate,
    },
    listener,
  );
  return `https://127.0.0.1:${await portOf(server)}`;
}

/** Wants a certificate that its authority has signed. */
async function serveByOpenssl(): Promise<string> {
  const own = ['-cert', 'server.pem', '-key', 'server.key', '-CAfile', 'ca.pem'];
  const words = [
    's_server',
    '-accept',
    '127.0.0.1:0',
    '-Verify',
    '1',
    '-verify_return_error',
    '-www',
    ...own,
  ];
  const child = spawn('openssl', words, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    const port = /^ACCEPT \S*:(\d+)/m.exec(printed)?.[1];
    if (port !== undefined) {
      return `https://127.0.0.1:${port}`;
    }
  }
  throw new Error(`openssl s_server did not listen: ${printed}`);
}

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function file(name: string): string {
  return join(directory, name);
}

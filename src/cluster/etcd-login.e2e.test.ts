import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.fixture.js';
import type { ServiceAccess } from '../plan/target.js';
import { clusterAccess } from './access.js';
import { makeCertificates } from './certificates.fixture.js';
import { getEtcdKey, getEtcdMembers, getEtcdStatus, isEtcdHealthy } from './etcd.js';
import { askEtcd, type EtcdAccess } from './etcd-login.js';
import { watchEtcd } from './etcd-watch.js';

/** One etcd that shows a certificate, wants one, and has users. */
let directory: string;
let url: string;
let peer: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-etcd-'));
  makeCertificates(directory);
  url = `https://127.0.0.1:${await freePort()}`;
  peer = `http://127.0.0.1:${await freePort()}`;
  await start();
  await makeUsers();
});

afterAll(async () => {
  await stop();
  rmSync(directory, { recursive: true });
});

describe('etcd with TLS and users', () => {
  it('lets nobody in without a certificate, or where its own is not trusted', async () => {
    await expect(getEtcdStatus(url, accessOf({ certFile: undefined, keyFile: undefined }))).rejects.toThrow(
      /certificate required|bad certificate|closed without a reply/,
    );
    await expect(getEtcdStatus(url, accessOf({ caFile: file('foreign.pem') }))).rejects.toThrow(
      /unable to (verify|get)|self.signed/i,
    );
    // Its health, since etcd 3.5 tells its status to root alone.
    expect(await isEtcdHealthy(url, accessOf({ caFile: file('foreign.pem'), insecure: true }))).toBe(true);
  });

  it('tells of its members without a user, and no key', async () => {
    const access = accessOf({});
    expect((await getEtcdMembers(url, access)).map(({ name }) => name)).toEqual(['e1']);
    expect(await isEtcdHealthy(url, access)).toBe(true);
    await expect(getEtcdKey(url, KEY, access)).rejects.toThrow('permission denied');
  });

  it('lets a user read what it may, asked for a token once', async () => {
    const access = accessOf({ user: 'watcher' }, SECRET);
    expect(await getEtcdKey(url, KEY, access)).toBe('n1');
    const token = await access.login?.known;
    expect(await getEtcdKey(url, KEY, access)).toBe('n1');
    expect(await access.login?.known).toBe(token);
    await expect(getEtcdKey(url, '/elsewhere', access)).rejects.toThrow('permission denied');
  });

  it('takes no certificate with a common name beside a user, by the gateway of its API', async () => {
    const named = { user: 'watcher', certFile: file('client.pem'), keyFile: file('client.key') };
    await expect(getEtcdKey(url, KEY, accessOf(named, SECRET))).rejects.toThrow('CommonName of client');
  });

  it('says that a password is wrong, and not which', async () => {
    const access = accessOf({ user: 'watcher' }, 'hunter2');
    const asking = getEtcdKey(url, KEY, access);
    await expect(asking).rejects.toThrow("does not let user 'watcher' in: 400");
    await expect(asking).rejects.not.toThrow('hunter2');
    await expect(getEtcdKey(url, KEY, access)).rejects.toThrow("does not let user 'watcher' in");
  });

  it('is asked for another token when it does not know the last one any more, for reads and for watches', async () => {
    const reader = accessOf({ user: 'watcher' }, SECRET);
    const watcher = accessOf({ user: 'watcher' }, SECRET);
    expect(await getEtcdKey(url, KEY, reader)).toBe('n1');
    expect(await getEtcdKey(url, KEY, watcher)).toBe('n1');
    const stale = await watcher.login?.known;
    await ask(
      'auth/user/changepw',
      { name: 'watcher', password: SECRET },
      accessOf({ user: 'root' }, ROOT_SECRET),
    );
    const both = await Promise.all([getEtcdKey(url, KEY, reader), getEtcdKey(url, KEY, reader)]);
    expect(both).toEqual(['n1', 'n1']);
    const refused = await told(watcher, 'ended');
    expect(refused).toContainEqual({
      kind: 'ended',
      reason: expect.stringMatching(/permission denied|token/),
    });
    expect(await watcher.login?.known).not.toBe(stale);
    expect(await told(watcher, 'changes')).toContainEqual({
      kind: 'changes',
      changes: [{ key: KEY, value: 'n1', revision: expect.any(Number) }],
    });
  });
});

const KEY = '/service/demo/leader';
const SECRET = 'pass:word@etcd';
const ROOT_SECRET = 'root-secret';

/** What a watch of all that ever happened tells, up to the first of a kind. */
async function told(access: EtcdAccess, kind: string) {
  const messages = [];
  for await (const message of watchEtcd(url, '/service/demo/', 1, access)) {
    messages.push(message);
    if (message.kind === kind) {
      break;
    }
  }
  return messages;
}

function accessOf(
  way: { readonly [Name in keyof ServiceAccess]: ServiceAccess[Name] | undefined },
  password?: string,
): EtcdAccess {
  const all = {
    caFile: file('ca.pem'),
    certFile: file('nameless.pem'),
    keyFile: file('nameless.key'),
    ...way,
  };
  const etcdAccess = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return clusterAccess({ etcdAccess }, password === undefined ? {} : { etcdPassword: password }).etcd;
}

function file(name: string): string {
  return join(directory, name);
}

async function ask(path: string, body: object, access = accessOf({})): Promise<void> {
  const { status, text } = await askEtcd(url, `/v3/${path}`, access, body);
  if (status !== 200) {
    throw new Error(`${path}: ${status} ${text}`);
  }
}

async function makeUsers(): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  await ask('auth/user/add', { name: 'root', password: ROOT_SECRET });
  await ask('auth/role/add', { name: 'root' });
  await ask('auth/user/grant', { user: 'root', role: 'root' });
  await ask('auth/user/add', { name: 'watcher', password: SECRET });
  await ask('auth/role/add', { name: 'reader' });
  const range = { permType: 'READ', key: base64('/service/'), range_end: base64('/service0') };
  await ask('auth/role/grant', { name: 'reader', perm: range });
  await ask('auth/user/grant', { user: 'watcher', role: 'reader' });
  await ask('kv/put', { key: base64(KEY), value: base64('n1') });
  await ask('auth/enable', {});
  await ask('kv/put', { key: base64('/elsewhere'), value: '' }, accessOf({ user: 'root' }, ROOT_SECRET));
}

async function start(): Promise<void> {
  const words = {
    name: 'e1',
    'data-dir': file('data'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `e1=${peer}`,
    'cert-file': file('server.pem'),
    'key-file': file('server.key'),
    'trusted-ca-file': file('ca.pem'),
    'client-cert-auth': 'true',
  };
  const line = Object.entries(words).map(([name, value]) => `--${name}=${value}`);
  child = spawn('etcd', line, { stdio: 'ignore', cwd: directory });
  const health = async () => expect(await isEtcdHealthy(url, accessOf({}))).toBe(true);
  await vi.waitFor(health, { timeout: 20_000, interval: 50 });
}

async function stop(): Promise<void> {
  if (child !== undefined && child.exitCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

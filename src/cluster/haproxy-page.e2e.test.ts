import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.fixture.js';
import type { HaproxyAddress, ServiceAccess } from '../plan/target.js';
import { clusterAccess } from './access.js';
import { makeCertificates } from './certificates.fixture.js';
import { getHaproxyServers, getHaproxyVersion } from './haproxy.js';

/** One HAProxy whose page speaks TLS and asks for a password. */
let directory: string;
let page: HaproxyAddress;
let child: ChildProcess;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-haproxy-'));
  makeCertificates(directory);
  const port = await freePort();
  page = { kind: 'url', url: `https://127.0.0.1:${port}/stats` };
  writeFileSync(
    file('both.pem'),
    readFileSync(file('server.pem'), 'utf8') + readFileSync(file('server.key'), 'utf8'),
  );
  writeFileSync(file('haproxy.cfg'), configuration(port));
  child = spawn('/usr/sbin/haproxy', ['-db', '-f', file('haproxy.cfg')], { stdio: 'ignore' });
  await vi.waitFor(() => getHaproxyVersion(page, accessOf({ caFile: file('ca.pem') })), {
    timeout: 20_000,
    interval: 50,
  });
});

afterAll(async () => {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  rmSync(directory, { recursive: true });
});

it('tells its servers and its version to who has the password and trusts it', async () => {
  const access = accessOf({ user: 'watcher', caFile: file('ca.pem') }, SECRET);
  expect((await getHaproxyServers(page, access)).map(({ proxy, server }) => `${proxy}/${server}`)).toEqual([
    'rw/n1',
    'rw/n2',
  ]);
  expect(await getHaproxyVersion(page, access)).toMatch(/^\d+\.\d+/);
});

it('refuses a wrong password and none', async () => {
  const wrong = getHaproxyServers(page, accessOf({ user: 'watcher', caFile: file('ca.pem') }, 'hunter2'));
  await expect(wrong).rejects.toThrow('/stats;csv: answered 401');
  await expect(wrong).rejects.not.toThrow('hunter2');
  await expect(getHaproxyServers(page, accessOf({ caFile: file('ca.pem') }))).rejects.toThrow('answered 401');
});

it('is not trusted by who knows another authority, unless anything is', async () => {
  const foreign: ServiceAccess = { user: 'watcher', caFile: file('foreign.pem') };
  await expect(getHaproxyServers(page, accessOf(foreign, SECRET))).rejects.toThrow(/unable to|self.signed/i);
  expect(await getHaproxyServers(page, accessOf({ ...foreign, insecure: true }, SECRET))).toHaveLength(2);
});

const SECRET = 'pass:word@haproxy';

function accessOf(haproxyAccess: ServiceAccess, haproxyPassword?: string) {
  return clusterAccess({ haproxyAccess }, haproxyPassword === undefined ? {} : { haproxyPassword }).haproxy;
}

function configuration(port: number): string {
  return `defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
listen stats
  bind 127.0.0.1:${port} ssl crt ${file('both.pem')}
  stats enable
  stats uri /stats
  stats auth watcher:${SECRET}
backend rw
  server n1 127.0.0.1:1
  server n2 127.0.0.1:2
`;
}

function file(name: string): string {
  return join(directory, name);
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnoseFiles } from '../../api/doctor-files.js';
import { freePort } from '../../free-port.fixture.js';
import { foundedClusterId, readEtcdData } from './etcd-data.js';
import { goodFiles, optionsOf, written } from './good-set.fixture.js';

const run = promisify(execFile);
const BIN = new URL('../../../bin/pgha-bench.js', import.meta.url).pathname;

let directory = '';
beforeAll(async () => {
  directory = await written(goodFiles());
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the good set of files', () => {
  it('is taken by HAProxy', async () => {
    // Its exit code says it; versions from 3 on say nothing else.
    const { stderr } = await run('/usr/sbin/haproxy', ['-c', '-f', join(directory, 'haproxy.cfg')]);
    expect(stderr).not.toMatch(/ALERT|WARNING/);
  });

  it('is taken by Patroni, on addresses that this machine has', async () => {
    expect(await patroniSays(onLoopback)).toEqual([]);
    expect(await patroniSays((text) => onLoopback(text).replace('scope: shop', ''))).toEqual([
      expect.stringContaining('scope'),
    ]);
  });
});

const onLoopback = (text: string) =>
  text
    .replaceAll('10.20.0.1', '127.0.9.1')
    .replace(/bin_dir: .*/, `bin_dir: ${PG_BIN}`)
    .replace(/data_dir: .*/, `data_dir: ${join(directory, 'data')}`);

const PG_BIN = readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)[0];

/** What Patroni's own look at a file complains of, but that etcd is not there and, as 3.0 does, of an optional list. */
async function patroniSays(change: (text: string) => string): Promise<readonly string[]> {
  const files = await written({ 'patroni.yml': change(goodFiles()['pg1/patroni.yml'] ?? '') });
  const words = ['--validate-config', join(files, 'patroni.yml')];
  const { stdout, stderr } = await run('patroni', words).catch(
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  await rm(files, { recursive: true });
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '' && !/is not reachable|^bootstrap\.pg_hba\b/.test(line));
}

describe('the data directory of a real etcd', () => {
  let etcd: ChildProcess | undefined;
  afterAll(async () => {
    if (etcd?.exitCode === null && etcd.kill('SIGKILL')) {
      await once(etcd, 'exit');
    }
  });

  it('tells of which members and token it was founded', async () => {
    const [client, peer] = [await freePort(), await freePort()];
    const data = join(directory, 'etcd-data');
    const peerUrl = `http://127.0.0.1:${peer}`;
    const clientUrl = `http://127.0.0.1:${client}`;
    const flags = {
      name: 'one',
      'data-dir': data,
      'listen-client-urls': clientUrl,
      'advertise-client-urls': clientUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `one=${peerUrl}`,
      'initial-cluster-token': 'real-token',
    };
    etcd = spawn(
      'etcd',
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let log = '';
    await new Promise<void>((resolve, reject) => {
      const read = (bytes: Buffer) => {
        log += bytes.toString();
        if (/ready to serve client requests/.test(log)) {
          resolve();
        }
      };
      etcd?.stdout?.on('data', read);
      etcd?.stderr?.on('data', read);
      etcd?.once('exit', () => reject(new Error(log.slice(-1000))));
    });
    const answer = await fetch(`${clientUrl}/v3/maintenance/status`, { method: 'POST', body: '{}' });
    const { header } = (await answer.json()) as { readonly header: { readonly cluster_id: string } };
    const clusterId = BigInt(header.cluster_id).toString(16);

    expect(await readEtcdData(data)).toEqual({ clusterId });
    expect(foundedClusterId([{ name: 'one', url: peerUrl }], 'real-token')).toBe(clusterId);
    expect(foundedClusterId([{ name: 'one', url: peerUrl }], 'other-token')).not.toBe(clusterId);
  });
});

describe('the command', () => {
  it('takes --haproxy for a file where there is one, and says what is wrong with its line', async () => {
    const cfg = join(directory, 'haproxy.cfg');
    const good = optionsOf(goodFiles(), directory);
    expect((await diagnoseFiles(good)).findings).toEqual([]);
    const config = (good.patroni ?? []).flatMap((path) => ['--config', path]);
    const fine = await run(process.execPath, [BIN, 'doctor', ...config, '--haproxy', cfg]);
    expect(fine.stdout).toMatch(/4 files: \d+ checks: \d+ well, \d+ not looked at\n$/);

    const text = await readFile(cfg, 'utf8');
    const bad = await written({ 'haproxy.cfg': text.replace('OPTIONS /primary', 'OPTIONS /replica') });
    const path = join(bad, 'haproxy.cfg');
    const found = await run(process.execPath, [
      BIN,
      'doctor',
      ...config,
      '--haproxy',
      path,
      '--format',
      'json',
    ]).catch((error: { readonly code: number; readonly stdout: string }) => error);
    await rm(bad, { recursive: true });
    expect('code' in found ? found.code : 0).toBe(1);
    const line = text.split('\n').findIndex((each) => each.includes('OPTIONS /primary')) + 1;
    expect(JSON.parse(found.stdout)).toMatchObject({
      findings: [{ check: 'file-haproxy-path', subject: `${path}:${line}`, severity: 'refuse' }],
    });
  });

  it('says in one line what is no file of the kind', async () => {
    const words = ['doctor', '--config', join(directory, 'haproxy.cfg')];
    const failed: unknown = await run(process.execPath, [BIN, ...words]).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^pgha-bench: --config: .*Give it with --haproxy\.\n$/),
    });
  });
});

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAtLeast } from '../version.js';
import { findBinaries, newestPostgresOf } from './binaries.js';
import { listLabs, readLab } from './lab.js';
import { recordOf } from './process.js';
import { PROFILE_NAMES, profileOf } from './profiles.js';
import { someState } from './state.fixture.js';
import {
  checkSocketLength,
  createDirectory,
  LabDirectory,
  labDirectory,
  readProcesses,
  readState,
  recordProcess,
  removeDirectory,
  stateBase,
} from './state.js';
import { parsePasswd } from './user.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-lab-'));
});
afterEach(async () => {
  await rm(base, { recursive: true });
});

describe('versions', () => {
  it.each([
    ['3.0.2', 15],
    ['3.0.3', 16],
    ['3.3.3', 17],
    ['4.0.6', 17],
    ['4.1.0', Number.POSITIVE_INFINITY],
  ])('Patroni %s knows PostgreSQL up to %s', (patroni, major) => {
    expect(newestPostgresOf(patroni)).toBe(major);
  });
});

describe('profiles', () => {
  it.each(PROFILE_NAMES)("%s keeps Patroni's rules in every version", (name) => {
    for (const version of ['3.0.2', '3.1.0', '3.2.0', '4.0.0', '4.1.4']) {
      const { ttl, loopWait, retryTimeout } = profileOf(name, version).patroni;
      expect(loopWait + 2 * retryTimeout).toBeLessThanOrEqual(ttl);
      // The start has a loop_wait of 1; it must be valid too.
      expect(loopWait).toBeGreaterThanOrEqual(1);
      if (isAtLeast(version, '3.2')) {
        expect(ttl).toBeGreaterThanOrEqual(20);
        expect(retryTimeout).toBeGreaterThanOrEqual(3);
      }
    }
  });
});

describe('binaries', () => {
  it('says which program is missing, and what to do', async () => {
    const missing = findBinaries({ etcd: '/nowhere/etcd' }, null);
    await expect(missing).rejects.toThrow('--etcd must name an executable file; /nowhere/etcd is none.');
  });

  it('says what a program said instead of its version', async () => {
    const patroni = await program('patroni', 'echo "No module named psycopg2" >&2; exit 1');
    const etcd = await program('etcd', 'echo etcd Version: 3.4.23');
    const haproxy = await program('haproxy', 'echo HAProxy version 2.6.12');
    const found = findBinaries({ patroni, etcd, haproxy }, null);
    await expect(found).rejects.toThrow(/patroni --version` must tell a version: .*No module named psycopg2/);
  });

  it('says what is missing in the directory of PostgreSQL', async () => {
    const patroni = await program('patroni', 'echo patroni 4.1.0');
    const etcd = await program('etcd', 'echo etcd Version: 3.4.23');
    const haproxy = await program('haproxy', 'echo HAProxy version 2.6.12');
    const found = findBinaries({ patroni, etcd, haproxy, pgBin: base }, null);
    await expect(found).rejects.toThrow(
      `--pg-bin must name the directory of PostgreSQL's programs; ${base} has not`,
    );
  });
});

describe('the directory', () => {
  it('is taken by one of two that come at the same time', async () => {
    const directory = labDirectory('a', base);
    const made = await Promise.all([
      createDirectory(directory, await someState('a')),
      createDirectory(directory, await someState('a')),
    ]);
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await createDirectory(directory, await someState('a'))).toBe(false);
    expect(await listLabs(base)).toEqual(['a']);
  });

  it('gives back what was recorded, in order', async () => {
    const directory = labDirectory('a', base);
    await createDirectory(directory, await someState('a'));
    recordProcess(directory, { component: 'etcd', node: 'n1', pid: 1, startTicks: 2 });
    recordProcess(directory, { component: 'haproxy', node: null, pid: 3, startTicks: 4 });
    expect(await readProcesses(directory)).toEqual([
      { component: 'etcd', node: 'n1', pid: 1, startTicks: 2 },
      { component: 'haproxy', node: null, pid: 3, startTicks: 4 },
    ]);
    await removeDirectory(directory);
    expect(await listLabs(base)).toEqual([]);
  });

  it('refuses a name that could leave it', () => {
    for (const name of ['', '../x', 'a/b', '.x', 'a b', 'x'.repeat(32)]) {
      expect(() => labDirectory(name, base)).toThrow(/A lab's name must be 1 to 31/);
    }
  });

  it('refuses a path too long for a Unix socket', () => {
    expect(() => checkSocketLength(new LabDirectory(`/${'x'.repeat(77)}`))).not.toThrow();
    expect(() => checkSocketLength(new LabDirectory(`/${'x'.repeat(78)}`))).toThrow(
      /may have 78 bytes; .* has 79/,
    );
  });

  it('is where the environment says', () => {
    expect(stateBase('/given')).toBe('/given');
    process.env['PGHA_BENCH_STATE'] = '/from/environment';
    try {
      expect(stateBase()).toBe('/from/environment');
      expect(stateBase('/given')).toBe('/given');
    } finally {
      delete process.env['PGHA_BENCH_STATE'];
    }
  });

  it('refuses a state that it cannot understand', async () => {
    const directory = labDirectory('a', base);
    await mkdir(directory.path, { recursive: true });
    await writeFile(directory.stateFile, '{"format": 99}');
    await expect(readState(directory)).rejects.toThrow(
      /another version of this program.*remove the directory/,
    );
    await writeFile(directory.stateFile, '{');
    await expect(readState(directory)).rejects.toThrow(/cannot be read/);
  });
});

describe('readLab', () => {
  it('finds nothing where there is no lab', async () => {
    expect(await readLab('a', base)).toBeUndefined();
  });

  it('takes a lab for down whose processes have ended, though their pids are in use again', async () => {
    const directory = labDirectory('a', base);
    await createDirectory(directory, { ...(await someState('a')), phase: 'up' });
    const self = await recordOf(process.pid);
    const record = { component: 'etcd' as const, node: 'n1', pid: process.pid };
    recordProcess(directory, { ...record, startTicks: 1 });
    expect(await readLab('a', base)).toBeUndefined();
    recordProcess(directory, { ...record, startTicks: self?.startTicks ?? 0 });
    expect((await readLab('a', base))?.nodes[0]?.processes.etcd?.pid).toBe(process.pid);
  });

  it('takes a lab of an earlier boot for down, whatever its records say', async () => {
    const directory = labDirectory('a', base);
    await createDirectory(directory, { ...(await someState('a')), phase: 'up', bootId: 'another' });
    const self = await recordOf(process.pid);
    recordProcess(directory, {
      component: 'etcd',
      node: 'n1',
      pid: process.pid,
      startTicks: self?.startTicks ?? 0,
    });
    expect(await readLab('a', base)).toBeUndefined();
  });

  it('takes a lab that is being started for down', async () => {
    await createDirectory(labDirectory('a', base), await someState('a'));
    expect(await readLab('a', base)).toBeUndefined();
  });
});

describe('parsePasswd', () => {
  it('reads users', () => {
    const text =
      'root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:admin,,,:/var/lib/postgresql:/bin/bash\n';
    expect(parsePasswd(text)).toContainEqual({ name: 'postgres', uid: 101, gid: 104 });
  });
});

async function program(name: string, script: string): Promise<string> {
  const path = join(base, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

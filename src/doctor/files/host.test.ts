import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { diagnoseFiles } from '../../api/doctor-files.js';
import { foundedClusterId } from './etcd-data.js';
import { type Files, goodFiles, written } from './good-set.fixture.js';

const GOOD = goodFiles();

/** pg1 as it is before its services start for the first time. */
const HOST: Files = {
  'etc/patroni/config.yml': (GOOD['pg1/patroni.yml'] ?? '')
    .replace('  data_dir:', '  config_dir: /etc/postgresql/18/shop\n  data_dir:')
    .replace('restapi:', 'restapi:\n  certfile: /etc/ssl/pg1.pem'),
  'etc/default/etcd': GOOD['pg1/etcd'] ?? '',
  'etc/postgresql/18/shop/environment': '',
  'etc/ssl/pg1.pem': '',
  'etc/environment': 'PATRONICTL_CONFIG_FILE=/etc/patroni/config.yml\n',
  'usr/bin/patronictl': '',
  'usr/lib/postgresql/18/bin/postgres': '',
  'etc/systemd/system/multi-user.target.wants/patroni.service': '',
  'etc/postgresql-common/createcluster.conf': '',
};

let roots: string[] = [];

afterEach(async () => {
  await Promise.all(roots.map((root) => rm(root, { recursive: true })));
  roots = [];
});

async function findingsOn(files: Files, prepare: (root: string) => Promise<void> = async () => undefined) {
  const root = await written(files);
  roots.push(root);
  await prepare(root);
  const { findings } = await diagnoseFiles({
    patroni: [join(root, 'etc/patroni/config.yml')],
    etcd: [join(root, 'etc/default/etcd')],
    root,
  });
  return findings;
}

const without = (path: string): Files =>
  Object.fromEntries(Object.entries(HOST).filter(([name]) => name !== path));

/** The beginning of a file of etcd's log: a checksum, and the ids of the member and of the cluster. */
function walOf(clusterId: string): Buffer {
  const varint = (value: bigint): number[] =>
    value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
  const metadata = [8, ...varint(7n), 16, ...varint(BigInt(`0x${clusterId}`))];
  const frame = (record: readonly number[]) => {
    const head = Buffer.alloc(8);
    const padding = (8 - (record.length % 8)) % 8;
    head.writeBigUInt64LE(BigInt(record.length) | (padding === 0 ? 0n : BigInt(128 + padding) << 56n));
    return Buffer.concat([head, Buffer.from(record), Buffer.alloc(padding)]);
  };
  return Buffer.concat([
    frame([8, 4, 16, 0]),
    frame([8, 1, 16, 9, 26, metadata.length, ...metadata]),
    Buffer.alloc(64),
  ]);
}

const WAL = 'var/lib/etcd/shop/member/wal/0000000000000000-0000000000000000.wal';
const MEMBERS = [11, 12, 13].map((host, index) => ({
  name: `pg${index + 1}`,
  url: `http://10.20.0.${host}:2380`,
}));

async function withWal(root: string, clusterId: string): Promise<void> {
  await mkdir(dirname(join(root, WAL)), { recursive: true });
  await writeFile(join(root, WAL), walOf(clusterId));
}

describe('a host whose files are good', () => {
  it('has nothing wrong before the first start', async () => {
    expect(await findingsOn(HOST)).toEqual([]);
  });

  it('may have an empty data directory of etcd', async () => {
    const prepare = async (root: string) => {
      await mkdir(join(root, 'var/lib/etcd/shop'), { recursive: true });
    };
    expect(await findingsOn(HOST, prepare)).toEqual([]);
  });

  it("may have Debian's postgresql.service, while no cluster is started by it", async () => {
    const files = {
      ...HOST,
      'etc/systemd/system/multi-user.target.wants/postgresql.service': '',
      'etc/postgresql/18/shop/postgresql.conf': '',
      'etc/postgresql/18/shop/start.conf': '# who starts it\ndisabled\n',
    };
    expect(await findingsOn(files)).toEqual([]);
  });
});

describe('members of etcd whose states differ', () => {
  /** All on one host, each with a directory of its own. */
  const FILES: Files = Object.fromEntries(
    [1, 2, 3].map((index) => [
      `etc/etcd${index}`,
      (GOOD[`pg${index}/etcd`] ?? '')
        .replace('/var/lib/etcd/shop', `/var/lib/etcd/${index}`)
        .replace('STATE="new"', index === 2 ? 'STATE="existing"' : 'STATE="new"'),
    ]),
  );
  const stateOn = async (withData: readonly number[]) => {
    const root = await written(FILES);
    roots.push(root);
    for (const index of withData) {
      const wal = join(root, WAL.replace('shop', String(index)));
      await mkdir(dirname(wal), { recursive: true });
      await writeFile(wal, walOf(foundedClusterId(MEMBERS, 'shop-7f3a')));
    }
    const etcd = Object.keys(FILES).map((path) => join(root, path));
    const { findings } = await diagnoseFiles({ etcd, root });
    return findings.filter(({ check }) => check === 'file-etcd-state');
  };

  it('do not found a cluster together', async () => {
    expect(await stateOn([])).toMatchObject([
      { severity: 'refuse', why: expect.stringContaining('No member has data.') },
    ]);
  });

  it('may be a cluster in which one was replaced', async () => {
    expect(await stateOn([1, 2, 3])).toMatchObject([{ severity: 'warn' }]);
    expect(await stateOn([1])).toMatchObject([{ severity: 'warn' }]);
  });
});

describe('a host with one defect', () => {
  it.each<readonly [string, Files, string, string]>([
    [
      'config_dir is missing',
      without('etc/postgresql/18/shop/environment'),
      'file-config-dir',
      '/etc/postgresql/18/shop, which is not there',
    ],
    [
      'bin_dir is empty',
      without('usr/lib/postgresql/18/bin/postgres'),
      'file-programs',
      'bin_dir needs /usr/lib/postgresql/18/bin/postgres',
    ],
    [
      'a certificate is missing',
      without('etc/ssl/pg1.pem'),
      'file-certificates',
      'restapi.certfile needs /etc/ssl/pg1.pem',
    ],
    [
      'patronictl is not on the PATH',
      without('usr/bin/patronictl'),
      'file-patronictl',
      'in no directory of the usual PATH',
    ],
    [
      'patronictl has no configuration',
      without('etc/environment'),
      'file-patronictl',
      'neither ~/.config/patroni/patronictl.yaml',
    ],
    [
      'PostgreSQL is started by Debian',
      {
        ...HOST,
        'etc/systemd/system/multi-user.target.wants/postgresql.service': '',
        'etc/postgresql/18/shop/postgresql.conf': '',
      },
      'file-postgres-service',
      'postgresql.service is enabled, with 18/shop set to start',
    ],
    [
      'PostgreSQL is started by a unit of its own',
      { ...HOST, 'etc/systemd/system/multi-user.target.wants/postgresql@18-main.service': '' },
      'file-postgres-service',
      'postgresql@18-main.service is enabled',
    ],
    [
      'the watchdog is missing',
      {
        ...HOST,
        'etc/patroni/config.yml': (HOST['etc/patroni/config.yml'] ?? '').replace('automatic', 'required'),
      },
      'file-watchdog',
      '/dev/watchdog, which is not there',
    ],
    [
      'etcd waits for a cluster that there is not',
      { ...HOST, 'etc/default/etcd': (HOST['etc/default/etcd'] ?? '').replace('"new"', 'existing') },
      'file-etcd-data',
      'existing, and the data directory holds no member',
    ],
  ])('%s', async (_, files, check, words) => {
    const findings = await findingsOn(files);
    expect(findings.map((finding) => finding.check)).toEqual([check]);
    expect(findings[0]?.found).toContain(words);
  });

  it("etcd's data is of another token", async () => {
    const other = foundedClusterId(MEMBERS, 'shop-old');
    const findings = await findingsOn(HOST, (root) => withWal(root, other));
    expect(findings).toMatchObject([
      {
        check: 'file-etcd-data',
        severity: 'refuse',
        found: expect.stringContaining(`a member of cluster ${other}`),
      },
    ]);
  });

  it("etcd's data is of this cluster, and initial-cluster-state was left at new", async () => {
    const findings = await findingsOn(HOST, (root) => withWal(root, foundedClusterId(MEMBERS, 'shop-7f3a')));
    expect(findings).toMatchObject([
      { check: 'file-etcd-data', severity: 'note', found: expect.stringContaining('is still new') },
    ]);
  });

  it("etcd's data cannot be told", async () => {
    const [finding] = await findingsOn({ ...HOST, [WAL]: 'of a version to come' });
    expect(finding).toMatchObject({
      severity: 'warn',
      check: 'file-etcd-data',
      found: expect.stringContaining('cannot be told'),
    });
  });
});

describe('files of several hosts', () => {
  it('are of the root that they lie in, the others of other hosts', async () => {
    const other = await written({ 'pg2/patroni.yml': GOOD['pg2/patroni.yml'] ?? '' });
    roots.push(other);
    const root = await written(without('usr/lib/postgresql/18/bin/postgres'));
    roots.push(root);
    const { findings } = await diagnoseFiles({
      patroni: [join(root, 'etc/patroni/config.yml'), join(other, 'pg2/patroni.yml')],
      root,
    });
    const programs = findings.filter(({ check }) => check === 'file-programs');
    expect(programs.map(({ found }) => found)).toEqual([expect.stringContaining('pg1: ')]);
  });

  it('cannot be looked at where none is of the root', async () => {
    const other = await written(GOOD);
    const root = await written(HOST);
    roots.push(other, root);
    const patroni = ['pg1', 'pg2'].map((name) => join(other, name, 'patroni.yml'));
    await expect(diagnoseFiles({ patroni, root })).rejects.toThrow('--root: expected files of that host');
  });
});

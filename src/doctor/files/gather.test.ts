import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiagnoseFilesOptions, diagnoseFiles, givenFiles } from '../../api/doctor-files.js';
import { UserError } from '../../errors.js';
import { goodFiles, written } from './good-set.fixture.js';

let directory = '';
const at = (path: string) => join(directory, path);

beforeAll(async () => {
  directory = await written({
    ...goodFiles(),
    'broken.yml': 'scope: a\nname: [\n',
    'notes.txt': 'call the provider\n',
    'etcd.yml': 'name: pg1\ndata-dir: /var/lib/etcd\ninitial-cluster: pg1=http://10.20.0.11:2380\n',
  });
});

afterAll(() => rm(directory, { recursive: true }));

describe('what is no file to check', () => {
  it.each<readonly [string, () => DiagnoseFilesOptions, string]>([
    ['nothing', () => ({}), 'Expected files to check, found none'],
    ['a path without a file', () => ({ patroni: [at('none.yml')] }), 'there is no such file'],
    ['a directory', () => ({ etcd: [at('pg1')] }), 'it is a directory'],
    [
      'HAProxy for Patroni',
      () => ({ patroni: [at('haproxy.cfg')] }),
      "--config: expected Patroni's configuration (YAML), and",
    ],
    ['Patroni for HAProxy', () => ({ haproxy: [at('pg1/patroni.yml')] }), 'Give it with --config.'],
    ['etcd for Patroni', () => ({ patroni: [at('etcd.yml')] }), 'Give it with --etcd-env.'],
    ['Patroni for a unit', () => ({ units: [at('pg1/patroni.yml')] }), '--unit: expected a unit of systemd'],
    ['anything', () => ({ etcd: [at('notes.txt')] }), 'does not look like it'],
    ['broken YAML', () => ({ patroni: [at('broken.yml')] }), 'broken.yml, line '],
    ['a file twice', () => ({ etcd: [at('pg1/etcd'), at('pg1/../pg1/etcd')] }), 'expected each file once'],
    ['an option with a slip', () => ({ haproxi: [] }) as DiagnoseFilesOptions, "Did you mean 'haproxy'?"],
  ])('%s', async (_, options, message) => {
    const error: unknown = await diagnoseFiles(options()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('\n');
  });

  it.skipIf(process.getuid?.() === 0)('one that may not be read', async () => {
    await chmod(at('notes.txt'), 0);
    await expect(diagnoseFiles({ etcd: [at('notes.txt')] })).rejects.toThrow('may not be read');
  });
});

describe('the options of the command', () => {
  it('are of a running target where none names a file', async () => {
    expect(await givenFiles({})).toBeNull();
    expect(await givenFiles({ haproxy: 'http://10.20.0.10:7000' })).toBeNull();
    expect(await givenFiles({ rw: 'postgresql://h/d', haproxy: at('none.sock') })).toBeNull();
    await mkdir(at('directory'));
    expect(await givenFiles({ haproxy: at('directory') })).toBeNull();
  });

  it('are files where they say so, --haproxy where there is one of that name', async () => {
    const given = await givenFiles({
      config: ['a.yml', 'b.yml'],
      'etcd-env': 'etcd',
      haproxy: at('haproxy.cfg'),
      'haproxy-config': 'other.cfg',
      unit: 'x.service',
      root: '/mnt',
    });
    expect(given).toEqual({
      patroni: ['a.yml', 'b.yml'],
      etcd: ['etcd'],
      haproxy: [at('haproxy.cfg'), 'other.cfg'],
      units: ['x.service'],
      root: '/mnt',
    });
    expect(await givenFiles({ haproxy: at('haproxy.cfg') })).toMatchObject({ haproxy: [at('haproxy.cfg')] });
  });

  it.each<readonly [() => Record<string, unknown>, string]>([
    [() => ({ config: 'a.yml', rw: 'postgresql://h/d' }), 'found both: --config and --rw'],
    [() => ({ haproxy: at('haproxy.cfg'), patroni: 'http://h:8008' }), 'found both: --haproxy and --patroni'],
    [() => ({ config: 'a.yml', clients: '5' }), 'found both: --config and --clients'],
    [() => ({ config: 'a.yml', haproxy: at('none.cfg') }), '--haproxy: expected a file beside --config'],
    [() => ({ config: '' }), '--config: expected a value'],
  ])('are not both (%#)', async (args, message) => {
    await expect(givenFiles(args())).rejects.toThrow(message);
  });
});

describe('etcd in YAML', () => {
  it('is checked as the environment is, and needs the gateway', async () => {
    const { findings } = await diagnoseFiles({ etcd: [at('etcd.yml')] });
    expect(findings.map(({ check }) => check)).toEqual([
      'file-etcd-addresses',
      'file-etcd-addresses',
      'file-etcd-gateway',
      'file-etcd-quorum',
    ]);
  });
});

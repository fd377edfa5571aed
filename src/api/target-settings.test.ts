import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Arguments, Environment } from './arguments.js';
import { givenEndpoint } from './target.js';
import { ALL_KEYS } from './target-keys.js';
import { type Demand, labelOf, readTargetSettings, textOf } from './target-settings.js';

let top: string;
let below: string;
/** Without a file in it or above it. */
let bare: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'pgha-settings-'));
  below = join(top, 'some', 'where');
  mkdirSync(below, { recursive: true });
  bare = mkdtempSync(join(tmpdir(), 'pgha-settings-'));
  writeFileSync(
    join(top, 'pgha-bench.yaml'),
    `default: staging
targets:
  staging:
    rw: postgresql://app@\${STAGING_HOST}/app?sslmode=verify-full&sslrootcert=tls/root.crt
    password: \${STAGING_PASSWORD}
    patroni: https://staging:8008
    patroni-ca: tls/ca.pem
    patroni-insecure: on
    haproxy: ./haproxy.sock
    etcd: [http://e1:2379, http://e2:2379]
    direct: { n1: "10.0.0.1:5432" }
    allow-fault: main
  local: { lab: mine }
  pooled: { lab: mine, rw: "postgresql://app@pooler/app" }
  mixed: { lab: mine, etcd: "http://e1:2379" }
  headless: { patroni: "http://h:8008" }
`,
  );
  writeFileSync(join(top, 'other.yaml'), 'targets: { staging: { rw: "postgresql://other/x" } }');
  writeFileSync(join(bare, 'no-default.yaml'), 'targets: { a: { rw: "postgresql://a/x" } }');
});

afterAll(() => {
  rmSync(top, { recursive: true });
  rmSync(bare, { recursive: true });
});

const STAGING = { STAGING_HOST: 'db', STAGING_PASSWORD: '$ecret' };

function read(args: Arguments, env: Environment = STAGING, directory = below, demand: Demand = 'rw') {
  return readTargetSettings({ args, env, directory }, demand);
}

/** What each option is, and what gave it. */
async function readAll(...given: Parameters<typeof read>) {
  const { values, ...rest } = await read(...given);
  return {
    ...rest,
    values: Object.fromEntries([...values].map(([key, { text, label }]) => [key, [label, text]])),
  };
}

describe('which target is meant', () => {
  it('is none where nobody names any', async () => {
    expect(await readAll({}, {}, bare)).toEqual({
      kind: 'none',
      name: null,
      chosenBy: null,
      file: null,
      part: undefined,
      values: {},
    });
  });

  it("is the file's default, found above the working directory, with paths of its folder", async () => {
    const label = (key: string) => `../../pgha-bench.yaml: targets.staging.${key}`;
    expect(await readAll({})).toEqual({
      kind: 'addresses',
      name: 'staging',
      chosenBy: '../../pgha-bench.yaml: default',
      file: '../../pgha-bench.yaml',
      part: undefined,
      values: {
        rw: [label('rw'), 'postgresql://app@db/app?sslmode=verify-full&sslrootcert=tls/root.crt'],
        password: [label('password'), '$ecret'],
        patroni: [label('patroni'), 'https://staging:8008'],
        'patroni-ca': [label('patroni-ca'), join(top, 'tls/ca.pem')],
        'patroni-insecure': [label('patroni-insecure'), 'on'],
        haproxy: [label('haproxy'), join(top, 'haproxy.sock')],
        etcd: [label('etcd'), 'http://e1:2379,http://e2:2379'],
        direct: [label('direct'), 'n1=10.0.0.1:5432'],
        'allow-fault': [label('allow-fault'), 'main'],
      },
    });
  });

  it('takes each option of a named target from the command line, the environment or the file, in this order', async () => {
    const env = { ...STAGING, PGHA_BENCH_PATRONI: 'http://env:8008', PGHA_BENCH_ETCD: 'http://env:2379' };
    const settings = await read({ target: 'staging', etcd: 'http://flag:2379' }, env);
    expect(settings.chosenBy).toBe('--target');
    expect(textOf(settings, 'etcd')).toBe('http://flag:2379');
    expect(labelOf(settings, 'etcd')).toBe('--etcd');
    expect(textOf(settings, 'patroni')).toBe('http://env:8008');
    expect(labelOf(settings, 'patroni')).toBe('PGHA_BENCH_PATRONI');
    expect(labelOf(settings, 'rw')).toBe('../../pgha-bench.yaml: targets.staging.rw');
    expect(labelOf(settings, 'ro')).toBe('--ro');
    expect(labelOf(settings, 'haproxy-password')).toBe('PGHA_BENCH_HAPROXY_PASSWORD');
  });

  it('has an own variable for every option', async () => {
    const keys = ALL_KEYS.filter((key) => key !== 'lab');
    const env = Object.fromEntries(
      keys.map((key) => [`PGHA_BENCH_${key.toUpperCase().replaceAll('-', '_')}`, `of ${key}`]),
    );
    const { values, kind } = await read({}, env, bare);
    expect(kind).toBe('addresses');
    expect(Object.fromEntries([...values].map(([key, { text }]) => [key, text]))).toEqual(
      Object.fromEntries(keys.map((key) => [key, `of ${key}`])),
    );
  });

  it.each<[string, Arguments, Environment, object]>([
    ['an address leaves the file alone', { rw: 'r' }, STAGING, { kind: 'addresses', name: null }],
    ['so do its parts', { host: 'h' }, STAGING, { kind: 'addresses', name: null, part: '--host' }],
    ['so does one in the environment', {}, { PGHA_BENCH_RW: 'r' }, { kind: 'addresses', name: null }],
    [
      'an address comes before a name in the environment',
      { rw: 'r' },
      { PGHA_BENCH_TARGET: 'local' },
      { kind: 'addresses', name: null },
    ],
    [
      'a name in the environment comes before the default',
      {},
      { PGHA_BENCH_TARGET: 'local' },
      { kind: 'lab', name: 'local', chosenBy: 'PGHA_BENCH_TARGET' },
    ],
    [
      'a name comes before one in the environment',
      { target: 'local' },
      { PGHA_BENCH_TARGET: 'staging' },
      { kind: 'lab', name: 'local' },
    ],
    [
      'a lab comes before names and addresses',
      { lab: 'x' },
      { PGHA_BENCH_TARGET: 'staging', PGHA_BENCH_RW: 'r' },
      { kind: 'lab', name: null, chosenBy: '--lab' },
    ],
    [
      'a lab may be named in the environment',
      {},
      { PGHA_BENCH_LAB: 'x' },
      { kind: 'lab', name: null, chosenBy: 'PGHA_BENCH_LAB' },
    ],
    ['none is no target of the file', { target: 'none' }, STAGING, { kind: 'none', name: null }],
    ['nor in the environment', {}, { PGHA_BENCH_TARGET: 'none' }, { kind: 'none', name: null }],
    [
      'none on the command line is none',
      { target: 'none' },
      { PGHA_BENCH_TARGET: 'staging' },
      { kind: 'none' },
    ],
    [
      'empty variables are none',
      {},
      { ...STAGING, PGHA_BENCH_RW: '', PGHA_BENCH_TARGET: '' },
      { name: 'staging' },
    ],
    [
      'another file may be named',
      { 'target-file': '../../other.yaml', target: 'staging' },
      {},
      { file: '../../other.yaml' },
    ],
  ])('%s', async (_, args, env, expected) => {
    expect(await read(args, env)).toMatchObject(expected);
  });

  it('leaves a file without a default alone', async () => {
    expect(await read({ 'target-file': 'no-default.yaml' }, {}, bare)).toMatchObject({
      kind: 'none',
      name: null,
    });
  });

  it("never takes the environment's addresses for a lab's", async () => {
    const env = { PGHA_BENCH_RW: 'postgresql://production/x', PGHA_BENCH_PATRONI: 'http://production:8008' };
    for (const args of [{ lab: 'mine' }, { target: 'local' }]) {
      const { kind, values } = await read(args, env);
      expect([kind, [...values.keys()]]).toEqual(['lab', ['lab']]);
    }
    expect(textOf(await read({ target: 'pooled' }, env), 'rw')).toBe('postgresql://app@pooler/app');
    expect(textOf(await read({ lab: 'mine', rw: 'r' }, env), 'rw')).toBe('r');
  });

  it('has the password of the environment for an address beside the name of a lab, whatever names it', async () => {
    const env = { PGHA_BENCH_PASSWORD: 'secret' };
    for (const [args, more] of [
      [{ lab: 'mine', rw: 'r' }, {}],
      [{ target: 'pooled' }, {}],
      [{}, { PGHA_BENCH_LAB: 'mine', PGHA_BENCH_RW: 'r' }],
    ] as const) {
      const settings = await read(args, { ...env, ...more });
      expect([settings.kind, textOf(settings, 'password')]).toEqual(['lab', 'secret']);
    }
  });

  it.each([
    ['postgresql://app@h/x?sslrootcert=tls%2Froot.crt&sslcert=/c&passfile=pw', 'tls/root.crt'],
    ["host=h sslrootcert = tls/root.crt sslcert='/c' passfile=pw", 'tls/root.crt'],
    ["host=h sslrootcert='my tls/root.crt' sslcert=/c passfile = 'pw'", 'my tls/root.crt'],
  ])('takes the paths in %s from the folder of the file', async (rw, caFile) => {
    writeFileSync(join(top, 'paths.yaml'), `targets: { a: { rw: "${rw}" } }`);
    const settings = await read({ 'target-file': join(top, 'paths.yaml'), target: 'a' }, {}, bare);
    const given = givenEndpoint({ env: { PGSSLKEY: '/k' } }, settings, 'rw');
    expect(given?.endpoint.tlsFiles).toEqual({ caFile: join(top, caFile), certFile: '/c', keyFile: '/k' });
    expect(given?.passFile).toBe(join(top, 'pw'));
  });

  it('for a command that asks Patroni alone needs no other address', async () => {
    expect(await read({ patroni: 'http://p' }, {}, below, 'patroni')).toMatchObject({
      kind: 'addresses',
      name: null,
    });
    expect(await read({}, { PGHA_BENCH_RW: 'r' }, bare, 'patroni')).toMatchObject({ kind: 'none' });
    expect(await read({ target: 'headless' }, {}, below, 'patroni')).toMatchObject({ kind: 'addresses' });
  });

  it.each<[Arguments, Environment, string]>([
    [
      { target: 'stagin' },
      {},
      "--target: expected one of the targets in ../../pgha-bench.yaml (staging, local, pooled, mixed, headless), found 'stagin'. Did you mean 'staging'?",
    ],
    [
      { target: 'staging' },
      {},
      '../../pgha-bench.yaml: targets.staging.rw: the environment variable STAGING_HOST is not set.',
    ],
    [
      { target: 'staging' },
      { ...STAGING, STAGING_PASSWORD: '' },
      'targets.staging.password: expected a value, found an empty one.',
    ],
    [
      { target: 'headless' },
      {},
      "../../pgha-bench.yaml: target 'headless' has no rw, the read-write endpoint.",
    ],
    [
      { target: 'mixed' },
      {},
      '../../pgha-bench.yaml: targets.mixed.lab is for a lab, and ../../pgha-bench.yaml: targets.mixed.etcd for a target of your own.',
    ],
    [
      { target: 'local', etcd: 'http://e' },
      {},
      '../../pgha-bench.yaml: targets.local.lab is for a lab, and --etcd for a target',
    ],
    [{ target: 'local', lab: 'x' }, {}, '--lab and --target name a target each.'],
    [
      {},
      { PGHA_BENCH_LAB: 'x', PGHA_BENCH_TARGET: 'local' },
      'PGHA_BENCH_LAB and PGHA_BENCH_TARGET name a target each.',
    ],
    [{ lab: 'x', host: 'h' }, {}, '--lab is for a lab, and --host for a target of your own.'],
    [{ lab: 'x', etcd: 'http://e' }, {}, '--lab is for a lab, and --etcd for a target of your own.'],
    [{ profile: 'fast', rw: 'r' }, {}, '--profile is for a lab, and --rw for a target of your own.'],
    [{ profile: 'fast', port: '1' }, {}, '--profile is for a lab, and --port for a target of your own.'],
    [
      { profile: 'fast' },
      STAGING,
      '--profile is for a lab, and ../../pgha-bench.yaml: targets.staging.rw for a target',
    ],
    [{ rw: 'r', host: 'h' }, {}, '--rw is the whole address, and --host a part of one.'],
    [{ 'db-driver': 'mysql' }, {}, "--db-driver: expected pgsql, found 'mysql'."],
    [{ target: 'none', etcd: 'e' }, {}, '--etcd needs --rw, the read-write endpoint, beside it.'],
    [{ target: 'none', ro: 'e' }, {}, '--ro needs --rw, the read-write endpoint, beside it.'],
    [
      { target: 'none' },
      { PGHA_BENCH_PATRONI: 'e' },
      'PGHA_BENCH_PATRONI needs --rw, the read-write endpoint, beside it.',
    ],
    [
      { 'target-file': 'nowhere.yaml' },
      {},
      '--target-file: expected a file of targets, but there is no nowhere.yaml.',
    ],
    [{ 'target-file': '.' }, {}, '--target-file cannot be read: EISDIR'],
  ])('refuses %j with %j', async (args, env, message) => {
    await expect(read(args, env)).rejects.toThrow(message);
    await expect(read(args, env)).rejects.toMatchObject({ name: 'UserError' });
  });

  it('says that there is no file', async () => {
    await expect(read({ target: 'staging' }, {}, bare)).rejects.toThrow(
      "--target: found no pgha-bench.yaml with a target 'staging', in the working directory or above it.",
    );
  });

  it('needs a user with an address', async () => {
    await expect(read({ 'patroni-user': 'me' }, {}, bare, 'patroni')).rejects.toThrow(
      '--patroni-user needs --patroni, the address, beside it.',
    );
  });
});

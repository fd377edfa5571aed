import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { FAULTS } from '../faults/registry.js';
import { readSettings } from '../plan/settings.js';
import { each, once } from './arguments.js';
import { INERT_RUN_FLAGS } from './inert-flags.js';
import type { RunOptions } from './options.js';
import { RUN_FLAGS } from './run-flags.js';
import { runGiven, tableGiven, targetGiven } from './texts.js';

/** As a run reads it. */
function settingsOf(options: RunOptions) {
  const { args, env } = runGiven(options);
  return readSettings({
    text: (name) => once(args, name),
    faultTexts: each(args, 'fault'),
    tagTexts: each(args, 'tag'),
    env,
    faults: FAULTS,
    cores: 2,
    randomSeed: () => 7,
  });
}

const EVERY: Omit<Required<RunOptions>, 'target' | keyof Watching> = {
  workload: 'tpcb',
  mix: 'tpcb@1',
  builtins: ['select-only@2'],
  files: ['mine.sql'],
  workloadOptions: { scale: 10, no_vacuum: true },
  variables: { branch: 3 },
  route: 'ro',
  clients: 8,
  workers: 2,
  durationMs: 40_000,
  transactions: 5,
  events: 5,
  protocol: 'simple',
  seed: 5,
  rate: 0.5,
  stages: '30s:200',
  warmupMs: 1500,
  latencyLimitMs: 12.5,
  maxTries: 3,
  connect: true,
  readSplit: true,
  connectTimeoutMs: 1000,
  statementTimeoutMs: 2000,
  transactionTimeoutMs: 3000,
  reconnectPause: '10ms..1s',
  reconnectBurst: 100,
  faults: ['switchover@10s'],
  rounds: 3,
  allowFault: 'mine',
  ledger: 'off',
  probes: false,
  observers: false,
  directWrites: true,
  doctor: false,
  out: 'there',
  label: 'mine',
  tags: { branch: 'main', build: 5 },
  gates: ['lost == 0'],
  gatesFile: 'gates.yaml',
  baseline: 'before',
  anyway: true,
  reportPerCommand: true,
  progressMs: 2000,
  log: true,
  logPrefix: 'there/log',
  samplingRate: 0.5,
  aggregateSeconds: 5,
  failuresDetailed: true,
  profile: 'fast',
};

type Watching = Pick<
  RunOptions,
  'signal' | 'onStep' | 'onProgress' | 'onResult' | 'onPrepare' | 'onStanding' | 'onOwnLab'
>;

/** Flags that say in other words what an option says. */
const OTHER_WORDS = ['time', 'warmup-time', 'select-only', 'simple-update', 'show-script', 'live'];

describe('what a program gives to a run', () => {
  it('has a word for every flag', () => {
    const address = {
      rw: 'postgresql://h/d',
      ro: 'postgresql://h/d',
      patroni: 'http://h:8008',
      patroniUser: 'me',
      patroniCa: 'ca',
      patroniCert: 'cert',
      patroniKey: 'key',
      patroniInsecure: true,
      haproxy: '/sock',
      haproxyCheck: 'inter 1s',
      haproxyUser: 'me',
      haproxyCa: 'ca',
      haproxyInsecure: true,
      etcd: ['http://h:2379'],
      etcdUser: 'me',
      etcdCa: 'ca',
      etcdCert: 'cert',
      etcdKey: 'key',
      etcdInsecure: true,
      direct: { n1: 'h:5432' },
    };
    const given = [
      runGiven({ ...EVERY, target: address }),
      runGiven({ target: { lab: 'x' } }),
      runGiven({ target: { name: 'x', file: 'y' } }),
    ];
    const reached = new Set([
      ...given.flatMap(({ args }) => Object.keys(args)),
      ...given.flatMap(({ choices }) => choices.map(({ option }) => option)),
      ...OTHER_WORDS,
    ]);
    const partsOfAddress = /^(host|port|username|dbname|pgsql-.*|db-driver)$/;
    const missing = Object.keys(RUN_FLAGS).filter(
      (flag) => !reached.has(flag) && !partsOfAddress.test(flag) && !Object.hasOwn(INERT_RUN_FLAGS, flag),
    );
    expect(missing).toEqual([]);
    expect([...reached].filter((flag) => !Object.hasOwn(RUN_FLAGS, flag))).toEqual([]);
  });

  it('names what to run in one order', () => {
    expect(runGiven(EVERY).choices.map(({ option, text }) => `${option} ${text}`)).toEqual([
      'workload tpcb',
      'mix tpcb@1',
      'builtin select-only@2',
      'file mine.sql',
    ]);
  });

  it.each<readonly [RunOptions, object]>([
    [{ durationMs: 40_000 }, { durationMs: 40_000, transactions: null }],
    [{ durationMs: 1500.5 }, { durationMs: 1500.5 }],
    [{ transactions: 5 }, { durationMs: null, transactions: { count: 5, per: 'client' } }],
    [
      { warmupMs: 250, latencyLimitMs: 12.5 },
      { warmupMs: 250, latencyLimitMs: 12.5 },
    ],
    [{ rate: 0.5 }, { pace: { kind: 'open', stages: [{ durationMs: null, fromTps: 0.5, toTps: 0.5 }] } }],
    [{ stages: '30s:200' }, { durationMs: 30_000 }],
    [{ faults: [] }, { faults: [] }],
    [{}, { faults: 'default', seed: 7, tags: {} }],
    [{ faults: ['switchover@20s'] }, { faults: [{ kind: 'switchover', atMs: 20_000, options: {} }] }],
    [
      { rounds: 7, faults: ['kill-node'] },
      { rounds: 7, durationMs: null },
    ],
    [
      { probes: false, observers: false, directWrites: true },
      { probes: false, observers: false, directWrites: true },
    ],
    [
      { connect: false, readSplit: true },
      { connect: false, readSplit: true },
    ],
    [{ tags: { branch: 'main', build: 5 } }, { tags: { branch: 'main', build: '5' } }],
    [
      { seed: 2 ** 40, progressMs: 2000 },
      { seed: 2 ** 40, progressMs: 2000 },
    ],
    [
      { log: true, logPrefix: 'x', aggregateSeconds: 5 },
      { log: { prefix: 'x', samplingRate: 1, aggregateSeconds: 5, failuresDetailed: false } },
    ],
    [
      { connectTimeoutMs: 1000, statementTimeoutMs: 2000, transactionTimeoutMs: 3000 },
      { deadlines: { connectMs: 1000, statementMs: 2000, transactionMs: 3000 } },
    ],
  ])('%j is read as the command line would be', (options, expected) => {
    expect(settingsOf(options)).toMatchObject(expected);
  });

  it('keeps every number that makes sense as it is', () => {
    fc.assert(
      fc.property(
        fc.record({
          clients: fc.integer({ min: 1, max: 100_000 }),
          durationMs: fc.integer({ min: 1000, max: 480 * 3_600_000 }),
          warmupMs: fc.integer({ min: 0, max: 3_600_000 }),
          seed: fc.maxSafeNat(),
        }),
        (options) => {
          expect(settingsOf(options)).toMatchObject(options);
        },
      ),
    );
  });

  it.each<readonly [object, string]>([
    [{ clients: 0 }, "--clients: expected a whole number of at least 1, found '0'"],
    [{ clients: Number.NaN }, "found 'NaN'"],
    [{ clients: 1.5 }, '--clients: expected a whole number'],
    [{ durationMs: 10 }, "--duration: expected 1s to 480h, found '10ms'"],
    [{ durationMs: 1e21 }, '--duration: expected a duration'],
    [{ durationMs: '40s' }, '--duration: expected a duration'],
    [{ label: '' }, '--label: expected a value behind it'],
    [{ rate: 5, stages: '30s:200' }, '--stages says the rate'],
    [{ faults: ['swichover'] }, 'switchover'],
    [{ workloads: 'tpcb' }, "run has no option 'workloads'. Did you mean 'workload'?"],
    [{ target: {} }, 'target: expected lab, the name of one, rw, an address, or name'],
    [{ target: { lab: 'x', patroni: 'http://h' } }, "The target has no option 'patroni'"],
    [{ target: { rw: 'x', patronni: 'http://h' } }, "Did you mean 'patroni'?"],
    [{ workloadOptions: { clients: 5 } }, "workloadOptions: 'clients' is not an option of a workload"],
  ])('says of %j what is wrong', (options, message) => {
    const reading = () => settingsOf(options as RunOptions);
    expect(reading).toThrow(UserError);
    expect(reading).toThrow(message);
  });
});

describe('a target', () => {
  it('keeps the password of its API out of the texts', () => {
    const { args, env } = targetGiven({ rw: 'x', patroniUser: 'me', patroniPassword: 'hunter2' });
    expect(JSON.stringify(args)).not.toContain('hunter2');
    expect(env['PGHA_BENCH_PATRONI_PASSWORD']).toBe('hunter2');
    expect(process.env['PGHA_BENCH_PATRONI_PASSWORD']).toBeUndefined();
  });

  it('may be a lab of another place', () => {
    expect(targetGiven({ lab: 'x', stateDir: '/there' })).toMatchObject({
      args: { lab: 'x' },
      stateDir: '/there',
    });
  });
});

describe('what a program gives to init', () => {
  it('is the options of the workload, the target and force', () => {
    const { args } = tableGiven({
      workload: 'bulk_insert',
      workloadOptions: { threads: 4, table_size: 100 },
      target: { lab: 'x' },
      force: true,
    });
    expect(args).toEqual({ threads: '4', 'table-size': '100', lab: 'x', force: 'true' });
  });
});

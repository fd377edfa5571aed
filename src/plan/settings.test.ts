import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { ScriptPlan, WorkloadPlan } from './plan.js';
import { planOf, readSettings } from './settings.js';
import type { Target } from './target.js';

type Given = Readonly<Record<string, string>>;

function settingsOf(given: Given, env: Given = {}) {
  return readSettings({
    text: (name) => given[name],
    env,
    faultTexts: given['fault'] === undefined ? [] : [given['fault']],
    tagTexts: given['tag'] === undefined ? [] : given['tag'].split(' '),
    faults: [{ kind: 'switchover', options: [] }],
    cores: 2,
    randomSeed: () => 7,
  });
}

const TARGET: Target = {
  kind: 'server',
  name: 'server',
  rw: { host: 'h', port: 1, user: 'u', database: 'd', sslMode: 'disable' },
  patroni: [],
};

const TEXT: ScriptPlan = {
  name: 'a',
  weight: 1,
  route: 'rw',
  writes: true,
  source: { kind: 'text', text: 'SELECT 1;' },
};
const EVENT: ScriptPlan = { ...TEXT, name: 'e', source: { kind: 'event', groups: ['point_select'] } };

function workloadOf(scripts: readonly ScriptPlan[], options: WorkloadPlan['options'] = {}): WorkloadPlan {
  return { name: 'w', options, usualOptions: [], variables: {}, scripts };
}

function planFor(given: Given, workload = workloadOf([TEXT])) {
  return planOf(settingsOf(given), TARGET, workload, { faults: [], ledger: 'off' });
}

describe('readSettings', () => {
  it('has defaults for everything', () => {
    expect(settingsOf({})).toEqual({
      clients: 1,
      workers: 1,
      protocol: 'prepared',
      durationMs: 60_000,
      transactions: null,
      warmupMs: 0,
      pace: { kind: 'closed' },
      latencyLimitMs: null,
      maxTries: undefined,
      connect: false,
      readSplit: false,
      route: undefined,
      perCommand: false,
      log: null,
      progressMs: 1000,
      faults: 'default',
      rounds: null,
      allowFault: undefined,
      ledger: undefined,
      observers: true,
      directWrites: false,
      doctor: true,
      seed: 7,
      tags: {},
      deadlines: { connectMs: 5000, statementMs: 10_000, transactionMs: 30_000 },
      reconnect: { firstMs: 25, capMs: 500 },
      probes: true,
      label: undefined,
    });
  });

  it('has no more workers than clients', () => {
    expect(settingsOf({ clients: '3', workers: '8' }).workers).toBe(3);
    expect(settingsOf({ clients: '8' }).workers).toBe(2);
  });

  it.each<[Given, number | null, unknown]>([
    [{ duration: '40s' }, 40_000, null],
    [{ time: '40' }, 40_000, null],
    [{ time: '1m' }, 60_000, null],
    [{ transactions: '10' }, null, { count: 10, per: 'client' }],
    [{ transactions: '10', time: '5' }, 5000, { count: 10, per: 'client' }],
    [{ events: '1000' }, null, { count: 1000, per: 'run' }],
    [{ events: '1000', time: '0' }, null, { count: 1000, per: 'run' }],
    [{ events: '0' }, 60_000, null],
    [{ events: '0', time: '10' }, 10_000, null],
    [{ stages: '30s:200,1m:200..2000' }, 90_000, null],
    [{ stages: '2s:10', transactions: '5' }, 2000, { count: 5, per: 'client' }],
  ])('%j ends the load', (given, durationMs, transactions) => {
    expect(settingsOf(given)).toMatchObject({ durationMs, transactions });
  });

  it.each<[Given, unknown]>([
    [{}, { kind: 'closed' }],
    [{ rate: '12.5' }, { kind: 'open', stages: [{ durationMs: null, fromTps: 12.5, toTps: 12.5 }] }],
    [
      { stages: '30s:200, 500ms:200..2e3,30s:200' },
      {
        kind: 'open',
        stages: [
          { durationMs: 30_000, fromTps: 200, toTps: 200 },
          { durationMs: 500, fromTps: 200, toTps: 2000 },
          { durationMs: 30_000, fromTps: 200, toTps: 200 },
        ],
      },
    ],
  ])('%j is a pace', (given, pace) => {
    expect(settingsOf(given).pace).toEqual(pace);
  });

  it.each<[Given, unknown]>([
    [{ 'latency-limit': '50' }, { latencyLimitMs: 50 }],
    [{ 'latency-limit': '0.5' }, { latencyLimitMs: 0.5 }],
    [{ 'latency-limit': '2s' }, { latencyLimitMs: 2000 }],
    [{ warmup: '1500ms' }, { warmupMs: 1500 }],
    [{ 'warmup-time': '3' }, { warmupMs: 3000 }],
    [{ progress: '5' }, { progressMs: 5000 }],
    [{ progress: '0' }, { progressMs: 1000 }],
    [{ 'max-tries': '3' }, { maxTries: 3 }],
    [{ 'max-tries': '0' }, { maxTries: 0 }],
    [{ 'max-tries': '0', transactions: '5', 'latency-limit': '9' }, { maxTries: 0 }],
    [{ route: 'ro' }, { route: 'ro' }],
    [
      { 'report-per-command': 'true', connect: 'on' },
      { perCommand: true, connect: true },
    ],
    [{ connect: 'off' }, { connect: false }],
  ])('%j is read', (given, settings) => {
    expect(settingsOf(given)).toMatchObject(settings as object);
  });

  it.each<[Given, unknown]>([
    [
      { log: 'true' },
      { prefix: 'pgbench_log', samplingRate: 1, aggregateSeconds: null, failuresDetailed: false },
    ],
    [
      { log: 'true', 'log-prefix': '/x/y', 'sampling-rate': '0.25', 'failures-detailed': 'true' },
      { prefix: '/x/y', samplingRate: 0.25, aggregateSeconds: null, failuresDetailed: true },
    ],
    [{ log: 'true', 'aggregate-interval': '5', time: '60' }, { aggregateSeconds: 5 }],
    [{ log: 'true', 'aggregate-interval': '7', transactions: '9' }, { aggregateSeconds: 7 }],
    [{ log: 'off' }, null],
  ])('%j is a log', (given, log) => {
    expect(settingsOf(given)).toMatchObject({ log });
  });

  it('takes a seed of the environment, and another each time for time and rand', () => {
    expect(settingsOf({ seed: '5432' }).seed).toBe(5432);
    expect(settingsOf({}, { PGBENCH_RANDOM_SEED: '11' }).seed).toBe(11);
    expect(settingsOf({ seed: '3' }, { PGBENCH_RANDOM_SEED: '11' }).seed).toBe(3);
    expect(settingsOf({ seed: 'time' }, { PGBENCH_RANDOM_SEED: '11' }).seed).toBe(7);
    expect(settingsOf({ seed: 'rand' }).seed).toBe(7);
    expect(() => settingsOf({}, { PGBENCH_RANDOM_SEED: 'x' })).toThrow(
      "PGBENCH_RANDOM_SEED: expected a whole number of at least 0, time or rand, found 'x'.",
    );
  });

  it.each<[Given, string]>([
    [{ clients: '0' }, '--clients'],
    [{ clients: 'many' }, '--clients'],
    [{ workers: '0' }, '--workers'],
    [{ duration: '40' }, '--duration'],
    [{ duration: '500ms' }, 'expected 1s to 480h'],
    [{ duration: '600h' }, 'expected 1s to 480h'],
    [{ stages: '100h:1,400h:1' }, '--stages: expected 1s to 480h'],
    [{ 'statement-timeout': '600h' }, 'at most 480h'],
    [{ protocol: 'preparde' }, "Did you mean 'prepared'?"],
    [{ 'connect-timeout': '0s' }, "--connect-timeout: expected more than 0 and at most 480h, found '0s'."],
    [{ warmup: '600h' }, "--warmup: expected at most 480h, found '600h'."],
    [{ time: 'x' }, "--time: expected seconds, such as 60, or a duration such as 1m30s, found 'x'."],
    [{ time: '1s1h' }, "--time: expected a duration such as 40s, 500ms or 1m30s, found '1s1h'."],
    [{ 'reconnect-pause': '1s' }, 'FIRST..LONGEST'],
    [{ 'reconnect-pause': '1s..500ms' }, 'shorter'],
    [{ seed: '-1' }, '--seed'],
    [{ seed: '9007199254740992' }, '--seed: expected a whole number from 0 to 9007199254740991'],
    [{ seed: 'ran' }, "time or rand, found 'ran'"],
    [{ fault: 'switchover@70s' }, 'within the run'],
    [{ fault: 'switchover', transactions: '5' }, 'expected switchover@TIME'],
    [{ duration: '40s', time: '40' }, '--duration and --time both'],
    [{ duration: '40s', stages: '40s:9' }, '--duration and --stages both'],
    [{ time: '40', stages: '40s:9' }, '--time and --stages both'],
    [{ time: '0' }, '--events or --transactions must end the load'],
    [{ transactions: '0' }, '--transactions: expected a whole number of at least 1'],
    [{ transactions: '5', events: '5' }, 'Leave one of them out'],
    [{ events: '-1' }, '--events'],
    [{ rate: '0' }, "--rate: expected a rate of more than 0 a second, found '0'."],
    [{ rate: '-5' }, '--rate'],
    [{ rate: 'fast' }, '--rate'],
    [{ rate: '5', stages: '1s:5' }, '--stages says the rate'],
    [{ stages: '' }, '--stages: stage 1 is empty; expected LENGTH:RATE'],
    [{ stages: '30s:200,,30s:200' }, '--stages: stage 2 is empty'],
    [{ stages: '30s:200,' }, '--stages: stage 2 is empty'],
    [{ stages: '0s:200' }, 'stage 1: expected a length of more than 0'],
    [{ stages: '30s:200,30s:0' }, 'stage 2: expected a rate of more than 0'],
    [{ stages: '30s:0..200' }, 'A ramp may begin or end at 1'],
    [{ stages: '30s:1..2..3' }, 'expected LENGTH:RATE'],
    [{ stages: '30s' }, 'stage 1: expected LENGTH:RATE or LENGTH:RATE..RATE, such as 30s:200'],
    [{ stages: '30:200' }, 'stage 1: expected a duration'],
    [{ 'latency-limit': '0' }, '--latency-limit: expected more than 0'],
    [{ 'latency-limit': 'x' }, '--latency-limit'],
    [{ warmup: '5' }, '--warmup: expected a duration'],
    [{ warmup: '5s', 'warmup-time': '5' }, 'Leave one of them out'],
    [{ 'max-tries': '-1' }, '--max-tries'],
    [{ 'max-tries': '0', transactions: '5' }, 'Add --latency-limit or --duration'],
    [{ progress: '500ms' }, 'at least 1 second'],
    [{ route: 'rx' }, '--route: expected rw or ro'],
    [{ connect: 'maybe' }, "--connect: expected on or off, found 'maybe'."],
    [{ 'log-prefix': 'x' }, '--log-prefix says how the log is written, and there is none. Add --log.'],
    [{ 'sampling-rate': '0.5' }, 'Add --log'],
    [{ 'aggregate-interval': '5' }, 'Add --log'],
    [{ log: 'true', 'sampling-rate': '0' }, 'more than 0 and at most 1'],
    [{ log: 'true', 'sampling-rate': '1.5' }, '--sampling-rate'],
    [{ log: 'true', 'sampling-rate': '0.5', 'aggregate-interval': '5' }, 'Leave one of them out'],
    [{ log: 'true', 'aggregate-interval': '0.5' }, '--aggregate-interval: expected a whole number'],
    [{ log: 'true', 'aggregate-interval': '7', time: '60' }, 'divide the 60 s of the load'],
  ])('refuses %j', (given, message) => {
    expect(() => settingsOf(given)).toThrow(UserError);
    expect(() => settingsOf(given)).toThrow(message);
  });
});

describe('--tag', () => {
  it('is read as a name and a value, which may hold anything', () => {
    expect(settingsOf({}).tags).toEqual({});
    expect(settingsOf({ tag: 'branch=main commit=a=b empty=' }).tags).toEqual({
      branch: 'main',
      commit: 'a=b',
      empty: '',
    });
  });

  it('refuses what has no value, and a name that comes twice', () => {
    expect(() => settingsOf({ tag: 'main' })).toThrow("--tag: expected NAME=VALUE, found 'main'.");
    expect(() => settingsOf({ tag: '=main' })).toThrow(UserError);
    expect(() => settingsOf({ tag: 'a=1 a=2' })).toThrow('--tag: a is given twice.');
  });
});

describe('planOf', () => {
  it('tries once what has text, restarts what is all events, and fails a mix of both as pgbench does', () => {
    expect(planFor({}).retry).toEqual({ contention: 'fail', maxTries: 1 });
    expect(planFor({ 'max-tries': '4' }).retry).toEqual({ contention: 'fail', maxTries: 4 });
    expect(planFor({}, workloadOf([EVENT])).retry).toEqual({ contention: 'restart', maxTries: 0 });
    expect(planFor({ 'max-tries': '4' }, workloadOf([EVENT])).retry).toEqual({
      contention: 'restart',
      maxTries: 4,
    });
    expect(planFor({}, workloadOf([EVENT, TEXT])).retry).toEqual({ contention: 'fail', maxTries: 1 });
  });

  it('connects anew after each transaction, or after as many events as sysbench says', () => {
    expect(planFor({}).transactionsPerConnection).toBe(0);
    expect(planFor({ connect: 'true' }).transactionsPerConnection).toBe(1);
    const events = workloadOf([EVENT], { reconnect: 5 });
    expect(planFor({}, events).transactionsPerConnection).toBe(5);
    expect(planFor({}, workloadOf([TEXT], { reconnect: 5 })).transactionsPerConnection).toBe(0);
    expect(() => planFor({ connect: 'true' }, events)).toThrow('Leave one of them out');
  });

  it('gives each client one connection, or one for each script', () => {
    const reader: ScriptPlan = { ...TEXT, name: 'r', route: 'ro', writes: false };
    const both = workloadOf([TEXT, reader]);
    expect(planFor({ clients: '2' }, both).connections).toBe('per-client');
    expect(planFor({ 'read-split': 'true' }, both).connections).toBe('per-script');
  });

  it('holds what was asked for, and cannot be changed', () => {
    const plan = planFor({ rate: '5', warmup: '2s', log: 'true', 'latency-limit': '9', label: 'x' });
    expect(plan).toMatchObject({
      target: TARGET,
      warmupMs: 2000,
      latencyLimitMs: 9,
      pace: { kind: 'open' },
      log: { prefix: 'pgbench_log' },
      intervalMs: 100,
      label: 'x',
    });
    expect(Object.isFrozen(plan)).toBe(true);
  });
});

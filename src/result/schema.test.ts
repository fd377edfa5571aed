import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { predictedDowntime, predictedStages, USUAL_CONTEXT } from '../analysis/predict.js';
import { SAMPLES, sampleOf } from '../analysis/sample.fixture.js';
import type { ScriptPlan } from '../plan/plan.js';
import { ROUND_SAMPLES, roundSample } from '../report/round-samples.fixture.js';
import type { GateOutcome } from './gate.js';
import type { CapacityFacts } from './generator.js';
import type { Result, RoundAnalysis } from './result.js';

const schema = JSON.parse(readFileSync(new URL('../../docs/result.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
}).compile(schema);

function problems(value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** As it is written and read again. */
function written(result: Result): Record<string, unknown> {
  return JSON.parse(JSON.stringify(result));
}

/** The same with two buckets and clients: the whole is looked at anew for each field. */
function brief(result: Result): Record<string, unknown> {
  const few = (_: string, value: unknown) =>
    Array.isArray(value) && value.every((each) => typeof each === 'number' || each === null)
      ? value.slice(0, 2)
      : value;
  return JSON.parse(JSON.stringify({ ...result, clients: result.clients.slice(0, 2) }, few));
}

const CAPACITY: CapacityFacts = {
  calibratedAt: '2025-11-01T00:00:00.000Z',
  tps: 52_000,
  share: 0.02,
  limited: false,
  missing: null,
};

function switchover(): Result {
  const { result } = sampleOf('writes and reads');
  return {
    ...result,
    plan: { ...result.plan, label: 'a label', tags: { branch: 'main' } },
    generator: { ...result.generator, capacity: CAPACITY },
  };
}

/** With all that a plan may hold, and every kind of script. */
function rich(): Result {
  const { result } = sampleOf('a mix of eleven scripts');
  const [first, second, third, ...rest] = result.plan.workload.scripts as ScriptPlan[];
  const sources = [
    { kind: 'text', text: 'SELECT 1' },
    { kind: 'event', groups: ['point_selects'] },
    { kind: 'function', url: 'file:///mine.js', script: 'mine' },
  ] as const;
  const scripts = [first, second, third].map((script, index) => ({
    ...(script as ScriptPlan),
    source: sources[index] as ScriptPlan['source'],
  }));
  return {
    ...result,
    plan: {
      ...result.plan,
      target: {
        ...result.plan.target,
        rw: {
          ...result.plan.target.rw,
          otherHosts: [{ host: 'h', port: 5432 }],
          targetSessionAttrs: 'read-write',
          loadBalanceHosts: 'random',
          tlsFiles: { caFile: '/ca', certFile: '/cert', keyFile: '/key' },
          channelBinding: 'require',
        },
      },
      transactions: { count: 1000, per: 'run' },
      log: { prefix: 'pgbench_log', samplingRate: 0.1, aggregateSeconds: 5, failuresDetailed: true },
      workload: { ...result.plan.workload, variables: { n: '5' }, scripts: [...scripts, ...rest] },
    },
  };
}

/** With all that is told of a round, and several of them. */
function sixRounds(): Result {
  const whole = roundSample('a split brain');
  const [told] = whole.analysis.rounds as [RoundAnalysis];
  const result = roundSample('six rounds');
  const [round, ...rounds] = result.analysis.rounds;
  const downtime = round?.writeDowntime ?? null;
  const full = { ...told, newConnections: { rw: downtime, ro: downtime } };
  const spread = { n: 5, min: 1, median: 2, max: 3, interval: { from: 1, to: 3 } };
  const summaries = result.analysis.summaries.map((summary) => ({
    ...summary,
    writeDowntimeMs: spread,
    readDowntimeMs: spread,
    steadyAfterMs: spread,
  }));
  return { ...result, gates: [GATE], analysis: { ...result.analysis, rounds: [full, ...rounds], summaries } };
}

const GATE: GateOutcome = {
  expression: 'lost == 0',
  passed: false,
  measured: 3,
  limit: 0,
  unit: 'count',
  text: '3 acknowledged commits are lost',
};

/** Everything known, and HAProxy as fast as it may be. */
const SETTINGS = {
  'patroni.ttl': 20,
  'patroni.loop_wait': 5,
  'patroni.retry_timeout': 5,
  'haproxy.inter': '1s',
  'haproxy.fall': 2,
  'haproxy.rise': 1,
};

const RESULTS = [
  ['of two ports', switchover],
  ['with all that a plan may hold', rich],
  ['of a crash that lost commits', () => roundSample('a crash that lost commits')],
  ['of several rounds', sixRounds],
  ['of a command', () => roundSample('a command')],
] as const;

describe('docs/result.schema.json', () => {
  it.each(Object.entries(SAMPLES))('accepts the result of: %s', (_, make) => {
    expect(problems(written(make().result))).toEqual([]);
  });

  it.each(Object.entries(ROUND_SAMPLES))(
    'accepts what is told of faults, rounds and commits: %s',
    (_, make) => {
      expect(problems(written(make()))).toEqual([]);
    },
  );

  it('accepts a result with all that is optional', () => {
    const result = switchover();
    const socket = { kind: 'socket', path: '/run/haproxy.sock' } as const;
    const target = { ...result.plan.target, haproxy: socket };
    expect(problems(written(result))).toEqual([]);
    expect(problems(written({ ...result, plan: { ...result.plan, target } }))).toEqual([]);
    expect(problems(written(rich()))).toEqual([]);
  });

  it.each(RESULTS)('knows every field that is written, and no other: %s', (_, make) => {
    const result = brief(make());
    expect(problems(result)).toEqual([]);
    for (const path of objectsIn(result)) {
      const damaged = objectAt(result, path);
      damaged['unknownField'] = 1;
      expect(problems(result), path.join('.')).not.toEqual([]);
      delete damaged['unknownField'];
    }
  });

  it.each(RESULTS)('requires every field that is always written: %s', (_, make) => {
    const result = brief(make());
    for (const path of objectsIn(result)) {
      for (const field of isKeyed(path) ? [] : Object.keys(objectAt(result, path))) {
        const place = [...path, field].join('.');
        const damaged = objectAt(result, path);
        const value = damaged[field];
        delete damaged[field];
        if (!OPTIONAL.has(place)) {
          expect(problems(result), place).not.toEqual([]);
        }
        damaged[field] = value;
      }
    }
  });

  it.each(['kill-patroni', 'stop-etcd-quorum', 'kill-node'])('accepts what is predicted of %s', (kind) => {
    // Parts of it are negative, and so is the first moment at which HAProxy may be ahead of the promotion.
    const context = { ...USUAL_CONTEXT, lastedMs: 60_000 };
    const result = roundSample('a crash that lost commits');
    const [round] = result.analysis.rounds as [RoundAnalysis];
    const predicted = predictedStages(kind, SETTINGS, context);
    const stages = round.stages.map((stage) => ({ ...stage, predicted: predicted[stage.kind] ?? null }));
    const prediction = predictedDowntime(kind, SETTINGS, context);
    const minima = [...(prediction?.parts ?? []), ...Object.values(predicted)].map(({ minMs }) => minMs);
    expect(Math.min(...minima)).toBeLessThan(0);
    const rounds = [{ ...round, stages, prediction }];
    expect(problems(written({ ...result, analysis: { ...result.analysis, rounds } }))).toEqual([]);
  });

  it('knows failures by class in the timeline', () => {
    const result = written(switchover());
    const timeline = (errors: unknown) => ({
      ...result,
      timeline: { ...objectAt(result, ['timeline']), errors },
    });
    expect(problems(timeline({ shutdown: [0, 3] }))).toEqual([]);
    expect(problems(timeline({ shutdown: 3 }))).not.toEqual([]);
  });

  it('has a description for every object', () => {
    const undescribed = Object.entries<Record<string, unknown>>(schema.$defs)
      .filter(([, definition]) => typeof definition['description'] !== 'string')
      .map(([name]) => name);
    expect(undescribed).toEqual([]);
  });

  it('is of the version that is written', () => {
    const version: Result['version'] = schema.properties.version.const;
    expect(problems({ ...written(switchover()), version: version + 1 })).toEqual([
      '/version must be equal to constant',
    ]);
  });
});

const OPTIONAL = new Set([
  'generator.capacity',
  'generator.threads.0.gcWatchedMs',
  'plan.label',
  'cluster.ways.ro',
  ...['otherHosts', 'targetSessionAttrs', 'loadBalanceHosts', 'tlsFiles', 'channelBinding'].map(
    (field) => `plan.target.rw.${field}`,
  ),
  ...['caFile', 'certFile', 'keyFile'].map((field) => `plan.target.rw.tlsFiles.${field}`),
  ...['ro', 'haproxy', 'patroniAccess', 'haproxyAccess', 'etcd', 'etcdAccess', 'direct'].map(
    (field) => `plan.target.${field}`,
  ),
  ...['patroniAccess', 'haproxyAccess', 'etcdAccess'].flatMap((way) =>
    ['user', 'caFile', 'certFile', 'keyFile', 'insecure'].map((field) => `plan.target.${way}.${field}`),
  ),
]);

/** Objects whose keys are names of options, variables and settings. */
const NAMED_BY_OTHERS = new Set(['options', 'variables', 'settings', 'direct']);

/** Whether an object's keys are routes, outcomes or classes of errors: what never came is absent there. */
function isKeyed(path: readonly string[]): boolean {
  const [part, column, ...rest] = path;
  const keyed = ['outcomes', 'firstAckMs', 'lastAckMs', 'writers', 'probes', 'errors'];
  if (part === 'plan' && column === 'tags') {
    return true;
  }
  return part === 'timeline' && keyed.includes(column ?? '') && (rest.length === 0 || column === 'outcomes');
}

/** Paths of all objects whose fields are the schema's, one for each place: of a list, its first, but every kind of script. */
function objectsIn(value: unknown, path: string[] = []): string[][] {
  if (Array.isArray(value)) {
    const kinds = path.join('.') === 'plan.workload.scripts' ? value.slice(0, 3) : value.slice(0, 1);
    return kinds.flatMap((each, index) => objectsIn(each, [...path, String(index)]));
  }
  if (typeof value !== 'object' || value === null || NAMED_BY_OTHERS.has(path.at(-1) ?? '')) {
    return [];
  }
  return [path, ...Object.entries(value).flatMap(([name, field]) => objectsIn(field, [...path, name]))];
}

function objectAt(value: unknown, path: readonly string[]): Record<string, unknown> {
  let at = value as Record<string, unknown>;
  for (const name of path) {
    at = at[name] as Record<string, unknown>;
  }
  return at;
}

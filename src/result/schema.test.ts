import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { SAMPLES, sampleOf } from '../analysis/sample.fixture.js';
import type { ScriptPlan } from '../plan/plan.js';
import type { Result } from './result.js';

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

function switchover(): Result {
  const { result } = sampleOf('writes and reads');
  return { ...result, plan: { ...result.plan, label: 'a label' } };
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
      transactions: { count: 1000, per: 'run' },
      log: { prefix: 'pgbench_log', samplingRate: 0.1, aggregateSeconds: 5, failuresDetailed: true },
      workload: { ...result.plan.workload, variables: { n: '5' }, scripts: [...scripts, ...rest] },
    },
  };
}

const RESULTS = [
  ['of two ports', switchover],
  ['with all that a plan may hold', rich],
] as const;

describe('docs/result.schema.json', () => {
  it.each(Object.entries(SAMPLES))('accepts the result of: %s', (_, make) => {
    expect(problems(written(make().result))).toEqual([]);
  });

  it('accepts a result with all that is optional', () => {
    const result = switchover();
    const socket = { kind: 'socket', path: '/run/haproxy.sock' } as const;
    const target = { ...result.plan.target, haproxy: socket };
    expect(problems(written(result))).toEqual([]);
    expect(problems(written({ ...result, plan: { ...result.plan, target } }))).toEqual([]);
    expect(problems(written(rich()))).toEqual([]);
  });

  it.each(RESULTS)('knows every field that is written, and no other: %s', (_, make) => {
    const result = written(make());
    for (const path of objectsIn(result)) {
      const damaged = structuredClone(result);
      objectAt(damaged, path)['unknownField'] = 1;
      expect(problems(damaged), path.join('.')).not.toEqual([]);
    }
  });

  it.each(RESULTS)('requires every field that is always written: %s', (_, make) => {
    const result = written(make());
    for (const path of objectsIn(result)) {
      for (const field of isKeyed(path) ? [] : Object.keys(objectAt(result, path))) {
        const damaged = structuredClone(result);
        delete objectAt(damaged, path)[field];
        if (!OPTIONAL.has(field)) {
          expect(problems(damaged), [...path, field].join('.')).not.toEqual([]);
        }
      }
    }
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

const OPTIONAL = new Set(['label', 'ro', 'haproxy']);

/** Objects whose keys are names of options, variables and settings. */
const NAMED_BY_OTHERS = new Set(['options', 'variables', 'settings']);

/** Whether an object's keys are routes or outcomes: what never came is absent there. */
function isKeyed(path: readonly string[]): boolean {
  const [part, column, ...rest] = path;
  const keyed = ['outcomes', 'firstAckMs', 'lastAckMs', 'probes'];
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

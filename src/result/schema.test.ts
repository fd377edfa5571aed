import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { SAMPLES, sampleOf } from '../analysis/sample.fixture.js';
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
  });

  it('knows every field that is written, and no other', () => {
    const result = written(switchover());
    for (const path of objectsIn(result)) {
      const damaged = structuredClone(result);
      objectAt(damaged, path)['unknownField'] = 1;
      expect(problems(damaged), path.join('.')).not.toEqual([]);
    }
  });

  it('requires every field that is always written', () => {
    const result = written(switchover());
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

/** Whether an object's keys are routes or outcomes: what never came is absent there. */
function isKeyed(path: readonly string[]): boolean {
  const [part, column, ...rest] = path;
  const keyed = ['outcomes', 'firstAckMs', 'lastAckMs', 'probes'];
  return part === 'timeline' && keyed.includes(column ?? '') && (rest.length === 0 || column === 'outcomes');
}

/** Paths of all objects whose fields are the schema's, one for each place: of a list, its first. */
function objectsIn(value: unknown, path: string[] = []): string[][] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : objectsIn(value[0], [...path, '0']);
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    path.at(-1) === 'options' ||
    path.at(-1) === 'settings'
  ) {
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

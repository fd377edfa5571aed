import { describe, expect, it } from 'vitest';
import type { Plan } from '../plan/plan.js';
import type { Result } from '../result/result.js';
import { findingsOf } from './comparable.js';
import { differencesOf } from './differences.js';
import { madeRun } from './results.fixture.js';

const base = madeRun({ name: 'before' });

function findings(change: (result: Result) => Result): (readonly [string, string])[] {
  return findingsOf(base, [madeRun({ name: 'after', change })]).map(
    ({ what, text }) => [what, text] as const,
  );
}

const planned = (part: (plan: Plan) => Partial<Plan>) => (result: Result) => ({
  ...result,
  plan: { ...result.plan, ...part(result.plan) },
});

const workload = (part: (own: Plan['workload']) => Partial<Plan['workload']>) =>
  planned((plan) => ({ workload: { ...plan.workload, ...part(plan.workload) } }));

const script = (part: object) =>
  workload(({ scripts }) => ({ scripts: scripts.map((each) => ({ ...each, ...part })) }));

describe('findingsOf', () => {
  it('has nothing against the same load', () => {
    expect(findings((result) => result)).toEqual([]);
  });

  it.each<[string, string, (result: Result) => Result]>([
    ['workload', 'after ran mine, before ran tpcb.', workload(() => ({ name: 'mine' }))],
    ['scale', 'after has scale 100, before 10.', workload(() => ({ options: { scale: 100 } }))],
    ['workload', 'after has rows 5, before not set.', workload(() => ({ variables: { rows: '5' } }))],
    [
      'workload',
      'tpcb is not the same script in after and before.',
      script({ source: { kind: 'text', text: 'SELECT 1' } }),
    ],
    ['workload', 'after gives tpcb the weight 2, before 1.', script({ weight: 2 })],
    ['workload', 'after has the scripts other, before tpcb.', script({ name: 'other' })],
    ['route', 'after sends tpcb to ro, before to rw.', script({ route: 'ro' })],
    ['clients', 'after had 8 clients, before had 64 clients.', planned(() => ({ clients: 8 }))],
    [
      'protocol',
      'after used the simple protocol, before used the prepared protocol.',
      planned(() => ({ protocol: 'simple' })),
    ],
    [
      'pace',
      'after went at 500 tps, before went as fast as it was answered.',
      planned(() => ({ pace: { kind: 'open', stages: [{ durationMs: null, fromTps: 500, toTps: 500 }] } })),
    ],
    [
      'pace',
      'after went at 10.0 to 50.0 tps for 30 s with a latency limit of 50 ms, before went as fast as it was answered.',
      planned(() => ({
        latencyLimitMs: 50,
        pace: { kind: 'open', stages: [{ durationMs: 30_000, fromTps: 10, toTps: 50 }] },
      })),
    ],
    [
      'connections',
      'after connected anew after 1 transaction, before kept its connections.',
      planned(() => ({ transactionsPerConnection: 1 })),
    ],
    ['fault', 'after had no fault, before had switchover.', planned(() => ({ faults: [] }))],
    [
      'fault',
      'after had freeze-node:for=10s and switchover, before had switchover.',
      planned(({ faults }) => ({
        faults: [...faults, ...faults, { kind: 'freeze-node', atMs: 1, options: { for: '10s' } }],
      })),
    ],
    [
      'generator',
      'after: the generator was short of CPU.',
      (result) => ({
        ...result,
        generator: {
          ...result.generator,
          healthy: false,
          verdict: 'The generator was short of CPU. Use fewer --clients.',
        },
      }),
    ],
    [
      'status',
      'after broke off: its target never came back.',
      (result) => ({ ...result, run: { ...result.run, status: 'broken' } }),
    ],
    ['same_run', 'after and before are the same run.', (result) => ({ ...result, run: base.result.run })],
  ])('%s: %s', (what, text, change) => {
    expect(findings(change)).toEqual([[what, text]]);
  });

  it('asks the base for its own generator, and passes over times and numbers of rounds', () => {
    const overloaded = {
      ...base,
      result: { ...base.result, generator: { ...base.result.generator, healthy: false } },
    };
    expect(findingsOf(overloaded, [madeRun({})]).map(({ name, what }) => [name, what])).toEqual([
      ['before', 'generator'],
    ]);
    const later = planned(({ faults }) => ({
      rounds: 7,
      faults: faults.map((fault) => ({ ...fault, atMs: 5000 })),
    }));
    expect(findings(later)).toEqual([]);
  });

  it('does not take the place of a file for what it does', () => {
    const at = (url: string) => script({ source: { kind: 'function', url, script: 'tpcb' } });
    const own = madeRun({ name: 'one', change: at('file:///a.js') });
    expect(findingsOf(own, [madeRun({ name: 'two', change: at('file:///b.js') })])).toEqual([]);
  });
});

describe('differencesOf', () => {
  it('is empty for the same', () => {
    expect(differencesOf([base, madeRun({})])).toEqual([]);
  });

  it('lists settings, versions, hardware and plan, by result', () => {
    const candidate = madeRun({
      change: (result) => ({
        ...result,
        tool: { ...result.tool, cpus: 8, memoryBytes: result.tool.memoryBytes + 1000 },
        plan: { ...result.plan, workers: 4, target: { ...result.plan.target, name: 'another lab' } },
        cluster: {
          ...result.cluster,
          postgres: '16.2',
          settings: {
            ...result.cluster.settings,
            'patroni.ttl': 20,
            'patroni.synchronous_mode': true,
            'x.new': 'y',
          },
        },
      }),
    });
    expect(differencesOf([base, candidate, base])).toEqual([
      { kind: 'setting', name: 'patroni.ttl', values: ['30', '20', '30'] },
      { kind: 'setting', name: 'patroni.synchronous_mode', values: ['off', 'on', 'off'] },
      { kind: 'setting', name: 'x.new', values: [null, 'y', null] },
      { kind: 'version', name: 'postgres', values: ['15.14', '16.2', '15.14'] },
      { kind: 'hardware', name: 'cpus', values: ['2', '8', '2'] },
      { kind: 'plan', name: 'workers', values: ['2', '4', '2'] },
    ]);
  });
});

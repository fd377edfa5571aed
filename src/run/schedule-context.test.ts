import { describe, expect, it } from 'vitest';
import { planOf, sampleOf } from '../analysis/sample.fixture.js';
import type { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import type { ClusterFacts } from '../result/result.js';
import { EventLog } from './event-log.js';
import { type ScheduledRun, scheduleContext } from './schedule-context.js';
import type { ServiceWatch } from './service-watch.js';

const NOW_MS = 12_000;
const { cluster } = sampleOf('switchover').recording;

function withSettings(settings: ClusterFacts['settings']): ClusterFacts {
  return { ...cluster, settings };
}

function runOf(part: Partial<ScheduledRun> = {}): ScheduledRun {
  return {
    plan: planOf(),
    faults: [],
    access: NO_ACCESS,
    lab: null,
    signal: new AbortController().signal,
    interrupt: new AbortController().signal,
    clock: { nowMs: () => NOW_MS } as RunClock,
    cluster,
    members: [],
    log: new EventLog(() => undefined),
    service: {} as ServiceWatch,
    onStanding: () => undefined,
    onRound: () => undefined,
    onFault: () => undefined,
    ...part,
  };
}

describe('what the schedule sees of a run', () => {
  it.each([
    [{ 'patroni.ttl': 20, 'patroni.loop_wait': 5 }, 20_000, 5000],
    [{ 'patroni.ttl': 20 }, 20_000, 10_000],
    [{ 'patroni.ttl': 'soon', 'patroni.loop_wait': 5 }, 30_000, 5000],
  ])('is of Patroni with %o: a lease of %d ms and a loop of %d ms', (settings, ttlMs, loopWaitMs) => {
    expect(scheduleContext(runOf({ cluster: withSettings(settings) }))).toMatchObject({ ttlMs, loopWaitMs });
  });

  it('is who leads by the events of the run, as they come', () => {
    const run = runOf();
    const { leader, leaderChanges } = scheduleContext(run);
    expect([leader(), leaderChanges()]).toEqual([null, 0]);
    for (const to of ['n1', 'n2']) {
      run.log.add({
        atMs: 1,
        uncertaintyMs: 0,
        layer: 'patroni',
        kind: 'leader',
        subject: '',
        from: null,
        to,
        text: '',
      });
    }
    expect([leader(), leaderChanges()]).toEqual(['n2', 1]);
  });

  it('is the service of now', () => {
    const asked: unknown[] = [];
    const service = {
      servedForMs: (...args: unknown[]) => asked.push('served', ...args),
      setUsual: (...args: unknown[]) => asked.push('usual', ...args),
      isAsUsual: (...args: unknown[]) => asked.push('as usual', ...args) > 0,
    } as unknown as ServiceWatch;
    const context = scheduleContext(runOf({ service }));
    context.servedForMs(4000);
    context.setUsual();
    context.isAsUsual();
    expect(asked).toEqual(['served', NOW_MS, 4000, 'usual', NOW_MS, 'as usual', NOW_MS]);
  });
});

describe('what the schedule tells', () => {
  it('becomes an event of the run', () => {
    const run = runOf();
    scheduleContext(run).tell('asked', 2000, 'kill-node of n1 asked');
    expect(run.log.sorted()).toEqual([
      {
        atMs: 2000,
        uncertaintyMs: 0,
        layer: 'fault',
        kind: 'asked',
        subject: '',
        from: null,
        to: null,
        text: 'kill-node of n1 asked',
      },
    ]);
  });

  it('is heard by the run before a fault, with the instant', () => {
    const heardMs: number[] = [];
    scheduleContext(runOf({ onFault: (nowMs) => heardMs.push(nowMs) })).before();
    expect(heardMs).toEqual([NOW_MS]);
  });
});

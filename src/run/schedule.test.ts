import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planOf } from '../analysis/sample.fixture.js';
import type { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import type { ClusterHealth } from '../cluster/health.js';
import { type Fault, notAsked } from '../faults/fault.js';
import type { FaultPlan } from '../plan/plan.js';
import { Schedule, type ScheduleContext } from './schedule.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A cluster that does at once what is asked of it, and a log of what was done when. */
class World {
  readonly did: string[] = [];
  readonly ended = new AbortController();
  /** When whoever looks on was told to look closely. */
  readonly closerMs: number[] = [];
  standing: readonly string[] = [];
  leader = 'n1';
  changes = 0;
  /** Service is away for so long after each fault, ms. */
  outageMs = 0;
  /** And the cluster unhealthy. */
  illMs = 0;
  /** Faults fail, as long as it is above 0. */
  failing = 0;
  private hurtAtMs = Number.NEGATIVE_INFINITY;
  private readonly startMs = Date.now();

  nowMs(): number {
    return Date.now() - this.startMs;
  }

  schedule(
    orders: readonly (FaultPlan & { readonly fault: Fault })[],
    rounds: number | null = null,
  ): Schedule {
    const faults = orders.map(({ kind, atMs, options }) => ({ kind, atMs, options }));
    const context: ScheduleContext = {
      plan: planOf({ faults, rounds, target: { ...planOf().target, patroni: ['http://n1'] } }),
      faults: orders.map(({ fault }) => fault),
      access: NO_ACCESS,
      lab: null,
      clock: { nowMs: () => this.nowMs() } as RunClock,
      signal: this.ended.signal,
      interrupt: new AbortController().signal,
      ttlMs: 30_000,
      loopWaitMs: 10_000,
      leader: () => this.leader,
      leaderChanges: () => this.changes,
      servedForMs: (fromMs) =>
        this.nowMs() < this.hurtAtMs + this.outageMs
          ? 0
          : this.nowMs() - Math.max(fromMs, this.hurtAtMs + this.outageMs),
      health: async () => ({ healthy: this.nowMs() >= this.hurtAtMs + this.illMs }) as ClusterHealth,
      before: () => this.closerMs.push(this.nowMs()),
      mend: async () => [],
      setUsual: () => undefined,
      isAsUsual: () => true,
      onStanding: (standing) => {
        this.standing = standing;
      },
      tell: (kind, atMs) => this.did.push(`${kind} ${Math.round(atMs / 1000)}`),
      onRound: (round) => this.did.push(`round ${round}`),
      random: () => 0.5,
    };
    return new Schedule(context);
  }

  fault(kind: string, given: Partial<Fault> = {}): Fault {
    return {
      kind,
      summary: '',
      exercises: '',
      needs: 'exec',
      options: [],
      expects: 'service',
      check: async () => undefined,
      inject: async ({ plan, round, clock }) => {
        this.hurtAtMs = clock.nowMs();
        const failure = this.failing > 0 ? 'refused' : null;
        this.failing--;
        const candidate = plan.options['candidate'] === undefined ? '' : ` to ${plan.options['candidate']}`;
        this.did.push(`${kind}${candidate} ${this.seconds()}`);
        if (kind === 'switchover' && failure === null) {
          this.leader = plan.options['candidate'] ?? 'n2';
          this.changes++;
        }
        const undo = async () => {
          this.did.push(`undo ${kind} ${this.seconds()}`);
          return 'undone';
        };
        return { record: { ...notAsked(plan, round), askedAtMs: clock.nowMs(), failure }, undo };
      },
      ...given,
    };
  }

  at(atMs: number, fault: Fault, options: FaultPlan['options'] = {}): FaultPlan & { readonly fault: Fault } {
    return { kind: fault.kind, atMs, options, fault };
  }

  private seconds(): number {
    return Math.round(this.nowMs() / 1000);
  }
}

describe('faults at their times', () => {
  it('come when whoever looks on has looked closely for a moment', async () => {
    const world = new World();
    const asked: number[] = [];
    const kill = world.fault('kill-node');
    const fault: Fault = {
      ...kill,
      inject: (request) => {
        asked.push(world.nowMs());
        return kill.inject(request);
      },
    };
    const run = world.schedule([world.at(10_000, fault)]).run();
    await vi.advanceTimersByTimeAsync(60_000);
    await run;
    expect(asked).toEqual([10_000]);
    expect(world.closerMs).toEqual([9800]);
  });

  it('are undone when service has been back for a while, and the next one waits for a healthy cluster', async () => {
    const world = new World();
    world.outageMs = 5000;
    world.illMs = 20_000;
    const kill = world.fault('kill-node');
    const schedule = world.schedule([world.at(10_000, kill), world.at(15_000, kill)]);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(120_000);
    await run;
    expect(world.did).toEqual([
      'kill-node 10',
      'asked 10',
      'undo kill-node 18',
      'undone 18',
      'healthy 30',
      'kill-node 30',
      'asked 30',
      'undo kill-node 38',
      'undone 38',
      'healthy 50',
    ]);
    const records = await schedule.finish();
    expect(records.map(({ round, undone, healthyAtMs }) => [round, undone, healthyAtMs !== null])).toEqual([
      [1, 'undone', true],
      [2, 'undone', true],
    ]);
  });

  it('that prepare others are undone with them, the last one first', async () => {
    const world = new World();
    const schedule = world.schedule([
      world.at(1000, world.fault('cut-replication', { prepares: true })),
      world.at(2000, world.fault('kill-node')),
    ]);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(60_000);
    await run;
    expect(world.did.filter((line) => !/^(asked|undone|healthy)/.test(line))).toEqual([
      'cut-replication 1',
      'kill-node 2',
      'undo kill-node 5',
      'undo cut-replication 5',
    ]);
    expect((await schedule.finish()).map(({ round }) => round)).toEqual([1, 1]);
  });

  it('wait for another leader as long as the lease may last, and no longer', async () => {
    const world = new World();
    const schedule = world.schedule([
      world.at(0, world.fault('kill-patroni', { expects: 'another_leader' })),
    ]);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(world.did.some((line) => line.startsWith('undo'))).toBe(false);
    world.changes++;
    await vi.advanceTimersByTimeAsync(4000);
    await run;
    expect(world.did.some((line) => line.startsWith('undo kill-patroni 4'))).toBe(true);
  });

  it('are undone when the load ends, and those that had not come are told', async () => {
    const world = new World();
    world.outageMs = 100_000;
    const kill = world.fault('kill-node');
    const schedule = world.schedule([world.at(1000, kill), world.at(2000, kill)]);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(5000);
    world.ended.abort();
    await vi.advanceTimersByTimeAsync(1000);
    await run;
    const records = await schedule.finish();
    expect(records[0]?.undone).toBe('undone');
    expect(records[1]).toMatchObject({ askedAtMs: null, failure: 'The run ended before its time.' });
  });

  it('whose undo fails does not keep the others', async () => {
    const world = new World();
    const broken = world.fault('pause', {
      prepares: true,
      inject: async ({ plan, clock }) => ({
        record: { ...notAsked(plan), askedAtMs: clock.nowMs() },
        undo: () => Promise.reject(new Error('no member answers')),
      }),
    });
    const schedule = world.schedule([
      world.at(0, world.fault('config', { prepares: true })),
      world.at(0, broken),
      world.at(0, world.fault('kill-node')),
    ]);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(60_000);
    await run;
    const records = await schedule.finish();
    expect(records.map(({ undone, undoFailure }) => undone ?? undoFailure)).toEqual([
      'undone',
      'no member answers',
      'undone',
    ]);
  });
});

describe('rounds', () => {
  it('come when the load is steady, and a switchover goes back where it came from', async () => {
    const world = new World();
    const fault = world.fault('switchover', { expects: 'another_leader' });
    const schedule = world.schedule([world.at(10_000, fault)], 3);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(200_000);
    await run;
    expect(world.did.filter((line) => line.startsWith('switchover'))).toEqual([
      'switchover 10',
      // Settled after 3 s, steady after 5 more, and half of Patroni's loop.
      'switchover to n1 23',
      'switchover to n2 37',
    ]);
    expect((await schedule.finish()).map(({ disturbance }) => disturbance)).toEqual([null, null, null]);
  });

  it('that were disturbed or refused are repeated, but not for ever', async () => {
    const world = new World();
    world.failing = 1;
    const schedule = world.schedule([world.at(1000, world.fault('kill-postgres'))], 2);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(200_000);
    await run;
    expect((await schedule.finish()).map(({ failure }) => failure)).toEqual(['refused', null, null]);

    const hopeless = new World();
    hopeless.failing = 100;
    const second = hopeless.schedule([hopeless.at(1000, hopeless.fault('kill-postgres'))], 2);
    const again = second.run();
    await vi.advanceTimersByTimeAsync(400_000);
    await again;
    expect(await second.finish()).toHaveLength(4);
  });

  it('in which the leader changed twice say nothing', async () => {
    const world = new World();
    const twice = world.fault('kill-node', {
      inject: async ({ plan, round, clock }) => {
        world.changes += round === 1 ? 2 : 1;
        return { record: { ...notAsked(plan, round), askedAtMs: clock.nowMs() }, undo: null };
      },
    });
    const schedule = world.schedule([world.at(1000, twice)], 1);
    const run = schedule.run();
    await vi.advanceTimersByTimeAsync(200_000);
    await run;
    expect((await schedule.finish()).map(({ disturbance }) => disturbance)).toEqual([
      'the leader changed 2 times',
      null,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { ScriptFrame } from '../load/frame.js';
import type { Plan, Stage } from '../plan/plan.js';
import type { Phases } from '../result/result.js';
import { every, recordingOf, recordingOfRates } from './made.fixture.js';
import { endOfLoad } from './outage.js';
import { baselineOf, phasesOf } from './phases.js';
import { plannedIn } from './planned.js';
import { planOf, sampleOf } from './sample.fixture.js';
import { randomOf } from './simulation.fixture.js';

const FAULT_MS = 20_000;

interface Given {
  /** Acknowledgements in each bucket of 100 ms, by script. */
  readonly rates?: readonly (readonly number[])[];
  /** Or their instants. */
  readonly acksMs?: readonly (readonly number[])[];
  readonly plan?: Plan;
  readonly faultMs?: number;
  readonly outageEndMs?: number | null;
}

function phases(given: Given): Phases | string {
  const { rates, acksMs = [], plan = planOf(), faultMs = FAULT_MS, outageEndMs = null } = given;
  const recording = rates === undefined ? recordingOf({ plan, acksMs }) : recordingOfRates(plan, rates);
  const baseline = baselineOf(recording, { fromMs: 0, toMs: faultMs }, true);
  if ('missing' in baseline) {
    return baseline.missing;
  }
  return phasesOf(recording, baseline.figure, { fromMs: faultMs, toMs: endOfLoad(recording) }, outageEndMs);
}

/** From and to of each phase in s. */
function edges(given: Given): Record<string, [number, number] | null> | string {
  const cut = phases(given);
  if (typeof cut === 'string') {
    return cut;
  }
  return Object.fromEntries(
    Object.entries(cut).map(([name, facts]) => [name, facts && [facts.fromMs / 1000, facts.toMs / 1000]]),
  );
}

/** Rates for 40 s: `rateOf` the instant in s. */
function load(rateOf: (second: number) => number, seconds = 40): number[] {
  return Array.from({ length: seconds * 10 }, (_, bucket) => rateOf(bucket / 10));
}

const within = (second: number, from: number, to: number) => second >= from && second < to;

describe('phases of a steady load', () => {
  it('leave one second of ramp-up, end when the load is back, and join without a hole', () => {
    const rates = load((s) => (within(s, 20.3, 25.5) ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: 25_500 })).toEqual({
      before: [1, 20],
      during: [20, 25.5],
      after: [25.5, 40],
    });
  });

  it('count what their buckets hold', () => {
    const rates = load((s) => (within(s, 20.3, 25.5) ? 0 : 100));
    const cut = phases({ rates: [rates], outageEndMs: 25_500 }) as Phases;
    expect(cut.before).toMatchObject({ tps: 1000, outcomes: { ack: 19_000 } });
    expect(cut.during).toMatchObject({ outcomes: { ack: 300 } });
    expect(cut.during?.tps).toBeCloseTo(300 / 5.5, 6);
    expect(cut.after).toMatchObject({ tps: 1000, outcomes: { ack: 14_500 }, response: { count: 14_500 } });
  });

  it('leave out all of a slow ramp-up', () => {
    const rates = load((s) => (s < 6 ? Math.round(s * 15) : 100));
    const cut = edges({ rates: [rates] }) as Record<string, [number, number]>;
    // A second at 90 % of 100 lies between 5.5 and 6.5.
    expect(cut['before']?.[0]).toBeGreaterThanOrEqual(6);
    expect(cut['before']?.[0]).toBeLessThanOrEqual(7);
  });

  it('put the bucket that the fault falls into to what it disturbed', () => {
    const rates = load((s) => (within(s, 20.3, 25.5) ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: 25_500, faultMs: 20_013 })).toEqual({
      before: [1, 20],
      during: [20, 25.5],
      after: [25.5, 40],
    });
  });

  it('know no after when the load never returns', () => {
    const rates = load((s) => (s >= 20.3 ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: Infinity })).toEqual({
      before: [1, 20],
      during: [20, 40],
      after: null,
    });
  });

  it('know no after when the load stays at 80 %', () => {
    const rates = load((s) => [100, 0, 80][Number(s >= 20.3) + Number(s >= 24)] ?? 0);
    expect(edges({ rates: [rates], outageEndMs: 24_000 })).toMatchObject({ after: null });
  });

  it('know no after when the run ends before 3 s of it', () => {
    const rates = load((s) => (within(s, 20.3, 37.5) ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: 37_500 })).toMatchObject({ after: null });
    const longer = load((s) => (within(s, 20.3, 36.5) ? 0 : 100));
    expect(edges({ rates: [longer], outageEndMs: 36_500 })).toMatchObject({ after: [36.5, 40] });
  });

  it('have no during when nothing was disturbed', () => {
    expect(edges({ rates: [load(() => 100)] })).toEqual({
      before: [1, 20],
      during: null,
      after: [20, 40],
    });
  });

  it('find a disturbance without an outage, some time after the fault', () => {
    const rates = load((s) => (within(s, 24, 28) ? 30 : 100));
    expect(edges({ rates: [rates] })).toEqual({
      before: [1, 20],
      during: [20, 28],
      after: [28, 40],
    });
  });
});

describe('a load that dips twice', () => {
  it('is back behind the second dip when less than 3 s lie between', () => {
    const rates = load((s) => (within(s, 20.3, 25.5) || within(s, 27, 28) ? 0 : 100));
    const cut = edges({ rates: [rates], outageEndMs: 25_500 }) as Record<string, [number, number]>;
    // The 3 s forgive a tenth of themselves.
    expect(cut['during']?.[1]).toBeGreaterThanOrEqual(27.7);
    expect(cut['during']?.[1]).toBeLessThanOrEqual(28);
  });

  it('is back behind the longest outage, though it was well before it', () => {
    const rates = load((s) => (within(s, 20.3, 21) || within(s, 27, 31) ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: 31_000 })).toMatchObject({ during: [20, 31] });
  });

  it('is back between the two when the second came later and was shorter', () => {
    const rates = load((s) => (within(s, 20.3, 25.5) || within(s, 33, 34) ? 0 : 100));
    expect(edges({ rates: [rates], outageEndMs: 25_500 })).toMatchObject({ during: [20, 25.5] });
  });
});

describe('a stall', () => {
  it('of half a second does not pass for steady, whatever burst follows', () => {
    const rates = load((s) => {
      if (within(s, 20.3, 25.5) || within(s, 26.2, 26.7)) {
        return 0;
      }
      return within(s, 26.7, 27.2) ? 200 : 100;
    });
    const cut = edges({ rates: [rates], outageEndMs: 25_500 }) as Record<string, [number, number]>;
    expect(cut['during']?.[1]).toBeGreaterThan(26.3);
  });
});

/** When each of 100 noisy loads was back, in s, the earliest first. */
function returns(noise: number, rateOf: (second: number) => number): number[] {
  return Array.from({ length: 100 }, (_, seed) => {
    const random = randomOf(seed);
    const noisy = load((s) => Math.round(rateOf(s) * (1 + noise * (2 * random() - 1))));
    const cut = phases({ rates: [noisy], outageEndMs: 25_500 }) as Phases;
    return (cut.during?.toMs ?? 0) / 1000;
  }).sort((a, b) => a - b);
}

describe('a noisy but healthy load', () => {
  const healthy = (s: number) => (within(s, 20.3, 25.5) ? 0 : 100);

  it.each([
    [0.1, 25.5, 25.5],
    [0.3, 25.5, 26.5],
    [0.6, 25.7, 29.5],
  ])('that jumps by ± %d of itself from bucket to bucket is soon back', (noise, median, worst) => {
    const back = returns(noise, healthy);
    expect(back[0]).toBe(25.5);
    expect(back[50]).toBeLessThanOrEqual(median);
    expect(back[99]).toBeLessThanOrEqual(worst);
  });

  it.each([
    [0.1, 31.3],
    [0.3, 30.5],
    [0.6, 29.5],
  ])('that jumps by ± %d of itself is not back while it is at 70 percent', (noise, earliest) => {
    const slower = (s: number) => (s >= 25.5 && s < 32 ? 70 : healthy(s));
    expect(returns(noise, slower)[0]).toBeGreaterThan(earliest);
  });

  it('is not taken for disturbed when nothing happened to it', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = randomOf(seed);
      const rates = load(() => Math.round(100 * (0.6 + 0.8 * random())));
      expect(edges({ rates: [rates] })).toMatchObject({ during: null });
    }
  });

  it('with a short stall of its own before is not asked to be smoother afterwards', () => {
    const own = (s: number) => (within(s, 10, 10.2) || within(s, 26, 26.2) ? 0 : 100);
    const rates = load((s) => (within(s, 20.3, 25.5) ? 0 : own(s)));
    expect(edges({ rates: [rates], outageEndMs: 25_500 })).toMatchObject({ during: [20, 25.5] });
    const smooth = load((s) => (within(s, 20.3, 25.5) || within(s, 26, 26.2) ? 0 : 100));
    expect(edges({ rates: [smooth], outageEndMs: 25_500 })).toMatchObject({ during: [20, 26.2] });
  });

  it('with a long stall of its own before is still not back while it stutters', () => {
    const stutter = (s: number) => (Math.round(s * 10) % 10 < 4 ? 0 : 170);
    const rates = load((s) => {
      const before = within(s, 10, 11.5) ? 0 : 100;
      return s < 20 ? before : stutter(s);
    });
    expect(edges({ rates: [rates], outageEndMs: 25_500 })).toMatchObject({ after: null });
  });
});

describe('a slow load', () => {
  it('of 2 per second is judged in longer windows', () => {
    const acks = [...every(500, 120, 20_300), ...every(500, 25_560, 40_000)];
    const cut = phases({ acksMs: [acks], outageEndMs: 25_560 }) as Phases;
    expect(cut.before?.fromMs).toBeGreaterThanOrEqual(2500);
    expect(cut.before?.fromMs).toBeLessThanOrEqual(3500);
    expect(cut.during?.toMs).toBe(25_500);
    expect(cut.after?.tps).toBeCloseTo(2, 1);
  });

  it('of 2 per second that stalls for 2 s is not back', () => {
    const acks = [...every(500, 120, 20_300), ...every(500, 25_560, 27_000), ...every(500, 29_060, 40_000)];
    const cut = phases({ acksMs: [acks], outageEndMs: 25_560 }) as Phases;
    expect(cut.during?.toMs).toBeGreaterThan(26_500);
  });

  it('of too few transactions to tell is left alone', () => {
    expect(edges({ acksMs: [every(9000, 100, 40_000)] })).toBe(
      'the load was not steady for long enough before it',
    );
  });
});

describe('a fault at the beginning', () => {
  it.each([0, 300, 1500])('at %d ms leaves nothing to compare with', (faultMs) => {
    const rates = load((s) => (within(s, faultMs / 1000 + 0.3, 6) ? 0 : 100));
    expect(edges({ rates: [rates], faultMs, outageEndMs: 6000 })).toMatch(
      /^(the load was not steady for long enough|nothing was acknowledged) before it$/,
    );
  });

  it('at 3 s has two steady seconds before it', () => {
    const rates = load((s) => (within(s, 3.3, 6) ? 0 : 100));
    expect(edges({ rates: [rates], faultMs: 3000, outageEndMs: 6000 })).toEqual({
      before: [1, 3],
      during: [3, 6],
      after: [6, 40],
    });
  });
});

describe('a load whose commits are acknowledged by one node only', () => {
  it('is a load: its clients go on', () => {
    const recording = recordingOfRates(planOf(), [load((s) => (within(s, 20.3, 25.5) ? 0 : 100))]);
    const unreplicated = (frame: ScriptFrame): ScriptFrame => {
      const [acks = 0] = frame.outcomes;
      return { ...frame, outcomes: [0, acks, 0, 0, 0, 0] };
    };
    const buckets = recording.buckets.map((bucket) => ({
      ...bucket,
      scripts: bucket.scripts.map(unreplicated),
    }));
    const baseline = baselineOf({ ...recording, buckets }, { fromMs: 0, toMs: FAULT_MS }, true);
    expect(baseline).toHaveProperty('figure');
  });
});

describe('a load whose rate changes by plan', () => {
  const stage = (seconds: number, fromTps: number, toTps = fromTps): Stage => ({
    durationMs: seconds * 1000,
    fromTps,
    toTps,
  });
  const paced = (...stages: Stage[]): Plan => planOf({ pace: { kind: 'open', stages } });
  const down = paced(stage(23, 1000), stage(17, 100));
  /** Of `plan`, in each bucket, times what is left of it. */
  const served = ({ pace }: Plan, shareOf: (second: number) => number): number[] =>
    load((s) => Math.round(plannedIn(pace, s * 1000, s * 1000 + 100) * shareOf(s)));
  const away = (s: number) => (within(s, 20.3, 25.5) ? 0 : 1);

  it('is back at a tenth of the rate before, where no more is planned', () => {
    expect(edges({ plan: down, rates: [served(down, away)], outageEndMs: 25_500 })).toEqual({
      before: [1, 20],
      during: [20, 25.5],
      after: [25.5, 40],
    });
    // The same load that nobody planned to fall.
    expect(edges({ rates: [served(down, away)], outageEndMs: 25_500 })).toMatchObject({ after: null });
  });

  it('is not back at the rate before, where twice as much is planned', () => {
    const up = paced(stage(22, 500), stage(18, 1000));
    const half = (s: number) => (s >= 25.5 ? 0.5 : away(s));
    expect(edges({ plan: up, rates: [served(up, half)], outageEndMs: 25_500 })).toMatchObject({
      after: null,
    });
    expect(edges({ plan: up, rates: [served(up, away)], outageEndMs: 25_500 })).toMatchObject({
      during: [20, 25.5],
    });
  });

  it('is back on a ramp, and while what was held up is made up for', () => {
    const ramp = paced(stage(40, 100, 1900));
    const burst = (s: number) => (within(s, 25.5, 27) ? 3 : away(s));
    expect(edges({ plan: ramp, rates: [served(ramp, burst)], outageEndMs: 25_500 })).toMatchObject({
      during: [20, 25.5],
      after: [25.5, 40],
    });
  });

  it('is compared with what it did of the plan before, not with all of the plan', () => {
    const most = (s: number) => 0.7 * away(s);
    expect(edges({ plan: down, rates: [served(down, most)], outageEndMs: 25_500 })).toMatchObject({
      during: [20, 25.5],
    });
  });

  it('is not taken for disturbed by the plan, nor by chance at a low rate', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = randomOf(seed);
      const rates = load((s) => poisson(plannedIn(down.pace, s * 1000, s * 1000 + 100), random));
      expect(edges({ plan: down, rates: [rates] }), `seed ${seed}`).toMatchObject({ during: null });
    }
  });

  it('is soon back at a low rate, whatever chance does, and not before', () => {
    const back = Array.from({ length: 100 }, (_, seed) => {
      const random = randomOf(seed);
      const rates = load((s) => poisson(away(s) * plannedIn(down.pace, s * 1000, s * 1000 + 100), random));
      return (
        ((phases({ plan: down, rates: [rates], outageEndMs: 25_500 }) as Phases).during?.toMs ?? 0) / 1000
      );
    }).sort((a, b) => a - b);
    expect(back[0]).toBe(25.5);
    expect(back[50]).toBe(25.5);
    expect(back[90]).toBeLessThanOrEqual(26);
    expect(back[99]).toBeLessThanOrEqual(28);
  });

  it('of a real shape is cut as it was made up', () => {
    const { result } = sampleOf('stages');
    const [round] = result.analysis.rounds;
    expect(round?.phases.during?.toMs).toBeGreaterThanOrEqual(30_400);
    expect(round?.phases.during?.toMs).toBeLessThanOrEqual(30_800);
    expect(round?.phases.after?.toMs).toBe(60_000);
  });
});

/** How many came in a bucket in which `mean` were planned. */
function poisson(mean: number, random: () => number): number {
  let count = 0;
  let left = mean + Math.log(1 - random());
  while (left > 0) {
    count++;
    left += Math.log(1 - random());
  }
  return count;
}

describe('writes and reads', () => {
  const plan = planOf({
    scripts: [
      { name: 'tpcb', weight: 1, route: 'rw', writes: true },
      { name: 'select-only', weight: 9, route: 'ro', writes: false },
    ],
  });

  it('must both be back, though reads are most of the load', () => {
    const writes = load((s) => (within(s, 20.3, 25.5) ? 0 : 10));
    const reads = load(() => 190);
    expect(edges({ plan, rates: [writes, reads], outageEndMs: 25_500 })).toMatchObject({
      during: [20, 25.5],
    });
    const never = load((s) => (s >= 20.3 ? 0 : 10));
    expect(edges({ plan, rates: [never, reads] })).toMatchObject({ after: null });
  });

  it('are judged by those that worked before', () => {
    const reads = load((s) => (within(s, 20.3, 25.5) ? 0 : 100));
    expect(edges({ plan, rates: [[], reads], outageEndMs: 25_500 })).toMatchObject({
      during: [20, 25.5],
    });
  });
});

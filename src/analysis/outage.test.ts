import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeFrame } from '../load/frame.js';
import type { Downtime } from '../result/downtime.js';
import { mergeBuckets } from './buckets.js';
import { every, type Made, recordingOf } from './made.fixture.js';
import { downtimeOf, endOfLoad, longestPause, mostPlannedInPause } from './outage.js';
import type { Recording } from './recording.js';
import { planOf, sampleOf } from './sample.fixture.js';
import { connectingStream, type Stream, streamsOf } from './streams.js';

function writesOf(recording: Recording): Stream {
  const [stream] = streamsOf(recording.plan);
  if (stream === undefined) {
    throw new Error('the plan has no scripts');
  }
  return stream;
}

/** Write downtime of a fault at 20 s, or why there is none. */
function measure(made: Made, usualPauseMs: number | null = 10, faultMs = 20_000): Downtime | string {
  const recording = recordingOf(made);
  const endMs = endOfLoad(recording);
  const window = { fromMs: faultMs, toMs: endMs };
  const measured = downtimeOf(recording, writesOf(recording), window, usualPauseMs);
  return 'figure' in measured ? measured.figure : measured.missing;
}

const STEADY = [...every(7, 0, 20_312), ...every(7, 25_565, 40_000)];
const LAST_BEFORE = STEADY.filter((atMs) => atMs < 20_312).at(-1) ?? 0;

describe('write downtime', () => {
  it('lasts from the last acknowledgement before the gap to the first one after it, to the µs', () => {
    expect(measure({ acksMs: [STEADY], failures: [{ atMs: 20_330 }, { atMs: 25_500.25 }] })).toEqual({
      route: 'rw',
      outage: true,
      fromMs: LAST_BEFORE,
      toMs: 25_565,
      durationMs: 25_565 - LAST_BEFORE,
      resolutionMs: 64.75 + 20_330 - LAST_BEFORE,
      failures: 2,
      usualPauseMs: 10,
      stallMs: 0,
    });
  });

  it('finds the longest gap wherever it lies, against the instants themselves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 2, maxLength: 60 }),
        fc.integer({ min: 0, max: 20_000_000 }),
        (stepsUs, faultUs) => {
          let atUs = 0;
          const acksUs = [0, ...stepsUs.map((step) => (atUs += step))];
          const plan = planOf({ durationMs: atUs / 1000 });
          const measured = measure(
            { plan, acksMs: [acksUs.map((us) => us / 1000)] },
            null,
            Math.min(faultUs, atUs - 1) / 1000,
          );
          const gaps = acksUs
            .slice(1)
            .map((toUs, i) => ({ toUs, fromUs: acksUs[i] as number }))
            .filter(({ toUs }) => toUs > Math.min(faultUs, atUs - 1));
          const longest = Math.max(...gaps.map(({ toUs, fromUs }) => toUs - fromUs)) / 1000;
          // A gap inside a bucket is not seen, and one of this length is no outage.
          if (longest > plan.intervalMs) {
            expect(measured).toMatchObject({ durationMs: longest });
          } else if (typeof measured !== 'string') {
            expect(measured.durationMs).toBeLessThanOrEqual(plan.intervalMs);
            expect(measured.outage).toBe(false);
          }
        },
      ),
    );
  });

  it('is not over when nothing came back until the end of the load', () => {
    const acks = every(7, 0, 21_000);
    const measured = measure({ acksMs: [acks], failures: [{ atMs: 21_010 }, { atMs: 39_900 }] });
    const nearMs = 21_010 - (acks.at(-1) as number);
    expect(measured).toMatchObject({ outage: true, toMs: null, resolutionMs: nearMs + 100 });
    expect((measured as Downtime).durationMs).toBe(40_000 - (acks.at(-1) as number));
  });

  it('ends with the load, not with a transaction that hung on after it', () => {
    const acks = every(7, 0, 40_000);
    const measured = measure({
      acksMs: [acks],
      failures: [{ atMs: 49_000, code: 'statement_timeout' }],
    });
    expect(measured).toMatchObject({ outage: false });
  });

  it('ignores a longer gap that was over before the fault', () => {
    const acks = [...every(7, 0, 5000), ...every(7, 14_000, 20_500), ...every(7, 22_000, 40_000)];
    expect(measure({ acksMs: [acks], failures: [{ atMs: 21_000 }] })).toMatchObject({
      durationMs: 22_000 - (acks.filter((ms) => ms < 20_500).at(-1) as number),
    });
  });

  it('includes a gap that had begun when the fault came', () => {
    const acks = [...every(7, 0, 19_000), ...every(7, 24_000, 40_000)];
    expect(measure({ acksMs: [acks], failures: [{ atMs: 23_000 }] })).toMatchObject({ toMs: 24_000 });
  });

  it('is unknown without an acknowledgement before the fault', () => {
    expect(measure({ acksMs: [every(7, 24_000, 40_000)] })).toBe('no write was acknowledged before it');
    expect(measure({ acksMs: [[]] })).toBe('no write was acknowledged before it');
  });

  it('does not count reads on the same port, which a node in recovery answers', () => {
    const plan = planOf({
      scripts: [
        { name: 'tpcb', weight: 1, route: 'rw', writes: true },
        { name: 'look', weight: 9, route: 'rw', writes: false },
      ],
    });
    const measured = measure({
      plan,
      acksMs: [STEADY, every(3, 0, 40_000)],
      failures: [{ atMs: 25_500, code: '25006' }],
    });
    expect(measured).toMatchObject({ outage: true, fromMs: LAST_BEFORE, toMs: 25_565 });
  });
});

describe('a pause', () => {
  it('that fits into a bucket is no outage: a longer one might hide in another bucket', () => {
    const acks = [...every(1, 0, 20_150), ...every(1, 20_240, 40_000)];
    expect(measure({ acksMs: [acks], failures: [{ atMs: 20_200 }] }, 1)).toMatchObject({
      outage: false,
      durationMs: 91,
      resolutionMs: 100,
      failures: 1,
    });
  });

  it.each([
    ['no longer than twice the usual, with nothing failed', 500, [], false],
    ['longer than twice the usual', 400, [], true],
    ['longer than the usual, with failures in it', 500, [{ atMs: 20_700 }], true],
    ['as long as the usual, with failures in it', 900, [{ atMs: 20_700 }], false],
    ['longer than the usual, with a deadlock in it', 500, [{ atMs: 20_700, code: '40P01' }], false],
    ['longer than the usual, with a broken pipe in it', 500, [{ atMs: 20_700, code: 'EPIPE' }], true],
  ])('%s: outage is right', (_, usualPauseMs, failures, outage) => {
    const acks = [...every(100, 0, 20_150), ...every(100, 21_000, 40_000)];
    expect(measure({ acksMs: [acks], failures }, usualPauseMs)).toMatchObject({ durationMs: 900, outage });
  });

  it('is judged by the widest bucket that the round has', () => {
    const fine = recordingOf({ acksMs: [[...every(7, 0, 33_000), ...every(7, 34_500, 40_000)]] });
    const twenties = every(20, 0, fine.buckets.length);
    const coarse = { ...fine, buckets: twenties.map((i) => mergeBuckets(fine.buckets.slice(i, i + 20))) };
    const measured = downtimeOf(coarse, writesOf(coarse), { fromMs: 30_000, toMs: 40_000 }, 1);
    expect(measured).toMatchObject({ figure: { outage: false, resolutionMs: 2000 } });
  });
});

describe('of several gaps', () => {
  it('the longest one that is an outage counts, not a longer clean pause', () => {
    const acks = [...every(10, 0, 21_000), ...every(10, 21_700, 25_000), ...every(10, 25_900, 40_000)];
    expect(measure({ acksMs: [acks], failures: [{ atMs: 21_300 }] }, 500)).toMatchObject({
      outage: true,
      toMs: 21_700,
    });
    expect(measure({ acksMs: [acks] }, 500)).toMatchObject({ outage: false, toMs: 25_900 });
  });

  it('each is judged by the buckets at its ends, not by wide ones far away', () => {
    const fine = recordingOf({ acksMs: [[...every(7, 0, 23_000), ...every(7, 24_500, 40_000)]] });
    const far = fine.buckets.slice(300);
    const wide = every(20, 0, far.length).map((i) => mergeBuckets(far.slice(i, i + 20)));
    const mixed = { ...fine, buckets: [...fine.buckets.slice(0, 300), ...wide] };
    const measured = downtimeOf(mixed, writesOf(mixed), { fromMs: 20_000, toMs: 40_000 }, 10);
    expect(measured).toMatchObject({ figure: { outage: true, toMs: 24_500 } });
  });
});

describe('a gap without a failure of the load', () => {
  const fine = recordingOf({ acksMs: [[...every(10, 0, 21_000), ...every(10, 21_150, 40_000)]] });
  const having = (part: Partial<Recording['buckets'][number]>) => {
    const buckets = fine.buckets.map((each) => (each.startMs === 21_000 ? { ...each, ...part } : each));
    return downtimeOf({ ...fine, buckets }, writesOf(fine), { fromMs: 20_000, toMs: 40_000 }, 100);
  };
  const probe = {
    route: 'rw',
    kind: 'service',
    acks: 0,
    firstAckUs: -1,
    lastAckUs: -1,
    triedBeforeUs: -1,
    keptAcks: 0,
    firstKeptAckUs: -1,
    keptSinceUs: -1,
    lastLsn: -1,
  } as const;

  it('is an outage when a probe was refused in it, which is no failure of the load', () => {
    expect(having({})).toMatchObject({ figure: { durationMs: 160, outage: false } });
    expect(having({ probes: [{ ...probe, failures: 1 }] })).toMatchObject({
      figure: { outage: true, failures: 0 },
    });
  });

  it('is none when the generator was stalled for half of it', () => {
    const judged = (stallUs: number, failures = 0) => {
      const buckets = fine.buckets.map((each) =>
        each.startMs === 21_000 ? { ...each, stallUs, probes: [{ ...probe, failures }] } : each,
      );
      return downtimeOf({ ...fine, buckets }, writesOf(fine), { fromMs: 20_000, toMs: 40_000 }, 10);
    };
    expect(judged(79_000)).toMatchObject({ figure: { outage: true } });
    expect(judged(80_000)).toMatchObject({ figure: { outage: false } });
    expect(judged(80_000, 1)).toMatchObject({ figure: { outage: true } });
  });
});

describe('the resolution', () => {
  const gap = (failures: Made['failures']) => measure({ acksMs: [STEADY], failures: failures ?? [] });

  it('is the whole gap when nobody was refused in it', () => {
    expect(gap([])).toMatchObject({ outage: true, resolutionMs: 25_565 - LAST_BEFORE });
  });

  it('counts from when a client had asked that gave up waiting', () => {
    // The plan's connect deadline is 3 s: at 25.4 s it is known of 22.4 s only.
    expect(gap([{ atMs: 20_330 }, { atMs: 25_400, code: 'connect_timeout' }])).toMatchObject({
      resolutionMs: 25_565 - 22_400 + 20_330 - LAST_BEFORE,
    });
    expect(gap([{ atMs: 25_400, code: 'connect_timeout' }, { atMs: 24_000 }])).toMatchObject({
      // And from the start of the gap to the first of them.
      resolutionMs: 1565 + 22_400 - LAST_BEFORE,
    });
  });

  it('is never longer than the gap', () => {
    expect(gap([{ atMs: 20_400, code: 'statement_timeout' }])).toMatchObject({
      resolutionMs: 25_565 - LAST_BEFORE,
    });
  });

  it('takes the first failure of a class whose last one came after the gap', () => {
    const recording = recordingOf({ acksMs: [STEADY] });
    const buckets = recording.buckets.map((bucket) =>
      bucket.startMs === 25_500
        ? {
            ...bucket,
            errors: [
              {
                script: 0,
                route: 'rw' as const,
                outcome: 'aborted' as const,
                code: '25006',
                server: '',
                count: 9,
                firstUs: 25_510_000,
                lastUs: 25_590_000,
                message: '',
              },
            ],
          }
        : bucket,
    );
    const window = { fromMs: 20_000, toMs: 40_000 };
    expect(downtimeOf({ ...recording, buckets }, writesOf(recording), window, 10)).toMatchObject({
      // From its start to that failure nothing is known.
      figure: { resolutionMs: 25_565 - LAST_BEFORE },
    });
  });
});

describe('a load whose rate changes by plan', () => {
  const plan = planOf({
    pace: {
      kind: 'open',
      stages: [
        { durationMs: 22_000, fromTps: 100, toTps: 100 },
        { durationMs: 18_000, fromTps: 2, toTps: 2 },
      ],
    },
  });
  const fast = every(10, 0, 22_000);
  const window = { fromMs: 20_000, toMs: 40_000 };

  /** As a round measures it, with the pauses of the 20 s before. */
  function judged(made: Omit<Made, 'plan'>): Downtime | string {
    const recording = recordingOf({ plan, ...made });
    const stream = writesOf(recording);
    const before = { fromMs: 1000, toMs: 20_000 };
    const usualMs = longestPause(recording, stream, before);
    const planned = mostPlannedInPause(recording, stream, before);
    const measured = downtimeOf(recording, stream, window, usualMs, planned);
    return 'figure' in measured ? measured.figure : measured.missing;
  }

  it('pauses longer where less is planned, and that is no outage', () => {
    expect(judged({ acksMs: [[...fast, ...every(500, 22_100, 40_000)]] })).toMatchObject({
      outage: false,
      usualPauseMs: 10,
      stallMs: 0,
    });
  });

  it('is away where it pauses longer than its rate explains', () => {
    const slow = every(500, 22_100, 40_000).filter((atMs) => atMs < 25_000 || atMs > 31_000);
    expect(judged({ acksMs: [[...fast, ...slow]] })).toMatchObject({ outage: true, durationMs: 6500 });
    const early = fast.filter((atMs) => atMs < 21_000 || atMs > 21_800);
    const slower = { acksMs: [[...early, ...every(500, 22_100, 40_000)]], failures: [{ atMs: 21_500 }] };
    expect(judged(slower)).toMatchObject({ outage: true, fromMs: 20_990, durationMs: 820 });
  });

  it('has its usual pauses in ms where the rate is even', () => {
    const recording = recordingOf({ acksMs: [fast] });
    expect(mostPlannedInPause(recording, writesOf(recording), window)).toBeNull();
  });
});

describe('a load that transactions bound', () => {
  it('goes on to its end', () => {
    const plan = planOf({ durationMs: null, transactions: { count: 100, per: 'run' } });
    expect(endOfLoad(recordingOf({ plan, acksMs: [[5]], elapsedMs: 1234 }))).toBe(1234);
    const acks = every(7, 0, 21_000);
    const measured = measure({ plan, acksMs: [acks], failures: [{ atMs: 29_000 }], elapsedMs: 30_000 });
    expect(measured).toMatchObject({
      outage: true,
      toMs: null,
      durationMs: 30_000 - (acks.at(-1) as number),
    });
  });
});

describe('longestPause', () => {
  it('is the longest gap that lies in the window', () => {
    const recording = recordingOf({
      acksMs: [[...every(10, 0, 1000), ...every(10, 1500, 3000), ...every(10, 9000, 40_000)]],
    });
    const stream = writesOf(recording);
    expect(longestPause(recording, stream, { fromMs: 0, toMs: 5000 })).toBe(510);
    expect(longestPause(recording, stream, { fromMs: 1600, toMs: 2500 })).toBe(10);
    expect(longestPause(recording, stream, { fromMs: 3000, toMs: 8000 })).toBeNull();
  });

  it('is not what lasted to the end', () => {
    const recording = recordingOf({ acksMs: [every(10, 0, 30_000)] });
    expect(longestPause(recording, writesOf(recording), { fromMs: 0, toMs: 40_000 })).toBe(10);
  });
});

describe('a probe', () => {
  /** The port is away from 20.312 to 25.480 s; the clients come back late, the probe does not. */
  const { recording } = sampleOf('switchover');
  const window = { fromMs: 20_003, toMs: 40_000 };

  function withProbe(part: Partial<ProbeFrame> | null): Recording {
    return {
      ...recording,
      buckets: recording.buckets.map((bucket) => ({
        ...bucket,
        probes: part === null ? [] : bucket.probes.map((probe) => ({ ...probe, ...part })),
      })),
    };
  }

  function downtime(of: Recording): Downtime {
    const measured = downtimeOf(of, writesOf(of), window, 10);
    if ('missing' in measured) {
      throw new Error(measured.missing);
    }
    return measured.figure;
  }

  it('ends the gap when it is served, and bounds it by its own cadence', () => {
    const found = downtime(recording);
    // Its beat at 25.480 s is the first that is served, 7 ms later; the one at 25.460 s was not.
    expect(found).toMatchObject({ toMs: 25_487, resolutionMs: 27.215 });
    expect(found.durationMs - found.resolutionMs).toBeLessThan(25_480 - 20_312);
    expect(found.durationMs).toBeGreaterThan(25_480 - 20_312);
    expect(found.durationMs).toBeLessThan(downtime(withProbe(null)).durationMs);
  });

  it('of the other endpoint says nothing about writes', () => {
    expect(downtime(withProbe({ route: 'ro' }))).toEqual(downtime(withProbe(null)));
  });

  it('that was not tried within the gap leaves the resolution to the failures of the load', () => {
    const found = downtime(withProbe({ triedBeforeUs: -1 }));
    const load = downtime(withProbe(null));
    expect(found.toMs).toBe(25_487);
    const lastFailure = load.toMs === null ? 0 : load.toMs - load.resolutionMs;
    expect(found.toMs === null ? 0 : found.toMs - found.resolutionMs).toBeCloseTo(lastFailure, 3);
  });
});

describe('a probe that connects anew, seldom while all is well', () => {
  /** Faults at 20 and 40 s; it looks closely for a while from the instant just before each. */
  const calm = [5000, 10_000, 15_000];
  const first = [...every(20, 20_500, 22_500), 27_500, 32_500, 37_500];
  const failuresMs = [...every(20, 20_030, 20_490), ...every(20, 40_070, 41_000)];

  function firstRound(dense: readonly number[], toMs = 40_050): Downtime {
    const own = [...calm, ...dense];
    const triedMs = [...own, ...failuresMs].map((atMs) => atMs - 5);
    const recording = recordingOf({
      plan: planOf({ durationMs: 60_000 }),
      acksMs: [every(10, 0, 60_000)],
      probes: [{ route: 'rw', kind: 'connect', acksMs: own, failuresMs, triedMs }],
    });
    const stream = connectingStream(recording, 'rw');
    const window = { fromMs: 20_010, toMs };
    const measured = stream && downtimeOf(recording, stream, window, 5000);
    if (measured === undefined || 'missing' in measured) {
      throw new Error('it was not measured');
    }
    return measured.figure;
  }

  it('was away while it failed, not in its pause before the next fault', () => {
    const again = every(20, 41_000, 43_000);
    const found = firstRound([20_005, ...first, 40_030, ...again]);
    expect(found).toMatchObject({ outage: true, fromMs: 20_005, toMs: 20_500 });
  });

  it('and not in a pause that the next fault cut either', () => {
    const again = every(20, 41_000, 43_000);
    expect(firstRound([20_005, ...first, ...again])).toMatchObject({ outage: true, toMs: 20_500 });
    // But when it had failed before already, it was.
    const failed = firstRound([20_005, ...first, ...again], 40_250);
    expect(failed).toMatchObject({ outage: true, fromMs: 37_500, toMs: null });
  });

  it('was not away in a pause of its own, however often it had connected before', () => {
    const dense = [...every(100, 2000, 9000), 12_300, 22_300, 32_300];
    const recording = recordingOf({
      plan: planOf({ durationMs: 60_000 }),
      acksMs: [every(10, 0, 60_000)],
      probes: [{ route: 'rw', kind: 'connect', acksMs: dense }],
    });
    const stream = connectingStream(recording, 'rw') as Stream;
    const measured = downtimeOf(recording, stream, { fromMs: 20_010, toMs: 40_000 }, 100);
    expect(measured).toMatchObject({ figure: { outage: false } });
  });
});

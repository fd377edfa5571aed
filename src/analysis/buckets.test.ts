import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, IntervalCounts } from '../histogram.js';
import type { ErrorFrame, ScriptFrame } from '../load/frame.js';
import { mergeBuckets } from './buckets.js';
import type { Bucket } from './recording.js';

function bucket(startMs: number, part: Partial<Bucket> = {}): Bucket {
  return {
    startMs,
    widthMs: 100,
    scripts: [],
    errors: [],
    servers: [],
    probes: [],
    heartbeats: [],
    connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
    stallUs: 0,
    ...part,
  };
}

function script(part: Partial<ScriptFrame>): ScriptFrame {
  return {
    script: 0,
    outcomes: [1, 0, 0, 0, 0, 0],
    firstAckUs: -1,
    lastAckUs: -1,
    punctual: new Uint32Array(0),
    delayedService: new Uint32Array(0),
    delayedResponse: new Uint32Array(0),
    maxServiceUs: 0,
    maxResponseUs: 0,
    late: 0,
    retried: 0,
    retries: 0,
    lag: new Uint32Array(0),
    maxLagUs: 0,
    commands: [],
    ...part,
  };
}

function error(part: Partial<ErrorFrame>): ErrorFrame {
  return {
    script: 0,
    route: 'rw',
    outcome: 'aborted',
    code: '57P01',
    server: 'a',
    count: 1,
    firstUs: 5,
    lastUs: 5,
    message: '',
    ...part,
  };
}

function sparse(values: readonly number[]): Uint32Array {
  const counts = new IntervalCounts();
  for (const value of values) {
    counts.record(value);
  }
  return counts.take();
}

describe('mergeBuckets', () => {
  it('reaches from the start of the first to the end of the last', () => {
    expect(mergeBuckets([bucket(200), bucket(300), bucket(400, { widthMs: 1000 })])).toMatchObject({
      startMs: 200,
      widthMs: 1200,
    });
    // Two parts of the same interval.
    expect(mergeBuckets([bucket(200), bucket(200)])).toMatchObject({ startMs: 200, widthMs: 100 });
  });

  it('needs a bucket', () => {
    expect(() => mergeBuckets([])).toThrow(RangeError);
  });

  it('adds scripts up by index, with the first and last of their instants', () => {
    const [merged, other] = mergeBuckets([
      bucket(0, { scripts: [script({ outcomes: [0, 0, 1, 0, 0, 0] }), script({ script: 1 })] }),
      bucket(0, { scripts: [script({ firstAckUs: 70, lastAckUs: 90, maxServiceUs: 4, maxResponseUs: 9 })] }),
      bucket(0, { scripts: [script({ firstAckUs: 20, lastAckUs: 80, maxServiceUs: 6, maxResponseUs: 7 })] }),
      bucket(0, { scripts: [script({ outcomes: [0, 0, 2, 0, 0, 0] })] }),
    ]).scripts;
    expect(merged).toMatchObject({
      script: 0,
      outcomes: [2, 0, 3, 0, 0, 0],
      firstAckUs: 20,
      lastAckUs: 90,
      maxServiceUs: 6,
      maxResponseUs: 9,
    });
    expect(other).toMatchObject({ script: 1, firstAckUs: -1, lastAckUs: -1 });
  });

  it('adds histograms up without loss', () => {
    const values = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (parts) => {
        const merged = mergeBuckets(
          parts.map((part) => bucket(0, { scripts: [script({ punctual: sparse(part) })] })),
        );
        const found = merged.scripts[0]?.punctual ?? new Uint32Array(0);
        const counts = new Map<number, number>();
        for (let i = 0; i < found.length; i += 2) {
          expect(counts.has(found[i] as number)).toBe(false);
          counts.set(found[i] as number, found[i + 1] as number);
        }
        const expected = new Map<number, number>();
        for (const value of parts.flat()) {
          expected.set(bucketOf(value), (expected.get(bucketOf(value)) ?? 0) + 1);
        }
        expect(counts).toEqual(expected);
      }),
    );
  });

  it('adds up what was late and tried again, the lag and the figures of each command, in any order', () => {
    const part = fc.record({
      late: fc.nat(9),
      retried: fc.nat(9),
      retries: fc.nat(9),
      lags: fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 20 }),
      // Empty where a worker ran nothing of the script.
      commands: fc.oneof(fc.constant([]), fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 })),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.boolean(), (parts, paired) => {
        const frames = parts.map(({ lags, ...rest }) =>
          bucket(0, {
            scripts: [script({ ...rest, lag: sparse(lags), maxLagUs: Math.max(0, ...lags) })],
          }),
        );
        const ordered = paired && frames.length > 1 ? [...frames.slice(1), frames[0] as Bucket] : frames;
        const [first, ...others] = ordered as [Bucket, ...Bucket[]];
        const merged = paired
          ? others.reduce((sum, each) => mergeBuckets([sum, each]), first)
          : mergeBuckets(ordered);
        const total = (read: (each: (typeof parts)[number]) => number) =>
          parts.reduce((sum, each) => sum + read(each), 0);
        const measured = parts.filter(({ commands }) => commands.length > 0);
        expect(merged.scripts[0]).toMatchObject({
          late: total(({ late }) => late),
          retried: total(({ retried }) => retried),
          retries: total(({ retries }) => retries),
          maxLagUs: Math.max(0, ...parts.flatMap(({ lags }) => lags)),
          commands:
            measured.length === 0
              ? []
              : [0, 1, 2, 3, 4, 5].map((i) => total(({ commands }) => commands[i] ?? 0)),
        });
        const lag = merged.scripts[0]?.lag ?? [];
        const counted = Array.from(lag).filter((_, index) => index % 2 === 1);
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(total(({ lags }) => lags.length));
      }),
    );
  });

  it('keeps the message of the first failure in time, whichever part came first', () => {
    const early = error({ firstUs: 10, lastUs: 20, count: 2, message: 'first' });
    const late = error({ firstUs: 15, lastUs: 90, count: 3, message: 'later' });
    for (const errors of [
      [early, late],
      [late, early],
    ]) {
      expect(mergeBuckets(errors.map((each) => bucket(0, { errors: [each] }))).errors).toEqual([
        { ...early, count: 5, lastUs: 90 },
      ]);
    }
  });

  it('keeps failures apart that differ in anything but count, time and message', () => {
    const errors = [
      error({}),
      error({ script: 1 }),
      error({ route: 'ro' }),
      error({ outcome: 'in_doubt' }),
      error({ code: '57P03' }),
      error({ server: 'b' }),
    ];
    expect(
      mergeBuckets([bucket(0, { errors }), bucket(0, { errors })]).errors.map(({ count }) => count),
    ).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('takes what the probe tried before from the part that was served first', () => {
    const probe = {
      route: 'rw',
      kind: 'service',
      acks: 1,
      failures: 2,
      lastAckUs: 99,
      keptAcks: 1,
      firstKeptAckUs: -1,
      keptSinceUs: -1,
      lastLsn: -1,
    } as const;
    const none = { ...probe, acks: 0, firstAckUs: -1, lastAckUs: -1, triedBeforeUs: -1 };
    const merged = mergeBuckets([
      bucket(0, {
        probes: [{ ...probe, firstAckUs: 60, triedBeforeUs: 40, firstKeptAckUs: 60, keptSinceUs: 7 }],
      }),
      bucket(0, { probes: [none] }),
      bucket(0, {
        probes: [{ ...probe, firstAckUs: 50, triedBeforeUs: 30, firstKeptAckUs: 55, keptSinceUs: 9 }],
      }),
    ]);
    expect(merged.probes).toEqual([
      {
        ...probe,
        acks: 2,
        failures: 6,
        firstAckUs: 50,
        triedBeforeUs: 30,
        keptAcks: 3,
        firstKeptAckUs: 55,
        keptSinceUs: 9,
      },
    ]);
  });

  it('adds connections and takes the longest stall', () => {
    const connects = { attempts: 3, successes: 2, latency: Uint32Array.of(7, 2) };
    expect(
      mergeBuckets([bucket(0, { connects, stallUs: 5 }), bucket(0, { connects, stallUs: 900 })]),
    ).toMatchObject({
      connects: { attempts: 6, successes: 4, latency: Uint32Array.of(7, 4) },
      stallUs: 900,
    });
  });
});

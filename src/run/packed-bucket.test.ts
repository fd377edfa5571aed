import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../analysis/recording.js';
import { BUCKETS, type SparseHistogram } from '../histogram.js';
import { OUTCOMES } from '../postgres/outcome.js';
import { pack, unpack } from './packed-bucket.js';

const histograms = fc
  .dictionary(fc.nat(BUCKETS - 1).map(String), fc.integer({ min: 1, max: 2 ** 32 - 1 }), { maxKeys: 40 })
  .chain((counts) => fc.shuffledSubarray(Object.entries(counts), { minLength: Object.keys(counts).length }))
  .map(
    (pairs): SparseHistogram => Uint32Array.from(pairs.flatMap(([index, count]) => [Number(index), count])),
  );

const scripts = fc.record({
  script: fc.nat(5),
  outcomes: fc.constant(OUTCOMES.map((_, outcome) => outcome)),
  firstAckUs: fc.integer({ min: -1, max: 2 ** 40 }),
  lastAckUs: fc.constant(7),
  punctual: histograms,
  delayedService: histograms,
  delayedResponse: histograms,
  maxServiceUs: fc.nat(),
  maxResponseUs: fc.nat(),
  late: fc.nat(),
  retried: fc.nat(),
  retries: fc.nat(),
  lag: histograms,
  maxLagUs: fc.nat(),
  commands: fc.array(fc.nat()),
});

const heartbeats = fc.record({
  route: fc.constantFrom('rw' as const, 'ro' as const),
  reads: fc.nat(),
  stale: fc.nat(),
  nonMonotonic: fc.nat(),
  ageUs: histograms,
  maxAgeUs: fc.nat(),
});

const buckets: fc.Arbitrary<Bucket> = fc.record({
  startMs: fc.nat(),
  widthMs: fc.nat(),
  scripts: fc.array(scripts, { maxLength: 3 }),
  errors: fc.constant([]),
  servers: fc.constant([]),
  probes: fc.constant([]),
  heartbeats: fc.array(heartbeats, { maxLength: 2 }),
  connects: fc.record({ attempts: fc.nat(), successes: fc.nat(), latency: histograms }),
  stallUs: fc.nat(),
});

/** Each histogram in order of its indices. */
function inOrder(value: unknown): unknown {
  if (value instanceof Uint32Array) {
    const pairs = Array.from({ length: value.length / 2 }, (_, i) => [
      value[2 * i] ?? 0,
      value[2 * i + 1] ?? 0,
    ]);
    return pairs.sort(([one = 0], [other = 0]) => one - other);
  }
  if (Array.isArray(value)) {
    return value.map(inOrder);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inOrder(each)]));
  }
  return value;
}

describe('a packed bucket', () => {
  it('is what it was, histogram by histogram', () => {
    fc.assert(
      fc.property(buckets, (bucket) => {
        expect(inOrder(unpack(pack(bucket)))).toEqual(inOrder(bucket));
      }),
    );
  });

  it('of an interval of 2,000 transactions takes less than a third', () => {
    const [bucket] = fc.sample(buckets, { numRuns: 1, seed: 1 });
    const counts = Uint32Array.from({ length: 1000 }, (_, i) =>
      i % 2 === 0 ? (i * 7919) % 4000 : 1 + (i % 3),
    );
    const packed = pack({
      ...(bucket as Bucket),
      scripts: [],
      heartbeats: [],
      connects: { attempts: 1, successes: 1, latency: counts },
    });
    expect(packed.length).toBeLessThan(counts.byteLength / 3);
  });

  it('says so when its bytes are cut', () => {
    const packed = pack({
      ...(fc.sample(buckets, { numRuns: 1, seed: 1 })[0] as Bucket),
      connects: { attempts: 1, successes: 1, latency: Uint32Array.of(3, 4) },
    });
    expect(() => unpack(packed.subarray(0, -1))).toThrow(RangeError);
  });
});

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyBucket } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import { NO_COUNTS } from '../histogram.js';
import { BucketStore } from './bucket-store.js';

/** @param size how many pairs its histogram has, of 6 bytes each */
function bucket(startMs: number, size = 1): Bucket {
  const latency = Uint32Array.from({ length: 2 * size }, (_, i) => (i % 2 === 0 ? i / 2 : 2 ** 32 - 1 - i));
  return { ...emptyBucket(startMs, 1), connects: { attempts: 0, successes: 0, latency } };
}

function served(script: number, firstAckUs: number): Bucket['scripts'][number] {
  return {
    script,
    outcomes: [],
    firstAckUs,
    lastAckUs: firstAckUs,
    punctual: NO_COUNTS,
    delayedService: NO_COUNTS,
    delayedResponse: NO_COUNTS,
    maxServiceUs: 0,
    maxResponseUs: 0,
    late: 0,
    retried: 0,
    retries: 0,
    lag: NO_COUNTS,
    maxLagUs: 0,
    commands: [],
  };
}

const ERROR = {
  script: 0,
  route: 'rw',
  outcome: 'aborted',
  code: '40001',
  server: '',
  count: 1,
  firstUs: 0,
  lastUs: 0,
  message: 'deadlock “entdeckt”',
} as const;

describe('BucketStore', () => {
  it('reads what an array would hold, whatever was pushed and replaced, where chunks come and go', () => {
    const steps = fc.record({
      size: fc.nat(20_000),
      index: fc.nat(6),
      count: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(steps, { minLength: 40, maxLength: 80 }), (all) => {
        const store = new BucketStore(1000);
        const expected: Bucket[] = [];
        for (const [startMs, { size, index, count }] of all.entries()) {
          const one = bucket(startMs, size);
          if (count === 0 || index + count > expected.length) {
            store.push(one);
            expected.push(one);
          } else {
            store.replace(index, count, one);
            expected.splice(index, count, one);
          }
        }
        expect(store.length).toBe(expected.length);
        // Large arrays: an assertion on them takes seconds.
        expect(isDeepStrictEqual(store.read(0), expected)).toBe(true);
        expect(isDeepStrictEqual(store.read(2, 4), expected.slice(2, 4))).toBe(true);
        expect(store.at(1)?.startMs).toBe(expected[1]?.startMs);
      }),
      { numRuns: 20 },
    );
  });

  it('takes no more memory, however often something is replaced', () => {
    const store = new BucketStore(3_000_000);
    const { memoryBytes } = store;
    const kept = [0, 1, 2, 3, 4, 5].map((startMs) => bucket(startMs, 10_000));
    for (const each of kept) {
      store.push(each);
    }
    // One after the other and then one again and again, so that what is left lies far apart.
    for (let turn = 0; turn < 900; turn++) {
      const index = turn % 3 === 0 ? (turn / 3) % 6 : 5;
      const one = bucket(10 + turn, 10_000);
      store.replace(index, 1, one);
      kept[index] = one;
    }
    expect(store.memoryBytes).toBe(memoryBytes);
    expect(memoryBytes).toBeLessThan(4_000_000);
    expect(isDeepStrictEqual(store.read(0), kept)).toBe(true);
  });

  it('needs one chunk to empty another into', () => {
    const store = new BucketStore(1000);
    // 60 KB each: a chunk has room for 17, so that less than half of it is left when the ninth was replaced to its end.
    const kept = Array.from({ length: 9 }, (_, startMs) => bucket(startMs, 10_000));
    for (const each of kept) {
      store.push(each);
    }
    for (let startMs = 9; startMs < 200; startMs++) {
      store.replace(8, 1, bucket(startMs, 10_000));
    }
    expect(store.memoryBytes).toBe(2 * 2 ** 20);
    expect(isDeepStrictEqual(store.read(0, 8), kept.slice(0, 8))).toBe(true);
  });

  it('empties a chunk of which little is left when the next one begins', () => {
    const store = new BucketStore(1000);
    // The seventeenth fills the chunk, and of all of them one is left.
    for (let index = 0; index < 8; index++) {
      store.push(bucket(index, 10_000));
      for (let turn = 0; turn < 16; turn++) {
        store.replace(index, 1, bucket(index, 10_000));
      }
    }
    expect(store.memoryBytes).toBe(2 * 2 ** 20);
    expect(store.read(0).map(({ startMs }) => startMs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('holds what is larger than others are', () => {
    const store = new BucketStore(3_000_000);
    const large = { ...bucket(1), errors: [{ ...ERROR, message: 'x'.repeat(1_500_000) }] };
    for (const each of [bucket(0), large, bucket(2)]) {
      store.push(each);
    }
    expect(store.read(0)).toEqual([bucket(0), large, bucket(2)]);
    store.replace(1, 2, bucket(3));
    store.push(bucket(4));
    expect(store.read(0)).toEqual([bucket(0), bucket(3), bucket(4)]);
  });

  it('tells buckets apart by who was served and what failed, not by how much', () => {
    const buckets = [
      { ...bucket(0), scripts: [served(0, 5)] },
      { ...bucket(1), scripts: [served(0, 9)], stallUs: 7 },
      { ...bucket(2), scripts: [served(0, -1)] },
      { ...bucket(3), scripts: [served(0, 5), served(1, 5)] },
      { ...bucket(4), scripts: [served(0, 5)], errors: [ERROR] },
      { ...bucket(5), scripts: [served(0, 5)], errors: [{ ...ERROR, count: 3 }] },
    ];
    const store = new BucketStore(1000);
    for (const each of buckets) {
      store.push(each);
    }
    const courses = buckets.map((_, index) => store.at(index)?.course);
    expect(courses.map((course) => courses.indexOf(course))).toEqual([0, 0, 2, 3, 4, 4]);
    expect(store.read(4, 5)).toEqual([buckets[4]]);
  });
});

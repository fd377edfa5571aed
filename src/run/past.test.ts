import { describe, expect, it } from 'vitest';
import { emptyBucket } from '../analysis/buckets.js';
import { BucketStore } from './bucket-store.js';
import { Past } from './past.js';

/** @returns where each bucket begins, after thousands that came and may take no more than `mostBytes` */
function startsOf(mostBytes: number, isKept: (startMs: number) => boolean): readonly number[] {
  const store = new BucketStore(1000);
  const past = new Past(store, mostBytes);
  for (let startMs = 0; startMs < 2000; startMs++) {
    store.push(emptyBucket(startMs, 1));
    past.take(isKept(startMs));
    past.thin();
  }
  return Array.from({ length: store.length }, (_, index) => store.at(index)?.startMs ?? Number.NaN);
}

describe('Past', () => {
  it.each([500, 501])('joins nothing with what is kept, neither before nor behind (from %i on)', (from) => {
    const starts = startsOf(20_000, (startMs) => startMs >= from && startMs < from + 33);
    expect(starts.length).toBeLessThan(500);
    const kept = Array.from({ length: 34 }, (_, i) => from + i);
    expect(starts).toEqual(expect.arrayContaining(kept));
  });

  it('does not count what is kept', () => {
    const starts = startsOf(20_000, (startMs) => startMs >= 10);
    expect(starts).toHaveLength(2000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeartbeatHistory } from './heartbeat-history.js';

/** Values 1 … n, generated at 100 µs each; those of `lost` were never acknowledged. */
function history(values: number, lost: readonly number[] = []): HeartbeatHistory {
  const made = new HeartbeatHistory();
  for (let seq = 1; seq <= values; seq++) {
    if (!lost.includes(seq)) {
      made.acknowledged(seq, 100 * seq);
    }
  }
  return made;
}

describe('the age of a value', () => {
  it('is 0 for the newest that was acknowledged, and for a newer one', () => {
    const beats = history(5);
    expect(beats.acknowledgedSeq).toBe(5);
    expect(beats.ageUs(5, 5, 10_000)).toBe(0);
    expect(beats.ageUs(6, 5, 10_000)).toBe(0);
  });

  it('is 0 when the newer one was acknowledged only after the read was sent', () => {
    expect(history(5).ageUs(4, 4, 10_000)).toBe(0);
  });

  it('counts from when the next one was generated', () => {
    expect(history(5).ageUs(2, 5, 10_000)).toBe(10_000 - 300);
  });

  it('counts from the next one that was acknowledged', () => {
    expect(history(6, [3, 4]).ageUs(2, 6, 10_000)).toBe(10_000 - 500);
  });

  it('of the row as it was made, or of none, counts from the first one', () => {
    expect(history(3).ageUs(0, 3, 10_000)).toBe(10_000 - 100);
    expect(history(3).ageUs(-1, 3, 10_000)).toBe(10_000 - 100);
    expect(history(0).ageUs(0, 0, 10_000)).toBe(0);
  });

  it('of one that is forgotten is at least that of the oldest which is not', () => {
    const beats = history(20_000);
    const ageUs = beats.ageUs(1, 20_000, 3_000_000);
    expect(ageUs).toBeGreaterThan(16_000 * 100);
    expect(ageUs).toBeLessThanOrEqual(3_000_000 - 200);
  });

  it('is that of a plain list of what was acknowledged', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(200), fc.nat(59), (gaps, seq, index) => {
        const beats = new HeartbeatHistory();
        const acknowledged: number[] = [];
        let last = 0;
        for (const gap of gaps) {
          last += gap;
          acknowledged.push(last);
          beats.acknowledged(last, last * 7);
        }
        const known = acknowledged[Math.min(index, acknowledged.length - 1)] as number;
        const newer = acknowledged.find((each) => each > seq && each <= known);
        expect(beats.ageUs(seq, known, 10_000)).toBe(newer === undefined ? 0 : 10_000 - newer * 7);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, packSteps, unpack, unpackSteps } from './packed.js';

describe('pack', () => {
  it('loses nothing', () => {
    const value = fc.oneof(
      fc.constant(0),
      fc.constant(null),
      fc.integer({ min: -5, max: 5 }),
      fc.double({ noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(value), (values) => {
        // JSON has no -0.
        const plain = values.map((each) => (each === 0 ? 0 : each));
        expect(unpack(JSON.parse(JSON.stringify(pack(plain))))).toEqual(plain.map(finite));
      }),
    );
  });

  it('folds what is the same', () => {
    expect(pack([1, 0, 0, 0, 0, 0, 2, null, null, null, null])).toEqual([1, [0, 5], 2, [null, 4]]);
  });
});

/** JSON has no infinity either. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

describe('packSteps', () => {
  it('gives back the instants, to the µs', () => {
    const ms = fc.integer({ min: 0, max: 4_000_000_000 }).map((us) => us / 1000);
    fc.assert(
      fc.property(fc.array(ms), fc.integer({ min: -20_000, max: 0 }), (instants, fromMs) => {
        const sorted = instants.toSorted((a, b) => a - b);
        const again = unpackSteps(packSteps(sorted, fromMs), fromMs);
        expect(again).toHaveLength(sorted.length);
        for (const [index, atMs] of again.entries()) {
          expect(atMs).toBeCloseTo(sorted[index] ?? Number.NaN, 3);
        }
      }),
    );
  });

  it('folds buckets of the same width to one step', () => {
    const startMs = Array.from({ length: 600 }, (_, i) => i * 100);
    expect(packSteps(startMs)).toEqual([0, [100, 599]]);
  });
});

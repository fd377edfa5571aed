import fc from 'fast-check';
import { expect, test } from 'vitest';
import { permute, uniqueIds } from './unique.js';

const UINT32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const PRIME = 4_294_967_291n;

test('the permutation is that of quadratic residues', () => {
  fc.assert(
    fc.property(UINT32, (x) => {
      const wide = BigInt(x);
      const residue = (wide * wide) % PRIME;
      const below = wide <= PRIME / 2n ? residue : PRIME - residue;
      expect(BigInt(permute(x))).toBe(wide >= PRIME ? wide : below);
    }),
    {
      numRuns: 5000,
      examples: [[0], [1], [2 ** 32 - 1], [4_294_967_291], [4_294_967_290], [2_147_483_645], [2_147_483_646]],
    },
  );
});

test('no id comes twice, within a run and across the end of the sequence', () => {
  for (const seed of [0, 1, 77]) {
    const idOf = uniqueIds(seed);
    const ids = new Set<number>();
    for (let index = 0; index < 50_000; index++) {
      ids.add(idOf(index));
      ids.add(idOf(2 ** 32 - 1 - index));
    }
    expect(ids.size).toBe(100_000);
    expect([...ids].every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 32)).toBe(true);
  }
});

test('the sequence begins anew after 2^32 ids', () => {
  const idOf = uniqueIds(4);
  expect(idOf(2 ** 32 + 5)).toBe(idOf(5));
});

test('ids are spread evenly, and another seed gives others', () => {
  const tenths = (seed: number): readonly number[] => {
    const idOf = uniqueIds(seed);
    const found = new Array<number>(10).fill(0);
    for (let index = 0; index < 20_000; index++) {
      const tenth = Math.floor((idOf(index) / 2 ** 32) * 10);
      found[tenth] = (found[tenth] ?? 0) + 1;
    }
    return found;
  };
  for (const share of tenths(1)) {
    expect(share / 20_000).toBeCloseTo(0.1, 1);
  }
  expect(tenths(1)).not.toEqual(tenths(2));
});

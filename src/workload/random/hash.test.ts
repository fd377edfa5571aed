import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fnv1a, type Hash, murmur2 } from './hash.js';
import { permute } from './permute.js';
import { Word64 } from './word64.js';

function word(value: bigint): Word64 {
  const out = new Word64();
  out.setBigInt(value);
  return out;
}

function hash(by: Hash, value: bigint, seed: bigint): bigint {
  const out = new Word64();
  const from = word(value);
  const seeded = word(seed);
  by(out, from.hi, from.lo, seeded.hi, seeded.lo);
  return BigInt.asIntN(64, out.toBigInt());
}

function permuted(value: bigint, size: bigint, seed: bigint): bigint {
  const out = word(value);
  const sized = word(size);
  const seeded = word(seed);
  permute(out, sized.hi, sized.lo, seeded.hi, seeded.lo);
  return out.toBigInt();
}

// The golden vectors are those of PostgreSQL's own test of pgbench.
test('hash and hash_fnv1a', () => {
  expect(hash(murmur2, 10n, 5432n)).toBe(-5817877081768721676n);
  expect(hash(fnv1a, 10n, 5432n)).toBe(-7793829335365542153n);
});

test('permute of small and of huge sizes', () => {
  expect(permuted(0n, 2n, 5431n)).toBe(0n);
  expect(permuted(0n, 2n, 5433n)).toBe(1n);
  const size = 9223372036854775797n;
  expect(permuted(size - 1n, size, 5432n)).toBe(520382784483822430n);
  expect(permuted(size - 2n, size, 5432n)).toBe(1143715004660802862n);
  expect(permuted(size - 3n, size, 5432n)).toBe(447293596416496998n);
  expect(permuted(size - 4n, size, 5432n)).toBe(916527772266572956n);
});

test.each([1n, 2n, 3n, 64n, 1000n])('permute is a permutation of size %s', (size) => {
  const places = new Set<bigint>();
  for (let value = 0n; value < size; value += 1n) {
    places.add(permuted(value, size, 99n));
  }
  expect(places.size).toBe(Number(size));
  expect([...places].every((place) => place >= 0n && place < size)).toBe(true);
});

const MASK = 2n ** 64n - 1n;
/** All sizes are as likely, and so are those next to powers of two. */
const uint64 = fc
  .tuple(fc.bigInt(0n, MASK), fc.integer({ min: 0, max: 63 }), fc.boolean())
  .map(([value, shift, edge]) =>
    edge ? (2n ** BigInt(shift) + (value % 5n) - 2n) & MASK : value >> BigInt(shift),
  );

test('the arithmetic of 64-bit words is that of integers modulo 2^64', () => {
  fc.assert(
    fc.property(uint64, uint64, fc.integer({ min: 1, max: 31 }), (a, b, bits) => {
      const by = word(b);
      const after = (apply: (out: Word64) => void): bigint => {
        const out = word(a);
        apply(out);
        return out.toBigInt();
      };
      expect(after((out) => out.add(by.hi, by.lo))).toBe((a + b) & MASK);
      expect(after((out) => out.subtract(by.hi, by.lo))).toBe((a - b) & MASK);
      expect(after((out) => out.multiply(by.hi, by.lo))).toBe((a * b) & MASK);
      expect(after((out) => out.xorShiftRight(bits))).toBe(a ^ (a >> BigInt(bits)));
      expect(after((out) => out.xorShiftRight47())).toBe(a ^ (a >> 47n));
      expect(word(a).isAbove(by.hi, by.lo)).toBe(a > b);
      if (b > 0n) {
        expect(after((out) => out.modulo(by.hi, by.lo))).toBe(a % b);
      }
    }),
    { numRuns: 5000, seed: 6 },
  );
});

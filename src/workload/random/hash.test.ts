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

test.each([
  [2n ** 64n - 1n, 3n],
  [2n ** 63n + 12345n, 2n ** 37n],
  [2n ** 63n + 12345n, 2n ** 37n - 1n],
  [2n ** 63n + 12345n, 2n ** 37n + 1n],
  [2n ** 64n - 1n, 2n ** 62n + 1n],
  [2n ** 64n - 1n, 2n ** 63n + 1n],
  [5n, 5n],
  [4n, 5n],
])('%s modulo %s', (value, divisor) => {
  const out = word(value);
  const by = word(divisor);
  out.modulo(by.hi, by.lo);
  expect(out.toBigInt()).toBe(value % divisor);
});

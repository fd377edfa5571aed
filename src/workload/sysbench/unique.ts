import { RandomStream } from '../random/stream.js';

/**
 * The ids of oltp_insert without a sequence: a permutation of all 32-bit integers that looks random, so that a number
 * that is only counted up gives each id once. The seed decides where in it the run begins: two runs on the same tables
 * meet by chance only.
 *
 * @returns the id of each index ≥ 0; another one for each up to 2^32
 */
export function uniqueIds(seed: number): (index: number) => number {
  const random = RandomStream.fromSeed(BigInt(seed));
  random.next();
  const start = random.hi >>> 0;
  const shift = random.lo >>> 0;
  return (index) => {
    const first = permute((start + (index % TWO_32)) % TWO_32);
    // Squares of neighbours are near each other where they are small: the second pass begins elsewhere.
    return permute((((first + shift) % TWO_32) ^ SCATTER) >>> 0);
  };
}

const TWO_32 = 2 ** 32;
/** Greatest prime below 2^32. Of the form 4n + 3, so each x ≤ p/2 has a square of its own, and p less it is no square. */
const PRIME = 4_294_967_291;
/** 2^32 modulo the prime. */
const FOLD = 5;
/** Any bits do. */
const SCATTER = 0x3c6ef372;

/** Maps the 32-bit integers onto themselves, one to one: quadratic residues below half the prime, what is left above. */
export function permute(x: number): number {
  if (x >= PRIME) {
    return x;
  }
  const residue = squareModulo(x);
  return x <= PRIME / 2 ? residue : PRIME - residue;
}

/** x² modulo the prime, in doubles: of halves of 16 bits each part is exact. */
function squareModulo(x: number): number {
  const upper = Math.floor(x / 0x10000);
  const lower = x % 0x10000;
  const middle = (2 * 0x10000 * (upper * lower)) % PRIME;
  return (FOLD * upper * upper + middle + lower * lower) % PRIME;
}

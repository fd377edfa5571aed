import { RandomStream } from './stream.js';
import { Word64 } from './word64.js';

const ROUNDS = 6;

/**
 * pgbench's permute(): the place of `value` in a pseudorandom permutation of [0, size) that the seed names. Takes
 * the value in `out` and leaves the result there; `size` > 0, all as halves of an int64.
 *
 * Each round scrambles the lower and then the upper end of the range modulo the largest power of two within it,
 * and then turns the whole, so that every value moves.
 */
export function permute(out: Word64, sizeHi: number, sizeLo: number, seedHi: number, seedLo: number): void {
  if (sizeHi === 0 && (sizeLo === 0 || sizeLo === 1)) {
    out.set(0, 0);
    return;
  }
  stream.seed(seedHi, seedLo);
  last.set(sizeHi, sizeLo);
  last.subtract(0, 1);
  // 2^length is the largest power of two that is not above the size.
  const length = sizeHi === 0 ? 31 - Math.clz32(sizeLo) : 63 - Math.clz32(sizeHi);
  setMask(length);
  out.modulo(sizeHi, sizeLo);
  for (let round = 0; round < ROUNDS; round += 1) {
    scramble(out, length);
    mirror(out);
    scramble(out, length);
    mirror(out);
    stream.offset(last.hi, last.lo);
    out.add(stream.hi, stream.lo);
    // Both were below the size, so the sum is below 2^64 and one subtraction reduces it.
    if (out.isAbove(last.hi, last.lo)) {
      out.subtract(sizeHi, sizeLo);
    }
  }
}

const stream = new RandomStream(0, 0);
const last = new Word64();
const mask = new Word64();

function setMask(length: number): void {
  if (length >= 32) {
    mask.set(length === 32 ? 0 : -1 >>> (64 - length), -1);
  } else {
    mask.set(0, length === 0 ? 0 : -1 >>> (32 - length));
  }
}

/** Draws a multiplier and a pattern in any case: the stream must not depend on the value. */
function scramble(out: Word64, length: number): void {
  stream.next();
  const factorHi = stream.hi & mask.hi;
  const factorLo = (stream.lo & mask.lo) | 1;
  stream.next();
  if (out.isAbove(mask.hi, mask.lo)) {
    return;
  }
  out.multiply(factorHi, factorLo);
  out.xor(stream.hi, stream.lo);
  out.and(mask.hi, mask.lo);
  rotateLeft(out, length);
}

/** By one bit within the lower `length` bits. */
function rotateLeft(out: Word64, length: number): void {
  if (length === 0) {
    return;
  }
  const top = length > 32 ? (out.hi >>> (length - 33)) & 1 : (out.lo >>> (length - 1)) & 1;
  out.set((out.hi << 1) | (out.lo >>> 31), (out.lo << 1) | top);
  out.and(mask.hi, mask.lo);
}

/** value = size - 1 - value */
function mirror(out: Word64): void {
  const { hi, lo } = out;
  out.set(last.hi, last.lo);
  out.subtract(hi, lo);
}

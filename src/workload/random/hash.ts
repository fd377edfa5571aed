import type { Word64 } from './word64.js';

/** pgbench's hash functions of an int64 with a seed. Each takes halves of both and leaves the hash in `out`. */
export type Hash = (out: Word64, hi: number, lo: number, seedHi: number, seedLo: number) => void;

/** MurmurHash64A of the eight bytes of the value. */
export const murmur2: Hash = (out, hi, lo, seedHi, seedLo) => {
  out.set(hi, lo);
  out.multiply(MURMUR_HI, MURMUR_LO);
  out.xorShiftRight47();
  out.multiply(MURMUR_HI, MURMUR_LO);
  // The start value already has the length, 8, times the multiplier.
  out.xor(0x35253c9a ^ seedHi, 0xde8f4ca8 ^ seedLo);
  out.multiply(MURMUR_HI, MURMUR_LO);
  out.xorShiftRight47();
  out.multiply(MURMUR_HI, MURMUR_LO);
  out.xorShiftRight47();
};

/** FNV-1a of the eight bytes of the value, lowest first. */
export const fnv1a: Hash = (out, hi, lo, seedHi, seedLo) => {
  out.set(0xcbf29ce4 ^ seedHi, 0x84222325 ^ seedLo);
  for (let shift = 0; shift < 32; shift += 8) {
    out.xor(0, (lo >>> shift) & 0xff);
    out.multiply(FNV_HI, FNV_LO);
  }
  for (let shift = 0; shift < 32; shift += 8) {
    out.xor(0, (hi >>> shift) & 0xff);
    out.multiply(FNV_HI, FNV_LO);
  }
};

const MURMUR_HI = 0xc6a4a793;
const MURMUR_LO = 0x5bd1e995;
const FNV_HI = 0x100;
const FNV_LO = 0x1b3;

/**
 * A 64-bit accumulator in two 32-bit halves, both kept as signed 32-bit integers: these are small integers to V8,
 * so that neither the arithmetic nor the stores allocate, as BigInt would at each step. Arithmetic is modulo 2^64.
 */
export class Word64 {
  hi = 0;
  lo = 0;

  set(hi: number, lo: number): void {
    this.hi = hi | 0;
    this.lo = lo | 0;
  }

  setBigInt(value: bigint): void {
    this.hi = Number(BigInt.asIntN(32, value >> 32n));
    this.lo = Number(BigInt.asIntN(32, value));
  }

  /** The value as unsigned. */
  toBigInt(): bigint {
    return (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
  }

  xor(hi: number, lo: number): void {
    this.hi ^= hi;
    this.lo ^= lo;
  }

  and(hi: number, lo: number): void {
    this.hi &= hi;
    this.lo &= lo;
  }

  add(hi: number, lo: number): void {
    const low = (this.lo + lo) | 0;
    this.hi = (this.hi + hi + (low >>> 0 < lo >>> 0 ? 1 : 0)) | 0;
    this.lo = low;
  }

  subtract(hi: number, lo: number): void {
    const borrow = this.lo >>> 0 < lo >>> 0 ? 1 : 0;
    this.hi = (this.hi - hi - borrow) | 0;
    this.lo = (this.lo - lo) | 0;
  }

  /** Schoolbook on 16-bit digits: each partial product fits a double exactly. */
  multiply(hi: number, lo: number): void {
    const a0 = this.lo & 0xffff;
    const a1 = this.lo >>> 16;
    const b0 = lo & 0xffff;
    const b1 = lo >>> 16;
    const low = Math.imul(a0, b0);
    const cross = Math.imul(a0, b1);
    const cross2 = Math.imul(a1, b0);
    const middle = (low >>> 16) + (cross & 0xffff) + (cross2 & 0xffff);
    const carry = (cross >>> 16) + (cross2 >>> 16) + (middle >>> 16);
    const high = Math.imul(a1, b1) + carry + Math.imul(this.hi, lo) + Math.imul(this.lo, hi);
    this.lo = (middle << 16) | (low & 0xffff);
    this.hi = high | 0;
  }

  /** this ^= this >>> bits, unsigned, for 0 < bits < 32. */
  xorShiftRight(bits: number): void {
    this.lo ^= (this.lo >>> bits) | (this.hi << (32 - bits));
    this.hi ^= this.hi >>> bits;
  }

  /** this ^= this >>> 47, unsigned. */
  xorShiftRight47(): void {
    this.lo ^= this.hi >>> 15;
  }

  /** Unsigned: this > other. */
  isAbove(hi: number, lo: number): boolean {
    return this.hi === (hi | 0) ? this.lo >>> 0 > lo >>> 0 : this.hi >>> 0 > hi >>> 0;
  }

  /** The unsigned remainder of a division by the unsigned `hi`:`lo`, which is not 0. */
  modulo(hi: number, lo: number): void {
    if (!this.isAbove(hi, lo)) {
      if (this.hi === (hi | 0) && this.lo === (lo | 0)) {
        this.set(0, 0);
      }
      return;
    }
    const divisor = (hi >>> 0) * 2 ** 32 + (lo >>> 0);
    // remainder × 2^16 must stay exact.
    if (divisor <= 2 ** 37) {
      const remainder = unsignedModulo(this.hi, this.lo, divisor);
      this.set(Math.floor(remainder / 2 ** 32), remainder | 0);
      return;
    }
    this.longModulo(hi, lo);
  }

  /** Bit by bit. What is left never needs a 65th bit: above 2^63 only the last step can reach the divisor. */
  private longModulo(divisorHi: number, divisorLo: number): void {
    let hi = 0;
    let lo = 0;
    for (let bit = 63; bit >= 0; bit -= 1) {
      const next = bit >= 32 ? (this.hi >>> (bit - 32)) & 1 : (this.lo >>> bit) & 1;
      hi = (hi << 1) | (lo >>> 31);
      lo = (lo << 1) | next;
      const above = hi === (divisorHi | 0) ? lo >>> 0 >= divisorLo >>> 0 : hi >>> 0 > divisorHi >>> 0;
      if (above) {
        const borrow = lo >>> 0 < divisorLo >>> 0 ? 1 : 0;
        hi = (hi - divisorHi - borrow) | 0;
        lo = (lo - divisorLo) | 0;
      }
    }
    this.set(hi, lo);
  }
}

/** Unsigned hi:lo modulo a divisor of at most 2^37, in four steps of 16 bits that are exact in doubles. */
export function unsignedModulo(hi: number, lo: number, divisor: number): number {
  let remainder = (hi >>> 0) % divisor;
  remainder = (remainder * 0x10000 + (lo >>> 16)) % divisor;
  return (remainder * 0x10000 + (lo & 0xffff)) % divisor;
}

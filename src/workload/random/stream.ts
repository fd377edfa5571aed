import { Word64 } from './word64.js';

/**
 * pgbench's random numbers: xoroshiro128** seeded by splitmix64, and what PostgreSQL derives from its 64-bit draws
 * (pg_prng.c). One per client. A draw neither allocates nor touches BigInt; it leaves its result in `hi` and `lo`.
 */
export class RandomStream {
  /** Halves of the last draw, as signed 32-bit integers. */
  hi = 0;
  lo = 0;

  private aHi = 0;
  private aLo = 0;
  private bHi = 0;
  private bLo = 0;

  private savedAHi = 0;
  private savedALo = 0;
  private savedBHi = 0;
  private savedBLo = 0;

  /** @param seedHi @param seedLo halves of the 64-bit seed */
  constructor(seedHi: number, seedLo: number) {
    this.seed(seedHi, seedLo);
  }

  static fromSeed(seed: bigint): RandomStream {
    const word = new Word64();
    word.setBigInt(seed);
    return new RandomStream(word.hi, word.lo);
  }

  seed(seedHi: number, seedLo: number): void {
    counter.set(seedHi, seedLo);
    splitmix64();
    this.aHi = mixed.hi;
    this.aLo = mixed.lo;
    splitmix64();
    this.bHi = mixed.hi;
    this.bLo = mixed.lo;
  }

  /** Keeps the state for {@link restore}: a retried transaction draws the same values again. One state is kept, the last. */
  save(): void {
    this.savedAHi = this.aHi;
    this.savedALo = this.aLo;
    this.savedBHi = this.bHi;
    this.savedBLo = this.bLo;
  }

  restore(): void {
    this.aHi = this.savedAHi;
    this.aLo = this.savedALo;
    this.bHi = this.savedBHi;
    this.bLo = this.savedBLo;
  }

  /** Draws 64 bits into `hi` and `lo`: rotl(a × 5, 7) × 9. */
  next(): void {
    const aHi = this.aHi;
    const aLo = this.aLo;

    const five = (aLo >>> 0) * 5;
    const fiveLo = five | 0;
    const fiveHi = (Math.imul(aHi, 5) + Math.floor(five / 2 ** 32)) | 0;
    const turnedHi = (fiveHi << 7) | (fiveLo >>> 25);
    const turnedLo = (fiveLo << 7) | (fiveHi >>> 25);
    const nine = (turnedLo >>> 0) * 9;
    this.lo = nine | 0;
    this.hi = (Math.imul(turnedHi, 9) + Math.floor(nine / 2 ** 32)) | 0;

    const xHi = this.bHi ^ aHi;
    const xLo = this.bLo ^ aLo;
    this.aHi = ((aHi << 24) | (aLo >>> 8)) ^ xHi ^ ((xHi << 16) | (xLo >>> 16));
    this.aLo = ((aLo << 24) | (aHi >>> 8)) ^ xLo ^ (xLo << 16);
    // A rotation by 37 is one by 5 with the halves swapped.
    this.bHi = (xLo << 5) | (xHi >>> 27);
    this.bLo = (xHi << 5) | (xLo >>> 27);
  }

  /** An integer in [lower, upper], all of them equally likely; both are safe integers and lower ≤ upper. */
  range(lower: number, upper: number): number {
    const span = upper - lower;
    if (span <= 0xffffffff) {
      // Nothing is drawn for a single value, and the next draw depends on it.
      if (span === 0) {
        return lower;
      }
      const shift = Math.clz32(span);
      let offset: number;
      do {
        this.next();
        offset = this.hi >>> shift;
      } while (offset > span);
      return lower + offset;
    }
    return lower + this.wideOffset(span);
  }

  /** A double in [0, 1). */
  double(): number {
    this.next();
    return ((this.hi >>> 0) * 0x100000 + (this.lo >>> 12)) * 2 ** -52;
  }

  /** A double of the standard normal distribution, by Box and Muller. */
  normal(): number {
    const u1 = 1 - this.double();
    const u2 = 1 - this.double();
    return Math.sqrt(-2 * Math.log(u1)) * Math.sin(2 * Math.PI * u2);
  }

  /**
   * Draws an integer in [0, span] into `hi` and `lo`, for an unsigned span of 64 bits: takes as many of the upper
   * bits as the span has, until the value is within.
   */
  offset(spanHi: number, spanLo: number): void {
    if (spanHi === 0 && spanLo === 0) {
      this.hi = 0;
      this.lo = 0;
      return;
    }
    const shift = spanHi === 0 ? 32 + Math.clz32(spanLo) : Math.clz32(spanHi);
    do {
      this.next();
      if (shift >= 32) {
        this.lo = (this.hi >>> (shift - 32)) | 0;
        this.hi = 0;
      } else if (shift > 0) {
        this.lo = (this.lo >>> shift) | (this.hi << (32 - shift));
        this.hi = (this.hi >>> shift) | 0;
      }
    } while (this.hi === (spanHi | 0) ? this.lo >>> 0 > spanLo >>> 0 : this.hi >>> 0 > spanHi >>> 0);
  }

  private wideOffset(span: number): number {
    if (span > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`A range of ${span} values needs offset().`);
    }
    this.offset(Math.floor(span / 2 ** 32), span | 0);
    return (this.hi >>> 0) * 2 ** 32 + (this.lo >>> 0);
  }
}

const counter = new Word64();
const mixed = new Word64();

/** Advances `counter` and leaves its hash in `mixed`. */
function splitmix64(): void {
  counter.add(0x9e3779b9, 0x7f4a7c15);
  mixed.set(counter.hi, counter.lo);
  mixed.xorShiftRight(30);
  mixed.multiply(0xbf58476d, 0x1ce4e5b9);
  mixed.xorShiftRight(27);
  mixed.multiply(0x94d049bb, 0x133111eb);
  mixed.xorShiftRight(31);
}

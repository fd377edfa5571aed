import { writeInteger, writeLong } from './digits.js';

/** What a {@link Value} holds. A variable that was never set is unset, which is not NULL. */
export const UNSET = 0;
export const NULL = 1;
export const BOOLEAN = 2;
/** An int64 within ± (2^53 - 1), exact in a double. */
export const INTEGER = 3;
/** An int64 beyond that, in two halves. */
export const LONG = 4;
export const DOUBLE = 5;
/** Text as it came, from -D or \gset; an expression gives it a type when it first uses it. */
export const TEXT = 6;

const TWO_32 = 2 ** 32;
const NOTHING = Buffer.alloc(0);

/**
 * A cell for one value of a script: a variable, a constant or an intermediate result. It is changed in place, so
 * that evaluating and writing numbers does not allocate. Integers have one form each: {@link INTEGER} wherever it
 * is exact, else {@link LONG}, so that two of different kind are never equal.
 */
export class Value {
  kind = UNSET;
  /** The number of an integer or double; 1 or 0 for a boolean. */
  number = 0;
  /** Halves of a long, signed 32-bit. */
  hi = 0;
  lo = 0;
  /** Bytes of a text. */
  text: Buffer = NOTHING;
  textLength = 0;
  /** The text as an expression sees it, once one did. */
  typed: Value | undefined = undefined;

  setNull(): void {
    this.kind = NULL;
  }

  setBoolean(value: boolean): void {
    this.kind = BOOLEAN;
    this.number = value ? 1 : 0;
  }

  /** @param value a safe integer */
  setInteger(value: number): void {
    this.kind = INTEGER;
    // -0 would be written as such by no one, but 1 / -0 is not 1 / 0.
    this.number = value + 0;
  }

  setDouble(value: number): void {
    this.kind = DOUBLE;
    this.number = value;
  }

  /** An int64 from its halves, of which 32 bits each count. */
  setHalves(hi: number, lo: number): void {
    const high = hi | 0;
    const number = high * TWO_32 + (lo >>> 0);
    // At the very border a sum that was rounded could pass for a safe integer: the halves decide.
    if (high >= -0x200000 && high < 0x200000 && !(high === -0x200000 && lo === 0)) {
      this.kind = INTEGER;
      this.number = number;
      return;
    }
    this.kind = LONG;
    this.hi = high;
    this.lo = lo | 0;
  }

  /** @param value within the range of int64 */
  setBigInt(value: bigint): void {
    this.setHalves(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
  }

  setText(value: string): void {
    this.setBytes(Buffer.from(value), 0, Buffer.byteLength(value));
  }

  /** Copies the bytes; a buffer once made is used again for what fits. */
  setBytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.text.length < length) {
      this.text = Buffer.allocUnsafeSlow(Math.max(32, length * 2));
    }
    copyBytes(source, start, end, this.text, 0);
    this.textLength = length;
    this.kind = TEXT;
    this.typed = undefined;
  }

  /** Takes the buffer itself, whose first bytes are the text: what is written into it later is seen. */
  ownText(buffer: Buffer, length: number): void {
    this.text = buffer;
    this.textLength = length;
    this.kind = TEXT;
    this.typed = undefined;
  }

  assign(other: Value): void {
    this.kind = other.kind;
    this.number = other.number;
    this.hi = other.hi;
    this.lo = other.lo;
    if (other.kind === TEXT) {
      this.setBytes(other.text, 0, other.textLength);
    }
  }

  /** Upper half of an INTEGER or LONG as a signed 32-bit integer. */
  high(): number {
    return this.kind === LONG ? this.hi : Math.floor(this.number / TWO_32) | 0;
  }

  /** Lower half of an INTEGER or LONG as a signed 32-bit integer. */
  low(): number {
    // ToInt32 takes a double modulo 2^32, of negative ones too.
    return this.kind === LONG ? this.lo : this.number | 0;
  }

  /** An INTEGER or LONG as bigint; for rare paths. */
  toBigInt(): bigint {
    return this.kind === LONG ? (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0) : BigInt(this.number);
  }

  /** An INTEGER, LONG or DOUBLE as the nearest double. */
  toDouble(): number {
    // One rounding, as of the C cast: the sum of two exact doubles.
    return this.kind === LONG ? this.hi * TWO_32 + (this.lo >>> 0) : this.number;
  }

  /** The text that pgbench would send; '' for NULL and unset, which have none. */
  toString(): string {
    const target = Buffer.alloc(this.textBound());
    const end = this.writeText(target, 0);
    return end < 0 ? '' : target.toString('utf8', 0, end);
  }

  /** At least as many bytes as {@link writeText} will write. */
  textBound(): number {
    return this.kind === TEXT ? this.textLength : 24;
  }

  /**
   * Writes the value as pgbench sends it: integers in decimal, doubles as %.15g, true or false, text as it is.
   * @returns the offset behind it, or -1 for NULL and unset, which write nothing
   */
  writeText(target: Uint8Array, offset: number): number {
    switch (this.kind) {
      case INTEGER:
        return writeInteger(this.number, target, offset);
      case LONG:
        return writeLong(this.hi, this.lo, target, offset);
      case TEXT:
        copyBytes(this.text, 0, this.textLength, target, offset);
        return offset + this.textLength;
      case DOUBLE:
        return writeAscii(formatDouble(this.number), target, offset);
      case BOOLEAN:
        return writeAscii(this.number === 0 ? 'false' : 'true', target, offset);
      default:
        return -1;
    }
  }
}

/** C's %.15g, as PostgreSQL's own printf has it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? 'Infinity' : '-Infinity';
  }
  if (value === 0) {
    return Object.is(value, -0) ? '-0' : '0';
  }
  const shortest = String(value);
  if (shortest.length <= 15 && Math.abs(value) >= 1e-4 && !shortest.includes('e')) {
    // At most 15 digits tell it from its neighbours, so rounding to 15 gives the same.
    return shortest;
  }
  const { digits, exponent } = fifteenDigits(Math.abs(value));
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 15) {
    const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
    return `${sign}${withPoint(digits, 1)}e${power}`;
  }
  return exponent < 0
    ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
    : `${sign}${withPoint(digits.padEnd(exponent + 1, '0'), exponent + 1)}`;
}

/** Without zeros at the end; the point belongs behind the first of them, times ten to the exponent. */
function fifteenDigits(value: number): { digits: string; exponent: number } {
  const [mantissa = '', exponent = ''] = value.toExponential(14).split('e');
  let digits = mantissa.replace('.', '');
  // JavaScript rounds what is exactly between two up, and C to the even one.
  const last = Number(digits.at(-1));
  if (
    last % 2 === 1 &&
    value.toExponential(15).includes('5e') &&
    /^.\..{14}50*e/.test(value.toExponential(60))
  ) {
    digits = `${digits.slice(0, -1)}${last - 1}`;
  }
  return { digits: digits.replace(/0+$/, ''), exponent: Number(exponent) };
}

function withPoint(digits: string, before: number): string {
  return digits.length > before ? `${digits.slice(0, before)}.${digits.slice(before)}` : digits;
}

/** A view of a short text costs more than its bytes. */
const SHORT = 64;

function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): void {
  if (end - start > SHORT) {
    target.set(source.subarray(start, end), offset);
    return;
  }
  for (let at = start; at < end; at++) {
    target[offset + at - start] = source[at] as number;
  }
}

function writeAscii(text: string, target: Uint8Array, offset: number): number {
  for (let i = 0; i < text.length; i += 1) {
    target[offset + i] = text.charCodeAt(i);
  }
  return offset + text.length;
}

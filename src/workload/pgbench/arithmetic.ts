import { unsignedModulo } from '../random/word64.js';
import { DOUBLE, INTEGER, NULL, Value } from '../value.js';
import { type Evaluate, type Make, pair, type Site } from './call.js';
import { type Fail, toDouble, toInteger } from './coerce.js';

export const add = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
);

export const subtract = arithmetic(
  (a, b) => a - b,
  (a, b) => a - b,
);

export const multiply = arithmetic(
  (a, b) => a * b,
  (a, b) => a * b,
);

export const and = bitwise((out, a, b) => out.setHalves(a.high() & b.high(), a.low() & b.low()));
export const or = bitwise((out, a, b) => out.setHalves(a.high() | b.high(), a.low() | b.low()));
export const xor = bitwise((out, a, b) => out.setHalves(a.high() ^ b.high(), a.low() ^ b.low()));
export const leftShift = bitwise(shiftLeft);
export const rightShift = bitwise(shiftRight);

export const equal = comparison((order) => order === 0);
export const unequal = comparison((order) => order !== 0);
export const less = comparison((order) => order < 0);
export const lessOrEqual = comparison((order) => order <= 0);

/** @param ofDoubles also computes with integers as long as the result is safe */
function arithmetic(
  ofDoubles: (a: number, b: number) => number,
  ofIntegers: (a: bigint, b: bigint) => bigint,
): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    return (context) => {
      const a = left(context);
      const b = right(context);
      if (a.kind === INTEGER && b.kind === INTEGER) {
        const result = ofDoubles(a.number, b.number);
        // A rounded result is at least 2^53, so what passes is exact.
        if (result <= Number.MAX_SAFE_INTEGER && result >= Number.MIN_SAFE_INTEGER) {
          out.setInteger(result);
          return out;
        }
      }
      if (a.kind === NULL || b.kind === NULL) {
        out.setNull();
      } else if (a.kind === DOUBLE || b.kind === DOUBLE) {
        out.setDouble(ofDoubles(toDouble(a, fail), toDouble(b, fail)));
      } else {
        const result = ofIntegers(
          toInteger(a, scratch[0], fail).toBigInt(),
          toInteger(b, scratch[1], fail).toBigInt(),
        );
        out.setBigInt(inRange(result, fail));
      }
      return out;
    };
  };
}

function inRange(value: bigint, fail: Fail): bigint {
  if (BigInt.asIntN(64, value) !== value) {
    return fail(`${value} is beyond the range of a 64-bit integer`);
  }
  return value;
}

export function divide(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const [left, right] = pair(args);
  const out = new Value();
  const scratch = [new Value(), new Value()] as const;
  return (context) => {
    const a = left(context);
    const b = right(context);
    if (a.kind === INTEGER && b.kind === INTEGER && b.number !== 0) {
      // Exact: the quotient of two integers below 2^53 is never rounded up to the next integer.
      out.setInteger(Math.trunc(a.number / b.number));
      return out;
    }
    if (a.kind === NULL || b.kind === NULL) {
      out.setNull();
    } else if (a.kind === DOUBLE || b.kind === DOUBLE) {
      out.setDouble(toDouble(a, fail) / toDouble(b, fail));
    } else {
      const dividend = toInteger(a, scratch[0], fail).toBigInt();
      const divisor = toInteger(b, scratch[1], fail).toBigInt();
      if (divisor === 0n) {
        return fail('division by zero');
      }
      out.setBigInt(inRange(dividend / divisor, fail));
    }
    return out;
  };
}

export function modulo(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const [left, right] = pair(args);
  const out = new Value();
  const scratch = [new Value(), new Value()] as const;
  return (context) => {
    const a = left(context);
    const b = right(context);
    if (a.kind === NULL || b.kind === NULL) {
      out.setNull();
      return out;
    }
    const dividend = toInteger(a, scratch[0], fail);
    const divisor = toInteger(b, scratch[1], fail);
    if (divisor.kind === INTEGER && divisor.number === 0) {
      return fail('division by zero');
    }
    moduloInto(out, dividend, divisor);
    return out;
  };
}

/** The sign is that of the dividend. A hash modulo a table size is the common case, so it does without BigInt. */
function moduloInto(out: Value, dividend: Value, divisor: Value): void {
  if (dividend.kind === INTEGER && divisor.kind === INTEGER) {
    out.setInteger(dividend.number % divisor.number);
  } else if (divisor.kind === INTEGER && Math.abs(divisor.number) <= 2 ** 37) {
    const negative = dividend.hi < 0;
    const lo = negative ? -dividend.lo | 0 : dividend.lo;
    const hi = negative ? ~dividend.hi + (lo === 0 ? 1 : 0) : dividend.hi;
    const magnitude = unsignedModulo(hi, lo, Math.abs(divisor.number));
    out.setInteger(negative ? -magnitude : magnitude);
  } else {
    out.setBigInt(dividend.toBigInt() % divisor.toBigInt());
  }
}

function bitwise(apply: (out: Value, a: Value, b: Value) => void): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    return (context) => {
      const a = left(context);
      const b = right(context);
      if (a.kind === NULL || b.kind === NULL) {
        out.setNull();
      } else {
        apply(out, toInteger(a, scratch[0], fail), toInteger(b, scratch[1], fail));
      }
      return out;
    };
  };
}

/** Six bits of the distance count, as on the processors that pgbench runs on. */
function shiftLeft(out: Value, value: Value, distance: Value): void {
  const bits = distance.low() & 63;
  const hi = value.high();
  const lo = value.low();
  if (bits === 0) {
    out.setHalves(hi, lo);
  } else if (bits >= 32) {
    out.setHalves(lo << (bits - 32), 0);
  } else {
    out.setHalves((hi << bits) | (lo >>> (32 - bits)), lo << bits);
  }
}

function shiftRight(out: Value, value: Value, distance: Value): void {
  const bits = distance.low() & 63;
  const hi = value.high();
  const lo = value.low();
  if (bits === 0) {
    out.setHalves(hi, lo);
  } else if (bits >= 32) {
    out.setHalves(hi >> 31, hi >> (bits - 32));
  } else {
    out.setHalves(hi >> bits, (lo >>> bits) | (hi << (32 - bits)));
  }
}

/** @param holds for the order of two numbers: negative, 0 or positive, or NaN if one of them is none */
function comparison(holds: (order: number) => boolean): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    return (context) => {
      const a = left(context);
      const b = right(context);
      if (a.kind === INTEGER && b.kind === INTEGER) {
        out.setBoolean(holds(a.number - b.number));
      } else if (a.kind === NULL || b.kind === NULL) {
        out.setNull();
      } else if (a.kind === DOUBLE || b.kind === DOUBLE) {
        out.setBoolean(holds(orderOfDoubles(toDouble(a, fail), toDouble(b, fail))));
      } else {
        out.setBoolean(
          holds(orderOfIntegers(toInteger(a, scratch[0], fail), toInteger(b, scratch[1], fail))),
        );
      }
      return out;
    };
  };
}

function orderOfDoubles(a: number, b: number): number {
  // inf - inf is NaN, but they are equal.
  return a === b ? 0 : a - b;
}

export function orderOfIntegers(a: Value, b: Value): number {
  const hi = a.high() - b.high();
  return hi !== 0 ? hi : (a.low() >>> 0) - (b.low() >>> 0);
}

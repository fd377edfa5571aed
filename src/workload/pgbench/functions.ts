import type { ScriptContext } from '../program.js';
import {
  exponentialShare,
  GAUSSIAN_MIN,
  gaussianShare,
  ZIPFIAN_MAX,
  ZIPFIAN_MIN,
  zipfianRank,
} from '../random/distributions.js';
import { fnv1a, type Hash, murmur2 } from '../random/hash.js';
import { permute } from '../random/permute.js';
import type { RandomStream } from '../random/stream.js';
import { unsignedModulo, Word64 } from '../random/word64.js';
import { BOOLEAN, DOUBLE, formatDouble, INTEGER, NULL, Value } from '../value.js';
import { type Fail, toBoolean, toDouble, toInteger } from './coerce.js';
import { exp, ln, pow } from './rounded-math.js';

/**
 * A compiled expression. What it returns is valid until it runs again: the cell of a variable, a constant, or the
 * one cell into which this node writes its results. No node runs inside of itself, so one cell for each is enough
 * for all clients of a thread, and numbers need no allocation.
 */
export type Evaluate = (context: ScriptContext) => Value;

/** Where a call stands. */
export interface Site {
  readonly fail: Fail;
  /** `debug(script=0,command=1)`, numbered as pgbench does. */
  readonly debugLabel: string;
}

type Make = (args: readonly Evaluate[], site: Site) => Evaluate;

interface FunctionEntry {
  /** Least and greatest number of arguments. */
  readonly arity: readonly [number, number];
  readonly make: Make;
  /** The last argument is :default_seed where it is left out. */
  readonly seeded?: true;
  /** Not the same each time, or not without effect: it is not computed at load. */
  readonly volatile?: true;
}

const MAX_ARGUMENTS = 16;

/** Functions by name, and operators, those that cannot be called by name behind a `!`. */
const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map<string, FunctionEntry>([
  [
    '+',
    {
      arity: [2, 2],
      make: arithmetic(
        addFast,
        (a, b) => a + b,
        (a, b) => a + b,
      ),
    },
  ],
  [
    '-',
    {
      arity: [2, 2],
      make: arithmetic(
        subtractFast,
        (a, b) => a - b,
        (a, b) => a - b,
      ),
    },
  ],
  [
    '*',
    {
      arity: [2, 2],
      make: arithmetic(
        multiplyFast,
        (a, b) => a * b,
        (a, b) => a * b,
      ),
    },
  ],
  ['/', { arity: [2, 2], make: divide }],
  ['mod', { arity: [2, 2], make: modulo }],
  [
    '&',
    { arity: [2, 2], make: bitwise((out, a, b) => out.setHalves(a.high() & b.high(), a.low() & b.low())) },
  ],
  [
    '|',
    { arity: [2, 2], make: bitwise((out, a, b) => out.setHalves(a.high() | b.high(), a.low() | b.low())) },
  ],
  [
    '#',
    { arity: [2, 2], make: bitwise((out, a, b) => out.setHalves(a.high() ^ b.high(), a.low() ^ b.low())) },
  ],
  ['<<', { arity: [2, 2], make: bitwise(shiftLeft) }],
  ['>>', { arity: [2, 2], make: bitwise(shiftRight) }],
  ['=', { arity: [2, 2], make: comparison((order) => order === 0) }],
  ['<>', { arity: [2, 2], make: comparison((order) => order !== 0) }],
  ['<', { arity: [2, 2], make: comparison((order) => order < 0) }],
  ['<=', { arity: [2, 2], make: comparison((order) => order <= 0) }],
  ['!and', { arity: [2, 2], make: logical(false) }],
  ['!or', { arity: [2, 2], make: logical(true) }],
  ['!not', { arity: [1, 1], make: not }],
  ['!is null', { arity: [1, 1], make: is((value) => value.kind === NULL) }],
  ['!is true', { arity: [1, 1], make: is((value) => value.kind === BOOLEAN && value.number === 1) }],
  ['!is false', { arity: [1, 1], make: is((value) => value.kind === BOOLEAN && value.number === 0) }],
  ['abs', { arity: [1, 1], make: abs }],
  ['debug', { arity: [1, 1], make: debug, volatile: true }],
  ['double', { arity: [1, 1], make: ofDouble((x) => x) }],
  ['exp', { arity: [1, 1], make: ofDouble(exp) }],
  ['greatest', { arity: [1, MAX_ARGUMENTS], make: extreme(1) }],
  ['hash', { arity: [1, 2], make: hash(murmur2), seeded: true }],
  ['hash_fnv1a', { arity: [1, 2], make: hash(fnv1a), seeded: true }],
  ['hash_murmur2', { arity: [1, 2], make: hash(murmur2), seeded: true }],
  ['int', { arity: [1, 1], make: int }],
  ['least', { arity: [1, MAX_ARGUMENTS], make: extreme(-1) }],
  ['ln', { arity: [1, 1], make: ofDouble(ln) }],
  ['permute', { arity: [2, 3], make: permutation, seeded: true }],
  ['pi', { arity: [0, 0], make: pi }],
  ['pow', { arity: [2, 2], make: power }],
  ['power', { arity: [2, 2], make: power }],
  ['random', { arity: [2, 2], make: random, volatile: true }],
  ['random_exponential', { arity: [3, 3], make: distributed(exponential), volatile: true }],
  ['random_gaussian', { arity: [3, 3], make: distributed(gaussian), volatile: true }],
  ['random_zipfian', { arity: [3, 3], make: distributed(zipfian), volatile: true }],
  ['sqrt', { arity: [1, 1], make: ofDouble(Math.sqrt) }],
]);

/** @param name in lower case, as a script calls it */
export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name);
}

/** What is wrong with a call of so many arguments, or undefined. */
export function checkArguments(name: string, count: number): string | undefined {
  const [least, most] = FUNCTIONS.get(name)?.arity ?? [0, 0];
  if (count >= least && count <= most) {
    return undefined;
  }
  const expected = least === most ? `${least}` : `${least} to ${most}`;
  return `${name}() takes ${expected} argument${most === 1 ? '' : 's'}, but has ${count}`;
}

/** Whether a call with so many arguments needs :default_seed behind them. */
export function lacksSeed(name: string, count: number): boolean {
  const entry = FUNCTIONS.get(name);
  return entry?.seeded === true && count < entry.arity[1];
}

export function isVolatile(name: string): boolean {
  return FUNCTIONS.get(name)?.volatile === true;
}

export function makeCall(name: string, args: readonly Evaluate[], site: Site): Evaluate {
  const entry = FUNCTIONS.get(name);
  if (entry === undefined) {
    throw new Error(`There is no function ${name}.`);
  }
  return entry.make(args, site);
}

/** A sum, difference or product of safe integers, or NaN where that is not exact. */
type Fast = (a: number, b: number) => number;

function addFast(a: number, b: number): number {
  return a + b;
}

function subtractFast(a: number, b: number): number {
  return a - b;
}

function multiplyFast(a: number, b: number): number {
  return a * b;
}

function arithmetic(
  fast: Fast,
  exact: (a: bigint, b: bigint) => bigint,
  inexact: (a: number, b: number) => number,
): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    return (context) => {
      const a = left(context);
      const b = right(context);
      if (a.kind === INTEGER && b.kind === INTEGER) {
        const result = fast(a.number, b.number);
        // A rounded result is at least 2^53, so what passes is exact.
        if (result <= Number.MAX_SAFE_INTEGER && result >= Number.MIN_SAFE_INTEGER) {
          out.setInteger(result);
          return out;
        }
      }
      if (a.kind === NULL || b.kind === NULL) {
        out.setNull();
      } else if (a.kind === DOUBLE || b.kind === DOUBLE) {
        out.setDouble(inexact(toDouble(a, fail), toDouble(b, fail)));
      } else {
        const result = exact(
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

function divide(args: readonly Evaluate[], { fail }: Site): Evaluate {
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

function modulo(args: readonly Evaluate[], { fail }: Site): Evaluate {
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

function orderOfIntegers(a: Value, b: Value): number {
  const hi = a.high() - b.high();
  return hi !== 0 ? hi : (a.low() >>> 0) - (b.low() >>> 0);
}

/**
 * AND and OR, from left to right. A NULL on the left is the result at once, which is not SQL's logic but pgbench's.
 * @param decisive the value of the left operand that settles it
 */
function logical(decisive: boolean): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    return (context) => {
      const a = left(context);
      if (a.kind === NULL) {
        out.setNull();
        return out;
      }
      if (toBoolean(a, fail) === decisive) {
        out.setBoolean(decisive);
        return out;
      }
      const b = right(context);
      if (b.kind === NULL) {
        out.setNull();
      } else {
        out.setBoolean(toBoolean(b, fail));
      }
      return out;
    };
  };
}

function not(args: readonly Evaluate[], { fail }: Site): Evaluate {
  return mapped(args, (out, value) => out.setBoolean(!toBoolean(value, fail)));
}

function is(test: (value: Value) => boolean): Make {
  return (args) => {
    const operand = single(args);
    const out = new Value();
    return (context) => {
      out.setBoolean(test(operand(context)));
      return out;
    };
  };
}

function abs(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const scratch = new Value();
  return mapped(args, (out, value) => {
    if (value.kind === DOUBLE) {
      out.setDouble(Math.abs(value.number));
      return;
    }
    const integer = toInteger(value, scratch, fail);
    if (integer.kind === INTEGER) {
      out.setInteger(Math.abs(integer.number));
    } else if (integer.hi < 0) {
      // -2^63 has no positive counterpart and stays as it is, in pgbench too.
      const lo = -integer.lo | 0;
      out.setHalves(~integer.hi + (lo === 0 ? 1 : 0), lo);
    } else {
      out.setHalves(integer.hi, integer.lo);
    }
  });
}

function debug(args: readonly Evaluate[], { debugLabel }: Site): Evaluate {
  const operand = single(args);
  return (context) => {
    const value = operand(context);
    process.stderr.write(`${debugLabel}: ${debugText(value)}\n`);
    return value;
  };
}

function debugText(value: Value): string {
  switch (value.kind) {
    case NULL:
      return 'null';
    case BOOLEAN:
      return `boolean ${value}`;
    case DOUBLE:
      return `double ${formatDouble(value.number)}`;
    default:
      return `int ${value}`;
  }
}

function ofDouble(apply: (x: number) => number): Make {
  return (args, { fail }) => mapped(args, (out, value) => out.setDouble(apply(toDouble(value, fail))));
}

function int(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const scratch = new Value();
  return mapped(args, (out, value) => out.assign(toInteger(value, scratch, fail)));
}

function pi(): Evaluate {
  const out = new Value();
  out.setDouble(Math.PI);
  return () => out;
}

function power(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const [left, right] = pair(args);
  const out = new Value();
  return (context) => {
    const a = left(context);
    const b = right(context);
    if (a.kind === NULL || b.kind === NULL) {
      out.setNull();
    } else {
      out.setDouble(pow(toDouble(a, fail), toDouble(b, fail)));
    }
    return out;
  };
}

/** @param sign 1 for the greatest, -1 for the least */
function extreme(sign: 1 | -1): Make {
  return (args, { fail }) => {
    const out = new Value();
    const scratch = new Value();
    const values: Value[] = [];
    return (context) => {
      let doubles = false;
      let nulls = false;
      let count = 0;
      for (const evaluate of args) {
        const value = evaluate(context);
        values[count] = value;
        count += 1;
        doubles ||= value.kind === DOUBLE;
        nulls ||= value.kind === NULL;
      }
      if (nulls) {
        out.setNull();
      } else if (doubles) {
        out.setDouble(extremeDouble(values, sign, fail));
      } else {
        extremeInteger(out, values, sign, scratch, fail);
      }
      return out;
    };
  };
}

function extremeDouble(values: readonly Value[], sign: 1 | -1, fail: Fail): number {
  let best: number | undefined;
  for (const value of values) {
    const next = toDouble(value, fail);
    // As C's macro: the later one wins against NaN.
    if (best === undefined || !(sign * best > sign * next)) {
      best = next;
    }
  }
  return best ?? Number.NaN;
}

function extremeInteger(
  out: Value,
  values: readonly Value[],
  sign: 1 | -1,
  scratch: Value,
  fail: Fail,
): void {
  let first = true;
  for (const value of values) {
    const next = toInteger(value, scratch, fail);
    if (first || sign * orderOfIntegers(next, out) > 0) {
      out.assign(next);
    }
    first = false;
  }
}

function hash(by: Hash): Make {
  return (args, { fail }) => {
    const [left, right] = pair(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    const word = new Word64();
    return (context) => {
      const a = left(context);
      const b = right(context);
      if (a.kind === NULL || b.kind === NULL) {
        out.setNull();
        return out;
      }
      const value = toInteger(a, scratch[0], fail);
      const seed = toInteger(b, scratch[1], fail);
      by(word, value.high(), value.low(), seed.high(), seed.low());
      out.setHalves(word.hi, word.lo);
      return out;
    };
  };
}

function permutation(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const [evaluateValue, evaluateSize, evaluateSeed] = triple(args);
  const out = new Value();
  const scratch = [new Value(), new Value(), new Value()] as const;
  const word = new Word64();
  return (context) => {
    const a = evaluateValue(context);
    const b = evaluateSize(context);
    const c = evaluateSeed(context);
    if (a.kind === NULL || b.kind === NULL || c.kind === NULL) {
      out.setNull();
      return out;
    }
    const value = toInteger(a, scratch[0], fail);
    const size = toInteger(b, scratch[1], fail);
    const seed = toInteger(c, scratch[2], fail);
    if (size.high() < 0 || (size.kind === INTEGER && size.number === 0)) {
      return fail(`the size of permute() must be greater than 0, but is ${size}`);
    }
    word.set(value.high(), value.low());
    permute(word, size.high(), size.low(), seed.high(), seed.low());
    out.setHalves(word.hi, word.lo);
    return out;
  };
}

function random(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const [evaluateLower, evaluateUpper] = pair(args);
  const out = new Value();
  const scratch = [new Value(), new Value()] as const;
  const span = new Value();
  const word = new Word64();
  return (context) => {
    const a = evaluateLower(context);
    const b = evaluateUpper(context);
    if (a.kind === INTEGER && b.kind === INTEGER) {
      const width = b.number - a.number;
      if (width >= 0 && width < Number.MAX_SAFE_INTEGER) {
        out.setInteger(context.random.range(a.number, b.number));
        return out;
      }
    }
    if (a.kind === NULL || b.kind === NULL) {
      out.setNull();
      return out;
    }
    const lower = toInteger(a, scratch[0], fail);
    const upper = toInteger(b, scratch[1], fail);
    span.setBigInt(spanOf(lower, upper, fail));
    context.random.offset(span.high(), span.low());
    word.set(context.random.hi, context.random.lo);
    word.add(lower.high(), lower.low());
    out.setHalves(word.hi, word.lo);
    return out;
  };
}

/** upper - lower, of which one more must still be an int64. */
function spanOf(lower: Value, upper: Value, fail: Fail): bigint {
  const span = upper.toBigInt() - lower.toBigInt();
  if (span < 0n) {
    return fail(`the range from ${lower} to ${upper} is empty`);
  }
  if (span + 1n >= 2n ** 63n) {
    return fail(`the range from ${lower} to ${upper} is too wide`);
  }
  return span;
}

/**
 * Draws an integer in [0, count), as a whole number in a double: exact for counts up to 2^53, and as inexact as
 * pgbench above, since it scales by a double too.
 */
type Draw = (random: RandomStream, count: number, parameter: number, fail: Fail) => number;

function distributed(draw: Draw): Make {
  return (args, { fail }) => {
    const [evaluateLower, evaluateUpper, evaluateParameter] = triple(args);
    const out = new Value();
    const scratch = [new Value(), new Value()] as const;
    return (context) => {
      const a = evaluateLower(context);
      const b = evaluateUpper(context);
      const c = evaluateParameter(context);
      if (a.kind === NULL || b.kind === NULL || c.kind === NULL) {
        out.setNull();
        return out;
      }
      const lower = toInteger(a, scratch[0], fail);
      const upper = toInteger(b, scratch[1], fail);
      const width = upper.number - lower.number;
      if (lower.kind === INTEGER && upper.kind === INTEGER && width >= 0 && width < 2 ** 52) {
        const parameter = toDouble(c, fail);
        out.setInteger(lower.number + draw(context.random, width + 1, parameter, fail));
        return out;
      }
      const count = Number(spanOf(lower, upper, fail) + 1n);
      const drawn = BigInt(draw(context.random, count, toDouble(c, fail), fail));
      out.setBigInt(BigInt.asIntN(64, lower.toBigInt() + drawn));
      return out;
    };
  };
}

function exponential(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter > 0)) {
    return fail(
      `the parameter of random_exponential() must be greater than 0, but is ${formatDouble(parameter)}`,
    );
  }
  return Math.trunc(count * exponentialShare(random, parameter));
}

function gaussian(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter >= GAUSSIAN_MIN)) {
    return fail(
      `the parameter of random_gaussian() must be at least ${GAUSSIAN_MIN}, but is ${formatDouble(parameter)}`,
    );
  }
  return Math.trunc(count * gaussianShare(random, parameter));
}

function zipfian(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter >= ZIPFIAN_MIN && parameter <= ZIPFIAN_MAX)) {
    return fail(
      `the parameter of random_zipfian() must be from ${ZIPFIAN_MIN} to ${ZIPFIAN_MAX}, but is ${formatDouble(parameter)}`,
    );
  }
  return zipfianRank(random, count, parameter) - 1;
}

/** A function of one argument that is NULL for NULL. */
function mapped(args: readonly Evaluate[], apply: (out: Value, value: Value) => void): Evaluate {
  const operand = single(args);
  const out = new Value();
  return (context) => {
    const value = operand(context);
    if (value.kind === NULL) {
      out.setNull();
    } else {
      apply(out, value);
    }
    return out;
  };
}

function single(args: readonly Evaluate[]): Evaluate {
  return triple([...args, nothing, nothing])[0];
}

function pair(args: readonly Evaluate[]): readonly [Evaluate, Evaluate] {
  const [first, second] = triple([...args, nothing]);
  return [first, second];
}

/** The parser has counted the arguments. */
function triple(args: readonly Evaluate[]): readonly [Evaluate, Evaluate, Evaluate] {
  const [first, second, third] = args;
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error(`A call has ${args.length} arguments.`);
  }
  return [first, second, third];
}

const nothing: Evaluate = () => {
  throw new Error('An argument that is not there was evaluated.');
};

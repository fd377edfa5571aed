import { BOOLEAN, DOUBLE, formatDouble, INTEGER, NULL, Value } from '../value.js';
import { orderOfIntegers } from './arithmetic.js';
import { type Evaluate, type Make, mapped, pair, type Site, single } from './call.js';
import { type Fail, toDouble, toInteger } from './coerce.js';
import { pow } from './rounded-math.js';

export function abs(args: readonly Evaluate[], { fail }: Site): Evaluate {
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

export function debug(args: readonly Evaluate[], { debugLabel }: Site): Evaluate {
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

export function ofDouble(apply: (x: number) => number): Make {
  return (args, { fail }) => mapped(args, (out, value) => out.setDouble(apply(toDouble(value, fail))));
}

export function int(args: readonly Evaluate[], { fail }: Site): Evaluate {
  const scratch = new Value();
  return mapped(args, (out, value) => out.assign(toInteger(value, scratch, fail)));
}

export function pi(): Evaluate {
  const out = new Value();
  out.setDouble(Math.PI);
  return () => out;
}

export function power(args: readonly Evaluate[], { fail }: Site): Evaluate {
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
export function extreme(sign: 1 | -1): Make {
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

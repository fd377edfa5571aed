import {
  exponentialShare,
  GAUSSIAN_MIN,
  gaussianShare,
  ZIPFIAN_MAX,
  ZIPFIAN_MIN,
  zipfianRank,
} from '../random/distributions.js';
import type { Hash } from '../random/hash.js';
import { permute } from '../random/permute.js';
import type { RandomStream } from '../random/stream.js';
import { Word64 } from '../random/word64.js';
import { formatDouble, INTEGER, NULL, Value } from '../value.js';
import { type Evaluate, type Make, pair, type Site, triple } from './call.js';
import { type Fail, toDouble, toInteger } from './coerce.js';

export function hash(by: Hash): Make {
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

export function permutation(args: readonly Evaluate[], { fail }: Site): Evaluate {
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

export function random(args: readonly Evaluate[], { fail }: Site): Evaluate {
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

export function distributed(draw: Draw): Make {
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

export function exponential(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter > 0)) {
    return fail(
      `the parameter of random_exponential() must be greater than 0, but is ${formatDouble(parameter)}`,
    );
  }
  return Math.trunc(count * exponentialShare(random, parameter));
}

export function gaussian(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter >= GAUSSIAN_MIN)) {
    return fail(
      `the parameter of random_gaussian() must be at least ${GAUSSIAN_MIN}, but is ${formatDouble(parameter)}`,
    );
  }
  return Math.trunc(count * gaussianShare(random, parameter));
}

export function zipfian(random: RandomStream, count: number, parameter: number, fail: Fail): number {
  if (!(parameter >= ZIPFIAN_MIN && parameter <= ZIPFIAN_MAX)) {
    return fail(
      `the parameter of random_zipfian() must be from ${ZIPFIAN_MIN} to ${ZIPFIAN_MAX}, but is ${formatDouble(parameter)}`,
    );
  }
  return zipfianRank(random, count, parameter) - 1;
}

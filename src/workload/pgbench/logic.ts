import { NULL, Value } from '../value.js';
import { type Evaluate, type Make, mapped, pair, type Site, single } from './call.js';
import { toBoolean } from './coerce.js';

/**
 * AND and OR, from left to right. A NULL on the left is the result at once, which is not SQL's logic but pgbench's.
 * @param decisive the value of the left operand that settles it
 */
export function logical(decisive: boolean): Make {
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

export function not(args: readonly Evaluate[], { fail }: Site): Evaluate {
  return mapped(args, (out, value) => out.setBoolean(!toBoolean(value, fail)));
}

export function is(test: (value: Value) => boolean): Make {
  return (args) => {
    const operand = single(args);
    const out = new Value();
    return (context) => {
      out.setBoolean(test(operand(context)));
      return out;
    };
  };
}

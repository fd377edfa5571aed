import type { ScriptContext } from '../program.js';
import { NULL, Value } from '../value.js';
import type { Fail } from './coerce.js';

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

/** Makes the closure of one call; the parser has counted the arguments. */
export type Make = (args: readonly Evaluate[], site: Site) => Evaluate;

/** A function of one argument that is NULL for NULL. */
export function mapped(args: readonly Evaluate[], apply: (out: Value, value: Value) => void): Evaluate {
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

export function single(args: readonly Evaluate[]): Evaluate {
  return triple([...args, nothing, nothing])[0];
}

export function pair(args: readonly Evaluate[]): readonly [Evaluate, Evaluate] {
  const [first, second] = triple([...args, nothing]);
  return [first, second];
}

/** The parser has counted the arguments. */
export function triple(args: readonly Evaluate[]): readonly [Evaluate, Evaluate, Evaluate] {
  const [first, second, third] = args;
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error(`A call has ${args.length} arguments.`);
  }
  return [first, second, third];
}

const nothing: Evaluate = () => {
  throw new Error('An argument that is not there was evaluated.');
};

import { fnv1a, murmur2 } from '../random/hash.js';
import { BOOLEAN, NULL } from '../value.js';
import {
  add,
  and,
  divide,
  equal,
  leftShift,
  less,
  lessOrEqual,
  modulo,
  multiply,
  or,
  rightShift,
  subtract,
  unequal,
  xor,
} from './arithmetic.js';
import type { Evaluate, Make, Site } from './call.js';
import { is, logical, not } from './logic.js';
import { abs, debug, extreme, int, ofDouble, pi, power } from './math-functions.js';
import {
  distributed,
  exponential,
  gaussian,
  hash,
  permutation,
  random,
  zipfian,
} from './random-functions.js';
import { exp, ln } from './rounded-math.js';

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
  ['+', { arity: [2, 2], make: add }],
  ['-', { arity: [2, 2], make: subtract }],
  ['*', { arity: [2, 2], make: multiply }],
  ['/', { arity: [2, 2], make: divide }],
  ['mod', { arity: [2, 2], make: modulo }],
  ['&', { arity: [2, 2], make: and }],
  ['|', { arity: [2, 2], make: or }],
  ['#', { arity: [2, 2], make: xor }],
  ['<<', { arity: [2, 2], make: leftShift }],
  ['>>', { arity: [2, 2], make: rightShift }],
  ['=', { arity: [2, 2], make: equal }],
  ['<>', { arity: [2, 2], make: unequal }],
  ['<', { arity: [2, 2], make: less }],
  ['<=', { arity: [2, 2], make: lessOrEqual }],
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

/** Of all functions and operators, by which expressions call them. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

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

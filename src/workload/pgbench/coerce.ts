import { BOOLEAN, DOUBLE, INTEGER, LONG, NULL, Value } from '../value.js';

/** Where in which script an evaluation fails; it throws, and the client ends there as in pgbench. */
export type Fail = (problem: string) => never;

/** An int64 of any value: itself if it is one, else rounded to even into `scratch`. */
export function toInteger(value: Value, scratch: Value, fail: Fail): Value {
  if (value.kind === INTEGER || value.kind === LONG) {
    return value;
  }
  if (value.kind !== DOUBLE) {
    return fail(`${kindName(value)} is not an integer`);
  }
  const rounded = roundHalfEven(value.number);
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) {
    return fail(`${value} is beyond the range of a 64-bit integer`);
  }
  if (Number.isSafeInteger(rounded)) {
    scratch.setInteger(rounded);
  } else {
    scratch.setBigInt(BigInt(rounded));
  }
  return scratch;
}

export function toDouble(value: Value, fail: Fail): number {
  if (value.kind === DOUBLE || value.kind === INTEGER || value.kind === LONG) {
    return value.toDouble();
  }
  return fail(`${kindName(value)} is not a number`);
}

export function toBoolean(value: Value, fail: Fail): boolean {
  if (value.kind !== BOOLEAN) {
    return fail(`${kindName(value)} is not a boolean`);
  }
  return value.number !== 0;
}

/** As \if and CASE WHEN judge: a number other than 0 is true, NULL is false. */
export function isTrue(value: Value): boolean {
  if (value.kind === BOOLEAN || value.kind === INTEGER || value.kind === DOUBLE) {
    // NaN is not equal to 0, and so it is true, in C too.
    return value.number !== 0;
  }
  return value.kind === LONG;
}

function kindName(value: Value): string {
  switch (value.kind) {
    case BOOLEAN:
      return `the boolean ${value}`;
    case INTEGER:
    case LONG:
      return `the integer ${value}`;
    case DOUBLE:
      return `the double ${value}`;
    case NULL:
      return 'NULL';
    default:
      return 'an unset variable';
  }
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) {
    return floor % 2 === 0 ? floor : floor + 1;
  }
  return rest < 0.5 ? floor : floor + 1;
}

/**
 * Gives a text the type that pgbench gives it when an expression first uses it; the variable keeps the text beside
 * it, for statements.
 */
export function typeText(cell: Value, fail: Fail): Value {
  const text = cell.toString();
  const typed = new Value();
  const word = text.toLowerCase();
  if (word === 'null') {
    typed.setNull();
  } else if (isPrefix(word, 'true') || isPrefix(word, 'yes') || word === 'on') {
    typed.setBoolean(true);
  } else if (isPrefix(word, 'false') || isPrefix(word, 'no') || word === 'off' || word === 'of') {
    typed.setBoolean(false);
  } else if (/^[ \t\n\v\f\r]*[-+]?\d+$/.test(text)) {
    const integer = BigInt(text.trim().replace('+', ''));
    if (BigInt.asIntN(64, integer) !== integer) {
      return fail(`the value "${text}" is beyond the range of a 64-bit integer`);
    }
    typed.setBigInt(integer);
  } else {
    typed.setDouble(parseDouble(text) ?? fail(`the value "${text}" is neither a number nor a boolean`));
  }
  cell.typed = typed;
  return typed;
}

function isPrefix(word: string, of: string): boolean {
  return word !== '' && of.startsWith(word);
}

const DECIMAL = /^[ \t\n\v\f\r]*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const SPECIAL = /^[ \t\n\v\f\r]*([-+]?)(inf|infinity|nan)$/i;
const HEXADECIMAL = /^[ \t\n\v\f\r]*([-+]?)0x([\da-f]*)\.?([\da-f]*)(?:p([-+]?\d+))?$/i;

/** What C's strtod takes as a whole; undefined for what it does not, or what is beyond its range. */
function parseDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    const underflow = value === 0 && /[1-9]/.test(text.replace(/e.*/i, ''));
    return Number.isFinite(value) && !underflow ? value : undefined;
  }
  const special = SPECIAL.exec(text);
  if (special?.[2] !== undefined) {
    const magnitude = special[2].toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
    return special[1] === '-' ? -magnitude : magnitude;
  }
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null) {
    return undefined;
  }
  const [, sign, whole = '', fraction = '', exponent = '0'] = hexadecimal;
  if (whole + fraction === '') {
    return undefined;
  }
  const magnitude = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -magnitude : magnitude;
}

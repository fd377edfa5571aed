import { ScriptError, type ScriptSource } from './script-error.js';

export type Token =
  | { readonly kind: 'integer'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'double'; readonly value: number; readonly at: number }
  | { readonly kind: 'variable'; readonly name: string; readonly at: number }
  /** Keyword or function, in lower case. */
  | { readonly kind: 'word'; readonly word: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly symbol: string; readonly at: number }
  /** The line ended. */
  | { readonly kind: 'end'; readonly at: number };

/** Whatever is not ASCII counts as a letter, as pgbench sees the bytes of it. */
export const LETTER = 'A-Za-z_\\u0080-\\uffff';

const BLANK = /(?:[ \t\r\f\v]|\\\r?\n)+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y;
const VARIABLE = new RegExp(`:([${LETTER}0-9]+)`, 'y');
const WORD = new RegExp(`[${LETTER}][${LETTER}0-9]*`, 'y');
const SYMBOL = /<<|>>|<=|>=|<>|!=|[-+*/%(),<>=|#&~]/y;

/** 9223372036854775808 is lexed too, for it is right behind a minus sign; the parser refuses it elsewhere. */
export const INT64_MIN_MAGNITUDE = 2n ** 63n;

/** The token at or behind `offset`, and the offset behind it. Ends at the end of the line unless a backslash continues it. */
export function nextToken(source: ScriptSource, offset: number): { token: Token; end: number } {
  const { text } = source;
  const at = offset + (match(BLANK, text, offset)?.[0].length ?? 0);
  const first = text[at];
  if (first === undefined || first === '\n') {
    return { token: { kind: 'end', at }, end: at };
  }
  const number = match(NUMBER, text, at);
  if (number !== null) {
    return { token: numberToken(source, number[0], at), end: at + number[0].length };
  }
  const variable = match(VARIABLE, text, at);
  if (variable?.[1] !== undefined) {
    return { token: { kind: 'variable', name: variable[1], at }, end: at + variable[0].length };
  }
  const word = match(WORD, text, at);
  if (word !== null) {
    return { token: { kind: 'word', word: word[0].toLowerCase(), at }, end: at + word[0].length };
  }
  const symbol = match(SYMBOL, text, at);
  if (symbol !== null) {
    return { token: { kind: 'symbol', symbol: symbol[0], at }, end: at + symbol[0].length };
  }
  throw new ScriptError(
    source,
    at,
    `unexpected character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))} in an expression`,
  );
}

function numberToken(source: ScriptSource, digits: string, at: number): Token {
  if (/^\d+$/.test(digits)) {
    const value = BigInt(digits);
    if (value > INT64_MIN_MAGNITUDE) {
      throw new ScriptError(source, at, `${digits} is beyond the range of a 64-bit integer`);
    }
    return { kind: 'integer', value, at };
  }
  const value = Number(digits);
  if (!Number.isFinite(value)) {
    throw new ScriptError(source, at, `${digits} is beyond the range of a double`);
  }
  return { kind: 'double', value, at };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

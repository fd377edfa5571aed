import { LETTER } from './expression-lexer.js';
import { ScriptError, type ScriptSource } from './script-error.js';

/** One SQL statement of a script, or several that `\;` joins, found by the rules of psql. */
export interface SqlText {
  /** As it is sent, with its semicolon. */
  readonly text: string;
  /** Words in lower case and single characters outside of quotes and comments; a `;` stands between joined statements. */
  readonly tokens: readonly string[];
  /** Offsets in `text` of what is quoted, commented or in brackets, from (inclusive) to (exclusive). */
  readonly opaque: readonly (readonly [number, number])[];
  /** Offset in the source of an offset in `text`. */
  sourceOffset(offset: number): number;
}

export interface SqlScan {
  /** Undefined where there was nothing but blanks and `--` comments. */
  readonly sql: SqlText | undefined;
  /** Offset in the source behind the semicolon, or of the backslash of a meta command, or of its end. */
  readonly end: number;
  readonly stop: 'semicolon' | 'backslash' | 'end';
}

/** Reads one statement that starts at `offset`. */
export function scanSql(source: ScriptSource, offset: number): SqlScan {
  return new Scanner(source, offset).scan();
}

const BLANK = /(?:[ \t\n\r\f\v]|--[^\n\r]*)+/y;
const WORD = new RegExp(`[${LETTER}][${LETTER}0-9$]*`, 'y');
const DOLLAR_TAG = new RegExp(`\\$(?:[${LETTER}][${LETTER}0-9]*)?\\$`, 'y');
const PARAMETER = /\$\d+/y;
/** Between two quotes of one string: it goes on behind a line end. */
const QUOTE_CONTINUES = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

class Scanner {
  private at: number;
  private text = '';
  /** Where in the source each stretch of `text` that was copied without a change begins. */
  private readonly stretches: { from: number; source: number }[] = [];
  private readonly tokens: string[] = [];
  private readonly opaque: [number, number][] = [];
  private readonly parentheses: number[] = [];
  private readonly brackets: number[] = [];
  /** psql's heuristic for `create function … begin atomic …; … end`: the first words of the statement. */
  private leadingWords: string[] = [];
  private bodyDepth = 0;

  constructor(
    private readonly source: ScriptSource,
    offset: number,
  ) {
    this.at = offset;
  }

  scan(): SqlScan {
    const { text } = this.source;
    while (this.at < text.length) {
      const character = text.charAt(this.at);
      if (character === '\\') {
        const next = text[this.at + 1];
        if (next !== ';' && next !== ':') {
          return this.stop('backslash');
        }
        this.escaped(next);
      } else if (character === ';') {
        this.take(1);
        if (this.parentheses.length === 0 && this.bodyDepth === 0) {
          return this.stop('semicolon');
        }
      } else {
        this.element(character);
      }
    }
    return this.stop('end');
  }

  private stop(stop: SqlScan['stop']): SqlScan {
    const open = this.parentheses[0];
    if (open !== undefined) {
      const before = stop === 'backslash' ? 'the meta command' : 'the end of the script';
      throw this.error(open, `this parenthesis is not closed before ${before}`);
    }
    return { sql: this.text === '' ? undefined : this.result(), end: this.at, stop };
  }

  private result(): SqlText {
    const { stretches } = this;
    return {
      text: this.text,
      tokens: this.tokens,
      opaque: this.opaque,
      sourceOffset: (offset) => {
        const stretch = stretches.findLast(({ from }) => from <= offset);
        return stretch === undefined ? offset : stretch.source + offset - stretch.from;
      },
    };
  }

  /** `\;` and `\:` put the character itself into the text. */
  private escaped(character: ';' | ':'): void {
    this.at += 1;
    if (character === ';') {
      this.tokens.push(';');
      this.leadingWords = [];
    }
    this.take(1, true);
  }

  private element(character: string): void {
    const blank = this.matched(BLANK);
    if (blank > 0) {
      this.blank(blank);
    } else if (character === "'") {
      this.quoted("'", false);
    } else if (character === '"') {
      this.quoted('"', false);
    } else if (character === '/' && this.source.text[this.at + 1] === '*') {
      this.blockComment();
    } else if (character === '$') {
      this.dollar();
    } else {
      const word = this.matched(WORD);
      if (word > 0) {
        this.word(word);
      } else {
        this.symbol(character);
      }
    }
  }

  /** Blanks and `--` comments before the statement are not sent; within it they are. */
  private blank(length: number): void {
    if (this.text === '') {
      this.at += length;
      return;
    }
    const text = this.source.text.slice(this.at, this.at + length);
    for (const comment of text.matchAll(/--[^\n\r]*/g)) {
      const from = this.text.length + comment.index;
      this.opaque.push([from, from + comment[0].length]);
    }
    this.take(length);
  }

  private word(length: number): void {
    const word = this.source.text.slice(this.at, this.at + length).toLowerCase();
    if (word === 'e' && this.source.text[this.at + 1] === "'") {
      this.take(1);
      this.quoted("'", true);
      return;
    }
    this.tokens.push(word);
    this.trackBody(word);
    this.take(length);
  }

  private trackBody(word: string): void {
    if (this.leadingWords.length < 4) {
      this.leadingWords.push(word);
    }
    if (
      this.parentheses.length > 0 ||
      !/^create (or replace )?(function|procedure)/.test(this.leadingWords.join(' '))
    ) {
      return;
    }
    if (word === 'begin' || (word === 'case' && this.bodyDepth > 0)) {
      this.bodyDepth += 1;
    } else if (word === 'end' && this.bodyDepth > 0) {
      this.bodyDepth -= 1;
    }
  }

  private symbol(character: string): void {
    if (character === '(') {
      this.parentheses.push(this.at);
    } else if (character === ')') {
      this.parentheses.pop();
    } else if (character === '[') {
      this.brackets.push(this.text.length);
    } else if (character === ']') {
      const from = this.brackets.pop();
      if (from !== undefined) {
        this.opaque.push([from, this.text.length + 1]);
      }
    }
    this.tokens.push(character);
    this.take(1);
  }

  private quoted(quote: "'" | '"', backslashes: boolean): void {
    const { text } = this.source;
    const start = this.at;
    let at = start + 1;
    for (;;) {
      const character = text[at];
      if (character === undefined) {
        throw this.error(start, `this ${quote === '"' ? 'quoted identifier' : 'string'} is not closed`);
      }
      at += character === '\\' && backslashes ? 2 : 1;
      if (character !== quote) {
        continue;
      }
      if (text[at] === quote) {
        at += 1;
        continue;
      }
      QUOTE_CONTINUES.lastIndex = at;
      const continued = quote === "'" ? QUOTE_CONTINUES.exec(text) : null;
      if (continued === null) {
        break;
      }
      at += continued[0].length;
    }
    this.tokens.push(quote);
    this.takeOpaque(at - start);
  }

  private dollar(): void {
    const tag = this.matched(DOLLAR_TAG);
    if (tag === 0) {
      this.tokens.push('$');
      this.take(Math.max(1, this.matched(PARAMETER)));
      return;
    }
    const { text } = this.source;
    const delimiter = text.slice(this.at, this.at + tag);
    const close = text.indexOf(delimiter, this.at + tag);
    if (close < 0) {
      throw this.error(this.at, `this string is not closed by another ${delimiter}`);
    }
    this.tokens.push("'");
    this.takeOpaque(close + tag - this.at);
  }

  /** They nest. */
  private blockComment(): void {
    const { text } = this.source;
    const edge = /\/\*|\*\//g;
    edge.lastIndex = this.at;
    let depth = 0;
    for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) {
        this.takeOpaque(edge.lastIndex - this.at);
        return;
      }
    }
    throw this.error(this.at, 'this comment is not closed');
  }

  private takeOpaque(length: number): void {
    this.opaque.push([this.text.length, this.text.length + length]);
    this.take(length);
  }

  /** Copies the next characters of the source. @param moved the source has something before them that the text has not */
  private take(length: number, moved = false): void {
    if (moved || this.stretches.length === 0) {
      this.stretches.push({ from: this.text.length, source: this.at });
    }
    this.text += this.source.text.slice(this.at, this.at + length);
    this.at += length;
  }

  /** Length of the match at the current place, 0 if there is none. */
  private matched(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source.text)?.[0].length ?? 0;
  }

  private error(at: number, problem: string): ScriptError {
    return new ScriptError(this.source, at, problem);
  }
}

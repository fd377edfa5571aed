import { isVariableName } from '../program.js';
import type { Expression } from './expression.js';
import { parseExpression } from './expression-parser.js';
import { ScriptError, type ScriptSource } from './script-error.js';
import { type SqlText, scanSql } from './sql-lexer.js';

/** A script as it was written, in order. `at` is the offset in the source where a command begins. */
export type Command =
  | {
      readonly kind: 'sql';
      readonly at: number;
      readonly sql: SqlText;
      /** \gset or \aset, which ended the statement. */
      readonly store?: Store;
      /** True if `\;` joins several statements. */
      readonly compound: boolean;
    }
  | { readonly kind: 'set'; readonly at: number; readonly variable: string; readonly expression: Expression }
  | { readonly kind: 'if' | 'elif'; readonly at: number; readonly expression: Expression }
  | { readonly kind: 'else' | 'endif'; readonly at: number }
  | {
      readonly kind: 'sleep';
      readonly at: number;
      readonly amount: number | { readonly variable: string; readonly at: number };
      /** Microseconds in one. */
      readonly unit: number;
    }
  | {
      readonly kind: 'shell';
      readonly at: number;
      readonly words: readonly Word[];
      /** \setshell: where its output goes. */
      readonly variable?: string;
    }
  | { readonly kind: 'pipeline'; readonly at: number; readonly action: 'start' | 'sync' | 'end' };

export interface Store {
  readonly at: number;
  readonly rows: 'only-row' | 'last-rows';
  readonly prefix: string;
}

export interface Word {
  readonly text: string;
  readonly at: number;
}

/** Takes a script apart. Conditions are nested as they should be when this returns. */
export function parseScript(source: ScriptSource): readonly Command[] {
  const commands: Command[] = [];
  let offset = 0;
  for (;;) {
    const { sql, end, stop } = scanSql(source, offset);
    if (sql !== undefined) {
      commands.push({ kind: 'sql', at: sql.sourceOffset(0), sql, compound: isCompound(sql) });
    }
    if (stop === 'end') {
      break;
    }
    offset = stop === 'backslash' ? parseMeta(source, end, commands) : end;
  }
  if (commands.length === 0) {
    throw new ScriptError(source, 0, 'the script has no command');
  }
  checkConditions(source, commands);
  return commands;
}

function isCompound({ tokens }: SqlText): boolean {
  const first = tokens.indexOf(';');
  return first >= 0 && first < tokens.length - 1;
}

type MetaParser = (line: MetaLine, commands: Command[]) => Command | undefined;

const META: ReadonlyMap<string, MetaParser> = new Map<string, MetaParser>([
  ['aset', (line, commands) => store(line, commands, 'last-rows')],
  ['elif', (line) => ({ kind: 'elif', at: line.at, expression: line.expression() })],
  ['else', (line) => ({ kind: 'else', at: line.end() })],
  ['endif', (line) => ({ kind: 'endif', at: line.end() })],
  ['endpipeline', (line) => ({ kind: 'pipeline', action: 'end', at: line.end() })],
  ['gset', (line, commands) => store(line, commands, 'only-row')],
  ['if', (line) => ({ kind: 'if', at: line.at, expression: line.expression() })],
  ['set', (line) => ({ kind: 'set', at: line.at, variable: line.name(), expression: line.expression() })],
  ['setshell', (line) => ({ kind: 'shell', at: line.at, variable: line.name(), words: line.commandWords() })],
  ['shell', (line) => ({ kind: 'shell', at: line.at, words: line.commandWords() })],
  ['sleep', sleep],
  ['startpipeline', (line) => ({ kind: 'pipeline', action: 'start', at: line.end() })],
  ['syncpipeline', (line) => ({ kind: 'pipeline', action: 'sync', at: line.end() })],
]);

/** What may stand behind a backslash, in lower case. */
export const META_COMMANDS: readonly string[] = [...META.keys()];

/** @param at offset of the backslash; returns the offset of the end of the line */
function parseMeta(source: ScriptSource, at: number, commands: Command[]): number {
  const line = new MetaLine(source, at);
  const name = line.word();
  const parse = META.get(name?.text.toLowerCase() ?? '');
  if (parse === undefined) {
    throw new ScriptError(source, at, `there is no meta command "\\${name?.text ?? ''}"`);
  }
  const command = parse(line, commands);
  if (command !== undefined) {
    commands.push(command);
  }
  return line.offset;
}

/** The words of one meta command: what blanks separate, to the end of the line, or on behind a backslash before it. */
class MetaLine {
  offset: number;

  constructor(
    private readonly source: ScriptSource,
    /** Offset of the backslash. */
    readonly at: number,
  ) {
    this.offset = at + 1;
  }

  /** The next word, or undefined at the end of the line. */
  word(): Word | undefined {
    const { text } = this.source;
    BLANK.lastIndex = this.offset;
    this.offset += BLANK.exec(text)?.[0].length ?? 0;
    WORD.lastIndex = this.offset;
    const word = WORD.exec(text)?.[0];
    if (word === undefined) {
      return undefined;
    }
    const at = this.offset;
    this.offset += word.length;
    CONTINUATION.lastIndex = this.offset - 1;
    const continued = CONTINUATION.test(text);
    if (!continued) {
      return { text: word, at };
    }
    this.offset -= 1;
    return { text: word.slice(0, -1), at };
  }

  expression(): Expression {
    const { expression, end } = parseExpression(this.source, this.offset);
    this.offset = end;
    return expression;
  }

  /** The name of a variable to set. */
  name(): string {
    const word = this.word();
    if (word === undefined) {
      throw this.error(this.offset, 'the name of a variable is missing');
    }
    if (!isVariableName(word.text)) {
      throw this.error(
        word.at,
        `"${word.text}" cannot be the name of a variable: it takes letters, digits and underscores, and no digit first`,
      );
    }
    return word.text;
  }

  /** All words that are left. */
  words(): Word[] {
    const words: Word[] = [];
    for (let word = this.word(); word !== undefined; word = this.word()) {
      words.push(word);
    }
    return words;
  }

  commandWords(): readonly Word[] {
    const words = this.words();
    if (words.length === 0) {
      throw this.error(this.offset, 'the command for the shell is missing');
    }
    return words;
  }

  /** No word may follow. @returns where the command begins */
  end(): number {
    const word = this.word();
    if (word !== undefined) {
      throw this.error(word.at, `"${word.text}" is one argument too many`);
    }
    return this.at;
  }

  error(at: number, problem: string): ScriptError {
    return new ScriptError(this.source, at, problem);
  }
}

const BLANK = /(?:[ \t\r\f\v]|\\\r?\n)+/y;
const WORD = /[^ \t\r\f\v\n]+/y;
const CONTINUATION = /\\\r?\n/y;

function store(line: MetaLine, commands: Command[], rows: Store['rows']): undefined {
  const prefix = line.word();
  line.end();
  const last = commands.at(-1);
  const name = rows === 'only-row' ? '\\gset' : '\\aset';
  if (last?.kind !== 'sql' || last.store !== undefined) {
    throw line.error(line.at, `${name} must follow an SQL statement`);
  }
  if (prefix !== undefined && !isVariableName(prefix.text)) {
    throw line.error(prefix.at, `"${prefix.text}" cannot begin the name of a variable`);
  }
  commands[commands.length - 1] = { ...last, store: { at: line.at, rows, prefix: prefix?.text ?? '' } };
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['us', 1],
  ['ms', 1000],
  ['s', 1_000_000],
]);

/** `\sleep 10 ms`, `\sleep 10ms`, `\sleep :pause ms`; seconds where there is no unit. */
function sleep(line: MetaLine): Command {
  const [first, second, excess] = line.words();
  if (first === undefined) {
    throw line.error(line.offset, 'the time to sleep is missing');
  }
  if (excess !== undefined) {
    throw line.error(excess.at, `"${excess.text}" is one argument too many`);
  }
  if (first.text.startsWith(':')) {
    const amount = { variable: first.text.slice(1), at: first.at };
    return { kind: 'sleep', at: line.at, amount, unit: unitOf(line, second) };
  }
  const [, digits, joined = ''] = /^([-+]?\d+)(.*)$/.exec(first.text) ?? [];
  if (digits === undefined || (joined !== '' && second !== undefined)) {
    throw line.error(first.at, `the time to sleep must be an integer, but is "${first.text}"`);
  }
  const unit = joined === '' ? second : { text: joined, at: first.at + digits.length };
  return { kind: 'sleep', at: line.at, amount: Number(digits), unit: unitOf(line, unit) };
}

function unitOf(line: MetaLine, word: Word | undefined): number {
  const unit = UNITS.get(word?.text.toLowerCase() ?? 's');
  if (unit === undefined) {
    throw line.error(word?.at ?? line.at, `a time is given in us, ms or s, not in "${word?.text}"`);
  }
  return unit;
}

/** Every \elif, \else and \endif must belong to an \if, and every \if must end. */
function checkConditions(source: ScriptSource, commands: readonly Command[]): void {
  const open: { at: number; otherwise: boolean }[] = [];
  for (const command of commands) {
    const inner = open.at(-1);
    if (command.kind === 'if') {
      open.push({ at: command.at, otherwise: false });
    } else if (command.kind === 'elif' || command.kind === 'else' || command.kind === 'endif') {
      if (inner === undefined) {
        throw new ScriptError(source, command.at, `\\${command.kind} has no \\if`);
      }
      if (command.kind === 'endif') {
        open.pop();
      } else if (inner.otherwise) {
        throw new ScriptError(source, command.at, `\\${command.kind} comes behind \\else`);
      } else {
        inner.otherwise = command.kind === 'else';
      }
    }
  }
  const [unclosed] = open;
  if (unclosed !== undefined) {
    throw new ScriptError(source, unclosed.at, '\\if has no \\endif');
  }
}

import { UserError } from '../../errors.js';

export interface ScriptSource {
  /** File as the user knows it, or the name of a built-in. */
  readonly name: string;
  readonly text: string;
}

/** What is wrong in a script, found when it is loaded: the message names file, line and column and shows the line. */
export class ScriptError extends UserError {
  readonly source: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;

  /** @param offset of the first character that is wrong, in the text of the source */
  constructor(source: ScriptSource, offset: number, problem: string) {
    const { line, column, text } = locate(source.text, offset);
    super(`${source.name}:${line}:${column}: ${problem}\n${text}\n${caretLine(text, column)}`);
    this.source = source.name;
    this.line = line;
    this.column = column;
  }
}

export interface Location {
  readonly line: number;
  readonly column: number;
  /** The whole line. */
  readonly text: string;
}

export function locate(text: string, offset: number): Location {
  const at = Math.min(offset, text.length);
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  return { line, column: Math.min(at - start, whole.length) + 1, text: whole };
}

/** Tabs stay, so that the caret stands below its character however wide they are. */
function caretLine(text: string, column: number): string {
  return `${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`;
}

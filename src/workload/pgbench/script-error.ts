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
  return new LineIndex(text).locate(offset);
}

/** Where the lines of a text begin, for more than one look. */
export class LineIndex {
  private readonly starts: readonly number[];

  constructor(private readonly text: string) {
    this.starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  locate(offset: number): Location {
    const at = Math.min(offset, this.text.length);
    let line = 0;
    let behind = this.starts.length;
    while (behind - line > 1) {
      const middle = (line + behind) >> 1;
      if ((this.starts[middle] ?? 0) <= at) {
        line = middle;
      } else {
        behind = middle;
      }
    }
    const start = this.starts[line] ?? 0;
    const text = this.text.slice(start, this.starts[line + 1]).replace(/\r?\n$|\r$/, '');
    return { line: line + 1, column: Math.min(at - start, text.length) + 1, text };
  }
}

/** Tabs stay, so that the caret stands below its character however wide they are. */
function caretLine(text: string, column: number): string {
  return `${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`;
}

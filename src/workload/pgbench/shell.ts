import { type ScriptContext, ScriptFailure } from '../program.js';
import { UNSET } from '../value.js';
import type { Word } from './commands.js';

/** Bytes of the command that pgbench has room for. */
const MAX_COMMAND = 255;

/**
 * Compiles the words of \shell and \setshell: joined by one blank each, `:name` is the text of a variable and
 * `::name` is `:name`.
 */
export function compileShellCommand(
  words: readonly Word[],
  slotOf: (word: Word, name: string) => number,
  fail: (word: Word, problem: string) => never,
): (context: ScriptContext) => string {
  const parts = words.map((word) => {
    if (!word.text.startsWith(':')) {
      return { word, text: word.text };
    }
    const name = word.text.slice(1);
    return name.startsWith(':') ? { word, text: name } : { word, slot: slotOf(word, name) };
  });
  return ({ variables }) => {
    const command = parts
      .map(({ word, text, slot = -1 }) => {
        if (text !== undefined) {
          return text;
        }
        const cell = variables.cell(slot);
        return cell.kind === UNSET
          ? fail(word, `the variable "${word.text.slice(1)}" is not set`)
          : `${cell}`;
      })
      .join(' ');
    const [first] = words;
    if (first !== undefined && Buffer.byteLength(command) > MAX_COMMAND) {
      return fail(first, `the command for the shell is longer than ${MAX_COMMAND} bytes: ${command}`);
    }
    return command;
  };
}

/** What \setshell stores: the first line of the output, a 32-bit integer with blanks around it. */
export function parseShellInteger(output: string): number {
  const [line = ''] = output.split('\n', 1);
  const value = /^\s*[-+]?\d+\s*$/.test(line) ? Number(line) : Number.NaN;
  if (!(value >= -(2 ** 31) && value < 2 ** 31)) {
    throw new ScriptFailure(`The command of \\setshell must print an integer, but printed "${line}".`);
  }
  return value;
}

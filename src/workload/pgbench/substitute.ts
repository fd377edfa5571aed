import type { Protocol } from '../../plan/plan.js';
import { LETTER } from './expression-lexer.js';
import { ScriptError, type ScriptSource } from './script-error.js';
import type { SqlText } from './sql-lexer.js';

/** A statement with its variables apart, as {@link ../program.ts} describes them. */
export interface Substituted {
  readonly text: string;
  readonly pieces: readonly (string | number)[];
  readonly parameters: readonly number[];
}

export interface Names {
  /** Slot of a variable that something sets, or undefined if nothing does. */
  slotOf(name: string): number | undefined;
}

/** pgbench's limit for one statement. */
const MAX_PARAMETERS = 255;

/** `::` is a cast, and so is any longer run; `:5` and `: x` are left alone. */
const REFERENCE = new RegExp(`:{2,}|:([${LETTER}][${LETTER}0-9]*)`, 'g');

/**
 * Puts variables into a statement. They are found everywhere, within quotes and comments too, as pgbench does; there
 * an unknown one is more likely no variable at all, such as a time of day, and simple mode leaves it as it is.
 */
export function substitute(
  source: ScriptSource,
  sql: SqlText,
  protocol: Protocol,
  names: Names,
): Substituted {
  return protocol === 'simple' ? intoPieces(source, sql, names) : intoParameters(source, sql, names);
}

function intoPieces(source: ScriptSource, sql: SqlText, names: Names): Substituted {
  const pieces: (string | number)[] = [];
  let from = 0;
  for (const match of sql.text.matchAll(REFERENCE)) {
    const name = match[1];
    if (name === undefined) {
      continue;
    }
    const slot = names.slotOf(name);
    if (slot === undefined) {
      if (!isOpaque(sql, match.index)) {
        throw new ScriptError(source, sql.sourceOffset(match.index), `nothing sets the variable "${name}"`);
      }
      continue;
    }
    if (match.index > from) {
      pieces.push(sql.text.slice(from, match.index));
    }
    pieces.push(slot);
    from = match.index + match[0].length;
  }
  if (from < sql.text.length) {
    pieces.push(sql.text.slice(from));
  }
  return { text: sql.text, pieces, parameters: [] };
}

function intoParameters(source: ScriptSource, sql: SqlText, names: Names): Substituted {
  const parameters: number[] = [];
  const text = sql.text.replaceAll(REFERENCE, (reference: string, name: string | undefined, at: number) => {
    if (name === undefined) {
      return reference;
    }
    if (parameters.length === MAX_PARAMETERS) {
      throw new ScriptError(
        source,
        sql.sourceOffset(at),
        `a statement takes at most ${MAX_PARAMETERS} variables`,
      );
    }
    parameters.push(names.slotOf(name) ?? -1);
    return `$${parameters.length}`;
  });
  return { text, pieces: [], parameters };
}

function isOpaque(sql: SqlText, offset: number): boolean {
  return sql.opaque.some(([from, to]) => from <= offset && offset < to);
}

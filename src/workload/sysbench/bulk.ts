import { writeInteger } from '../digits.js';
import type { ScriptContext, Step } from '../program.js';
import { TEXT, type Value } from '../value.js';
import type { Slots } from '../variables.js';
import { VARIABLE } from './statements.js';

/** sysbench sends the INSERT when the next row would make it longer than this, the end of a C string included. */
const PACKET = 512 * 1024;

const COMMA = 0x2c;
const OPEN = 0x28;
const CLOSE = 0x29;

/**
 * The steps of bulk_insert: each event appends one row, (n, n), to a multi-row INSERT into the client's own table, and
 * the event whose row no longer fits sends what there is before. So most events send nothing, as in sysbench.
 *
 * Rows are numbered from 1 in each run, as in sysbench, which refuses to run on tables that have them. The rows of an
 * INSERT that failed are dropped at the next event; sysbench would die of it.
 *
 * @param at number of the first of these steps
 * @param statement number of the statement that is the text of {@link VARIABLE.rows}
 */
export function bulkSteps(at: number, statement: number, slots: Slots): readonly Step[] {
  const rows = slots.of(VARIABLE.rows);
  const lastRow = slots.of(VARIABLE.lastRow);
  const flushing = slots.of(VARIABLE.flushing);

  const append = (context: ScriptContext): void => {
    const cell = context.variables.cell(rows);
    const last = context.variables.cell(lastRow);
    if (cell.kind !== TEXT || context.variables.cell(flushing).number === 1) {
      startInsert(cell, context.clientId + 1);
      context.variables.setInteger(flushing, 0);
    }
    if (appendRow(cell, last.number + 1)) {
      last.setInteger(last.number + 1);
    } else {
      context.variables.setInteger(flushing, 1);
    }
  };
  return [
    { op: 'compute', run: append },
    {
      op: 'branch',
      test: (context) => context.variables.cell(flushing).number === 1,
      otherwise: at + 4,
    },
    { op: 'sql', statement },
    // The row that did not fit begins the next INSERT.
    { op: 'compute', run: append },
  ];
}

/** Sends the rows that are left when the client ends, unless they are those of an INSERT that failed. */
export function bulkClosing(statement: number, slots: Slots): readonly Step[] {
  const rows = slots.of(VARIABLE.rows);
  const flushing = slots.of(VARIABLE.flushing);
  return [
    {
      op: 'branch',
      test: ({ variables }) => variables.cell(rows).kind === TEXT && variables.cell(flushing).number !== 1,
      otherwise: 2,
    },
    { op: 'sql', statement },
  ];
}

/** `INSERT INTO sbtest1 VALUES`, in a buffer that holds the longest. */
function startInsert(cell: Value, table: number): void {
  if (cell.text.length < PACKET) {
    cell.text = Buffer.allocUnsafeSlow(PACKET);
  }
  cell.textLength = cell.text.write(`INSERT INTO sbtest${table} VALUES`);
  cell.kind = TEXT;
  cell.typed = undefined;
}

/** @returns whether the row fitted */
function appendRow(cell: Value, number: number): boolean {
  const { text, textLength } = cell;
  const first = text[textLength - 1] !== CLOSE;
  // Two numbers, a comma, two parentheses; the end of the string, and the comma before all rows but the first.
  const needed = 2 * digitsOf(number) + 3 + 1 + (first ? 0 : 1);
  if (textLength + needed > PACKET) {
    return false;
  }
  let at = textLength;
  if (!first) {
    text[at++] = COMMA;
  }
  text[at++] = OPEN;
  at = writeInteger(number, text, at);
  text[at++] = COMMA;
  at = writeInteger(number, text, at);
  text[at++] = CLOSE;
  cell.textLength = at;
  return true;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) {
    digits++;
  }
  return digits;
}

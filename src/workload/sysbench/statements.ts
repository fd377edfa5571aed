import type { Protocol } from '../../plan/plan.js';
import type { Statement, Verb } from '../program.js';
import type { Slots } from '../variables.js';

/** A statement of sysbench's, for any table and any protocol. */
export interface Template {
  /** `%` is the number of the table, `?` a value. */
  readonly text: string;
  readonly values: readonly TemplateValue[];
  readonly verb: Verb;
  /** sysbench sends it as a simple query always. */
  readonly unprepared?: true;
}

export interface TemplateValue {
  readonly variable: string;
  readonly type: 'int' | 'string';
}

/**
 * Names of the variables. No script of pgbench's can have one with a point in it, and a variable that an event draws is
 * sent before the next one is drawn, so all events share them.
 */
export const VARIABLE = {
  /** The table drawn for a group of statements, 1 … tables. */
  table: 'sysbench.table',
  id: 'sysbench.id',
  /** End of a range of ids. */
  to: 'sysbench.to',
  k: 'sysbench.k',
  c: 'sysbench.c',
  pad: 'sysbench.pad',
  /** How many ids oltp_insert has taken. */
  inserted: 'sysbench.inserted',
  /** The INSERT of bulk_insert that grows. */
  rows: 'sysbench.rows',
  lastRow: 'sysbench.last_row',
  flushing: 'sysbench.flushing',
} as const;

export function pointVariable(index: number): string {
  return `sysbench.point_${index}`;
}

export interface StatementBuild {
  readonly protocol: Protocol;
  /** False for --db-ps-mode=disable: values are written into the text whatever the protocol is. */
  readonly serverPrepared: boolean;
  readonly slots: Slots;
}

/** The OIDs that sysbench declares: int8 whatever the column is, and varchar. */
const TYPES = { int: 20, string: 1043 } as const;

export function statementOf(template: Template, table: number, build: StatementBuild): Statement {
  const { verb, unprepared } = template;
  const text = template.text.replaceAll('%', String(table));
  if (unprepared === true || !build.serverPrepared || build.protocol === 'simple') {
    return { text, pieces: piecesOf(text, template, build.slots), parameters: [], simple: true, verb };
  }
  let number = 0;
  return {
    text: text.replaceAll('?', () => {
      number++;
      return `$${number}`;
    }),
    pieces: [],
    parameters: template.values.map(({ variable }) => build.slots.of(variable)),
    types: template.values.map(({ type }) => TYPES[type]),
    binary: true,
    verb,
  };
}

/** Strings in quotes: there is nothing in sysbench's that would have to be escaped. */
function piecesOf(text: string, { values }: Template, slots: Slots): readonly (string | number)[] {
  const pieces: (string | number)[] = [];
  let before = '';
  for (const [index, literal] of text.split('?').entries()) {
    const value = values[index];
    if (value === undefined) {
      before += literal;
      break;
    }
    const quote = value.type === 'string' ? "'" : '';
    pieces.push(`${before}${literal}${quote}`, slots.of(value.variable));
    before = quote;
  }
  return before === '' ? pieces : [...pieces, before];
}

/** Whether there is one of these for each table. */
export function isOfTable(template: Template): boolean {
  return template.text.includes('%');
}

const ID: TemplateValue = { variable: VARIABLE.id, type: 'int' };
const TO: TemplateValue = { variable: VARIABLE.to, type: 'int' };
const K: TemplateValue = { variable: VARIABLE.k, type: 'int' };
const C: TemplateValue = { variable: VARIABLE.c, type: 'string' };
const PAD: TemplateValue = { variable: VARIABLE.pad, type: 'string' };

export const BEGIN: Template = { text: 'BEGIN', values: [], verb: 'begin' };
export const COMMIT: Template = { text: 'COMMIT', values: [], verb: 'commit' };

export const POINT_SELECT: Template = {
  text: 'SELECT c FROM sbtest% WHERE id=?',
  values: [ID],
  verb: 'read',
};
export const SIMPLE_RANGE: Template = {
  text: 'SELECT c FROM sbtest% WHERE id BETWEEN ? AND ?',
  values: [ID, TO],
  verb: 'read',
};
export const SUM_RANGE: Template = {
  text: 'SELECT SUM(k) FROM sbtest% WHERE id BETWEEN ? AND ?',
  values: [ID, TO],
  verb: 'read',
};
export const ORDER_RANGE: Template = {
  text: 'SELECT c FROM sbtest% WHERE id BETWEEN ? AND ? ORDER BY c',
  values: [ID, TO],
  verb: 'read',
};
export const DISTINCT_RANGE: Template = {
  text: 'SELECT DISTINCT c FROM sbtest% WHERE id BETWEEN ? AND ? ORDER BY c',
  values: [ID, TO],
  verb: 'read',
};
export const INDEX_UPDATE: Template = {
  text: 'UPDATE sbtest% SET k=k+1 WHERE id=?',
  values: [ID],
  verb: 'write',
};
export const NON_INDEX_UPDATE: Template = {
  text: 'UPDATE sbtest% SET c=? WHERE id=?',
  values: [C, ID],
  verb: 'write',
};
export const DELETE: Template = { text: 'DELETE FROM sbtest% WHERE id=?', values: [ID], verb: 'write' };
export const INSERT_AGAIN: Template = {
  text: 'INSERT INTO sbtest% (id, k, c, pad) VALUES (?, ?, ?, ?)',
  values: [ID, K, C, PAD],
  verb: 'write',
};
/** oltp_insert: the id is the sequence's. */
export const INSERT: Template = {
  text: 'INSERT INTO sbtest% (k, c, pad) VALUES (?, ?, ?)',
  values: [K, C, PAD],
  verb: 'write',
  unprepared: true,
};
/** oltp_insert with an id of the client's. */
export const INSERT_WITH_ID: Template = { ...INSERT_AGAIN, unprepared: true };

export function randomPoints(count: number): Template {
  const values = points(count);
  return {
    text: `SELECT id, k, c, pad FROM sbtest1 WHERE k IN (${values.map(() => '?').join(', ')})`,
    values,
    verb: 'read',
  };
}

export function randomRanges(count: number): Template {
  const ranges = Array.from({ length: count }, () => 'k BETWEEN ? AND ?');
  return {
    text: `SELECT count(k) FROM sbtest1 WHERE ${ranges.join(' OR ')}`,
    values: points(2 * count),
    verb: 'read',
  };
}

function points(count: number): readonly TemplateValue[] {
  return Array.from({ length: count }, (_, index) => ({ variable: pointVariable(index), type: 'int' }));
}

/** bulk_insert: the whole text is a value. */
export const BULK: Template = {
  text: '?',
  values: [{ variable: VARIABLE.rows, type: 'int' }],
  verb: 'write',
  unprepared: true,
};

import type pg from 'pg';
import { UserError } from '../../errors.js';
import { copyIn } from '../copy-in.js';
import { writeInteger } from '../digits.js';
import { forgetDropped, markMade } from '../ownership.js';
import { RandomStream } from '../random/stream.js';
import { transaction } from '../transaction.js';
import type { OptionValues, PrepareProgress, Schema } from '../workload.js';
import { type Settings, settingsOf } from './options.js';
import { checkTables, tableName, tableNames } from './tables.js';
import { C_GROUPS, PAD_GROUPS, textLength, writeText } from './text.js';

/**
 * sysbench's own tables, such as its `prepare` makes them: names, types, defaults, keys, and rows of the same shape.
 * So sysbench runs on them, and this tool on sysbench's. Beyond sysbench, rows are frozen and tables analysed: the
 * autovacuum would do both in the middle of the load.
 */
export const sysbenchSchema: Schema = oltp({ rows: 'needed', tables: 'any' });

/** The same for oltp_insert, which needs no rows, and where clients give the ids, none: theirs would meet those. */
export const insertSchema: Schema = oltp({ rows: 'any', tables: 'any' });

/** The same for select_random_points and select_random_ranges, which know one table only. */
export const selectSchema: Schema = oltp({ rows: 'needed', tables: 'one' });

/** bulk_insert: one empty table for each client. */
export const bulkSchema: Schema = {
  check: async (sql, options) =>
    checkTables(sql, {
      tables: settingsOf(options).threads,
      columns: ['id', 'k'],
      exactly: true,
      idProblem: (table, lastId) =>
        lastId === null
          ? undefined
          : `${table} has rows up to id ${lastId}, and bulk_insert, as sysbench's, begins with id 1 in each run.`,
    }),
  prepare: async (sql, options, progress) => {
    const { threads } = settingsOf(options);
    for (const [index, table] of tableNames(threads).entries()) {
      progress({ step: 'create tables', done: index, total: threads });
      await transaction(sql, () => createBulkTable(sql, table));
    }
    progress({ step: 'create tables', done: threads, total: threads });
  },
  cleanup: async (sql, options) => dropTables(sql, settingsOf(options).threads),
};

interface Needs {
  readonly rows: 'needed' | 'any';
  readonly tables: 'one' | 'any';
}

function oltp(needs: Needs): Schema {
  return {
    check: async (sql, options) => {
      const settings = settingsOf(options);
      return checkTables(sql, {
        // sysbench refuses more in prepare only: a run on tables of another workload just leaves them alone.
        tables: needs.tables === 'one' ? 1 : settings.tables,
        columns: ['id', 'k', 'c', 'pad'],
        exactly: false,
        idProblem: needs.rows === 'needed' ? idProblemOf(settings.tableSize) : null,
      });
    },
    prepare: async (sql, options, progress) => prepare(sql, preparable(needs, options), progress),
    cleanup: async (sql, options) => dropTables(sql, preparable(needs, options).tables),
  };
}

/** Below this share of the table's size statements would miss too often; deletes take the last ids away, too. */
const ENOUGH = 0.9;

function idProblemOf(tableSize: number): (table: string, lastId: number | null) => string | undefined {
  return (table, lastId) => {
    if (lastId === null) {
      return `${table} is empty.`;
    }
    return lastId < tableSize * ENOUGH
      ? `the last id of ${table} is ${lastId}, far below a --table-size of ${tableSize}.`
      : undefined;
  };
}

function preparable(needs: Needs, options: OptionValues): Settings {
  const settings = settingsOf(options);
  if (needs.tables === 'one' && settings.tables > 1) {
    throw new UserError(
      `--tables: expected 1, for this workload uses one table only, found ${settings.tables}.`,
    );
  }
  // The tables of oltp_insert are empty where the clients give the ids.
  return needs.rows === 'any' && !settings.autoInc ? { ...settings, tableSize: 0 } : settings;
}

async function prepare(
  sql: pg.ClientBase,
  settings: Settings,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  if (settings.secondary) {
    throw new UserError(
      '--secondary: PostgreSQL has no such index, so sysbench cannot make these tables there.',
      'Leave it out.',
    );
  }
  for (let table = 1; table <= settings.tables; table++) {
    // In one transaction a table is there with all of its rows and its index, or not at all.
    await transaction(sql, () => makeTable(sql, table, settings, progress));
  }
}

async function makeTable(
  sql: pg.ClientBase,
  number: number,
  settings: Settings,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  const table = tableName(number);
  await sql.query(`drop table if exists ${table}`);
  await sql.query(
    `create table ${table} (
       id ${settings.autoInc ? 'serial' : 'integer not null'},
       k integer default '0' not null,
       c char(120) default '' not null,
       pad char(60) default '' not null,
       primary key (id)
     ) ${settings.createTableOptions}`,
  );
  await load(sql, number, settings, progress);
  if (settings.createSecondary) {
    progress({ step: `index ${table}`, done: 0, total: 0 });
    await sql.query(`create index k_${number} on ${table}(k)`);
  }
  await sql.query(`analyze ${table}`);
  await markMade(sql, [table]);
}

/** Two numbers, the texts, three tabs and a line end. */
const LONGEST_ROW = 2 * 11 + textLength(C_GROUPS) + textLength(PAD_GROUPS) + 4;

const TAB = 0x09;
const LINE_END = 0x0a;

async function load(
  sql: pg.ClientBase,
  number: number,
  { autoInc, tableSize, draw }: Settings,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  // The same rows at each init, others in each table.
  const random = RandomStream.fromSeed(BigInt(number));
  const table = tableName(number);
  const step = `load ${table}`;
  const writeRow = (id: number, target: Buffer, offset: number): number => {
    let at = offset;
    if (!autoInc) {
      at = writeInteger(id, target, at);
      target[at++] = TAB;
    }
    at = writeInteger(draw(random, 1, tableSize), target, at);
    target[at++] = TAB;
    at = writeText(target, at, C_GROUPS, random);
    target[at++] = TAB;
    at = writeText(target, at, PAD_GROUPS, random);
    target[at++] = LINE_END;
    return at;
  };
  let done = 0;
  progress({ step, done, total: tableSize });
  const columns = autoInc ? 'k, c, pad' : 'id, k, c, pad';
  await copyIn(sql, `copy ${table} (${columns}) from stdin with (freeze on)`, (target) => {
    let offset = 0;
    while (offset <= target.length - LONGEST_ROW && done < tableSize) {
      done += 1;
      offset = writeRow(done, target, offset);
    }
    progress({ step, done, total: tableSize });
    return offset;
  });
}

async function createBulkTable(sql: pg.ClientBase, table: string): Promise<void> {
  await sql.query(`drop table if exists ${table}`);
  await sql.query(
    `create table ${table} (id integer not null, k integer default '0' not null, primary key (id))`,
  );
  await markMade(sql, [table]);
}

/** One by one: a transaction that dropped thousands would need more locks than a server has. */
async function dropTables(sql: pg.ClientBase, count: number): Promise<void> {
  for (const table of tableNames(count)) {
    await sql.query(`drop table if exists ${table}`);
  }
  await transaction(sql, () => forgetDropped(sql));
}

import type pg from 'pg';
import { copyIn } from '../copy-in.js';
import { writeInteger } from '../digits.js';
import { forgetDropped, isMadeHere, markMade } from '../ownership.js';
import type { OptionValues, PrepareProgress, Schema, SchemaState, WorkloadOption } from '../workload.js';

/** Rows for each unit of scale. */
const ACCOUNTS = 100_000;
const TELLERS = 10;
/** From this scale on account numbers are bigint, as in pgbench. */
const BIGINT_SCALE = 20_000;

export const PGBENCH_OPTIONS: readonly WorkloadOption[] = [
  {
    name: 'scale',
    type: 'number',
    integer: true,
    default: 1,
    min: 1,
    max: 214_748_364,
    summary: `size of the tables that init makes: ${ACCOUNTS} accounts each; a run finds it in the tables`,
  },
];

/**
 * pgbench's own tables, such as `pgbench -i` makes them: names, types, order of columns, fill factors, keys. So
 * pgbench runs on them, and this tool on pgbench's.
 */
export const pgbenchSchema: Schema = { check, prepare, cleanup };

/** In the order in which `pgbench -i` names them. */
const TABLES = ['pgbench_accounts', 'pgbench_branches', 'pgbench_history', 'pgbench_tellers'] as const;

type Table = (typeof TABLES)[number];

/** What the scripts use; a table may have more. */
const COLUMNS: Readonly<Record<Table, readonly string[]>> = {
  pgbench_accounts: ['aid', 'bid', 'abalance'],
  pgbench_branches: ['bid', 'bbalance'],
  pgbench_history: ['tid', 'bid', 'aid', 'delta', 'mtime'],
  pgbench_tellers: ['tid', 'bid', 'tbalance'],
};

/** Tables with a primary key and its column, in the order in which pgbench adds them: the last step of `pgbench -i`. */
const KEYS = [
  ['pgbench_branches', 'bid'],
  ['pgbench_tellers', 'tid'],
  ['pgbench_accounts', 'aid'],
] as const satisfies readonly (readonly [Table, string])[];

async function prepare(
  sql: pg.ClientBase,
  options: OptionValues,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  const scale = Number(options['scale']);
  progress({ step: 'create tables', done: 0, total: 0 });
  await transaction(sql, () => createTables(sql, scale));
  await transaction(sql, () => load(sql, scale, progress));
  progress({ step: 'vacuum', done: 0, total: 0 });
  for (const table of ['pgbench_branches', 'pgbench_tellers', 'pgbench_accounts', 'pgbench_history']) {
    await sql.query(`vacuum analyze ${table}`);
  }
  progress({ step: 'primary keys', done: 0, total: 0 });
  for (const [table, column] of KEYS) {
    await sql.query(`alter table ${table} add primary key (${column})`);
  }
}

async function createTables(sql: pg.ClientBase, scale: number): Promise<void> {
  const aid = scale >= BIGINT_SCALE ? 'bigint' : 'int';
  await sql.query(`drop table if exists ${TABLES.join(', ')}`);
  await sql.query(
    `create table pgbench_history (tid int, bid int, aid ${aid}, delta int, mtime timestamp, filler char(22))`,
  );
  await sql.query(
    'create table pgbench_tellers (tid int not null, bid int, tbalance int, filler char(84)) with (fillfactor = 100)',
  );
  await sql.query(
    `create table pgbench_accounts (aid ${aid} not null, bid int, abalance int, filler char(84)) with (fillfactor = 100)`,
  );
  await sql.query(
    'create table pgbench_branches (bid int not null, bbalance int, filler char(88)) with (fillfactor = 100)',
  );
  await markMade(sql, TABLES);
}

async function load(
  sql: pg.ClientBase,
  scale: number,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  // COPY may freeze rows only in tables that this transaction created or truncated.
  await sql.query(`truncate table ${TABLES.join(', ')}`);
  await copyRows(sql, 'pgbench_branches', scale, branchRow, progress);
  await copyRows(sql, 'pgbench_tellers', scale * TELLERS, tellerRow, progress);
  await copyRows(sql, 'pgbench_accounts', scale * ACCOUNTS, accountRow, progress);
}

/** Writes row number `index`, from 0, in COPY's text format; returns the offset behind it. */
type RowWriter = (index: number, target: Buffer, offset: number) => number;

/** No row of the three is longer: three numbers, three tabs, \N and a line end. */
const LONGEST_ROW = 64;

async function copyRows(
  sql: pg.ClientBase,
  table: Table,
  total: number,
  writeRow: RowWriter,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  const step = `load ${table}`;
  let done = 0;
  progress({ step, done, total });
  await copyIn(sql, `copy ${table} from stdin with (freeze on)`, (target) => {
    let offset = 0;
    const limit = target.length - LONGEST_ROW;
    while (offset <= limit && done < total) {
      offset = writeRow(done, target, offset);
      done += 1;
    }
    progress({ step, done, total });
    return offset;
  });
}

const TAB = 0x09;
const LINE_END = 0x0a;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const CAPITAL_N = 0x4e;

/** bid, bbalance, filler */
function branchRow(index: number, target: Buffer, offset: number): number {
  return zeroAndNull(target, writeInteger(index + 1, target, offset));
}

/** tid, bid, tbalance, filler */
function tellerRow(index: number, target: Buffer, offset: number): number {
  const at = writeInteger(index + 1, target, offset);
  target[at] = TAB;
  return zeroAndNull(target, writeInteger(Math.floor(index / TELLERS) + 1, target, at + 1));
}

/** aid, bid, abalance and a filler that is empty, not NULL: PostgreSQL pads it with blanks, so the rows have their size. */
function accountRow(index: number, target: Buffer, offset: number): number {
  let at = writeInteger(index + 1, target, offset);
  target[at] = TAB;
  at = writeInteger(Math.floor(index / ACCOUNTS) + 1, target, at + 1);
  target[at] = TAB;
  target[at + 1] = ZERO;
  target[at + 2] = TAB;
  target[at + 3] = LINE_END;
  return at + 4;
}

/** A balance of 0 and a filler of NULL. */
function zeroAndNull(target: Buffer, offset: number): number {
  target[offset] = TAB;
  target[offset + 1] = ZERO;
  target[offset + 2] = TAB;
  target[offset + 3] = BACKSLASH;
  target[offset + 4] = CAPITAL_N;
  target[offset + 5] = LINE_END;
  return offset + 6;
}

async function transaction(sql: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await sql.query('begin');
  try {
    await work();
    await sql.query('commit');
  } catch (error) {
    // The connection may be what failed; the error that says so is the one to tell.
    await sql.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function cleanup(sql: pg.ClientBase): Promise<void> {
  await transaction(sql, async () => {
    await sql.query(`drop table if exists ${TABLES.join(', ')}`);
    await forgetDropped(sql);
  });
}

interface FoundTable {
  readonly name: Table;
  readonly kind: string;
  readonly columns: readonly string[];
  /** First column of the primary key. */
  readonly key: string | null;
}

async function check(sql: pg.ClientBase): Promise<SchemaState> {
  const { rows: tables } = await sql.query<FoundTable>(
    `select name, c.relkind as kind, array(
       select a.attname::text from pg_catalog.pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     ) as columns, (
       select a.attname::text from pg_catalog.pg_index i join pg_catalog.pg_attribute a
         on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       where i.indrelid = c.oid and i.indisprimary and i.indisvalid
     ) as key
     from unnest($1::text[]) as name join pg_catalog.pg_class c on c.oid = to_regclass(name)`,
    [TABLES],
  );
  if (tables.length === 0) {
    return { kind: 'missing' };
  }
  const made = (await isMadeHere(sql, TABLES)) ? 'here' : 'elsewhere';
  const problem = shapeProblem(tables) ?? keysProblem(tables);
  if (problem !== undefined) {
    return { kind: 'unfit', made, problem };
  }
  const rows = await countRows(sql);
  const wrong = rowsProblem(rows);
  return wrong === undefined
    ? { kind: 'ready', made, options: { scale: rows.branches } }
    : { kind: 'unfit', made, problem: wrong };
}

function shapeProblem(tables: readonly FoundTable[]): string | undefined {
  for (const name of TABLES) {
    const table = tables.find((candidate) => candidate.name === name);
    if (table === undefined) {
      return `there is no table ${name}, but there are others of pgbench.`;
    }
    if (table.kind !== 'r' && table.kind !== 'p') {
      return `${name} is not a table.`;
    }
    const missing = COLUMNS[name].filter((column) => !table.columns.includes(column));
    if (missing.length > 0) {
      return `${name} has no column ${missing.join(', ')}.`;
    }
  }
  return undefined;
}

/**
 * Tables that were loaded but have no keys yet look complete, and run at a few transactions a second: each statement
 * reads a whole table.
 */
function keysProblem(tables: readonly FoundTable[]): string | undefined {
  const keyless = KEYS.filter(
    ([name, column]) => tables.find((candidate) => candidate.name === name)?.key !== column,
  );
  if (keyless.length === 0) {
    return undefined;
  }
  const lacking = keyless.map(([name, column]) => `${name} (${column})`).join(', ');
  return `there is no primary key of ${lacking}: init was interrupted, or pgbench made them by -I without p.`;
}

interface RowCounts {
  readonly branches: number;
  readonly tellers: number;
  /** Highest account number: the primary key tells it without a scan of the largest table. */
  readonly lastAccount: number;
}

async function countRows(sql: pg.ClientBase): Promise<RowCounts> {
  const { rows } = await sql.query<{ branches: number; tellers: number; last: string | null }>(
    `select (select count(*)::int from pgbench_branches) as branches,
       (select count(*)::int from pgbench_tellers) as tellers,
       (select max(aid)::text from pgbench_accounts) as last`,
  );
  const { branches = 0, tellers = 0, last = null } = rows[0] ?? {};
  return { branches, tellers, lastAccount: Number(last ?? 0) };
}

function rowsProblem({ branches, tellers, lastAccount }: RowCounts): string | undefined {
  if (branches === 0) {
    return 'pgbench_branches is empty.';
  }
  const expected = `for ${branches} branches there should be`;
  if (tellers !== branches * TELLERS) {
    return `pgbench_tellers has ${tellers} rows; ${expected} ${branches * TELLERS}.`;
  }
  if (lastAccount !== branches * ACCOUNTS) {
    return `the last account of pgbench_accounts is ${lastAccount}; ${expected} ${branches * ACCOUNTS}.`;
  }
  return undefined;
}

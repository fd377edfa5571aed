import pg from 'pg';
import { isMadeHere } from '../ownership.js';
import type { OptionValues, PrepareProgress, Schema, SchemaState } from '../workload.js';
import { initSettings, isOn } from './options.js';
import { dropTables, runSteps } from './prepare.js';
import { ACCOUNTS, COLUMNS, KEYS, TABLES, type Table, TELLERS } from './tables.js';

export { PGBENCH_OPTIONS } from './options.js';

/**
 * pgbench's own tables, such as `pgbench -i` makes them with the same options: names, types, order of columns, fill
 * factors, partitions, keys. So pgbench runs on them, and this tool on pgbench's.
 */
export const pgbenchSchema: Schema = { check, prepare, cleanup: dropTables, beforeRun };

async function prepare(
  sql: pg.ClientBase,
  options: OptionValues,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  await runSteps(sql, initSettings(options), progress);
}

/**
 * What pgbench does before each run, unless -n: it takes away what the last run left behind. As there, a statement that
 * the server refuses, to a role without the right or on a standby, is no reason not to run.
 * @throws what ended the connection
 */
async function beforeRun(sql: pg.ClientBase, options: OptionValues): Promise<void> {
  if (isOn(options, 'no-vacuum')) {
    return;
  }
  const statements = ['vacuum pgbench_branches', 'vacuum pgbench_tellers', 'truncate pgbench_history'];
  if (isOn(options, 'vacuum-all')) {
    statements.push('vacuum analyze pgbench_accounts');
  }
  for (const statement of statements) {
    await sql.query(statement).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError) || isFatal(error)) {
        throw error;
      }
    });
  }
}

/** The severity would say it, in the language of the server. */
function isFatal({ code = '' }: pg.DatabaseError): boolean {
  return /^(08|57P)/.test(code);
}

interface FoundTable {
  readonly name: Table;
  readonly kind: string;
  readonly columns: readonly string[];
  /** First column of the primary key. */
  readonly key: string | null;
}

async function check(sql: pg.ClientBase, options: OptionValues): Promise<SchemaState> {
  // Words that prepare does not take are refused before anything else is said of the tables.
  initSettings(options);
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

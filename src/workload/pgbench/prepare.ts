import type pg from 'pg';
import { forgetDropped, markMade } from '../ownership.js';
import { transaction } from '../transaction.js';
import type { PrepareProgress } from '../workload.js';
import { generateRows, loadRows } from './load.js';
import type { InitSettings, InitStep, Partitioning } from './options.js';
import { ACCOUNTS, FOREIGN_KEYS, KEYS, TABLES, type Table } from './tables.js';

/**
 * What `pgbench -i` does, step by step: the same statements, so that the tables are the same to the last line of a
 * dump. Where steps are left out or turned round so that the server refuses one, it refuses it here, too.
 */
export async function runSteps(
  sql: pg.ClientBase,
  settings: InitSettings,
  progress: Progress,
): Promise<void> {
  for (const step of settings.steps) {
    await STEPS[step](sql, settings, progress);
  }
}

/** Drops the tables, their partitions with them, and what says that they were made here. */
export async function dropTables(sql: pg.ClientBase): Promise<void> {
  await transaction(sql, async () => {
    // In one statement foreign keys among them are no hindrance.
    await sql.query(`drop table if exists ${TABLES.join(', ')}`);
    await forgetDropped(sql);
  });
}

type Progress = (step: PrepareProgress) => void;

type Step = (sql: pg.ClientBase, settings: InitSettings, progress: Progress) => Promise<void>;

const STEPS: Readonly<Record<InitStep, Step>> = {
  d: async (sql, _settings, progress) => {
    progress({ step: 'drop tables', done: 0, total: 0 });
    await dropTables(sql);
  },
  t: createTables,
  g: (sql, settings, progress) => transaction(sql, () => loadRows(sql, settings.scale, progress)),
  G: (sql, settings, progress) => transaction(sql, () => generateRows(sql, settings.scale, progress)),
  v: vacuum,
  p: addPrimaryKeys,
  f: addForeignKeys,
};

/** From this scale on account numbers are bigint. */
const BIGINT_SCALE = 20_000;

async function createTables(sql: pg.ClientBase, settings: InitSettings, progress: Progress): Promise<void> {
  progress({ step: 'create tables', done: 0, total: 0 });
  const { partitioning } = settings;
  const unlogged = settings.unlogged && (partitioning === null || (await canUnlogPartitioned(sql)));
  await transaction(sql, async () => {
    for (const text of tableTexts(sql, settings, unlogged)) {
      await sql.query(text);
    }
    await markMade(sql, TABLES);
  });
  if (partitioning !== null) {
    await createPartitions(sql, settings, partitioning, progress);
  }
}

/**
 * Whether a partitioned table may be unlogged. It never had an effect on the partitions, and PostgreSQL 18 refuses it;
 * its pgbench then leaves the other tables logged, too.
 */
async function canUnlogPartitioned(sql: pg.ClientBase): Promise<boolean> {
  const { rows } = await sql.query<{ can: boolean }>(
    "select current_setting('server_version_num')::int < 180000 as can",
  );
  return rows[0]?.can === true;
}

function tableTexts(sql: pg.ClientBase, settings: InitSettings, unlogged: boolean): readonly string[] {
  const { scale, partitioning, tablespace } = settings;
  const create = unlogged ? 'create unlogged table' : 'create table';
  const place = tablespace === null ? '' : ` tablespace ${sql.escapeIdentifier(tablespace)}`;
  const aid = scale >= BIGINT_SCALE ? 'bigint' : 'int';
  const filled = ` with (fillfactor=${settings.fillfactor})`;
  // A partitioned table has no rows of its own to leave room for.
  const accounts = partitioning === null ? filled : ` partition by ${partitioning.method} (aid)`;
  const tables: readonly (readonly [Table, string, string])[] = [
    ['pgbench_history', `tid int,bid int,aid ${aid},delta int,mtime timestamp,filler char(22)`, ''],
    ['pgbench_tellers', 'tid int not null,bid int,tbalance int,filler char(84)', filled],
    ['pgbench_accounts', `aid ${aid} not null,bid int,abalance int,filler char(84)`, accounts],
    ['pgbench_branches', 'bid int not null,bbalance int,filler char(88)', filled],
  ];
  return tables.map(([table, columns, options]) => `${create} ${table}(${columns})${options}${place}`);
}

/**
 * They are dropped with the table that they are of, and have its tablespace. One at a time and not in one transaction,
 * which would need a lock for each.
 */
async function createPartitions(
  sql: pg.ClientBase,
  { scale, fillfactor, unlogged }: InitSettings,
  partitioning: Partitioning,
  progress: Progress,
): Promise<void> {
  const { count } = partitioning;
  const create = unlogged ? 'create unlogged table' : 'create table';
  for (let number = 1; number <= count; number++) {
    progress({ step: 'create partitions', done: number - 1, total: count });
    const values = partitionValues(partitioning, number, scale * ACCOUNTS);
    await sql.query(
      `${create} pgbench_accounts_${number} partition of pgbench_accounts for values ${values} with (fillfactor=${fillfactor})`,
    );
  }
  progress({ step: 'create partitions', done: count, total: count });
}

/** Ranges of one size, the first and the last open to what may come. */
function partitionValues({ method, count }: Partitioning, number: number, accounts: number): string {
  if (method === 'hash') {
    return `with (modulus ${count}, remainder ${number - 1})`;
  }
  const size = Math.ceil(accounts / count);
  const from = number === 1 ? 'minvalue' : (number - 1) * size + 1;
  const to = number === count ? 'maxvalue' : number * size + 1;
  return `from (${from}) to (${to})`;
}

async function vacuum(sql: pg.ClientBase, _settings: InitSettings, progress: Progress): Promise<void> {
  progress({ step: 'vacuum', done: 0, total: 0 });
  for (const table of ['pgbench_branches', 'pgbench_tellers', 'pgbench_accounts', 'pgbench_history']) {
    await sql.query(`vacuum analyze ${table}`);
  }
}

async function addPrimaryKeys(
  sql: pg.ClientBase,
  { indexTablespace }: InitSettings,
  progress: Progress,
): Promise<void> {
  progress({ step: 'primary keys', done: 0, total: 0 });
  const place =
    indexTablespace === null ? '' : ` using index tablespace ${sql.escapeIdentifier(indexTablespace)}`;
  for (const [table, column] of KEYS) {
    await sql.query(`alter table ${table} add primary key (${column})${place}`);
  }
}

async function addForeignKeys(
  sql: pg.ClientBase,
  _settings: InitSettings,
  progress: Progress,
): Promise<void> {
  progress({ step: 'foreign keys', done: 0, total: 0 });
  for (const [table, column, referred] of FOREIGN_KEYS) {
    await sql.query(
      `alter table ${table} add constraint ${table}_${column}_fkey foreign key (${column}) references ${referred}`,
    );
  }
}

/** pgbench's own tables: their names, columns and sizes. */

/** Rows for each unit of scale. */
export const ACCOUNTS = 100_000;
export const TELLERS = 10;

/** In the order in which `pgbench -i` names them. */
export const TABLES = ['pgbench_accounts', 'pgbench_branches', 'pgbench_history', 'pgbench_tellers'] as const;

export type Table = (typeof TABLES)[number];

/** What the scripts use; a table may have more. */
export const COLUMNS: Readonly<Record<Table, readonly string[]>> = {
  pgbench_accounts: ['aid', 'bid', 'abalance'],
  pgbench_branches: ['bid', 'bbalance'],
  pgbench_history: ['tid', 'bid', 'aid', 'delta', 'mtime'],
  pgbench_tellers: ['tid', 'bid', 'tbalance'],
};

/** Tables with a primary key and its column, in the order in which pgbench adds them. */
export const KEYS = [
  ['pgbench_branches', 'bid'],
  ['pgbench_tellers', 'tid'],
  ['pgbench_accounts', 'aid'],
] as const satisfies readonly (readonly [Table, string])[];

/** Table, column and the table whose primary key it refers to, in the order in which pgbench adds them. */
export const FOREIGN_KEYS = [
  ['pgbench_tellers', 'bid', 'pgbench_branches'],
  ['pgbench_accounts', 'bid', 'pgbench_branches'],
  ['pgbench_history', 'bid', 'pgbench_branches'],
  ['pgbench_history', 'tid', 'pgbench_tellers'],
  ['pgbench_history', 'aid', 'pgbench_accounts'],
] as const satisfies readonly (readonly [Table, string, Table])[];

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { copyIn } from './copy-in.js';
import { pgbenchSchema } from './pgbench/schema.js';
import type { PrepareProgress } from './workload.js';

let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer({ max_wal_size: '1GB' });
});

afterAll(() => server.stop());

beforeEach(async () => {
  sql = await server.connect();
});

afterEach(async () => {
  await pgbenchSchema.cleanup(sql, {});
  await sql.end();
});

const ignore = (): void => {};

const TABLES = 'pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers';
const KEYLESS = 'init was interrupted, or pgbench made them by -I without p.';

async function count(table: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${table}`);
  return Number(rows[0]?.count);
}

test('pgbench runs on the tables that prepare makes', async () => {
  await pgbenchSchema.prepare(sql, { scale: 2 }, ignore);
  const { stdout } = server.run('pgbench', ['-n', '-t', '20', '-c', '2']);
  expect(stdout).toContain('scaling factor: 2\n');
  expect(stdout).toContain('number of transactions actually processed: 40/40');
  expect(await count('pgbench_history')).toBe(40);
});

test('a dump of the tables is that of pgbench -i', async () => {
  const dump = () => {
    const { stdout } = server.run('pg_dump', ['-t', 'pgbench_*']);
    // Newer versions fence the dump with a random word.
    return stdout.replace(/^\\(un)?restrict .*$/gm, '');
  };
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  const ours = dump();
  server.run('pgbench', ['-i', '-q', '-s', '1']);
  const theirs = dump();
  expect(ours.length).toBeGreaterThan(1_000_000);
  // toBe would print both, megabytes of them.
  expect(ours === theirs, firstDifference(ours, theirs)).toBe(true);
});

test('the tables are as large as those of pgbench -i, and the accounts as frozen', async () => {
  const facts = async () => {
    const { rows } = await sql.query(
      `select relname, relpages, relallvisible, reltuples from pg_class
       where relname like 'pgbench\\_%' order by relname`,
    );
    // Vacuum can only say so of rows that are frozen.
    const frozen = await sql.query(
      `select relfrozenxid::text::bigint > (select xmin::text::bigint from pgbench_accounts limit 1) as frozen
       from pg_class where relname = 'pgbench_accounts'`,
    );
    return { rows, frozen: frozen.rows };
  };
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  const ours = await facts();
  expect(ours.frozen).toEqual([{ frozen: true }]);
  server.run('pgbench', ['-i', '-q', '-s', '1']);
  expect(ours).toEqual(await facts());
});

test('progress names each step and ends with all rows', async () => {
  const steps: PrepareProgress[] = [];
  await pgbenchSchema.prepare(sql, { scale: 1 }, (step) => steps.push(step));
  expect([...new Set(steps.map(({ step }) => step))]).toEqual([
    'drop tables',
    'create tables',
    'load pgbench_branches',
    'load pgbench_tellers',
    'load pgbench_accounts',
    'vacuum',
    'primary keys',
  ]);
  const accounts = steps.filter(({ step }) => step === 'load pgbench_accounts');
  expect(accounts[0]).toMatchObject({ done: 0, total: 100_000 });
  expect(accounts.at(-1)).toMatchObject({ done: 100_000, total: 100_000 });
  expect(accounts.length).toBeGreaterThan(10);
});

test('check finds nothing, what prepare made, and what pgbench made in place of it', async () => {
  expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'missing' });
  await pgbenchSchema.prepare(sql, { scale: 3 }, ignore);
  expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'ready', made: 'here', options: { scale: 3 } });
  server.run('pgbench', ['-i', '-q', '-s', '2']);
  expect(await pgbenchSchema.check(sql, {})).toEqual({
    kind: 'ready',
    made: 'elsewhere',
    options: { scale: 2 },
  });
});

test('check takes partitioned accounts', async () => {
  server.run('pgbench', ['-i', '-q', '-s', '2', '--partitions', '3']);
  expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready', options: { scale: 2 } });
});

test('check refuses tables that pgbench made without keys', async () => {
  server.run('pgbench', ['-i', '-q', '-I', 'dtg', '-s', '1']);
  expect(await pgbenchSchema.check(sql, {})).toEqual({
    kind: 'unfit',
    made: 'elsewhere',
    problem: `there is no primary key of pgbench_branches (bid), pgbench_tellers (tid), pgbench_accounts (aid): ${KEYLESS}`,
  });
});

test.each([
  ['load pgbench_accounts', 'pgbench_branches (bid), pgbench_tellers (tid), pgbench_accounts (aid)'],
  ['vacuum', 'pgbench_branches (bid), pgbench_tellers (tid), pgbench_accounts (aid)'],
  ['primary keys', 'pgbench_branches (bid), pgbench_tellers (tid), pgbench_accounts (aid)'],
])('check refuses tables whose init ended at "%s"', async (last, lacking) => {
  const end = new Error('interrupted');
  const preparing = pgbenchSchema.prepare(sql, { scale: 1 }, ({ step }) => {
    if (step === last) {
      throw end;
    }
  });
  await expect(preparing).rejects.toBe(end);
  expect(await pgbenchSchema.check(sql, {})).toEqual({
    kind: 'unfit',
    made: 'here',
    problem: `there is no primary key of ${lacking}: ${KEYLESS}`,
  });
});

test('a role that may not read the register finds the tables made elsewhere', async () => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await sql.query(`create role app; grant select on ${TABLES} to app`);
  try {
    await sql.query('begin; set local role app');
    expect(await pgbenchSchema.check(sql, {})).toEqual({
      kind: 'ready',
      made: 'elsewhere',
      options: { scale: 1 },
    });
    await sql.query('commit');
  } finally {
    await sql.query('rollback; drop owned by app; drop role app');
  }
});

test('a table of the name of the register that is not one finds the tables made elsewhere', async () => {
  server.run('pgbench', ['-i', '-q', '-s', '1']);
  await sql.query('create table pgha_bench_tables (n int)');
  try {
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready', made: 'elsewhere' });
  } finally {
    await sql.query('drop table pgha_bench_tables');
  }
});

test.each([
  ['drop table pgbench_tellers', 'there is no table pgbench_tellers, but there are others of pgbench.'],
  ['alter table pgbench_accounts drop column abalance', 'pgbench_accounts has no column abalance.'],
  ['truncate pgbench_branches', 'pgbench_branches is empty.'],
  [
    'delete from pgbench_tellers where tid = 7',
    'pgbench_tellers has 9 rows; for 1 branches there should be 10.',
  ],
  [
    'alter table pgbench_accounts drop constraint pgbench_accounts_pkey',
    `there is no primary key of pgbench_accounts (aid): ${KEYLESS}`,
  ],
  [
    'delete from pgbench_accounts where aid = 100000',
    'the last account of pgbench_accounts is 99999; for 1 branches there should be 100000.',
  ],
])('check after "%s"', async (change, problem) => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await sql.query(change);
  expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'unfit', made: 'here', problem });
});

test('check finds a view where a table should be', async () => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await sql.query('drop table pgbench_history; create view pgbench_history as select 1 as tid');
  const problem = 'pgbench_history is not a table.';
  expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'unfit', made: 'elsewhere', problem });
  await sql.query('drop view pgbench_history');
});

test('a table that somebody else made among ours is not ours', async () => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await sql.query('drop table pgbench_tellers');
  expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'unfit', made: 'here' });
  await sql.query('create table pgbench_tellers (tid int primary key, bid int, tbalance int)');
  await sql.query('insert into pgbench_tellers select n, 1, 0 from generate_series(1, 10) n');
  expect(await pgbenchSchema.check(sql, {})).toEqual({
    kind: 'ready',
    made: 'elsewhere',
    options: { scale: 1 },
  });
});

test('check changes nothing', async () => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await sql.query('begin read only');
  expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready' });
  await sql.query('commit');
});

test('cleanup leaves nothing', async () => {
  await pgbenchSchema.prepare(sql, { scale: 1 }, ignore);
  await pgbenchSchema.cleanup(sql, {});
  const { rows } = await sql.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace or relname like '%bench%'",
  );
  expect(rows).toEqual([]);
});

test('copyIn ends with the error of the server, and the connection goes on', async () => {
  await sql.query('create temp table narrow (n int check (n < 3))');
  let sent = 0;
  const rows = copyIn(sql, 'copy narrow from stdin', (target) => {
    sent += 1;
    return target.write(`${sent}\n`);
  });
  await expect(rows).rejects.toMatchObject({ code: '23514' });
  expect(await count('narrow')).toBe(0);
});

test('copyIn ends with the error of the generator, and the connection goes on', async () => {
  await sql.query('create temp table narrow (n int)');
  const reason = new Error('out of rows');
  const rows = copyIn(sql, 'copy narrow from stdin', () => {
    throw reason;
  });
  await expect(rows).rejects.toBe(reason);
  expect(await count('narrow')).toBe(0);
});

test('copyIn ends when the connection is lost', async () => {
  const other = await server.connect();
  other.on('error', ignore);
  const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid');
  await other.query('create temp table narrow (n int)');
  let asked: Promise<unknown> | undefined;
  const load = copyIn(other, 'copy narrow from stdin', (target) => {
    asked ??= sql.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    return target.write('1\n');
  });
  await expect(load).rejects.toThrow();
  await asked;
});

function firstDifference(a: string, b: string): string {
  const others = b.split('\n');
  const line = a.split('\n').findIndex((text, i) => text !== others[i]);
  return `line ${line + 1}: ${a.split('\n')[line]} | ${others[line]}`;
}

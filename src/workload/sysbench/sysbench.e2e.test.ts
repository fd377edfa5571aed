import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import { type PrivateServer, startPrivateServer } from '../../postgres/private-server.fixture.js';
import type { Program } from '../program.js';
import { RandomStream } from '../random/stream.js';
import { findWorkload, parseOptions } from '../registry.js';
import { Slots } from '../variables.js';
import type { OptionValues, PrepareProgress, Workload } from '../workload.js';
import { buildEvent, countsOf } from './event.js';
import { contextOf, execute } from './execute.fixture.js';
import { gaussian, pareto, special, uniform } from './random.js';
import { drawnBySysbench, events, parsedBySysbench, sysbench } from './sysbench.fixture.js';
import { tableNames } from './tables.js';

let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer({
    shared_preload_libraries: 'pg_stat_statements',
    max_wal_size: '1GB',
  });
  const client = await server.connect();
  await client.query('create extension pg_stat_statements');
  await client.end();
});

afterAll(() => server.stop());

beforeEach(async () => {
  sql = await server.connect();
});

afterEach(async () => {
  await sql.query('drop table if exists sbtest1, sbtest2, sbtest3, pgha_bench_tables');
  await sql.end();
});

const ignore = (): void => {};

/** Of the eleven, those with sysbench's OLTP tables. */
const OLTP = [
  'oltp_read_write',
  'oltp_read_only',
  'oltp_write_only',
  'oltp_point_select',
  'oltp_update_index',
  'oltp_update_non_index',
  'oltp_insert',
  'oltp_delete',
  'select_random_points',
  'select_random_ranges',
];

interface Given {
  readonly workload: Workload;
  readonly options: OptionValues;
}

/** @param words sysbench's: `--tables=2` */
async function given(name: string, words: readonly string[] = []): Promise<Given> {
  const workload = await findWorkload(name);
  const pairs = words.map((word) => word.replace(/^--/, '').split('='));
  return { workload, options: parseOptions(workload, Object.fromEntries(pairs)) };
}

function groupsOf({ workload }: Given): readonly string[] {
  const [script] = workload.scripts;
  if (script === undefined || !('event' in script)) {
    throw new Error(`${workload.name} has no event.`);
  }
  return script.event;
}

function programOf(of: Given, protocol: Protocol = 'prepared'): Program {
  const { options, workload } = of;
  const slots = new Slots();
  return buildEvent(groupsOf(of), { scriptName: workload.name, options, protocol, slots, seed: 1 });
}

async function prepare(name: string, words: readonly string[] = []): Promise<void> {
  const { workload, options } = await given(name, words);
  await workload.schema.prepare(sql, options, ignore);
}

async function counts(tables: readonly string[]): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const table of tables) {
    const { rows } = await sql.query(`select count(*)::int, min(id), max(id) from ${table}`);
    found.push(rows[0]);
  }
  return found;
}

function dump(): string {
  const { stdout } = server.run('pg_dump', ['--schema-only', '-t', 'sbtest*']);
  // Newer versions fence the dump with a random word.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

test.each([
  ['oltp_read_write', ['--tables=2', '--table-size=1000'], 2],
  ['oltp_read_write', ['--table-size=700', '--auto-inc=off'], 1],
  ['oltp_read_write', ['--tables=3', '--table-size=10', '--create-secondary=off'], 3],
  ['oltp_insert', ['--tables=2', '--table-size=100'], 2],
  ['oltp_insert', ['--tables=2', '--table-size=100', '--auto-inc=off'], 2],
  ['select_random_points', ['--table-size=100'], 1],
  ['bulk_insert', ['--threads=3'], 3],
])('%s %s makes the tables that sysbench prepare makes', async (name, words, tables) => {
  const facts = async (): Promise<unknown> => ({
    schema: dump(),
    counts: await counts(tableNames(tables)),
    sequences: (await sql.query("select last_value from pg_sequences where sequencename ~ '^sbtest'")).rows,
  });
  await sysbench(server, [name, ...words, 'prepare']);
  const theirs = await facts();
  expect(dump()).toContain(`CREATE TABLE public.sbtest${tables} (`);
  await sysbench(server, [name, ...words, 'cleanup']);
  await prepare(name, words);
  expect(await facts()).toEqual(theirs);
});

test('the rows have the shape of those of sysbench', async () => {
  const shape = async (): Promise<unknown> => {
    const { rows } = await sql.query(
      `select min(k) >= 1 and max(k) <= 5000 as k_in_range,
         bool_and(c ~ '^(\\d{11}-){9}\\d{11} *$') as c_shape,
         bool_and(pad ~ '^(\\d{11}-){4}\\d{11} *$') as pad_shape,
         count(distinct c)::int as distinct_c, round(avg(k) / 5000, 1) as middle,
         round(avg((abs(k - 2500) < 30)::int), 1) as hot
       from sbtest1`,
    );
    return rows[0];
  };
  await sysbench(server, ['oltp_read_write', '--table-size=5000', 'prepare']);
  const theirs = await shape();
  expect(theirs).toMatchObject({ c_shape: true, pad_shape: true, hot: '0.8' });
  await prepare('oltp_read_write', ['--table-size=5000']);
  expect(await shape()).toEqual(theirs);
});

test.each([...OLTP, 'bulk_insert'])('sysbench runs %s on the tables that prepare makes', async (name) => {
  await prepare(name, name === 'bulk_insert' ? ['--threads=2'] : ['--table-size=1000']);
  const words = name === 'bulk_insert' ? ['--threads=2', '--events=90000', '--time=0'] : events(20);
  const size = name === 'bulk_insert' ? [] : ['--table-size=1000'];
  const output = await sysbench(server, [name, ...size, ...words, 'run']);
  expect(output).toMatch(/transactions: +(20|90000) /);
  expect(output).toMatch(/ignored errors: +0 /);
});

test.each([...OLTP, 'bulk_insert'])('check takes the tables of sysbench for %s', async (name) => {
  const words = name === 'bulk_insert' ? ['--threads=2'] : ['--table-size=300'];
  const { workload, options } = await given(name, words);
  expect(await workload.schema.check(sql, options)).toEqual({ kind: 'missing' });
  await sysbench(server, [name, ...words, 'prepare']);
  const elsewhere = { kind: 'ready', made: 'elsewhere', options: {} };
  expect(await workload.schema.check(sql, options)).toEqual(elsewhere);
  await workload.schema.prepare(sql, options, ignore);
  expect(await workload.schema.check(sql, options)).toEqual({ ...elsewhere, made: 'here' });
});

test.each([
  ...OLTP.map((name): [string, readonly string[]] => [name, ['--table-size=100']]),
  ['oltp_read_write', ['--tables=2', '--table-size=100']],
  ['select_random_ranges', ['--table-size=100', '--number-of-ranges=2']],
])('%s %s declares what sysbench declares', async (name, words) => {
  await prepare(name, words);
  const theirs = await parsedBySysbench(server, [name, ...words, ...events(1), 'run']);
  const ours = programOf(await given(name, words)).statements.filter(({ simple }) => simple !== true);
  const inOrder = (declared: readonly { text: string; types?: readonly number[] }[]): readonly string[] =>
    declared
      .map(({ text, types = [] }) => `${text.replace(/\s+/g, ' ').trim()} | ${types.join(', ')}`)
      .sort();
  expect(inOrder(ours)).toEqual(inOrder(theirs));
});

test.each([
  ...OLTP.map((name): [string, readonly string[]] => [name, []]),
  ['bulk_insert', []],
  ['oltp_read_write', ['--skip-trx=on', '--delete-inserts=3', '--order-ranges=0']],
  ['oltp_read_write', ['--range-selects=off', '--non-index-updates=2']],
  ['oltp_update_index', ['--index-updates=4']],
])('an event of %s %s counts as in the report of sysbench', async (name, words) => {
  await prepare(name);
  const output = await sysbench(server, [name, ...words, ...events(1), 'run']);
  const reported = Object.fromEntries(
    ['read', 'write', 'other'].map((kind) => [
      kind,
      Number(new RegExp(`${kind}: +(\\d+)`).exec(output)?.[1]),
    ]),
  );
  const of = await given(name, words);
  // What bulk_insert sends is not an event's.
  const expected = name === 'bulk_insert' ? { ...reported, write: 0 } : reported;
  expect(countsOf(groupsOf(of), of.options)).toEqual(expected);
});

test.each([
  ['uniform', [], uniform],
  ['gaussian', [], gaussian(12)],
  ['gaussian', ['--rand-spec-iter=3'], gaussian(3)],
  ['special', [], special({ iterations: 12, percent: 1, reserved: 75 })],
  [
    'special',
    ['--rand-spec-iter=4', '--rand-spec-pct=20', '--rand-spec-res=40'],
    special({ iterations: 4, percent: 20, reserved: 40 }),
  ],
  ['pareto', [], pareto(0.2)],
  ['pareto', ['--rand-pareto-h=0.4'], pareto(0.4)],
])('%s %s draws as sysbench does', async (type, words, draw) => {
  const theirs = await drawnBySysbench(60, 20_000, [`--rand-type=${type}`, '--rand-seed=3', ...words]);
  const random = RandomStream.fromSeed(3n);
  const ours = theirs.map(() => draw(random, 1, 60));
  // Two samples of one size: the sum has the chi-squared distribution of at most 59 degrees of freedom, of which
  // one in a million is beyond 123. Both samples are the same in each run.
  let distance = 0;
  for (let value = 1; value <= 60; value++) {
    const [a, b] = [ours, theirs].map((values) => values.filter((each) => each === value).length) as [
      number,
      number,
    ];
    distance += a + b === 0 ? 0 : (a - b) ** 2 / (a + b);
  }
  expect(theirs).toHaveLength(20_000);
  expect(distance).toBeLessThan(123);
});

test('with --db-ps-mode=disable and in simple mode nothing is prepared, and strings are quoted', async () => {
  await prepare('oltp_write_only', ['--table-size=100']);
  for (const [words, protocol] of [
    [['--table-size=100', '--db-ps-mode=disable'], 'prepared'],
    [['--table-size=100'], 'simple'],
  ] as const) {
    const program = programOf(await given('oltp_write_only', words), protocol);
    await execute(sql, program, contextOf(program), 5);
    const { rows } = await sql.query('select * from pg_prepared_statements');
    expect(rows).toEqual([]);
    expect(await counts(['sbtest1'])).toMatchObject([{ count: 100 }]);
  }
});

test('clients of oltp_insert never take the same id, whatever the table', async () => {
  const of = await given('oltp_insert', ['--tables=1', '--auto-inc=off']);
  await of.workload.schema.prepare(sql, of.options, ignore);
  const program = programOf(of);
  for (const clientId of [0, 1, 2]) {
    await execute(sql, program, contextOf(program, { clientId, clients: 3 }), 100);
  }
  const [found] = (await counts(['sbtest1'])) as { count: number; min: number; max: number }[];
  expect(found?.count).toBe(300);
  // Spread over all of int4.
  expect(found?.min).toBeLessThan(-1_800_000_000);
  expect(found?.max).toBeGreaterThan(1_800_000_000);
});

test('a failed INSERT of bulk_insert costs its own rows only', async () => {
  const of = await given('bulk_insert');
  await of.workload.schema.prepare(sql, of.options, ignore);
  await sql.query('insert into sbtest1 values (5, 5)');
  const program = programOf(of);
  const context = contextOf(program);
  await expect(execute(sql, program, context, 50_000)).rejects.toMatchObject({ code: '23505' });
  await execute(sql, program, context, 90_000);
  const { rows } = await sql.query('select count(*)::int, min(id), max(id) from sbtest1 where id <> 5');
  // The row that had no room in the failed one begins the next.
  expect(rows).toMatchObject([{ min: 39_034 }]);
  expect(rows[0].count).toBe(rows[0].max - rows[0].min + 1);
});

test.each([
  ['drop table sbtest2', 'there is no table sbtest2, but 1 of the 2 that are needed.'],
  ['alter table sbtest1 drop column pad', 'sbtest1 has no column pad.'],
  ['alter table sbtest2 drop constraint sbtest2_pkey', 'sbtest2 has no primary key (id).'],
  ['truncate sbtest2', 'sbtest2 is empty.'],
  ['delete from sbtest2 where id > 80', 'the last id of sbtest2 is 80, far below a --table-size of 100.'],
])('check after "%s"', async (change, problem) => {
  const words = ['--tables=2', '--table-size=100'];
  await prepare('oltp_read_write', words);
  await sql.query(change);
  const { workload, options } = await given('oltp_read_write', words);
  expect(await workload.schema.check(sql, options)).toEqual({ kind: 'unfit', made: 'here', problem });
});

test('check of bulk_insert refuses tables with rows, and those of the other workloads', async () => {
  const { workload, options } = await given('bulk_insert');
  await workload.schema.prepare(sql, options, ignore);
  await sql.query('insert into sbtest1 values (7, 7)');
  expect(await workload.schema.check(sql, options)).toMatchObject({
    kind: 'unfit',
    problem: "sbtest1 has rows up to id 7, and bulk_insert, as sysbench's, begins with id 1 in each run.",
  });
  await prepare('oltp_insert');
  expect(await workload.schema.check(sql, options)).toMatchObject({
    kind: 'unfit',
    problem: 'sbtest1 has the columns id, k, c, pad; there should be id, k only.',
  });
});

test('check changes nothing', async () => {
  await prepare('oltp_read_write', ['--table-size=100']);
  const { workload, options } = await given('oltp_read_write', ['--table-size=100']);
  await sql.query('begin read only');
  expect(await workload.schema.check(sql, options)).toMatchObject({ kind: 'ready' });
  await sql.query('commit');
});

test('prepare tells how far it is, and an interrupted one leaves whole tables only', async () => {
  const steps: PrepareProgress[] = [];
  const { workload, options } = await given('oltp_read_write', ['--tables=2', '--table-size=2000']);
  const end = new Error('interrupted');
  const preparing = workload.schema.prepare(sql, options, (step) => {
    steps.push(step);
    if (step.step === 'index sbtest2') {
      throw end;
    }
  });
  await expect(preparing).rejects.toBe(end);
  expect([...new Set(steps.map(({ step }) => step))]).toEqual([
    'load sbtest1',
    'index sbtest1',
    'load sbtest2',
    'index sbtest2',
  ]);
  expect(steps.findLast(({ step }) => step === 'load sbtest1')).toMatchObject({ done: 2000, total: 2000 });
  expect(await workload.schema.check(sql, options)).toEqual({
    kind: 'unfit',
    made: 'here',
    problem: 'there is no table sbtest2, but 1 of the 2 that are needed.',
  });
});

test('what PostgreSQL or the workload has not is refused before a table is touched', async () => {
  const secondary = await given('oltp_read_write', ['--secondary=on']);
  await expect(secondary.workload.schema.prepare(sql, secondary.options, ignore)).rejects.toThrow(
    '--secondary: PostgreSQL has no such index',
  );
  const several = await given('select_random_points', ['--tables=2']);
  await expect(several.workload.schema.prepare(sql, several.options, ignore)).rejects.toThrow(
    '--tables: expected 1, for this workload uses one table only, found 2.',
  );
  expect(await several.workload.schema.check(sql, several.options)).toEqual({ kind: 'missing' });
});

test('create-table-options of 1.1 are the end of CREATE TABLE', async () => {
  const { workload, options } = await given('oltp_read_write', ['--sysbench=1.1', '--table-size=10']);
  const filled = { ...options, 'create-table-options': 'with (fillfactor = 70)' };
  await workload.schema.prepare(sql, filled, ignore);
  const { rows } = await sql.query("select reloptions from pg_class where relname = 'sbtest1'");
  expect(rows).toEqual([{ reloptions: ['fillfactor=70'] }]);
});

test('cleanup leaves nothing', async () => {
  const { workload, options } = await given('oltp_read_write', ['--tables=3', '--table-size=10']);
  await workload.schema.prepare(sql, options, ignore);
  await workload.schema.cleanup(sql, options);
  const { rows } = await sql.query(
    "select relname from pg_class where relname ~ '^(sbtest|k_|pgha)' order by 1",
  );
  expect(rows).toEqual([]);
});

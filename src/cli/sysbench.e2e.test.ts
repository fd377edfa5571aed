import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { events, sysbench } from '../workload/sysbench/sysbench.fixture.js';
import { CommandLine } from './command.fixture.js';

let server: PrivateServer;
let sql: pg.Client;
const cli = new CommandLine();

beforeAll(async () => {
  server = await startPrivateServer({
    shared_preload_libraries: 'pg_stat_statements',
    max_wal_size: '1GB',
  });
  sql = await server.connect();
  await sql.query('create extension pg_stat_statements');
});

afterAll(async () => {
  await sql.end();
  await server.stop();
  cli.remove();
});

beforeEach(async () => {
  await sql.query('select pg_stat_statements_reset()');
});

afterEach(async () => {
  await sql.query('drop table if exists sbtest1, sbtest2, sbtest3, pgha_bench_tables');
});

const EVENTS = 40;

const WORKLOADS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['oltp_read_write', ['--table-size=1000']],
  ['oltp_read_only', ['--table-size=1000']],
  ['oltp_write_only', ['--table-size=1000']],
  ['oltp_point_select', ['--table-size=1000']],
  ['oltp_update_index', ['--table-size=1000']],
  ['oltp_update_non_index', ['--table-size=1000']],
  ['oltp_insert', ['--table-size=1000']],
  ['oltp_delete', ['--table-size=1000']],
  ['select_random_points', ['--table-size=1000']],
  ['select_random_ranges', ['--table-size=1000']],
  ['oltp_read_write', ['--tables=3', '--table-size=500']],
  ['oltp_read_write', ['--table-size=500', '--skip-trx=on', '--point-selects=3', '--sum-ranges=0']],
  ['oltp_read_write', ['--table-size=500', '--range-selects=off', '--delete-inserts=2']],
  ['oltp_read_write', ['--table-size=500', '--db-ps-mode=disable']],
  ['oltp_point_select', ['--table-size=500', '--point-selects=5', '--skip-trx=on']],
  ['oltp_update_index', ['--table-size=500', '--index-updates=3']],
  ['oltp_insert', ['--tables=2', '--table-size=100', '--auto-inc=off']],
  ['select_random_points', ['--table-size=500', '--random-points=3']],
  ['select_random_ranges', ['--table-size=500', '--number-of-ranges=2', '--delta=9']],
];

/** sysbench's words are pgha-bench's, too; what it has besides says where and that nothing else goes on. */
async function runOurs(name: string, words: readonly string[], count: number): Promise<void> {
  const own = ['--rw', server.uri, '--fault', 'none', '--probes', 'off'];
  await cli.succeed(['run', name, ...words, ...events(count), ...own]);
}

/**
 * Calls per normalised text of what the load sent, which sysbench writes in capitals and the tool's own looks do not. The
 * number of rows of an INSERT and the table are left to chance.
 */
async function statements(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  await sql.query('select pg_stat_statements_reset()');
  await work();
  const { rows } = await sql.query<{ query: string; calls: number }>(
    "select query, calls::int from pg_stat_statements where query ~ '^(BEGIN|COMMIT|ROLLBACK|[A-Z]+ .*sbtest)'",
  );
  const found: Record<string, number> = {};
  for (const { query, calls } of rows) {
    const text = query
      .replace(/sbtest\d+/g, 'sbtestN')
      .replace(/VALUES(\(\$\d+,\$\d+\),?)+/, 'VALUES(…)')
      .replace(/\s+/g, ' ')
      .trim();
    found[text] = (found[text] ?? 0) + calls;
  }
  return found;
}

describe('on tables that sysbench prepared', () => {
  test.each(WORKLOADS)('%s %j sends the statements of sysbench, as often', async (name, words) => {
    await sysbench(server, [name, ...words, 'prepare']);
    const theirs = await statements(() => sysbench(server, [name, ...words, ...events(EVENTS), 'run']));
    expect(Object.values(theirs).reduce((sum, calls) => sum + calls, 0)).toBeGreaterThanOrEqual(EVENTS);
    expect(await statements(() => runOurs(name, words, EVENTS))).toEqual(theirs);
  });

  test('bulk_insert sends as many rows in as many INSERTs, those that are left at the end, too', async () => {
    const count = 85_000;
    // Rows of one INSERT have the same xmin.
    const inserts = async () => {
      const { rows } = await sql.query('select min(id), max(id) from sbtest1 group by xmin::text order by 1');
      return rows;
    };
    const prepared = async () => {
      await sysbench(server, ['bulk_insert', '--threads=1', 'cleanup']);
      await sysbench(server, ['bulk_insert', '--threads=1', 'prepare']);
    };
    await prepared();
    const theirs = await statements(() => sysbench(server, ['bulk_insert', ...events(count), 'run']));
    const theirInserts = await inserts();
    expect(theirInserts).toHaveLength(3);
    await prepared();
    expect(await statements(() => runOurs('bulk_insert', [], count))).toEqual(theirs);
    expect(await inserts()).toEqual(theirInserts);
  });
});

test('sysbench runs on tables that pgha-bench prepared, and takes them away', async () => {
  const words = ['oltp_read_write', '--tables=2', '--table-size=500'];
  await cli.succeed(['prepare', ...words, '--rw', server.uri]);
  await sysbench(server, [...words, ...events(EVENTS), 'run']);
  await sysbench(server, [...words, 'cleanup']);
  await cli.succeed(['prepare', ...words, '--rw', server.uri]);
  await cli.succeed(['cleanup', ...words, '--rw', server.uri]);
  const { rows } = await sql.query("select from pg_class where relname ~ '^(sbtest|pgha_bench)'");
  expect(rows).toEqual([]);
});

test('an event that meets another one begins anew until it goes through', async () => {
  const words = ['oltp_write_only', '--table-size=1', '--delete-inserts=3'];
  await sysbench(server, [...words, 'prepare']);
  const out = 'contended';
  await cli.succeed([
    ...['run', ...words, '--threads=4', '--events=400', '--time=0'],
    ...['--rw', server.uri, '--fault', 'none', '--probes', 'off', '--out', out],
  ]);
  const { totals, errors } = await cli.result(out);
  expect(totals.outcomes.ack).toBe(400);
  expect(totals.outcomes.aborted).toBeGreaterThan(0);
  // With one row, either the lock order or the key is in somebody's way.
  expect(errors.every(({ code }) => ['40P01', '23505', '40001'].includes(code))).toBe(true);
  expect(totals.retries).toBe(totals.outcomes.aborted);
});

test('a command of an event is counted once, whatever it is made of', async () => {
  await sysbench(server, ['oltp_point_select', '--tables=2', '--table-size=100', 'prepare']);
  await runOurs('oltp_point_select', ['--tables=2', '--table-size=100', '-r', '--out', 'commands'], 50);
  const [script] = (await cli.result('commands')).totals.scripts;
  expect(script?.commands?.map(({ count }) => count)).toEqual([50]);
});

test('bulk_insert sends its rows though it connects anew for each transaction', async () => {
  await sysbench(server, ['bulk_insert', '--threads=1', 'prepare']);
  await runOurs('bulk_insert', ['--connect'], 50);
  const { rows } = await sql.query('select count(*)::int as n from sbtest1');
  expect(rows).toEqual([{ n: 50 }]);
});

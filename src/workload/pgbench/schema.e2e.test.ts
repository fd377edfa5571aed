import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../../postgres/private-server.fixture.js';
import { parseOptions, resolveWorkload } from '../registry.js';
import type { OptionValues } from '../workload.js';
import { PGBENCH_OPTIONS, pgbenchSchema } from './schema.js';

let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer({
    max_wal_size: '1GB',
    // Tests read what each client sent.
    logging_collector: 'on',
    log_statement: 'all',
    log_line_prefix: '%a|',
    log_min_error_statement: 'panic',
    allow_in_place_tablespaces: 'on',
  });
  const admin = await server.connect();
  await admin.query(`create tablespace "fast Disk" location ''`);
  await admin.query(`create tablespace keys location ''`);
  await admin.end();
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
const tables = resolveWorkload({ name: 'tables', summary: '', schema: 'pgbench', scripts: [] });

/** The options of pgbench, by its own long names. */
type Given = Readonly<Record<string, string | number | true>>;

/** For both: what was given, as pgbench takes it. */
function argumentsOf(given: Given): readonly string[] {
  return Object.entries(given).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
}

async function makeOurs(given: Given): Promise<void> {
  await pgbenchSchema.prepare(sql, parseOptions(tables, given), ignore);
}

function makeTheirs(given: Given): void {
  server.run('pgbench', ['-i', ...argumentsOf(given)]);
}

const READY: readonly Given[] = [
  {},
  { scale: 2 },
  { fillfactor: 70 },
  { partitions: 4 },
  { partitions: 7, fillfactor: 33, scale: 2 },
  { partitions: 1, 'partition-method': 'range' },
  { partitions: 3, 'partition-method': 'hash', fillfactor: 90 },
  { 'foreign-keys': true },
  { 'foreign-keys': true, partitions: 3 },
  { 'unlogged-tables': true },
  { 'unlogged-tables': true, partitions: 2 },
  { 'unlogged-tables': true, partitions: 2, 'partition-method': 'hash', 'foreign-keys': true },
  { 'init-steps': 'dtGvp' },
  { 'init-steps': 'dtGvpf', partitions: 3, 'partition-method': 'HASH', scale: 2 },
  { 'init-steps': 'dtgp' },
  { 'init-steps': 'dtpfg', 'foreign-keys': true },
  { 'init-steps': 'd tpg Gv', partitions: 2 },
  { 'no-vacuum': true },
  { tablespace: 'fast Disk' },
  { 'index-tablespace': 'keys', fillfactor: 10 },
  {
    tablespace: 'fast Disk',
    'index-tablespace': 'keys',
    partitions: 2,
    'unlogged-tables': true,
    'foreign-keys': true,
  },
  { quiet: true, 'no-vacuum': true, 'init-steps': 'dvtgpv' },
];

/** Without keys; pgbench makes them, and neither runs well on them. */
const UNFIT: readonly Given[] = [
  { 'init-steps': 'dt' },
  { 'init-steps': ' dt g ' },
  { 'init-steps': 'dtv', partitions: 3, fillfactor: 50 },
];

describe('init', () => {
  test.each(READY.map((given) => [argumentsOf(given).join(' '), given] as const))(
    'makes the tables of pgbench -i %s',
    async (_title, given) => {
      const scale = Number(given['scale'] ?? 1);
      await makeOurs(given);
      const ours = { dump: dump(), facts: await factsOf(sql) };
      expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'ready', made: 'here', options: { scale } });
      expect(server.run('pgbench', ['-n', '-t', '5']).stdout).toContain('actually processed: 5/5');
      makeTheirs(given);
      expect(ours.facts).toEqual(await factsOf(sql));
      expect(ours.dump.length).toBeGreaterThan(1_000_000);
      expectSame(ours.dump, dump());
      expect(await pgbenchSchema.check(sql, {})).toEqual({
        kind: 'ready',
        made: 'elsewhere',
        options: { scale },
      });
    },
  );

  test.each(UNFIT.map((given) => [argumentsOf(given).join(' '), given] as const))(
    'makes the unfinished tables of pgbench -i %s',
    async (_title, given) => {
      await makeOurs(given);
      const ours = { dump: dump(), facts: await factsOf(sql) };
      expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'unfit', made: 'here' });
      makeTheirs(given);
      expect(ours.facts).toEqual(await factsOf(sql));
      expectSame(ours.dump, dump());
      expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'unfit', made: 'elsewhere' });
    },
  );

  test('numbers accounts with bigint from a scale of 20000 on', async () => {
    for (const given of [
      { 'init-steps': 'dt', scale: 20_000, partitions: 3 },
      { 'init-steps': 'dtp', scale: 19_999 },
      { 'init-steps': 'dt', scale: 214_748_364, partitions: 7 },
    ]) {
      await makeOurs(given);
      const ours = dump();
      makeTheirs(given);
      expectSame(ours, dump());
    }
  });

  test.each<Given>([
    { 'init-steps': 'dtGvpf', partitions: 3 },
    { 'init-steps': 'dtpv', 'foreign-keys': true, 'unlogged-tables': true, fillfactor: 20 },
    { 'init-steps': 'vdtGGp', 'no-vacuum': true },
    { 'init-steps': 'dtvgp', partitions: 3, 'partition-method': 'hash', 'index-tablespace': 'keys' },
    { 'init-steps': 'dtgp', tablespace: 'fast Disk' },
  ])('sends the statements of pgbench -i in their order, with %j', async (given) => {
    makeTheirs({});
    const theirs = await statementsOf('pgbench', () => {
      // A step that the server refuses ends both.
      try {
        makeTheirs(given);
      } catch {
        return;
      }
    });
    makeTheirs({});
    const ours = await statementsOf('ours', () => makeOurs(given).catch(ignore));
    expect(ours.filter(isOfTables)).toEqual(theirs.filter(isOfTables));
    expect(theirs.filter(isOfTables).length).toBeGreaterThan(3);
  });

  test('can be done step by step, and marks what it created only', async () => {
    await makeOurs({ 'init-steps': 'dtg' });
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'unfit', made: 'here' });
    await makeOurs({ 'init-steps': 'p' });
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready', made: 'here' });
    await makeOurs({ 'init-steps': 'd' });
    expect(await pgbenchSchema.check(sql, {})).toEqual({ kind: 'missing' });
    expect(await leftovers()).toEqual([]);
    makeTheirs({ 'init-steps': 'dtg' });
    await makeOurs({ 'init-steps': 'Gvp' });
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready', made: 'elsewhere' });
  });

  test('loads the partitions of others, unasked of their number', async () => {
    makeTheirs({ 'init-steps': 'dt', partitions: 2 });
    await makeOurs({ 'init-steps': 'gvp' });
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'ready', options: { scale: 1 } });
  });

  test.each([
    ['tgvp', /relation "pgbench_history" already exists/],
    ['dtf', /no primary key for referenced table "pgbench_branches"/],
    ['dg', /relation "pgbench_accounts" does not exist/],
    ['pp', /multiple primary keys/],
  ])('ends with the error of the server at the steps %s', async (steps, message) => {
    await makeOurs({ 'init-steps': 'dt' });
    await expect(makeOurs({ 'init-steps': steps })).rejects.toThrow(message);
    // Outside of any block that failed.
    expect((await sql.query('select 1')).rowCount).toBe(1);
  });

  test('does nothing at words that it does not take', async () => {
    await makeOurs({ 'init-steps': 'dt' });
    const options = { 'init-steps': 'dx' };
    await expect(pgbenchSchema.prepare(sql, options, ignore)).rejects.toThrow("found 'x' in 'dx'");
    await expect(pgbenchSchema.check(sql, options)).rejects.toThrow("found 'x' in 'dx'");
    expect(await pgbenchSchema.check(sql, {})).toMatchObject({ kind: 'unfit', made: 'here' });
  });

  test('progress counts partitions and names each step', async () => {
    const steps: string[] = [];
    const options = { partitions: 2, 'init-steps': 'dtGvpf' };
    await pgbenchSchema.prepare(sql, options, ({ step, done, total }) => {
      steps.push(total > 0 ? `${step} ${done}/${total}` : step);
    });
    expect(steps).toEqual([
      'drop tables',
      'create tables',
      'create partitions 0/2',
      'create partitions 1/2',
      'create partitions 2/2',
      'generate pgbench_branches',
      'generate pgbench_tellers',
      'generate pgbench_accounts',
      'vacuum',
      'primary keys',
      'foreign keys',
    ]);
  });

  test('cleanup leaves nothing of partitions, foreign keys and tablespaces', async () => {
    await makeOurs({ partitions: 3, 'foreign-keys': true, tablespace: 'fast Disk', 'unlogged-tables': true });
    await pgbenchSchema.cleanup(sql, {});
    expect(await leftovers()).toEqual([]);
  });

  test('has the letters of pgbench', () => {
    const { stdout } = server.run('pgbench', ['--help']);
    // Lines such as `  -F, --fillfactor=NUM     set fill factor`.
    const letters = new Map(
      [...stdout.matchAll(/^ {2}(?:-(\w), |(?: {4})?)--([\w-]+)/gm)].map(([, letter, name]) => [
        name,
        letter,
      ]),
    );
    for (const { name, alias } of PGBENCH_OPTIONS) {
      expect([name, letters.has(name), letters.get(name)]).toEqual([name, true, alias]);
    }
  });
});

describe('before a run', () => {
  test.each<Given>([
    {},
    { 'vacuum-all': true },
    { 'no-vacuum': true },
    { 'no-vacuum': true, 'vacuum-all': true },
  ])('sends the statements of pgbench with %j', async (given) => {
    await makeOurs({ 'init-steps': 'dtGp' });
    const options = parseOptions(tables, given);
    const ours = await statementsOf('ours', () => beforeRun(sql, options));
    const theirs = await statementsOf('pgbench', () => {
      server.run('pgbench', ['-t', '1', ...argumentsOf(given)]);
    });
    expect(ours).toEqual(theirs.filter((statement) => /^(vacuum|truncate)/.test(statement)));
  });

  test('empties the history', async () => {
    await makeOurs({});
    server.run('pgbench', ['-n', '-t', '5']);
    expect(await count('pgbench_history')).toBe(5);
    await beforeRun(sql, {});
    expect(await count('pgbench_history')).toBe(0);
  });

  test('ignores what the server refuses: a role without the right, a server that only reads, tables that are not there', async () => {
    await makeOurs({ 'init-steps': 'dtGp' });
    server.run('pgbench', ['-n', '-t', '5']);
    await sql.query('create role app; grant select, insert, update on pgbench_history to app');
    try {
      await sql.query('set role app');
      await beforeRun(sql, { 'vacuum-all': true });
      await sql.query('reset role');
      await sql.query('set default_transaction_read_only = on');
      await beforeRun(sql, { 'vacuum-all': true });
      expect(await count('pgbench_history')).toBe(5);
      await sql.query('reset default_transaction_read_only');
      await sql.query('drop table pgbench_branches');
      await beforeRun(sql, { 'vacuum-all': true });
      expect(await count('pgbench_history')).toBe(0);
    } finally {
      await sql.query('reset role');
      await sql.query('reset default_transaction_read_only');
      await sql.query('drop owned by app; drop role app');
    }
  });

  test('tells of a connection that was lost', async () => {
    await makeOurs({ 'init-steps': 'dtGp' });
    const [holder, other] = [await server.connect(), await server.connect()];
    try {
      await holder.query('begin; lock table pgbench_history');
      const outcome = beforeRun(other, { 'vacuum-all': true }).catch((error: unknown) => error);
      await endWaiting('truncate pgbench_history');
      expect(await outcome).toMatchObject({ code: '57P01' });
    } finally {
      await holder.end();
      await other.end();
    }
  });
});

/** Ends the connection whose statement waits for a lock, as soon as it does. */
async function endWaiting(statement: string): Promise<void> {
  for (let ended = 0; ended === 0; ) {
    const { rowCount } = await sql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query = $1 and wait_event_type = 'Lock'`,
      [statement],
    );
    ended = rowCount ?? 0;
  }
}

async function beforeRun(client: pg.Client, options: OptionValues): Promise<void> {
  await pgbenchSchema.beforeRun?.(client, options);
}

async function count(table: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${table}`);
  return Number(rows[0]?.count);
}

/** Schema and rows. The register of what was made here is no part of it. */
function dump(): string {
  const { stdout } = server.run('pg_dump', ['-t', 'pgbench_*']);
  // Newer versions fence the dump with a random word.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

/** toBe would print both, megabytes of them. */
function expectSame(ours: string, theirs: string): void {
  const others = theirs.split('\n');
  const lines = ours.split('\n');
  const line = lines.findIndex((text, i) => text !== others[i]);
  expect(ours === theirs, `line ${line + 1}: ${lines[line]} | ${others[line]}`).toBe(true);
}

/** What a dump does not say, or only as a setting of the session that restores it. */
async function factsOf(client: pg.Client): Promise<unknown> {
  const { rows } = await client.query(
    `select relname, relkind, relpersistence, reloptions, spcname, relispartition
     from pg_class left join pg_tablespace s on s.oid = reltablespace
     where relname like 'pgbench\\_%' order by relname`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(4);
  return rows;
}

async function leftovers(): Promise<unknown> {
  const { rows } = await sql.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace or relname like '%bench%'",
  );
  return rows;
}

/** What a client called so sent meanwhile, white space apart, as the server logged it. */
async function statementsOf(client: 'ours' | 'pgbench', work: () => unknown): Promise<readonly string[]> {
  await sql.query("set application_name = 'ours'");
  const before = (await readLog()).length;
  await work();
  await sql.query('reset application_name');
  const log = (await readLog()).slice(before);
  return (
    log
      .split(/\n(?!\t)/)
      .filter((line) => line.startsWith(`${client}|LOG:  statement: `))
      .map((line) => line.replace(/^.*?statement: /, '').replace(/\s+/g, ' '))
      // The looks themselves are logged, too, and by the time of the next one.
      .filter((statement) => !/^(reset application_name|select pg_read_file)/.test(statement))
  );
}

let marks = 0;

/** Everything up to now: the collector writes it in order, but when it likes. */
async function readLog(): Promise<string> {
  marks += 1;
  const mark = `mark_${marks}`;
  await sql.query(`begin; savepoint ${mark}; commit`);
  for (;;) {
    const { rows } = await sql.query<{ log: string }>('select pg_read_file(pg_current_logfile()) as log');
    const log = rows[0]?.log ?? '';
    if (log.includes(`savepoint ${mark};`)) {
      return log;
    }
  }
}

/**
 * What init does to the tables. Left out are the register and questions to the catalogue, which are ours, blocks, and
 * the rows of branches and tellers, which pgbench sends in different ways in different versions.
 */
function isOfTables(statement: string): boolean {
  const copied = /^(copy|insert into) (pgbench_branches|pgbench_tellers)\b/.test(statement);
  const ours = /pgha_bench|^(select|begin|commit|rollback|savepoint)/.test(statement);
  return !ours && (!copied || statement.includes('generate_series'));
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import type { Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';

const DOCS = new URL('../../docs/workloads.md', import.meta.url);

const cli = new CommandLine();
let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer();
  sql = await server.connect();
});

afterAll(async () => {
  await sql.end();
  await server.stop();
  cli.remove();
});

/** As pgbench's users name the server. */
const there = () => ['-h', server.host, '-p', String(server.port), '-U', server.user, '-d', 'postgres'];

/** And as sysbench's do. */
const sysbenchThere = () => [
  '--db-driver=pgsql',
  `--pgsql-host=${server.host}`,
  `--pgsql-port=${server.port}`,
  `--pgsql-user=${server.user}`,
  '--pgsql-db=postgres',
];

function file(name: string, text: string): string {
  writeFileSync(join(cli.directory, name), text);
  return name;
}

function resultIn(name: string): Result {
  return JSON.parse(readFileSync(join(cli.directory, name, 'result.json'), 'utf8')) as Result;
}

async function isThere(table: string): Promise<boolean> {
  const { rows } = await sql.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return rows[0].there;
}

describe('a workload of one’s own', () => {
  const example = /### An example[\s\S]*?```js\n([\s\S]*?)```/.exec(readFileSync(DOCS, 'utf8'))?.[1] ?? '';

  it('is what the docs say it is: made, run and dropped', async () => {
    file('orders.js', example);
    await cli.succeed(['init', './orders.js', '--customers', '50', ...there()]);
    const { rows } = await sql.query('SELECT count(*)::int AS n FROM orders');
    expect(rows[0].n).toBe(50);
    const ended = await cli.succeed([
      ...['run', './orders.js', '-c', '2', '-t', '50', ...there()],
      ...['--read-split', '--out', 'orders'],
    ]);
    const { plan, totals } = resultIn('orders');
    expect(plan.workload).toMatchObject({ name: 'orders', options: { customers: 50 } });
    expect(plan.workload.scripts.map(({ name, weight, writes }) => [name, weight, writes])).toEqual([
      ['order', 1, true],
      ['page', 4, false],
    ]);
    expect(totals.outcomes).toMatchObject({ ack: 100, aborted: 0 });
    const after = await sql.query('SELECT count(*)::int AS n FROM orders');
    const orders = totals.scripts.find(({ name }) => name === 'order');
    expect(after.rows[0].n).toBe(50 + (orders?.outcomes.ack ?? 0));
    expect(ended.stdout).toContain('page');
    await cli.succeed(['cleanup', '--workload', './orders.js', ...there()]);
    expect(await isThere('orders')).toBe(false);
  });

  it('is shown with its options and scripts', async () => {
    file('orders.js', example);
    const { stdout } = await cli.succeed(['workloads', 'show', './orders.js']);
    expect(stdout).toContain('--customers [100]');
    expect(stdout).toContain('Tables: its own');
    expect(stdout).toContain('Script order, weight 1, route rw:\n  \\set customer random(1, :customers)');
    expect(stdout).toContain('Script page, weight 4, route ro:');
  });
});

describe('the words of pgbench', () => {
  it('make and run its tables', async () => {
    await cli.succeed(['init', 'tpcb', '-s1', '-q', ...there()]);
    file('own.sql', '\\set x random(1, :scale)\nSELECT :x + :y;\n');
    await cli.succeed([
      ...['run', '-c2', '-j2', '-t', '20', '-nrl', '-btpcb-like@2', '-f', 'own.sql@3', '-S', '-N'],
      ...['-D', 'y=4', '-M', 'simple', '-L', '5000', '-P', '5', '--random-seed=5432', '--max-tries=2'],
      ...[...there(), '--out', 'pgbench'],
    ]);
    const { plan, totals } = resultIn('pgbench');
    expect(plan).toMatchObject({
      clients: 2,
      workers: 2,
      durationMs: null,
      transactions: { count: 20, per: 'client' },
      protocol: 'simple',
      latencyLimitMs: 5000,
      perCommand: true,
      retry: { contention: 'fail', maxTries: 2 },
      seed: 5432,
      log: { prefix: 'pgbench_log' },
      workload: {
        name: 'tpcb+own+select-only+simple-update',
        options: { scale: 1, 'no-vacuum': true },
        variables: { y: '4' },
      },
    });
    expect(plan.workload.scripts.map(({ name, weight }) => [name, weight])).toEqual([
      ['tpcb', 2],
      ['own.sql', 3],
      ['select-only', 1],
      ['simple-update', 1],
    ]);
    expect(totals.outcomes.ack).toBe(40);
    const logs = readdirSync(cli.directory).filter((name) => name.startsWith('pgbench_log.'));
    const lines = logs.flatMap((name) => readFileSync(join(cli.directory, name), 'utf8').trim().split('\n'));
    expect(lines).toHaveLength(40);
  });

  it('vacuum and empty the history before a run, unless -n', async () => {
    const history = async () => {
      const { rows } = await sql.query('SELECT count(*)::int AS n FROM pgbench_history');
      return rows[0].n;
    };
    await sql.query('TRUNCATE pgbench_history; INSERT INTO pgbench_history (tid) VALUES (0)');
    await cli.succeed(['run', 'tpcb', '-n', '-t', '2', ...there(), '--out', 'kept']);
    expect(await history()).toBe(3);
    await cli.succeed(['run', 'tpcb', '-t', '2', ...there(), '--out', 'emptied']);
    expect(await history()).toBe(2);
  });

  it('print the scripts as pgbench does', async () => {
    for (const name of ['tpcb-like', 'simple-update', 'select-only', 'tp']) {
      const { stderr } = server.run('pgbench', ['--show-script', name]);
      const ours = await cli.succeed(['run', `--show-script=${name}`]);
      const lines = (text: string) => text.split('\n').slice(1);
      expect(ours.stdout).toMatch(/^-- /);
      expect(lines(ours.stdout)).toEqual(lines(stderr));
    }
    const list = await cli.succeed(['run', '-b', 'list']);
    for (const name of ['tpcb-like', 'simple-update', 'select-only']) {
      expect(list.stdout).toContain(`  ${name}: `);
    }
    expect(list.stdout).not.toContain('oltp');
  });

  it('run a script from the standard input', async () => {
    const ended = await cli.run(['run', '-f', '-', '-t', '1', ...there(), '--out', 'stdin']);
    // It is empty here.
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('stdin:1:1:');
  });
});

describe('the words of sysbench', () => {
  it('prepare, run and clean up', async () => {
    // One line for all three, as sysbench's users keep it.
    const tables = [
      ...['--tables=2', '--table_size=100', '--threads=2', '--time=0', '--events=30', '--report-interval=1'],
      ...['--percentile=99', '--histogram', '--rand-seed=7', '--verbosity=3', '--warmup-time=0'],
    ];
    await cli.succeed(['prepare', 'oltp_read_write', ...tables, ...sysbenchThere()]);
    expect(await isThere('sbtest2')).toBe(true);
    await cli.succeed([
      ...['run', 'oltp_read_write', ...tables, ...sysbenchThere()],
      ...['--skip_trx', '--out', 'sysbench'],
    ]);
    const { plan, totals } = resultIn('sysbench');
    expect(plan).toMatchObject({
      clients: 2,
      durationMs: null,
      transactions: { count: 30, per: 'run' },
      retry: { contention: 'restart', maxTries: 0 },
      workload: { options: { tables: 2, 'table-size': 100, 'skip-trx': true } },
    });
    expect(totals.outcomes.ack).toBe(30);
    await cli.succeed(['cleanup', 'oltp_read_write', ...tables, ...sysbenchThere()]);
    expect(await isThere('sbtest1')).toBe(false);
    expect(await isThere('sbtest2')).toBe(false);
    const again = await cli.succeed(['cleanup', 'oltp_read_write', ...tables, ...sysbenchThere()]);
    expect(again.stderr).toContain('has no tables of oltp_read_write');
  });

  it('make a table of bulk_insert for each of as many threads as the run has', async () => {
    const missing = await cli.run(['run', 'bulk_insert', '--threads=2', '--events=2', ...sysbenchThere()]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("Make them with 'pgha-bench init bulk_insert --threads 2'");
    await cli.succeed(['prepare', 'bulk_insert', '--threads=2', ...sysbenchThere()]);
    await cli.succeed([
      ...['run', 'bulk_insert', '--threads=2', '--events=2', ...sysbenchThere(), '--out', 'bulk'],
    ]);
    await cli.succeed(['cleanup', 'bulk_insert', '--threads=2', ...sysbenchThere()]);
  });
});

it('oltp_insert without a sequence gets empty tables, whatever the size', async () => {
  const words = ['oltp_insert', '--auto-inc=off', '--table-size=50', ...sysbenchThere()];
  await cli.succeed(['init', ...words]);
  const { rows } = await sql.query('SELECT count(*)::int AS n FROM sbtest1');
  expect(rows[0].n).toBe(0);
  await cli.succeed(['cleanup', ...words]);
});

describe('a schema of one’s own that fails', () => {
  const module = (check: string) => `export default { name: 'own', summary: 's',
    schema: { check: ${check}, prepare: async () => undefined, cleanup: async () => undefined },
    scripts: [{ name: 'own', weight: 1, route: 'rw', text: 'SELECT 1;' }] };`;

  it.each([
    ['async () => { throw new Error("no luck"); }', './fails.mjs: schema.check failed: no luck.'],
    ['async () => 5', './fails.mjs: schema.check: what it found: expected an object, found 5.'],
  ])('is told in a line: %s', async (check, message) => {
    file('fails.mjs', module(check));
    for (const command of ['init', 'run', 'cleanup']) {
      const ended = await cli.run([command, './fails.mjs', ...there()]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain(message);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('cleanup', () => {
  it('leaves tables that others made, unless forced', async () => {
    server.run('pgbench', ['-i', '-q']);
    const refused = await cli.run(['cleanup', 'tpcb', ...there()]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("'pgha-bench cleanup tpcb --force' drops them");
    expect(await isThere('pgbench_accounts')).toBe(true);
    await cli.succeed(['cleanup', 'tpcb', '--force', ...there()]);
    expect(await isThere('pgbench_accounts')).toBe(false);
  });
});

describe('workloads', () => {
  it('lists what there is, and shows options, route and SQL of each', async () => {
    const list = await cli.succeed(['workloads']);
    expect(list.stdout).toMatch(/^ {2}tpcb, tpcb-like +rw {2}pgbench's tpcb-like/m);
    expect(list.stdout).toMatch(/^ {2}oltp_read_only +ro /m);
    const point = await cli.succeed(['workloads', 'show', 'oltp_point_select']);
    expect(point.stdout).toContain('--table-size [10000]');
    expect(point.stdout).toContain('  SELECT c FROM sbtest1 WHERE id=$1');
    const scan = await cli.succeed(['workloads', 'show', 'scan']);
    expect(scan.stdout).toContain('new Cursor(');
    expect(list.stdout).not.toContain("sysbench's oltp_read_only");
    const builtins = await cli.succeed(['run', '-b', 'list']);
    const oltp = await cli.succeed(['workloads', 'show', 'oltp_read_write']);
    const options = oltp.stdout.slice(0, oltp.stdout.indexOf('Script '));
    for (const line of [list.stdout, builtins.stdout, options].flatMap((text) => text.split('\n'))) {
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
    const wrong = await cli.run(['workloads', 'shw', 'tpcb']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('expected nothing, or show NAME');
  });
});

it('a mix goes to both ports: clients dealt out, a connection for each script, or one client for both', async () => {
  const mix = ['run', '--mix', 'tpcb,select-only', '--rw', server.uri, '--ro', server.uri, '-t', '20'];
  await cli.succeed(['init', 'tpcb', '--force', ...there()]);
  const counts = async (out: string, ...words: readonly string[]) => {
    await cli.succeed([...mix, ...words, '--out', out]);
    const { scripts } = resultIn(out).totals;
    expect(scripts.map(({ route }) => route)).toEqual(['rw', 'ro']);
    return scripts.map(({ outcomes }) => outcomes.ack);
  };
  expect(await counts('dealt', '-c', '2')).toEqual([20, 20]);
  for (const [words, all] of [
    [['--read-split', '-c', '2'], 40],
    [['-c', '1'], 20],
  ] as const) {
    const [writes = 0, reads = 0] = await counts(`both-${all}`, ...words);
    expect(writes + reads).toBe(all);
    expect(writes * reads).toBeGreaterThan(0);
  }
});

it('a script that never works is wrong use, not a target that is gone', async () => {
  file('never.sql', 'SELECT 1 FROM no_such_table;\n');
  const { code, stderr } = await cli.run(['run', '-f', 'never.sql', '-t', '2', '--rw', server.uri]);
  expect(code).toBe(2);
  expect(stderr.trim().split('\n').at(-1)).toBe(
    'pgha-bench: no transaction went through: relation "no_such_table" does not exist (42P01). Mend never.sql.',
  );
});

describe('what is wrong is told in one line, before any load', () => {
  beforeAll(async () => {
    await cli.succeed(['init', 'tpcb', '--force', ...there()]);
    file('own.sql', 'SELECT 1;');
    file('syntax.mjs', 'const a = 1;\nexport default { a b };');
    file('throws.mjs', '\n\nthrow new Error("no luck");');
    file('option.mjs', moduleWith("[{ name: 'k', type: 'number', default: 1, summary: 's' }]"));
    file('taken.mjs', moduleWith("[{ name: 'clients', type: 'number', default: 1, summary: 's' }]"));
    await sql.query('CREATE TABLE sbtest1 (id int)');
  });

  function moduleWith(options: string): string {
    return `export default { name: 'own', summary: 's', schema: 'none', options: ${options},
      scripts: [{ name: 'own', weight: 1, route: 'rw', text: 'SELECT 1;' }] };`;
  }

  it.each<[string, string[], string]>([
    [
      'a syntax error',
      ['run', './syntax.mjs'],
      "./syntax.mjs: it does not parse, line 2: Unexpected identifier 'b'.",
    ],
    ['an error in a file', ['run', './throws.mjs'], './throws.mjs: it could not be loaded, line 3: no luck.'],
    [
      'an option that can never be given',
      ['run', './taken.mjs'],
      "own: its option 'clients' has the name of an option of run",
    ],
    [
      'an unknown option',
      ['run', 'tpcb', '--clinets', '3'],
      "tpcb has no option --clinets. Did you mean '--clients'?",
    ],
    [
      'an unknown option of a workload',
      ['run', 'oltp_read_only', '--table-sizes=3'],
      "Did you mean '--table-size'?",
    ],
    [
      'an unknown option of a mix',
      ['run', '--mix', 'tpcb,select-only', '--xyz=3'],
      'tpcb, select-only have no option --xyz.',
    ],
    ['an option of init', ['run', 'tpcb', '--fillfactor', '50'], '--fillfactor is an option of init only'],
    ['an option of run', ['init', 'tpcb', '--vacuum-all'], '--vacuum-all is an option of run only'],
    ['a scale of events', ['run', 'oltp_read_only', '-s', '3'], 'oltp_read_only has no option --scale'],
    ['a switch that is neither', ['run', 'tpcb', '--log=maybe'], "--log: expected on or off, found 'maybe'."],
    ['a letter without its value', ['run', 'tpcb', '-c'], '--clients: expected a value behind it.'],
    ['a rate of 0', ['run', 'tpcb', '-R0'], '--rate: expected a rate of more than 0'],
    ['an empty stage', ['run', 'tpcb', '--stages', '1s:5,,1s:5'], '--stages: stage 2 is empty'],
    ['a percentile', ['run', 'tpcb', '--percentile=101'], '--percentile: expected a number from 0 to 100'],
    ['a histogram', ['run', 'tpcb', '--histogram=maybe'], '--histogram: expected on or off'],
    ['an unknown letter', ['run', '-S', '-rZ'], "There is no option -Z in '-rZ'."],
    [
      'a log in a folder that there is not',
      ['run', 'tpcb', '-l', '--log-prefix', 'nope/log'],
      '--log-prefix: no file can be made in ',
    ],
    [
      'an option of a user’s file without its value',
      ['run', './option.mjs', '--k', '--fault', 'none'],
      '--k: expected a value behind it.',
    ],
    [
      'options behind show',
      ['workloads', 'show', 'tpcb', '--tables', '3'],
      'workloads has no option --tables. Options of a workload stand behind init, run and cleanup.',
    ],
    ['weights of 0', ['run', '-b', 'tpcb@0'], 'a weight of 0 in total'],
    ['a definition', ['run', 'tpcb', '-D', 'x'], '--define: expected NAME=VALUE'],
    ['another driver', ['run', 'tpcb', '--db-driver=mysql'], "--db-driver: expected pgsql, found 'mysql'."],
    ['two addresses', ['run', 'tpcb', '--rw', 'postgresql://h/d', '-h', 'h'], '--rw is the whole address'],
    [
      'pgbench’s and sysbench’s parts',
      ['run', 'tpcb', '-h', 'h', '--pgsql-db=d'],
      'Use those of one of them',
    ],
    ['an address and a lab', ['run', 'tpcb', '-h', 'h', '--lab', 'x'], '--lab is for a lab, and --host for'],
    ['a file that init has nothing to make for', ['init', './own.sql'], 'there is nothing to init'],
    [
      'two workloads to make',
      ['init', 'tpcb', '--workload', './own.mjs'],
      "Expected one workload behind 'init'",
    ],
    ['nothing to make', ['init'], "Expected the name of a workload behind 'init'"],
  ])('%s', async (_, words, message) => {
    await expectRefused(words, message);
  });

  it.each<[string, string[], string]>([
    [
      'tables that are missing',
      ['run', 'oltp_read_only', '--tables=3', '-d', 'template1'],
      "Make them with 'pgha-bench init oltp_read_only --tables 3'",
    ],
    [
      'tables of pgbench that are missing',
      ['run', 'select-only', '-d', 'template1'],
      "Make them with 'pgha-bench init select-only --scale N'",
    ],
    ['tables that do not fit', ['run', 'oltp_read_only'], 'has tables that do not fit oltp_read_only'],
    ['another scale', ['run', 'tpcb', '-s', '5'], '--scale: 127.0.0.1'],
    [
      '--route ro without such an endpoint',
      ['run', 'select-only', '--route', 'ro'],
      '--route: the target has no read-only endpoint',
    ],
  ])('%s', async (_, words, message) => {
    const address = ['-h', server.host, '-p', String(server.port), '-U', server.user];
    await expectRefused([...words, ...address, ...(words.includes('-d') ? [] : ['-d', 'postgres'])], message);
  });

  it('a script that does not parse, with its line and a caret', async () => {
    file('broken.sql', 'SELECT 1;\n\\set x 1 +\n');
    const ended = await cli.run(['run', '-f', 'broken.sql']);
    expect(ended.code).toBe(2);
    const [message, line, caret] = ended.stderr.split('\n');
    expect(message).toMatch(/^pgha-bench: broken\.sql:2:\d+: /);
    expect(line).toBe('\\set x 1 +');
    expect(caret).toMatch(/^ *\^$/);
  });

  it('an unknown variable in simple mode', async () => {
    file('variable.sql', 'SELECT :nope;\n');
    const ended = await cli.run(['run', '-f', 'variable.sql', '-M', 'simple']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^pgha-bench: variable\.sql:1:8: nothing sets the variable "nope"\n/);
  });

  async function expectRefused(words: readonly string[], message: string): Promise<void> {
    const before = readdirSync(cli.directory);
    const ended = await cli.run(words);
    expect(ended.stderr).toContain(message);
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).not.toMatch(/ at .*:\d+:\d+/);
    expect(readdirSync(cli.directory)).toEqual(before);
  }
});

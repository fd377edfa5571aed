import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import hdr from 'hdr-histogram-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { type Lab, listLabs, readLab } from '../lab/lab.js';
import type { Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';
import { IndependentWriter } from './independent-writer.fixture.js';
import { expectPredicted } from './predicted.fixture.js';

const cli = new CommandLine();
let lab: Lab;

beforeAll(async () => {
  await cli.succeed(['lab', 'up']);
  const up = await readLab('default', cli.stateDirectory);
  if (up === undefined) {
    throw new Error('The lab is not up.');
  }
  lab = up;
  await cli.succeed(['init', 'tpcb', '--scale', '10']);
});

afterAll(async () => {
  await cli.succeed(['lab', 'down']);
  cli.remove();
});

describe('run', () => {
  it('keeps 64 clients on through a switchover, and tells what happened', async () => {
    const before = await counted('pgbench_history');
    const writer = new IndependentWriter(lab.target.rw, lab.secrets.rwPassword ?? '');
    await writer.start();
    const ended = await cli.succeed([
      'run',
      'tpcb',
      '--clients',
      '64',
      '--duration',
      '30s',
      '--fault',
      'switchover@8s',
      '--out',
      'out',
    ]);
    const { durationMs: seenMs } = await writer.stop();

    const result = resultIn('out');
    const [round] = result.analysis.rounds;
    const [fault] = result.faults;
    expect(result.run.status).toBe('completed');
    expect(fault?.observed).toMatch(/^leader n\d -> n\d$/);
    expect(round?.clientsBack).toBe(64);
    expect(result.clients.every((client) => client.acks > 0 && client.connects > 1)).toBe(true);
    // What somebody else saw through the same port at the same time. Each of the two learns of the service's return
    // only as soon as a connection of its own is made, which on two busy cores takes its time.
    const downtime = round?.writeDowntime;
    expect(downtime?.outage).toBe(true);
    expect(Math.abs((downtime?.durationMs ?? 0) - seenMs)).toBeLessThan(
      200 + 2 * (downtime?.resolutionMs ?? 0),
    );
    expect(round?.readDowntime).not.toBeNull();
    await expectPredicted(cli, 'default', 'switchover', result);

    // Nothing acknowledged is gone in a planned switchover, and nothing that was called aborted is there.
    const rows = (await counted('pgbench_history')) - before;
    const { outcomes } = result.totals;
    expect(rows).toBeGreaterThanOrEqual(outcomes.ack);
    expect(rows).toBeLessThanOrEqual(outcomes.ack + outcomes.in_doubt);
    await expectBalanced();

    // Acknowledgements come from the old leader before, and from the new one after.
    expect(result.servers.filter((server) => server.route === 'rw').length).toBe(2);
    expect(result.events.some((event) => event.layer === 'haproxy' && event.kind === 'server_up')).toBe(true);
    expect(ended.stdout).toContain('write downtime');
    expect(ended.stdout.split('\n').every((line) => [...line].length <= 80)).toBe(true);
    expectHistograms('out', result);
  });

  it('leaves a plain server alone, and says that it has no fault', async () => {
    const { host, port, user, database } = lab.target.rw;
    const rw = `postgresql://${user}@${host}:${port}/${database}?sslmode=disable`;
    const words = ['run', 'select-only', '--rw', rw, '--clients', '4', '--duration', '2s', '--out', 'plain'];
    const ended = await cli.run(words, { PGPASSWORD: lab.secrets.rwPassword ?? '' });
    expect(ended.code, ended.stderr).toBe(0);
    const result = resultIn('plain');
    expect(result.faults).toEqual([]);
    expect(result.totals.outcomes.ack).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toContain(lab.secrets.rwPassword);
  });

  it('sends what only reads to the read-only port, in every protocol', async () => {
    for (const protocol of ['prepared', 'extended', 'simple']) {
      const words = ['run', 'select-only', '--clients', '4', '--duration', '2s', '--fault', 'none'];
      await cli.succeed([...words, '--protocol', protocol, '--out', protocol]);
      const result = resultIn(protocol);
      expect(result.totals.outcomes).toMatchObject({ aborted: 0, in_doubt: 0, not_sent: 0 });
      const leader = result.cluster.members.find((member) => member.role === 'leader');
      expect(result.servers.map((server) => server.route)).toContain('ro');
      expect(result.servers.map((server) => server.server)).not.toContain(leader?.address);
    }
  });

  it('is judged by its gates, which its report, its result and its exit code tell', async () => {
    const words = ['run', 'select-only', '--clients', '4', '--duration', '2s', '--fault', 'none'];
    const gates = ['--gate', 'tps > 0', '--gate', 'errors.count == 0'];
    const well = await cli.succeed([...words, ...gates, '--out', 'gates']);
    expect(well.stdout).toMatch(/\n\nGates {2}all 2 passed\n {2}✓ tps > 0 .*\n {2}✓ errors\.count == 0 +0\n/);
    const beside = ['--gate', 'tps > 1000000', '--gate', 'tps <= 100000% of baseline', '--baseline', 'gates'];
    const failed = await cli.run([...words, ...beside, '--out', 'failed-gates']);
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stdout).toMatch(/Gates {2}1 of 2 failed\n {2}✗ tps > 1000000 +[\d,]+ tps\n {2}✓ tps <= /);
    expect(resultIn('failed-gates').gates.map(({ passed }) => passed)).toEqual([false, true]);
  });

  it('stops at Ctrl-C, and still writes what it has', async () => {
    const running = cli.start([
      'run',
      'tpcb',
      '--clients',
      '8',
      '--duration',
      '60s',
      '--fault',
      'none',
      '--out',
      'stopped',
    ]);
    await running.says('tps');
    running.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    const result = resultIn('stopped');
    expect(result.run.status).toBe('interrupted');
    expect(result.totals.outcomes.ack).toBeGreaterThan(0);
  });

  it('exits at once at the second Ctrl-C', async () => {
    const words = ['run', 'tpcb', '--clients', '8', '--duration', '60s', '--fault', 'none'];
    const running = cli.start([...words, '--out', 'twice']);
    await running.says('tps');
    // With this lock nothing in flight can end, so that after the first one there is something to wait for.
    const sql = await connected();
    await sql.query('BEGIN; LOCK TABLE pgbench_branches');
    running.kill('SIGINT');
    await running.says('Stopping');
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(existsSync(join(cli.directory, 'twice'))).toBe(false);
    await sql.end();
  });
});

describe('run without a target', () => {
  const alone = new CommandLine();

  afterAll(() => alone.remove());

  it('starts a lab, loads the tables, and leaves nothing of either', async () => {
    const words = [
      'run',
      'tpcb',
      '--clients',
      '8',
      '--duration',
      '3s',
      '--fault',
      'none',
      '--scale',
      '1',
      '--out',
      'own',
    ];
    const ended = await alone.succeed(words);
    expect(ended.stderr).toContain('starting one');
    const result = JSON.parse(readFileSync(join(alone.directory, 'own', 'result.json'), 'utf8')) as Result;
    expect(result.totals.outcomes.ack).toBeGreaterThan(0);
    expect(await listLabs(alone.stateDirectory)).toEqual([]);
  });

  it('stops its lab when it is interrupted, while the lab starts and while the load runs', async () => {
    for (const text of ['waiting for HAProxy', 'tps']) {
      const running = alone.start(['run', 'tpcb', '--clients', '4', '--duration', '60s', '--scale', '1']);
      await running.says(text);
      running.kill('SIGINT');
      expect((await running.ended).code, text).toBe(130);
      expect(await listLabs(alone.stateDirectory), text).toEqual([]);
    }
  });
});

it('tells how the faults of a run that Ctrl-C ends were taken back', async () => {
  const words = ['run', 'tpcb', '--clients', '4', '--duration', '60s', '--fault', 'freeze-node@1s'];
  const running = cli.start([...words, '--out', 'frozen']);
  await running.says(' 4 / 60 s');
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  const [fault] = resultIn('frozen').faults;
  expect(fault?.undone).toContain('SIGCONT');
  expect(fault?.undoFailure).toBeNull();
  await healthyAgain();
});

describe('what is wrong is told in one line, before any load', () => {
  const { stateDirectory } = cli;
  const uri = (part: Partial<{ password: string; port: number; database: string }>) => {
    const { host, port, user, database } = lab.target.rw;
    const password = part.password ?? lab.secrets.rwPassword ?? '';
    return `postgresql://${user}:${password}@${host}:${part.port ?? port}/${part.database ?? database}?sslmode=disable`;
  };

  it.each<[string, () => string[], string]>([
    ['no command', () => [], 'Expected a command'],
    ['an unknown command', () => ['rum', 'tpcb'], "Did you mean 'run'?"],
    ['no workload', () => ['run'], 'Expected something to run, found nothing.'],
    ['an unknown workload', () => ['run', 'tcpb'], "Did you mean 'tpcb'?"],
    ['an unknown option', () => ['run', 'tpcb', '--clinets', '3'], "Did you mean '--clients'?"],
    ['an unknown fault', () => ['run', 'tpcb', '--fault', 'swichover@1s'], "Did you mean 'switchover'?"],
    [
      'a fault behind the end',
      () => ['run', 'tpcb', '--duration', '5s', '--fault', 'switchover@9s'],
      'within the run',
    ],
    ['no clients', () => ['run', 'tpcb', '--clients', '0'], '--clients'],
    ['more clients than connections', () => ['run', 'tpcb', '--clients', '5000'], 'max_connections'],
    ['a number that is none', () => ['run', 'tpcb', '--clients', 'x'], '--clients'],
    ['an option twice', () => ['run', 'tpcb', '--clients', '1', '--clients', '2'], 'expected once'],
    ['a target that is not there', () => ['run', 'tpcb', '--rw', uri({ port: 5999 })], 'No server listens'],
    ['a wrong password', () => ['run', 'tpcb', '--rw', uri({ password: 'wrong' })], 'does not let user'],
    [
      'a database that is not there',
      () => ['run', 'tpcb', '--rw', uri({ database: 'nope' })],
      "no database 'nope'",
    ],
    [
      'tables that are not there',
      () => ['run', 'tpcb', '--rw', uri({ database: 'postgres' })],
      'pgha-bench init tpcb',
    ],
    ['--ro alone', () => ['run', 'tpcb', '--ro', 'postgresql://h/d'], 'needs --rw'],
    [
      'a fault without Patroni',
      () => ['run', 'tpcb', '--rw', uri({}), '--fault', 'switchover'],
      'Add --patroni',
    ],
    [
      'Patroni that is not there',
      () => ['run', 'tpcb', '--rw', uri({}), '--patroni', 'http://127.0.0.1:1'],
      'no cluster answers',
    ],
    [
      'a directory that cannot be written',
      () => ['run', 'tpcb', '--out', '/proc/nope/out'],
      'cannot be written',
    ],
    ['a directory that is not empty', () => ['run', 'tpcb', '--out', stateDirectory], 'new or empty'],
    ['a lab that is not up', () => ['run', 'tpcb', '--lab', 'nope'], "no lab 'nope' is up"],
    [
      'a candidate that is none',
      () => ['run', 'tpcb', '--fault', 'switchover:candidate=n9@1s'],
      'must be a replica',
    ],
    ['a seed that is none', () => ['run', 'tpcb', '--seed', 'x'], '--seed'],
    [
      'an unknown option of a fault',
      () => ['run', 'tpcb', '--fault', 'freeze-node:form=5s@1s'],
      "Did you mean 'for'?",
    ],
    ['a command that is missing', () => ['run', 'tpcb', '--fault', 'exec@1s'], 'needs command'],
    ['rounds of no fault', () => ['run', 'tpcb', '--rounds', '2', '--fault', 'none'], '--rounds'],
    [
      'a ledger of what writes nothing',
      () => ['run', 'select-only', '--ledger', 'insert'],
      'no commit that a token',
    ],
    [
      'a fault on a cluster of somebody else',
      () => [
        'run',
        'tpcb',
        '--rw',
        uri({}),
        '--patroni',
        lab.nodes[0]?.apiUrl ?? '',
        '--fault',
        'switchover@1s',
      ],
      'add --allow-fault pgha-',
    ],
    [
      'the scope of another cluster',
      () => [
        ...['run', 'tpcb', '--rw', uri({}), '--patroni', lab.nodes[0]?.apiUrl ?? ''],
        ...['--fault', 'switchover@1s', '--allow-fault', 'other'],
      ],
      "the cluster's scope is 'pgha-",
    ],
    [
      'a fault of a lab elsewhere',
      () => [
        ...['run', 'tpcb', '--rw', uri({}), '--patroni', lab.nodes[0]?.apiUrl ?? ''],
        ...['--fault', 'kill-node@1s', '--allow-fault', lab.scope],
      ],
      'to a lab only',
    ],
    [
      'a command against a server of which nothing is known',
      () => ['run', 'tpcb', '--rw', uri({}), '--fault', "exec:'true'@1s"],
      '--allow-fault no-patroni',
    ],
  ])('%s', async (_, words, message) => {
    const before = readdirSync(cli.directory);
    const ended = await cli.run(words());
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain(message);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).not.toMatch(/ at .*:\d+:\d+/);
    expect(readdirSync(cli.directory)).toEqual(before);
  });

  it('tables that somebody else made are not replaced unasked', async () => {
    const sql = await connected();
    await sql.query('CREATE SCHEMA other; CREATE TABLE other.pgbench_branches (bid int)');
    await sql.query("ALTER ROLE CURRENT_USER SET search_path = 'other'");
    try {
      const refused = await cli.run(['init', 'tpcb', '--scale', '1']);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('--force');
      const { rows } = await sql.query('SELECT count(*)::int AS n FROM pg_class WHERE relname = $1', [
        'pgbench_tellers',
      ]);
      expect(rows[0].n).toBe(1);
    } finally {
      await sql.query('ALTER ROLE CURRENT_USER RESET search_path; DROP SCHEMA other CASCADE');
      await sql.end();
    }
  });
});

async function healthyAgain(): Promise<void> {
  for (let healthy = false; !healthy; ) {
    ({ healthy } = await getHealth(lab.target.patroni, {}, 3));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function resultIn(name: string): Result {
  return JSON.parse(readFileSync(join(cli.directory, name, 'result.json'), 'utf8')) as Result;
}

/** What other HdrHistogram tools read from the log adds up to what the result says. */
function expectHistograms(name: string, result: Result): void {
  for (const kind of ['service', 'response'] as const) {
    const file = join(cli.directory, name, `${kind}.hlog`);
    expect(existsSync(file)).toBe(true);
    const reader = new hdr.HistogramLogReader(readFileSync(file, 'utf8'));
    const sum = hdr.build({ highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: 3 });
    for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
      sum.add(next as Parameters<typeof sum.add>[0]);
    }
    expect(sum.totalCount).toBe(result.totals.outcomes.ack);
    expect(sum.getValueAtPercentile(99)).toBe(result.totals[kind]?.p99Us);
  }
}

async function connected(): Promise<pg.Client> {
  const { host, port, user, database } = lab.target.rw;
  const sql = new pg.Client({ host, port, user, database, password: lab.secrets.rwPassword, ssl: false });
  await sql.connect();
  return sql;
}

async function counted(table: string): Promise<number> {
  const sql = await connected();
  const { rows } = await sql.query(`SELECT count(*)::int AS n FROM ${table}`);
  await sql.end();
  return rows[0].n as number;
}

/** TPC-B's invariant: every amount is in all four tables. */
async function expectBalanced(): Promise<void> {
  const sql = await connected();
  const { rows } = await sql.query(
    `SELECT (SELECT sum(abalance) FROM pgbench_accounts) AS accounts, (SELECT sum(tbalance) FROM pgbench_tellers) AS tellers,
            (SELECT sum(bbalance) FROM pgbench_branches) AS branches, (SELECT sum(delta) FROM pgbench_history) AS history`,
  );
  await sql.end();
  expect(new Set(Object.values(rows[0])).size).toBe(1);
}

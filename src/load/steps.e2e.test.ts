import type pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../plan/plan.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { RandomStream } from '../workload/random/stream.js';
import { Load, type TestScript } from './load.fixture.js';
import { TransactionLog } from './transaction-log.js';

let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer({ max_connections: '50', deadlock_timeout: '50ms' });
  sql = await server.connect();
  await sql.query('CREATE TABLE found (id serial, value text)');
  await sql.query('CREATE TABLE accounts (id int PRIMARY KEY, n int)');
  await sql.query('INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 10) AS i');
});

/** A backend that sleeps does not see that its client is gone. */
afterEach(async () => {
  await sql.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'pgha-bench/%'`,
  );
});

afterAll(async () => {
  await sql.end();
  await server.stop();
});

/** Runs a script so many times with one client. */
async function run(text: string, times: number, given: Partial<Plan> = {}): Promise<Load> {
  return runAll([{ name: 'test', text }], times, given);
}

async function runAll(
  scripts: readonly TestScript[],
  times: number,
  given: Partial<Plan> = {},
): Promise<Load> {
  await sql.query('TRUNCATE found RESTART IDENTITY');
  const load = new Load(server, scripts, { transactions: { count: times, per: 'client' }, ...given });
  await load.runToEnd();
  return load;
}

async function found(): Promise<string[]> {
  const { rows } = await sql.query<{ value: string }>('SELECT value FROM found ORDER BY id');
  return rows.map(({ value }) => value);
}

describe.each(['simple', 'extended', 'prepared'] as const)('protocol %s', (protocol) => {
  it('\\gset stores the columns of a row, NULL as an empty text', async () => {
    const text = String.raw`SELECT 7 AS a, 'x y' AS b, NULL AS c, 'unused' AS d \gset p_
\set a :p_a + 1
INSERT INTO found (value) VALUES (concat_ws('|', :a::text, (:quote:p_b:quote)::text, 'ok'));
`.replaceAll(':quote', protocol === 'simple' ? "'" : '');
    const load = await run(text, 3, { protocol });
    expect(load.errors).toEqual({});
    expect(await found()).toEqual(new Array(3).fill('8|x y|ok'));
  });

  it.each([
    ['no row', 'SELECT 1 AS a WHERE false \\gset'],
    ['two rows', 'SELECT i AS a FROM generate_series(1, 2) AS i \\gset'],
    ['a column that cannot be a variable', 'SELECT 1 \\gset'],
  ])('\\gset fails on %s, and the client goes on', async (_, text) => {
    const load = await run(`${text}\nSELECT 1;\n`, 2, { protocol });
    expect(load.errors).toEqual({ script: 2 });
    expect(load.count('aborted')).toBe(2);
  });

  it('\\aset takes the last row, and keeps what it had where there is none', async () => {
    const text = String.raw`\set a 5
SELECT i AS a FROM generate_series(1, 3) AS i \aset
SELECT 9 AS a WHERE false \aset
INSERT INTO found (value) VALUES (:a::int);
`;
    expect((await run(text, 1, { protocol })).errors).toEqual({});
    expect(await found()).toEqual(['3']);
  });

  it('rolls an open transaction back when the script fails within it', async () => {
    const text = String.raw`BEGIN;
INSERT INTO found (value) VALUES ('gone');
\set x 1 / 0
END;
`;
    const load = await run(text, 2, { protocol });
    expect(load.errors).toEqual({ script: 2 });
    expect(await found()).toEqual([]);
  });
});

it('simple: only what is stored must have names that can be variables', async () => {
  const load = await run('SELECT 1 \\; SELECT 2 AS x \\gset\nSELECT 1 WHERE false \\aset\n', 1, {
    protocol: 'simple',
  });
  expect(load.errors).toEqual({});
});

it('simple: stores from each statement of a compound', async () => {
  const text =
    String.raw`SELECT 1 AS a \; SELECT 2 AS b WHERE false \; SELECT i AS c FROM generate_series(1, 4) AS i \aset
SELECT 5 AS d \; SELECT 6 AS e \gset
\set b 0
INSERT INTO found (value) VALUES ('a:a:b:c:e');
`.replace("'a:a:b:c:e'", "concat_ws(',', :a, :b, :c, :e)");
  expect((await run(text, 1, { protocol: 'simple' })).errors).toEqual({});
  expect(await found()).toEqual(['1,0,4,6']);
});

describe.each(['extended', 'prepared'] as const)('pipelines, %s', (protocol) => {
  it('send everything at once and take all replies', async () => {
    const text = String.raw`\startpipeline
BEGIN;
\set x 1
INSERT INTO found (value) VALUES (:x);
\syncpipeline
\set x 2
INSERT INTO found (value) VALUES (:x);
END;
SELECT 1;
\endpipeline
INSERT INTO found (value) VALUES ('behind');
`;
    const load = await run(text, 3, { protocol });
    expect(load.errors).toEqual({});
    expect(load.count('ack')).toBe(3);
    expect(await found()).toEqual(new Array(3).fill(['1', '2', 'behind']).flat());
  });

  it('fail as a whole, and parse again what the server did not', async () => {
    const text = String.raw`\startpipeline
SELECT 1 / :client_id;
INSERT INTO found (value) VALUES ('skipped');
\endpipeline
INSERT INTO found (value) VALUES ('not reached');
`;
    const load = await run(text, 3, { protocol });
    expect(load.errors).toEqual({ '22012': 3 });
    expect(await found()).toEqual([]);
  });

  it('of several parts that failed leave no doubt what the server has parsed', async () => {
    await sql.query('CREATE TABLE IF NOT EXISTS keys (k int PRIMARY KEY)');
    await sql.query('TRUNCATE keys');
    const text = String.raw`\set nap :nap + 1
\startpipeline
INSERT INTO keys VALUES (CASE WHEN :nap::int <= 2 THEN 1 ELSE :nap::int END);
SELECT 2 AS two;
\syncpipeline
SELECT 4 AS four;
\endpipeline
`;
    const load = await run(text, 4, { protocol });
    expect(load.errors).toEqual({ '23505': 1 });
    expect(load.count('ack')).toBe(3);
  });

  it('end the transaction with an error when the script leaves one open', async () => {
    const text = '\\if :client_id = 0\n\\startpipeline\n\\endif\nSELECT 1;\n';
    expect((await run(text, 2, { protocol })).errors).toEqual({ script: 2 });
  });
});

it('a commit in a pipeline that is cut off is in doubt', async () => {
  await sql.query(`CREATE TABLE deferred (n int);
    CREATE FUNCTION sleep_long() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION sleep_long()`);
  const piped = (body: string) => `\\startpipeline\n${body}\\endpipeline\n`;
  const load = new Load(server, [
    { name: 'commit', text: piped('BEGIN;\nINSERT INTO deferred VALUES (1);\nEND;\n') },
    { name: 'alone', text: piped('INSERT INTO deferred SELECT 1 FROM pg_sleep(600);\n') },
    { name: 'read', text: piped('SELECT pg_sleep(600);\n') },
  ]);
  load.script = 0;
  await load.begin();
  for (const outcome of ['in_doubt', 'in_doubt', 'aborted'] as const) {
    const before = load.count(outcome);
    await terminateSleeper();
    load.script++;
    // The next script sleeps, too: then the last one has been recorded.
    await sleeper();
    load.group.recorder.flush();
    expect(load.count(outcome)).toBe(before + 1);
    load.script = Math.min(load.script, 2);
  }
  await load.group.finish(0, { code: 'run_ended', message: '' });
});

describe('what a script has committed', () => {
  it.each([
    ['by its block', "BEGIN;\nINSERT INTO found (value) VALUES ('in');\nEND;\nSELECT pg_sleep(600 * :nap);"],
    ['by a statement', "INSERT INTO found (value) VALUES ('in');\nSELECT pg_sleep(600 * :nap);"],
  ])('%s is in no doubt and is not done again when the connection is lost behind it', async (_, text) => {
    await sql.query('TRUNCATE found RESTART IDENTITY');
    const load = new Load(server, [{ name: 'test', text }], { transactions: { count: 2, per: 'client' } });
    load.setNap(1);
    await load.begin();
    await terminateSleeper();
    load.setNap(0);
    await load.drained;
    await load.end();
    expect(load.errors).toEqual({ '57P01': 1 });
    expect([load.count('aborted'), load.count('ack')]).toEqual([1, 1]);
    expect(await found()).toEqual(['in', 'in']);
  });

  it('and what a pipeline has not sent yet are in no doubt', async () => {
    await sql.query('TRUNCATE found RESTART IDENTITY');
    const text = String.raw`\startpipeline
INSERT INTO found (value) VALUES ('in');
\sleep 600 s
\endpipeline
`;
    const load = new Load(server, [{ name: 'test', text }]);
    await load.begin();
    await sql.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'pgha-bench/%'`,
    );
    // The attempt that follows hangs in its sleep; it begins when the server has told its address.
    for (let open = 0; open < 1; ) {
      const { rows } = await sql.query(
        "SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name LIKE 'pgha-bench/%' AND state = 'idle' AND query LIKE '%inet_server_addr%'",
      );
      open = rows[0].open;
    }
    await load.group.finish(0, { code: 'run_ended', message: '' });
    expect(load.errors).toEqual({ '57P01': 1, run_ended: 1 });
    expect(load.count('aborted')).toBe(2);
    expect(await found()).toEqual([]);
  });
});

async function sleeper(): Promise<number> {
  for (;;) {
    const { rows } = await sql.query(
      "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgha-bench/%' AND wait_event = 'PgSleep'",
    );
    if (rows.length > 0) {
      return rows[0].pid as number;
    }
  }
}

async function terminateSleeper(): Promise<void> {
  const pid = await sleeper();
  await sql.query('SELECT pg_terminate_backend($1)', [pid]);
  for (;;) {
    const { rows } = await sql.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
    if (rows.length === 0) {
      return;
    }
  }
}

describe('what runs outside the server', () => {
  it('\\sleep sleeps at least as long as it says', async () => {
    const text = String.raw`SELECT clock_timestamp() AS before \gset
\sleep 30 ms
INSERT INTO found (value) SELECT clock_timestamp() - (:before)::timestamptz >= interval '30 ms';
`;
    expect((await run(text, 3)).errors).toEqual({});
    expect(await found()).toEqual(['true', 'true', 'true']);
  });

  it('\\shell and \\setshell run a command, and fail with it', async () => {
    const text = String.raw`\set n 20
\setshell answer expr :n + 22
\shell test :answer -eq 42
INSERT INTO found (value) VALUES (:answer);
\shell exit 3
`;
    const load = await run(text, 2);
    expect(load.errors).toEqual({ script: 2 });
    expect(await found()).toEqual(['42', '42']);
  });

  it('a transaction that sends nothing is one, and lets the event loop turn', async () => {
    const load = await run('\\set x random(1, 10)\n', 1000);
    expect(load.count('ack')).toBe(1000);
    // It says nothing of any server.
    expect(load.frames.flatMap((frame) => frame.servers)).toEqual([]);
    expect(load.scriptFrames.every((frame) => frame.firstAckUs === -1)).toBe(true);
  });
});

/** Reads through a cursor, which several messages of both sides go back and forth for. */
const reader: TestScript = {
  name: 'reader',
  writes: false,
  run: async (client) => {
    const cursor = client.query(new Cursor('SELECT * FROM generate_series(1, 1000)'));
    let rows = 0;
    for (let some = await cursor.read(100); some.length > 0; some = await cursor.read(100)) {
      rows += some.length;
    }
    await cursor.close();
    await client.query('INSERT INTO found (value) VALUES ($1)', [rows]);
  },
};

describe('functions', () => {
  it("have pg's connection for themselves, between scripts of pgbench's", async () => {
    const load = await runAll(
      [reader, { name: 'script', text: "INSERT INTO found (value) VALUES ('script');" }],
      6,
    );
    expect(load.errors).toEqual({});
    expect(await found()).toEqual(['1000', 'script', '1000', 'script', '1000', 'script']);
  });

  it('fail with what they throw and what the server says, and the connection lives on', async () => {
    let call = 0;
    const failing: TestScript = {
      name: 'failing',
      writes: true,
      run: async (client) => {
        call++;
        if (call === 1) {
          throw new Error('own');
        }
        await client.query(call === 2 ? 'SELECT 1 / 0' : call === 3 ? 'BEGIN' : 'SELECT 1');
      },
    };
    const load = await runAll([failing], 5);
    expect(load.errors).toEqual({ script: 1, '22012': 1, open_transaction: 1 });
    expect(load.count('ack')).toBe(2);
    expect(load.frames.reduce((sum, frame) => sum + frame.connects.successes, 0)).toBe(0);
  });

  it('say what their last command did: a COMMIT that became ROLLBACK, or nothing at all', async () => {
    let call = 0;
    const odd: TestScript = {
      name: 'odd',
      writes: true,
      run: async (client) => {
        if (++call > 1) {
          return;
        }
        await client.query('BEGIN');
        await client.query('SELECT 1 / 0').catch(() => undefined);
        await client.query('COMMIT');
      },
    };
    const load = await runAll([odd], 2);
    expect(load.errors).toEqual({ rolled_back: 1 });
    expect(load.count('ack')).toBe(1);
    expect(load.frames.flatMap((frame) => frame.servers)).toEqual([]);
  });

  it.each([
    [true, 'in_doubt'],
    [false, 'aborted'],
  ] as const)('that write (%s) are %s when the server goes away under them', async (writes, outcome) => {
    const signals: AbortSignal[] = [];
    const sleeping: TestScript = {
      name: 'sleeping',
      writes,
      run: async (client, { signal }) => {
        signals.push(signal);
        await client.query('SELECT pg_sleep(600)');
      },
    };
    const load = new Load(server, [sleeping]);
    await load.begin();
    await terminateSleeper();
    await sleeper();
    load.group.recorder.flush();
    expect(load.count(outcome)).toBe(1);
    expect(load.errors).toEqual({ '57P01': 1 });
    await load.group.finish(0, { code: 'run_ended', message: '' });
    // The second one was given up with the run.
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });
});

describe('retries', () => {
  const deadlock = String.raw`\set a 1 + :client_id
\set b 2 - :client_id
BEGIN;
UPDATE accounts SET n = n + 1 WHERE id = :a;
SELECT pg_sleep(0.02);
UPDATE accounts SET n = n + 1 WHERE id = :b;
END;
`;

  it.each([
    [1, 0],
    [0, 1],
  ])('of a deadlock, --max-tries %i', async (maxTries, wanted) => {
    await sql.query('UPDATE accounts SET n = 0');
    const load = await run(deadlock, 5, { clients: 2, retry: { contention: 'fail', maxTries } });
    const deadlocks = load.errors['40P01'] ?? 0;
    expect(deadlocks).toBeGreaterThan(0);
    expect(load.sum((frame) => frame.retries)).toBe(wanted * deadlocks);
    expect(load.count('ack')).toBe(wanted === 1 ? 10 : 10 - deadlocks);
    const { rows } = await sql.query('SELECT sum(n)::int AS n FROM accounts');
    expect(rows[0].n).toBe(2 * load.count('ack'));
  });

  it('draw the same values again as pgbench, or others as sysbench', async () => {
    const text = String.raw`\set x random(1, 1000000000)
SELECT nextval('tries') AS tries \gset
INSERT INTO found (value) VALUES (:x) RETURNING CASE WHEN :tries::int % 3 <> 0 THEN refuse('40001') END;
`;
    await sql.query(`CREATE SEQUENCE tries;
      CREATE FUNCTION refuse(code text) RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN PERFORM dblog(); RAISE EXCEPTION USING ERRCODE = code; END $$;
      CREATE FUNCTION dblog() RETURNS void LANGUAGE sql AS 'SELECT NULL'`);
    const values = async (contention: 'fail' | 'restart') => {
      await sql.query("SELECT setval('tries', 1, false)");
      const load = await run(text, 4, { retry: { contention, maxTries: 0 } });
      expect(load.count('ack')).toBe(4);
      expect(load.errors).toEqual({ '40001': 8 });
      expect(load.sum((frame) => frame.retried)).toBe(4);
      return found();
    };
    const plain = await run(
      String.raw`\set x random(1, 1000000000)
INSERT INTO found (value) VALUES (:x);
`,
      12,
    );
    expect(plain.count('ack')).toBe(12);
    const draws = await found();
    expect(await values('fail')).toEqual(draws.slice(0, 4));
    expect(await values('restart')).toEqual([2, 5, 8, 11].map((draw) => draws[draw]));
  });

  it('an error that is no contention ends its transaction', async () => {
    const text = String.raw`\set x random(1, 1000000000)
INSERT INTO found (value) VALUES (:x);
SELECT 1 / 0;
`;
    const load = await run(text, 3, { retry: { contention: 'fail', maxTries: 0 } });
    expect(load.errors).toEqual({ '22012': 3 });
    expect(new Set(await found()).size).toBe(3);
  });
});

it('connects anew after each transaction, or after so many', async () => {
  const connections = (load: Load) => load.group.summaries().reduce((sum, { connects }) => sum + connects, 0);
  const text = 'INSERT INTO found (value) VALUES (pg_backend_pid());';
  const each = await run(text, 6, { transactionsPerConnection: 1 });
  expect(new Set(await found()).size).toBe(6);
  // One before the load, and none behind the last transaction.
  expect(connections(each)).toBe(6);
  // Without a schedule, a transaction begins when its connection is there.
  expect(each.scriptFrames.every((frame) => frame.delayedResponse.length === 0)).toBe(true);
  const three = await run(text, 6, { transactionsPerConnection: 3 });
  expect(new Set(await found()).size).toBe(2);
  expect(connections(three)).toBe(2);
});

it('has a connection for each script where it is told so, else one for all', async () => {
  const scripts = ['a', 'b', 'c'].map((name) => ({
    name,
    text: `INSERT INTO found (value) VALUES ('${name} ' || pg_backend_pid());`,
  }));
  const backends = (values: readonly string[]) => new Set(values.map((value) => value.slice(2)));
  // One client runs them in turn.
  await runAll(scripts, 6, { connections: 'per-script' });
  expect(new Set(await found()).size).toBe(3);
  expect(backends(await found()).size).toBe(3);
  // Of two clients none is sure to run all three, but no connection is of two scripts.
  await runAll(scripts, 10, { clients: 2, connections: 'per-script' });
  expect(backends(await found()).size).toBe(new Set(await found()).size);
  await runAll(scripts, 10, { clients: 2 });
  expect(backends(await found()).size).toBe(2);
});

it('limits the transactions of all clients together', async () => {
  const load = await run('SELECT 1;', 0, { clients: 4, transactions: { count: 103, per: 'run' } });
  expect(load.count('ack')).toBe(103);
});

describe('an open pace', () => {
  const fixed = (tps: number) =>
    ({ kind: 'open', stages: [{ durationMs: null, fromTps: tps, toTps: tps }] }) as const;

  it('begins each transaction at or behind its instant, and none is left out', async () => {
    const load = await run('SELECT 1;', 100, { clients: 4, pace: fixed(2000) });
    expect(load.count('ack')).toBe(400);
    const lags = load.scriptFrames.flatMap((frame) => [...frame.lag].filter((_, i) => i % 2 === 1));
    expect(lags.reduce((sum, count) => sum + count, 0)).toBe(400);
    expect(load.scriptFrames.every((frame) => frame.maxResponseUs >= frame.maxServiceUs)).toBe(true);
  });

  it('counts from the intended start where no client is free', async () => {
    const load = await run('SELECT pg_sleep(0.02);', 20, { pace: fixed(1000) });
    const longest = Math.max(...load.scriptFrames.map((frame) => frame.maxResponseUs));
    // Twenty of 20 ms each that should all have begun in the first 20 ms or so.
    expect(longest).toBeGreaterThan(300_000);
    expect(Math.max(...load.scriptFrames.map((frame) => frame.maxServiceUs))).toBeLessThan(longest / 2);
  });

  it('skips what would be too late, counts it as done, and tells what was late', async () => {
    const load = await run('SELECT pg_sleep(0.05);', 30, { pace: fixed(1000), latencyLimitMs: 10 });
    expect(load.count('skipped')).toBeGreaterThan(0);
    expect(load.count('ack') + load.count('skipped')).toBe(30);
    expect(load.sum((frame) => frame.late)).toBe(load.count('ack'));
  });

  it('ends with its stages', async () => {
    const stages = [
      { durationMs: 50, fromTps: 500, toTps: 500 },
      { durationMs: 50, fromTps: 1000, toTps: 2000 },
    ];
    const load = new Load(server, [{ name: 'one', text: 'SELECT 1;' }], {
      clients: 2,
      pace: { kind: 'open', stages },
    });
    await load.runToEnd();
    expect(load.count('ack')).toBeGreaterThan(20);
  });
});

it('tells of a log that cannot be written, and goes on', async () => {
  const log = new TransactionLog({
    path: '/dev/full',
    samplingRate: 1,
    sampling: RandomStream.fromSeed(1n),
    aggregateUs: null,
    throttled: false,
    latencyLimit: false,
    retries: false,
    failuresDetailed: false,
  });
  const script = { name: 'one', text: 'SELECT 1;' };
  const load = new Load(server, [script], { transactions: { count: 10, per: 'client' } }, { log });
  await load.runToEnd();
  expect(load.count('ack')).toBe(10);
  expect(load.group.problems).toEqual([expect.stringContaining('/dev/full')]);
});

it('does not record the warm-up', async () => {
  const text = 'INSERT INTO found (value) VALUES (1);';
  const load = await run(text, 10, { warmupMs: 100, clients: 3 });
  // Those that began within it and ended behind it are among them.
  expect(load.count('ack')).toBe(30);
  expect((await found()).length).toBeGreaterThan(30);
  expect(load.frames.every((frame) => frame.interval >= 0)).toBe(true);
  expect(load.group.summaries().map(({ acks }) => acks)).toEqual([10, 10, 10]);
});

it('has counted nothing when it ends in the warm-up', async () => {
  const script = { name: 'one', text: 'INSERT INTO found (value) VALUES (1);' };
  const load = new Load(server, [script], { warmupMs: 600_000 });
  const before = (await found()).length;
  await load.begin();
  while ((await found()).length === before) {
    // Until the server has one of them.
  }
  await load.end();
  expect(load.frames).toEqual([]);
  expect(load.group.summaries()).toMatchObject([{ acks: 0, lastAckUs: -1, gapsUs: [-1, -1] }]);
});

it('measures each command', async () => {
  const text = String.raw`\set x 1
\if :x = 1
SELECT pg_sleep(0.01);
\else
SELECT 2;
\endif
\sleep 5 ms
SELECT 1 / 0;
`;
  const load = await run(text, 3, { perCommand: true });
  const sums = new Array<number>(8 * 3).fill(0);
  for (const { commands } of load.scriptFrames) {
    for (const [i, figure] of commands.entries()) {
      sums[i] = (sums[i] ?? 0) + figure;
    }
  }
  const counts = sums.filter((_, i) => i % 3 === 0);
  const failures = sums.filter((_, i) => i % 3 === 2);
  // \set, \if, SELECT, \else, SELECT, \endif, \sleep, SELECT
  expect(counts).toEqual([3, 3, 3, 0, 0, 0, 3, 0]);
  expect(failures).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
  expect(sums[2 * 3 + 1]).toBeGreaterThanOrEqual(30_000);
  expect(sums[6 * 3 + 1]).toBeGreaterThanOrEqual(15_000);
});

// The last test: the server offers TLS from here on.
it('does all that over TLS, too', async () => {
  await server.offerTls();
  const rw = { ...server.endpoint, sslMode: 'require' } as const;
  const scripts = [
    reader,
    { name: 'stored', text: 'SELECT 5 AS x \\gset\nINSERT INTO found (value) VALUES (:x);' },
    {
      name: 'piped',
      text: "\\startpipeline\nINSERT INTO found (value) VALUES ('a');\nSELECT 1;\n\\endpipeline",
    },
  ];
  const load = await runAll(scripts, 6, { target: { kind: 'server', name: 'test', rw, patroni: [] } });
  expect(load.errors).toEqual({});
  expect(await found()).toEqual(['1000', '5', 'a', '1000', '5', 'a']);
});

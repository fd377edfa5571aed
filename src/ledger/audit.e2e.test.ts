import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { WorkerLedger } from '../load/ledger-facts.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { type Audit, type AuditOptions, auditCommits } from './audit.js';
import { tpcbSums } from './invariants.js';
import { LOST_FILE, writeLostTokens } from './lost-tokens.js';
import { ledgerCaveats, prepareLedger } from './table.js';

const RUN = '0badcafe';

/** Much longer than it takes: other work may have the machine. */
const SOON = { timeout: 30_000 };

let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer();
  sql = await server.connect();
  await sql.query(`CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
    CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM public`);
});

afterAll(async () => {
  await sql.end();
  await server.stop();
});

beforeEach(async () => {
  await prepareLedger(sql, ['rows']);
  await sql.query('TRUNCATE pgbench_history');
});

describe('the audit on a primary', () => {
  it('finds what is lost, doubled, a ghost, unexpected or in doubt, wherever the tokens lie', async () => {
    await plant('pgbench_history', 'filler', ['0.1', '0.2', '0.2', '0.4', '0.6', '9.1', '0.x', '0.9']);
    await plant('pgha_bench_ledger', 'token', ['1.1', '1.3']);
    await sql.query("INSERT INTO pgbench_history (filler) VALUES ('11111111.0.3'), (NULL), ('')");
    const { commits, lost } = await auditCommits(
      options({
        ledgers: [
          // Acknowledged: 1, 2, 3 (lost), 8 (lost); told aborted: 4 (a ghost), 5; in doubt: 6 (committed), 7.
          ledger({ client: 0, drawn: 8, aborted: [4, 5], inDoubt: [6, 7], unreplicated: [2, 8] }, [
            [0, 3, 1234.5],
          ]),
          ledger({ client: 1, drawn: 3 }),
        ],
        sources: ['history', 'rows'],
        uncovered: ['mine'],
      }),
    );
    expect(commits).toMatchObject({
      uncovered: ['mine'],
      drawn: 11,
      primary: {
        server: `127.0.0.1:${server.port}`,
        timeline: 1,
        ackedPresent: 4,
        ackedLost: 3,
        unreplicatedPresent: 1,
        unreplicatedLost: 1,
        inDoubtCommitted: 1,
        inDoubtAbsent: 1,
        ghosts: 1,
        duplicates: 1,
        unexpected: 3,
      },
      losses: [{ count: 3, firstAckMs: null, lastAckMs: 1.2345, servers: ['127.0.0.1:1'], forkLsn: null }],
      lostFile: LOST_FILE,
      missing: [
        'No replica was compared: without Patroni their addresses are not known.',
        expect.stringContaining('more commits than the clients remember'),
      ],
    });
    expect(await written(lost)).toBe(
      [
        'token,client,seq,ack_ms,server,outcome',
        `${RUN}.0.3,0,3,1.234,127.0.0.1:1,ack`,
        `${RUN}.0.8,0,8,,,ack_unreplicated`,
        `${RUN}.1.2,1,2,,,ack`,
        '',
      ].join('\n'),
    );
  });

  it('counts a million tokens in bounded memory', async () => {
    await sql.query(
      `INSERT INTO pgbench_history (filler)
       SELECT '${RUN}.' || (n % 50) || '.' || (n / 50 + 1) FROM generate_series(0, 999999) AS n WHERE n <> 777`,
    );
    const ledgers = Array.from({ length: 50 }, (_, client) => ledger({ client, drawn: 20_000 }));
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }, 10);
    const { commits, lost } = await auditCommits(options({ ledgers })).finally(() => clearInterval(timer));
    expect(commits.primary).toMatchObject({
      ackedPresent: 999_999,
      ackedLost: 1,
      unexpected: 0,
      duplicates: 0,
    });
    expect([...lost]).toMatchObject([{ client: 27, seq: 16 }]);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(100 * 1024 * 1024);
  });

  it('waits for a transaction of the run that nobody waits for any more', async () => {
    const slow = await server.connect();
    try {
      await slow.query(`SET application_name = 'pgha-bench/${RUN}/0'`);
      await slow.query('BEGIN');
      await slow.query(`INSERT INTO pgbench_history (filler) VALUES ('${RUN}.0.1')`);
      const audit = auditCommits(options({ ledgers: [ledger({ client: 0, drawn: 1, inDoubt: [1] })] }));
      await expect.poll(auditors, SOON).toBe(1);
      await slow.query('COMMIT');
      expect((await audit).commits).toMatchObject({ primary: { inDoubtCommitted: 1, inDoubtAbsent: 0 } });
    } finally {
      await slow.end();
    }
  });

  it('takes a table that is gone for one without tokens, and says so', async () => {
    await sql.query('DROP TABLE pgha_bench_ledger');
    const { commits } = await auditCommits(
      options({ ledgers: [ledger({ client: 0, drawn: 2 })], sources: ['rows'] }),
    );
    expect(commits.primary).toMatchObject({ ackedLost: 2 });
    expect(commits.missing[0]).toContain('There is no table pgha_bench_ledger any more');
  });

  it('waits for a server that recovers', async () => {
    await plant('pgbench_history', 'filler', ['0.1']);
    await server.crash();
    await sql.end().catch(() => undefined);
    let asked = 0;
    const audit = auditCommits(
      options({
        ledgers: [ledger({ client: 0, drawn: 1 })],
        clock: { nowMs: () => 1000 + asked++ },
        endMs: 990,
      }),
    );
    await expect.poll(() => asked, SOON).toBeGreaterThan(3); // It has tried, and tries again.
    await server.launch();
    const { commits } = await audit;
    sql = await server.connect();
    expect(commits.primary).toMatchObject({ ackedPresent: 1, ackedLost: 0 });
    expect(commits.primary?.beganMs).toBeGreaterThan(10);
    expect(commits.primary?.tookMs).toBeGreaterThan(0);
  });
});

describe('an audit that cannot be made', () => {
  it('says that no write committed, here for want of a standby', async () => {
    await sql.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await sql.query('SELECT pg_reload_conf()');
    try {
      await expect
        .poll(async () => (await sql.query('SHOW synchronous_standby_names')).rows[0], SOON)
        .toEqual({ synchronous_standby_names: 'nobody' });
      const { commits, lost } = await auditCommits(
        options({ ledgers: [ledger({ client: 0, drawn: 3 })], waitMs: 300 }),
      );
      expect(commits).toMatchObject({ drawn: 3, primary: null, losses: [], lostFile: null });
      expect(commits.missing).toHaveLength(1);
      expect(commits.missing[0]).toContain('let no write commit');
      expect(lost.count).toBe(0);
    } finally {
      await sql.query('ALTER SYSTEM RESET synchronous_standby_names');
      await sql.query('SELECT pg_reload_conf()');
    }
  });

  it('does not wait for a right that will not come', async () => {
    const target = options({}).target;
    const asGuest = options({ target: { ...target, rw: { ...target.rw, user: 'guest' } }, waitMs: 5000 });
    const { commits } = await auditCommits(asGuest);
    expect(commits).toMatchObject({ primary: null });
    expect(commits.missing).toEqual(['Nothing was audited: permission denied for table pgbench_history.']);
    // To read the tokens is all that it takes.
    await sql.query('GRANT SELECT ON pgbench_history TO guest');
    expect((await auditCommits(asGuest)).commits.primary).toMatchObject({ timeline: 1, ackedLost: 0 });
  });

  it('ends when it is interrupted, before it begins, while it waits and while it reads', async () => {
    const aborted = await auditCommits(options({ signal: AbortSignal.abort() }));
    expect(aborted.commits.missing).toEqual(['The audit was interrupted.']);

    const target = options({}).target;
    const waiting = new AbortController();
    const waits = auditCommits(
      options({ target: { ...target, rw: { ...target.rw, port: 1 } }, signal: waiting.signal }),
    );
    waiting.abort();
    expect((await waits).commits.missing).toEqual(['The audit was interrupted.']);

    // A lock that the scan waits for stands for a scan that takes long.
    const reading = new AbortController();
    await whileLocked(async () => {
      const reads = auditCommits(options({ signal: reading.signal }));
      await expect.poll(locked, SOON).toBe(1);
      reading.abort();
      expect((await reads).commits).toMatchObject({ primary: null, missing: ['The audit was interrupted.'] });
    });
  });

  it('begins again when its connection breaks in the middle', async () => {
    await plant('pgbench_history', 'filler', ['0.1']);
    let audit: Promise<Audit> | undefined;
    await whileLocked(async () => {
      audit = auditCommits(options({ ledgers: [ledger({ client: 0, drawn: 1 })] }));
      await expect.poll(locked, SOON).toBe(1);
      await sql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgha-bench/audit'",
      );
      await expect.poll(locked, SOON).toBe(1);
    });
    expect((await audit)?.commits.primary).toMatchObject({ ackedPresent: 1 });
  });
});

describe('members', () => {
  it('that cannot be compared are named with the reason, and the primary is none of them', async () => {
    const { commits } = await auditCommits(
      options({
        members: [
          member('self', server.host, server.port),
          member('gone', server.host, 1),
          member('nowhere', null, null),
        ],
        replicaWaitMs: 1,
      }),
    );
    expect(commits.replicas).toEqual([]);
    expect(commits.missing).toEqual([
      'gone was not compared: No server listens on 127.0.0.1:1. Check the address, or start the server.',
      'nowhere was not compared: its address is not known.',
    ]);
  });

  it('that take writes of their own are no replicas', async () => {
    const other = await startPrivateServer();
    try {
      const { commits } = await auditCommits(
        options({ members: [member('rogue', other.host, other.port)], replicaWaitMs: 1 }),
      );
      expect(commits.missing).toEqual([
        'rogue was not compared: it is no replica but takes writes of its own.',
      ]);
    } finally {
      await other.stop();
    }
  });
});

describe('the sums of tpcb', () => {
  beforeAll(() => {
    server.run('pgbench', ['-i', '-s', '1', '-q']);
  });

  it('agree since the start of the run, when the balances were not zero then', async () => {
    server.run('pgbench', ['-t', '50', '-c', '2', '-n']);
    // pgbench empties the history alone; with -n it does not.
    await sql.query('TRUNCATE pgbench_history');
    server.run('pgbench', ['-t', '50', '-c', '2', '-n']);
    const tpcb = await tpcbSums(sql);
    server.run('pgbench', ['-t', '50', '-c', '2', '-n']);
    const { commits } = await auditCommits(options({ tpcb }));
    expect(commits.invariants.map(({ name, holds }) => [name, holds])).toEqual([
      ['sum of pgbench_accounts.abalance = sum of pgbench_history.delta', true],
      ['sum of pgbench_tellers.tbalance = sum of pgbench_history.delta', true],
      ['sum of pgbench_branches.bbalance = sum of pgbench_history.delta', true],
    ]);
  });

  it('show a transaction that is there in part', async () => {
    const tpcb = await tpcbSums(sql);
    await sql.query('UPDATE pgbench_tellers SET tbalance = tbalance + 7 WHERE tid = 1');
    const { commits } = await auditCommits(options({ tpcb }));
    expect(commits.invariants.map(({ holds }) => holds)).toEqual([true, false, true]);
    expect(commits.invariants[1]?.found).toBe('in this run the former changed by 7, the latter by 0');
  });

  it('are not read where that would take long, or where there are no such tables', async () => {
    expect(await tpcbSums(sql, 99_999)).toMatchObject({ kind: 'unknown' });
    await sql.query('ALTER TABLE pgbench_tellers RENAME TO tellers');
    try {
      const state = await tpcbSums(sql);
      expect(state).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('pgbench_tellers') });
      const { commits } = await auditCommits(options({ tpcb: state }));
      expect(commits).toMatchObject({ invariants: [], primary: { ackedLost: 0 } });
      expect(commits.missing[0]).toContain('pgbench_tellers');
    } finally {
      await sql.query('ALTER TABLE tellers RENAME TO pgbench_tellers');
    }
  });
});

describe('the table of tokens', () => {
  it('is made once, is emptied by each run, and is not touched where nobody needs it', async () => {
    await plant('pgha_bench_ledger', 'token', ['0.1']);
    await prepareLedger(sql, ['history']);
    expect((await sql.query('SELECT token FROM pgha_bench_ledger')).rowCount).toBe(1);
    await prepareLedger(sql, ['history', 'rows']);
    expect((await sql.query('SELECT token FROM pgha_bench_ledger')).rowCount).toBe(0);
    await plant('pgha_bench_ledger', 'token', ['0.1']);
    await expect(plant('pgha_bench_ledger', 'token', ['0.1'])).rejects.toMatchObject({ code: '23505' });
  });

  it('keeps the tokens of another run that is on', async () => {
    await prepareLedger(sql, ['rows']);
    await plant('pgha_bench_ledger', 'token', ['0.1']);
    const other = await server.connect();
    try {
      await other.query(`SET application_name = 'pgha-bench/${RUN}/0'`);
      await prepareLedger(sql, ['rows']);
      expect((await sql.query('SELECT token FROM pgha_bench_ledger')).rowCount).toBe(1);
      await other.query("SET application_name = 'pgha-bench/before-run'");
      await prepareLedger(sql, ['rows']);
      expect((await sql.query('SELECT token FROM pgha_bench_ledger')).rowCount).toBe(0);
    } finally {
      await other.end();
    }
  });

  it('is refused in one line to a role that may not make it', async () => {
    await sql.query('DROP TABLE pgha_bench_ledger');
    await sql.query('SET ROLE guest');
    const refused = prepareLedger(sql, ['rows']);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(/permission denied for schema public.*--ledger off/);
    await sql.query('RESET ROLE');
  });

  it('comes with what makes a loss legal', async () => {
    expect(await ledgerCaveats(sql, ['history'])).toEqual([expect.stringMatching(/^fsync is off/)]);
    await sql.query('SET synchronous_commit = off');
    await sql.query('ALTER TABLE pgbench_history SET UNLOGGED');
    expect(await ledgerCaveats(sql, ['history'])).toEqual([
      expect.stringMatching(/^fsync is off/),
      expect.stringMatching(/^synchronous_commit is off/),
      expect.stringMatching(/^pgbench_history is unlogged/),
    ]);
    expect(await ledgerCaveats(sql, ['rows'])).toHaveLength(2);
    await sql.query('ALTER TABLE pgbench_history SET LOGGED');
    await sql.query('RESET synchronous_commit');
  });
});

async function plant(table: string, column: string, tokens: readonly string[]): Promise<void> {
  await sql.query(`INSERT INTO ${table} (${column}) SELECT $1 || unnest($2::text[])`, [`${RUN}.`, tokens]);
}

/** Nobody can read the history meanwhile. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  await sql.query('BEGIN');
  await sql.query('LOCK TABLE pgbench_history IN ACCESS EXCLUSIVE MODE');
  await work().finally(() => sql.query('ROLLBACK'));
}

/** Sessions that wait for a lock. */
async function locked(): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted',
  );
  return rows[0]?.n ?? 0;
}

/** Audits that have looked for transactions that are under way. */
async function auditors(): Promise<number> {
  const { rows } = await sql.query(
    `SELECT FROM pg_stat_activity WHERE application_name = 'pgha-bench/audit' AND query LIKE '%backend_xid%'`,
  );
  return rows.length;
}

async function written(lost: Parameters<typeof writeLostTokens>[1]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-lost-'));
  try {
    return await readFile(join(directory, await writeLostTokens(directory, lost)), 'utf8');
  } finally {
    await rm(directory, { recursive: true });
  }
}

function options(changes: Partial<AuditOptions>): AuditOptions {
  return {
    mode: 'history',
    runId: RUN,
    ledgers: [],
    uncovered: [],
    sources: ['history'],
    target: { kind: 'server', name: 'test', rw: server.endpoint, patroni: [] },
    secrets: {},
    access: {},
    members: [],
    leaderChanges: [],
    timelineAtStart: null,
    history: [],
    lsnBefore: () => null,
    tpcb: null,
    clock: performanceClock,
    endMs: 0,
    signal: new AbortController().signal,
    ...changes,
  };
}

const performanceClock = { nowMs: () => performance.now() };

interface ClientKnows {
  readonly client: number;
  readonly drawn: number;
  readonly aborted?: readonly number[];
  readonly inDoubt?: readonly number[];
  readonly unreplicated?: readonly number[];
}

/** @param acks client, number and µs of acknowledgements that are remembered */
function ledger(
  { client, drawn, aborted = [], inDoubt = [], unreplicated = [] }: ClientKnows,
  acks: readonly (readonly [number, number, number])[] = [],
): WorkerLedger {
  return {
    clients: [
      {
        client,
        drawn,
        aborted: Uint32Array.from(aborted),
        inDoubt: Uint32Array.from(inDoubt),
        unreplicated: Uint32Array.from(unreplicated),
      },
    ],
    servers: ['127.0.0.1:1'],
    acks: {
      client: Uint32Array.from(acks, ([of]) => of),
      seq: Uint32Array.from(acks, ([, seq]) => seq),
      atUs: Float64Array.from(acks, ([, , atUs]) => atUs),
      server: new Uint16Array(acks.length),
    },
    forgot: true,
  };
}

function member(name: string, host: string | null, port: number | null): AuditOptions['members'][number] {
  return { name, role: 'replica', state: 'streaming', apiUrl: '', host, port, timeline: 1, lag: 0, tags: {} };
}

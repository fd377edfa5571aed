import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { getCluster, getHistory, getMember, patchConfig, postSwitchover } from '../cluster/patroni.js';
import { type Lab, type LabNode, labDown, labUp, readLab } from '../lab/lab.js';
import { sendSignal } from '../lab/process.js';
import type { ClientLedgerFacts, WorkerLedger } from '../load/ledger-facts.js';
import type { Endpoint } from '../plan/target.js';
import { type AuditOptions, auditCommits } from './audit.js';
import { prepareLedger } from './table.js';
import { TokenSniffer } from './token-sniffer.fixture.js';

/** The audit on a real cluster: two replicas, and timelines that end. */

const RUN = '0badcafe';

/** Much longer than it takes: other work may have the machine. */
const SOON = { timeout: 30_000 };

let base: string;
let lab: Lab;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-e2e-'));
  // When the tests run as root, the lab's own user must get in.
  await chmod(base, 0o755);
  lab = await labUp({ name: 'audit', profile: 'fast', stateDir: base }, () => undefined);
});

afterAll(async () => {
  await labDown('audit', base);
  await rm(base, { recursive: true });
});

beforeEach(async () => {
  await withSql(lab.target.rw, async (sql) => {
    await prepareLedger(sql, ['rows']);
    await sql.query(
      `INSERT INTO pgha_bench_ledger SELECT '${RUN}.0.' || n FROM generate_series(1, 100) AS n`,
    );
  });
});

it('finds the same on the primary and on both replicas, by the role of the load', async () => {
  const { commits } = await auditCommits(options());
  expect(commits.missing).toEqual([]);
  expect(commits.primary).toMatchObject({
    server: addressOf(await leader()),
    ackedPresent: 100,
    ackedLost: 0,
  });
  expect(commits.primary?.timeline).toBeGreaterThanOrEqual(1);
  expect(commits.replicas.map(({ server }) => server).sort()).toEqual(
    (await replicas()).map(addressOf).sort(),
  );
  expect(commits.replicas).toMatchObject([
    { same: true, ackedPresent: 100, ackedLost: 0 },
    { same: true, ackedPresent: 100, ackedLost: 0 },
  ]);
});

it('does not take a replica that lags for one that lost something', async () => {
  const [lagging] = (await replicas()) as [LabNode, LabNode];
  const thaw = await freezeReplay(lagging);
  try {
    await asSuperuser(
      await leader(),
      `INSERT INTO pgha_bench_ledger SELECT '${RUN}.0.' || n FROM generate_series(101, 200) AS n`,
      lab.target.rw.database,
    );
    const ledgers = [ledger({ drawn: 200 })];
    const early = await auditCommits(options({ ledgers, replicaWaitMs: 500 }));
    expect(early.commits.replicas).toMatchObject([{ same: true, ackedPresent: 200 }]);
    expect(early.commits.missing).toEqual([
      expect.stringMatching(`^${lagging.name} was not compared: it had replayed up to .* primary was at`),
    ]);

    const patient = auditCommits(options({ ledgers }));
    thaw();
    expect((await patient).commits).toMatchObject({
      missing: [],
      replicas: [
        { same: true, ackedPresent: 200 },
        { same: true, ackedPresent: 200 },
      ],
    });
  } finally {
    thaw();
  }
});

it('never audits a node in recovery as the primary', async () => {
  const [replica] = (await replicas()) as [LabNode, LabNode];
  const rw = { ...lab.target.rw, host: replica.address, port: replica.pgPort };
  const { commits } = await auditCommits(options({ target: { ...lab.target, rw }, waitMs: 1000 }));
  expect(commits.primary).toBeNull();
  expect(commits.missing[0]).toMatch(/let no write commit.*recovery/);
});

it('tells at which fork what was lost was lost, and what was not', async () => {
  const before = await leader();
  const [after] = (await replicas()) as [LabNode, LabNode];
  const timelineAtStart = (await auditCommits(options())).commits.primary?.timeline ?? null;
  const knownEnds = (await getHistory(before.apiUrl)).length;
  await postSwitchover(before.apiUrl, { leader: before.name, candidate: after.name });
  // Patroni fills in the name of the new leader later; the count is enough.
  await expect.poll(async () => (await getHistory(after.apiUrl)).length, SOON).toBe(knownEnds + 1);

  // As if 101 to 103 had been acknowledged by the old leader, 10 s before the new one led.
  const facts: WorkerLedger = {
    ...ledger({ drawn: 103 }),
    servers: [addressOf(before)],
    acks: {
      client: Uint32Array.of(0, 0, 0),
      seq: Uint32Array.of(101, 102, 103),
      atUs: Float64Array.of(1e6, 2e6, 3e6),
      server: Uint16Array.of(0, 0, 0),
    },
  };
  const forkLsn = async () => (await getHistory(after.apiUrl)).at(-1)?.forkLsn ?? 0;
  const lsn = (await forkLsn()) + 4096;
  const { commits, history, lost } = await auditCommits(
    options({
      ledgers: [facts],
      timelineAtStart,
      leaderChanges: [{ atMs: 13_000, from: before.name, to: after.name }],
      lsnBefore: (atMs) => (atMs === 3000 ? lsn : null),
    }),
  );
  expect(commits.primary).toMatchObject({
    server: addressOf(after),
    timeline: (timelineAtStart ?? 0) + 1,
    ackedPresent: 100,
    ackedLost: 3,
  });
  expect(commits.losses).toEqual([
    {
      count: 3,
      firstAckMs: 1000,
      lastAckMs: 3000,
      servers: [addressOf(before)],
      walBytes: 4096,
      forkLsn: await forkLsn(),
      timeline: timelineAtStart,
    },
  ]);
  expect(history).toHaveLength(knownEnds + 1);
  expect(lost.count).toBe(3);
  // The old leader rejoins within the time that a replica is given.
  expect(commits.missing).toEqual([]);
  expect(commits.replicas.map(({ same }) => same)).toEqual([true, true]);
});

it('counts as lost what a count from outside finds lost, when a leader dies that nobody replicated', async () => {
  const old = await leader();
  const { members } = await getCluster(old.apiUrl);
  await patchConfig(old.apiUrl, { maximum_lag_on_failover: 2 ** 30 });
  await replicas(); // The members have heard of it: a health check is later than their next loop.
  const sniffer = new TokenSniffer(lab.target.rw.host, lab.target.rw.port);
  const rw = { ...lab.target.rw, host: '127.0.0.1', port: await sniffer.listen() };
  const startMs = performance.now();
  const writers = await Promise.all([1, 2, 3, 4].map((client) => Writer.connect(client, rw, startMs)));
  try {
    const ends = writers.map((writer) => writer.write());
    await expect.poll(() => sniffer.acknowledged.size, SOON).toBeGreaterThan(50);
    await cutReplication(old);
    const replicated = sniffer.acknowledged.size;
    await expect.poll(() => sniffer.acknowledged.size, SOON).toBeGreaterThan(replicated + 100);
    await kill(old);
    await Promise.all(ends);
  } finally {
    await sniffer.close();
  }

  const next = await successorOf(old);
  await asSuperuser(next, 'ALTER ROLE replicator LOGIN');
  const acks = writers.flatMap((writer) => writer.acks).sort((one, other) => one.atMs - other.atMs);
  const { commits, lost } = await auditCommits(
    options({
      ledgers: writers.map((writer) => writer.ledger(addressOf(old))),
      members,
      leaderChanges: [{ atMs: performance.now() - startMs, from: old.name, to: next.name }],
      timelineAtStart: (await getHistory(next.apiUrl)).at(-1)?.timeline ?? null,
      lsnBefore: (atMs) => acks.findLast((ack) => ack.atMs <= atMs)?.lsn ?? null,
    }),
  );

  const stored = new Set<string>();
  await withSql(lab.target.rw, async (sql) => {
    for (const { token } of (await sql.query('SELECT token FROM pgha_bench_ledger')).rows) {
      stored.add(token);
    }
  });
  const missed = [...sniffer.acknowledged].filter((token) => !stored.has(token));
  expect(missed.length).toBeGreaterThan(0);
  expect([...lost].map(({ token }) => token).sort()).toEqual(missed.sort());
  expect(commits.primary).toMatchObject({
    server: addressOf(next),
    ackedLost: missed.length,
    ghosts: 0,
    duplicates: 0,
    unexpected: 100, // planted before, and no writer's
  });
  expect(commits.losses).toMatchObject([{ count: missed.length, servers: [addressOf(old)] }]);
  expect(commits.losses[0]?.walBytes).toBeGreaterThan(0);
  expect(commits.missing).toEqual([expect.stringMatching(`^${old.name} was not compared: `)]);
  expect(commits.replicas).toMatchObject([{ same: true, ackedLost: missed.length }]);
});

/** A client that commits one token after the other, until its connection breaks; it keeps its own ledger. */
class Writer {
  readonly acks: { readonly seq: number; readonly atMs: number; readonly lsn: number }[] = [];
  private readonly inDoubt: number[] = [];
  private drawn = 0;

  private constructor(
    private readonly client: number,
    private readonly sql: pg.Client,
    private readonly startMs: number,
  ) {}

  static async connect(
    client: number,
    { host, port, user, database }: Endpoint,
    startMs: number,
  ): Promise<Writer> {
    const sql = new pg.Client({ host, port, user, database, password: lab.secrets.rwPassword, ssl: false });
    sql.on('error', () => undefined);
    await sql.connect();
    return new Writer(client, sql, startMs);
  }

  async write(): Promise<void> {
    for (;;) {
      const seq = ++this.drawn;
      try {
        const { rows } = await this.sql.query<{ lsn: string }>(
          "INSERT INTO pgha_bench_ledger VALUES ($1) RETURNING (pg_current_wal_insert_lsn() - '0/0')::text AS lsn",
          [`${RUN}.${this.client}.${seq}`],
        );
        this.acks.push({ seq, atMs: performance.now() - this.startMs, lsn: Number(rows[0]?.lsn) });
      } catch {
        this.inDoubt.push(seq);
        return;
      }
    }
  }

  ledger(server: string): WorkerLedger {
    const { client, drawn, acks } = this;
    const none = new Uint32Array();
    return {
      clients: [
        { client, drawn, aborted: none, inDoubt: Uint32Array.from(this.inDoubt), unreplicated: none },
      ],
      servers: [server],
      acks: {
        client: new Uint32Array(acks.length).fill(client),
        seq: Uint32Array.from(acks, ({ seq }) => seq),
        atUs: Float64Array.from(acks, ({ atMs }) => atMs * 1000),
        server: new Uint16Array(acks.length),
      },
      forgot: false,
    };
  }
}

/** Nothing that the leader commits from here on reaches a replica. */
async function cutReplication(node: LabNode): Promise<void> {
  await asSuperuser(node, 'ALTER ROLE replicator NOLOGIN');
  await asSuperuser(node, 'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_replication');
}

/** Patroni and PostgreSQL at once. */
async function kill({ name }: LabNode): Promise<void> {
  const current = await readLab('audit', base);
  const node = current?.nodes.find((each) => each.name === name);
  for (const component of ['patroni', 'postgres'] as const) {
    const record = node?.processes[component];
    if (record === undefined || record === null || !(await sendSignal(record, 'SIGKILL'))) {
      throw new Error(`There is no ${component} of ${name} to be killed.`);
    }
  }
}

async function successorOf(old: LabNode): Promise<LabNode> {
  for (;;) {
    for (const node of lab.nodes.filter((each) => each !== old)) {
      const member = await getMember(node.apiUrl).catch(() => null);
      if (member?.role === 'primary' && member.state === 'running') {
        return node;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function options(changes: Partial<AuditOptions> = {}): AuditOptions {
  return {
    mode: 'insert',
    runId: RUN,
    ledgers: [ledger({ drawn: 100 })],
    uncovered: [],
    sources: ['rows'],
    target: lab.target,
    secrets: lab.secrets,
    access: {},
    members: [],
    leaderChanges: [],
    timelineAtStart: null,
    history: [],
    lsnBefore: () => null,
    tpcb: null,
    clock: { nowMs: () => performance.now() },
    endMs: performance.now(),
    signal: new AbortController().signal,
    ...changes,
  };
}

function ledger({ drawn }: Pick<ClientLedgerFacts, 'drawn'>): WorkerLedger {
  const none = new Uint32Array();
  return {
    clients: [{ client: 0, drawn, aborted: none, inDoubt: none, unreplicated: none }],
    servers: [],
    acks: { client: none, seq: none, atUs: new Float64Array(), server: new Uint16Array() },
    forgot: false,
  };
}

async function leader(): Promise<LabNode> {
  const health = await settled();
  return nodeOf(health.leader.name);
}

async function replicas(): Promise<readonly LabNode[]> {
  const health = await settled();
  return health.replicas.map(({ name }) => nodeOf(name));
}

async function settled() {
  for (;;) {
    const health = await getHealth(lab.target.patroni, {}, 3);
    if (health.healthy) {
      return health;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function nodeOf(name: string): LabNode {
  const node = lab.nodes.find((each) => each.name === name);
  if (node === undefined) {
    throw new Error(`There is no node ${name}.`);
  }
  return node;
}

function addressOf(node: LabNode): string {
  return `${node.address}:${node.pgPort}`;
}

/**
 * Stops the process that replays, once it has nothing to do and so no lock: Patroni resumes in its next loop what
 * pg_wal_replay_pause() has paused. @returns how it goes on
 */
async function freezeReplay(replica: LabNode): Promise<() => void> {
  const [primary] = await asSuperuser(await leader(), 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
  const caughtUp = `SELECT pg_last_wal_replay_lsn() >= '${primary?.['lsn']}' AS so`;
  await expect.poll(() => asSuperuser(replica, caughtUp), SOON).toEqual([{ so: true }]);
  const startup = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'";
  const [{ pid } = { pid: undefined }] = await asSuperuser(replica, startup);
  process.kill(Number(pid), 'SIGSTOP');
  return () => process.kill(Number(pid), 'SIGCONT');
}

async function asSuperuser(
  node: LabNode,
  text: string,
  database = 'postgres',
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { user, password } = lab.superuser;
  const sql = new pg.Client({ host: node.address, port: node.pgPort, user, password, database, ssl: false });
  await sql.connect();
  const { rows } = await sql.query(text).finally(() => sql.end());
  return rows;
}

async function withSql(endpoint: Endpoint, use: (sql: pg.Client) => Promise<void>): Promise<void> {
  const { host, port, user, database } = endpoint;
  const sql = new pg.Client({ host, port, user, database, password: lab.secrets.rwPassword, ssl: false });
  await sql.connect();
  await use(sql).finally(() => sql.end());
}

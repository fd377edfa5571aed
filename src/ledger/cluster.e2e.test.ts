import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { getHistory, postSwitchover } from '../cluster/patroni.js';
import { type Lab, type LabNode, labDown, labUp } from '../lab/lab.js';
import type { ClientLedgerFacts, WorkerLedger } from '../load/ledger-facts.js';
import type { Endpoint } from '../plan/target.js';
import { type AuditOptions, auditCommits } from './audit.js';
import { prepareLedger } from './table.js';

/** The audit on a real cluster: two replicas, and timelines that end. */

const RUN = '0badcafe';

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
  await asSuperuser(lagging, 'SELECT pg_wal_replay_pause()');
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
    await asSuperuser(lagging, 'SELECT pg_wal_replay_resume()');
    expect((await patient).commits).toMatchObject({
      missing: [],
      replicas: [
        { same: true, ackedPresent: 200 },
        { same: true, ackedPresent: 200 },
      ],
    });
  } finally {
    await asSuperuser(lagging, 'SELECT pg_wal_replay_resume()');
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
  await expect
    .poll(async () => (await getHistory(after.apiUrl)).length, { timeout: 30_000 })
    .toBe(knownEnds + 1);

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

function options(changes: Partial<AuditOptions> = {}): AuditOptions {
  return {
    mode: 'insert',
    runId: RUN,
    ledgers: [ledger({ drawn: 100 })],
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

async function asSuperuser(node: LabNode, text: string, database = 'postgres'): Promise<void> {
  const { user, password } = lab.superuser;
  const sql = new pg.Client({ host: node.address, port: node.pgPort, user, password, database, ssl: false });
  await sql.connect();
  await sql.query(text).finally(() => sql.end());
}

async function withSql(endpoint: Endpoint, use: (sql: pg.Client) => Promise<void>): Promise<void> {
  const { host, port, user, database } = endpoint;
  const sql = new pg.Client({ host, port, user, database, password: lab.secrets.rwPassword, ssl: false });
  await sql.connect();
  await use(sql).finally(() => sql.end());
}

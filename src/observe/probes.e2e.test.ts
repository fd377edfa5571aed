import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { haproxyCommand } from '../cluster/haproxy.js';
import { getHealth } from '../cluster/health.js';
import { getCluster, postSwitchover } from '../cluster/patroni.js';
import { type Lab, type LabNode, labDown, labUp } from '../lab/lab.js';
import type { Frame, ProbeFrame } from '../load/frame.js';
import { loadPlan } from '../load/load.fixture.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { prepareHeartbeat, removeHeartbeat } from './heartbeat-table.js';
import { type Probes, probesOf } from './probes.js';
import { WatchedFrames } from './watched-frames.fixture.js';

const RUN = "e2e'run";

let base: string;
let lab: Lab;
let probes: Probes;
const frames = new WatchedFrames();
const clients: pg.Client[] = [];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-probes-'));
  // When the tests run as root, the lab's own user must get in.
  await chmod(base, 0o755);
  lab = await labUp({ name: 'probes', profile: 'fast', stateDir: base }, () => undefined);
  const sql = await openClient(lab.target.rw, lab.secrets.rwPassword, 'test');
  expect(await prepareHeartbeat(sql, RUN)).toBeNull();
  await closeClient(sql);
  const { members } = await getCluster(node('n1').apiUrl);
  probes = probesOf({
    plan: loadPlan({ endpoint: lab.target.rw }, [], {
      target: lab.target,
      probes: true,
      directWrites: true,
      intervalMs: 50,
    }),
    secrets: lab.secrets,
    members,
    runId: RUN,
    clock: new RunClock(process.hrtime.bigint()),
    emit: frames.emit,
    heartbeat: true,
  });
  probes.start();
});

afterAll(async () => {
  probes?.stop();
  for (const client of clients) {
    await closeClient(client);
  }
  await labDown('probes', base);
  await rm(base, { recursive: true });
});

function node(name: string): LabNode {
  const found = lab.nodes.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`There is no node ${name}.`);
  }
  return found;
}

async function superuser(name: string): Promise<pg.Client> {
  const { address, pgPort } = node(name);
  const client = await openClient(
    { ...lab.target.rw, host: address, port: pgPort, user: lab.superuser.user },
    lab.superuser.password,
    'test',
  );
  clients.push(client);
  return client;
}

function probeIn(frame: Frame, route: ProbeFrame['route'], kind: ProbeFrame['kind']): ProbeFrame | undefined {
  return frame.probes.find((probe) => probe.route === route && probe.kind === kind);
}

const acknowledges = (route: ProbeFrame['route'], kind: ProbeFrame['kind']) =>
  frames.next((frame) => (probeIn(frame, route, kind)?.acks ?? 0) > 0);

const directAck = (name: string) =>
  frames.next((frame) =>
    frame.servers.some((server) => server.via === 'direct' && server.server === addressOf(name)),
  );

function addressOf(name: string): string {
  return `${node(name).address}:${node(name).pgPort}`;
}

function directServers(of: readonly Frame[]): string[] {
  return [...new Set(of.flatMap((frame) => frame.servers.map(({ server }) => server)))].sort();
}

const BACKEND = `SELECT pid FROM pg_stat_activity WHERE application_name = 'pgha-bench/${RUN.replace("'", "''")}/direct-n2'`;

describe('on a cluster that is well', () => {
  it('every probe is answered on both ports', async () => {
    for (const route of ['rw', 'ro'] as const) {
      for (const kind of ['service', 'connect'] as const) {
        await acknowledges(route, kind);
      }
    }
    await frames.next((frame) => frame.heartbeats.some(({ reads }) => reads > 0));
  });

  it('the position in the WAL rises with each acknowledgement of a write, and there is none of a read', async () => {
    const first = await frames.next((frame) => (probeIn(frame, 'rw', 'service')?.lastLsn ?? -1) > 0);
    const second = await acknowledges('rw', 'service');
    expect(probeIn(second, 'rw', 'service')?.lastLsn).toBeGreaterThan(
      probeIn(first, 'rw', 'service')?.lastLsn ?? Infinity,
    );
    expect(probeIn(await acknowledges('ro', 'service'), 'ro', 'service')?.lastLsn).toBe(-1);
  });

  it('the primary alone acknowledges direct writes', async () => {
    await directAck('n1');
    await directAck('n1');
    expect(directServers(frames.all)).toEqual([addressOf('n1')]);
    expect(probes.notes).toEqual([]);
  });
});

describe('a replica that stops to replay', () => {
  it('is seen by its age, and a reader that comes to it from another one sees older values than before', async () => {
    const n2 = await superuser('n2');
    const { rows } = await n2.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'");
    const startup = (rows[0] as { readonly pid: number }).pid;
    // Patroni resumes a replay that pg_wal_replay_pause() has paused.
    process.kill(startup, 'SIGSTOP');
    try {
      const old = await frames.next(({ heartbeats }) =>
        heartbeats.some(({ stale, maxAgeUs }) => stale > 0 && maxAgeUs > 500_000),
      );
      const [heartbeat] = old.heartbeats;
      expect(heartbeat?.stale).toBeLessThanOrEqual(heartbeat?.reads ?? 0);
      const seen = frames.all.flatMap(({ heartbeats }) => heartbeats);
      expect(seen.filter(({ nonMonotonic }) => nonMonotonic > 0)).toEqual([]);
      const moved = frames.next(({ heartbeats }) => heartbeats.some(({ nonMonotonic }) => nonMonotonic > 0));
      await haproxyCommand(lab.haproxy.socketPath, 'set server ro/n3 state maint');
      await haproxyCommand(lab.haproxy.socketPath, 'shutdown sessions server ro/n3');
      await moved;
    } finally {
      process.kill(startup, 'SIGCONT');
      await haproxyCommand(lab.haproxy.socketPath, 'set server ro/n3 state ready');
    }
    await frames.next(({ heartbeats }) => heartbeats.some(({ maxAgeUs }) => maxAgeUs < 500_000));
  });
});

describe('through a switchover', () => {
  it('new connections fail and come back, and each node itself tells when it takes writes', async () => {
    const n2 = await superuser('n2');
    const before = (await n2.query(BACKEND)).rows;
    expect(before).toHaveLength(1);
    await expect
      .poll(() => getHealth(lab.target.patroni, {}, 3), { timeout: 60_000, interval: 200 })
      .toMatchObject({ healthy: true, leader: { name: 'n1' } });
    const from = frames.all.length;

    probes.dense();
    const failed = frames.next((frame) => (probeIn(frame, 'rw', 'connect')?.failures ?? 0) > 0);
    const answered = postSwitchover(node('n1').apiUrl, { leader: 'n1', candidate: 'n2' });
    const gap = await failed;
    const connected = await acknowledges('rw', 'connect');
    await directAck('n2');
    await answered;

    expect(connected.interval).toBeGreaterThanOrEqual(gap.interval);
    // The session had been opened on a standby.
    expect((await n2.query(BACKEND)).rows).toEqual(before);
    const after = frames.all.slice(from);
    const denseTries = after
      .filter((frame) => frame.interval < gap.interval)
      .map((frame) => probeIn(frame, 'rw', 'connect')?.acks ?? 0);
    expect(Math.max(...denseTries)).toBeGreaterThan(1);
    await frames.next((frame) => frame.heartbeats.some(({ reads }) => reads > 0));
    for (const route of ['rw', 'ro'] as const) {
      await acknowledges(route, 'service');
    }
  });

  it('the connection that the service probe had before is not taken for kept', () => {
    const services = frames.all.flatMap((frame) => probeIn(frame, 'rw', 'service') ?? []);
    const gone = services.findIndex(({ failures, acks }) => failures > 0 && acks === 0);
    const before = services.slice(0, gone - 1);
    const after = services.slice(gone);
    expect(gone).toBeGreaterThan(1);
    expect(before.filter(({ keptAcks, acks }) => keptAcks < acks)).toEqual([]);
    expect(after.filter(({ acks }) => acks > 0)).not.toEqual([]);
    expect(after.filter(({ keptAcks }) => keptAcks > 0)).toEqual([]);
  });
});

describe('behind the run', () => {
  it('nothing more is emitted, and no table is left', async () => {
    probes.stop();
    const emitted = frames.all.length;
    const sql = await openClient(lab.target.rw, lab.secrets.rwPassword, 'test');
    expect(await removeHeartbeat(sql, RUN)).toBeNull();
    const { rows } = await sql.query("SELECT to_regclass('pgha_bench_heartbeat') AS left");
    expect(rows).toEqual([{ left: null }]);
    await closeClient(sql);
    expect(frames.all).toHaveLength(emitted);
  });
});

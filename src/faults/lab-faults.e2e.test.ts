import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import { isEtcdHealthy } from '../cluster/etcd.js';
import { getHealth } from '../cluster/health.js';
import { getCluster, getConfig, getMember, type PatroniMember } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import { labControl } from '../lab/control.js';
import { type Lab, labDown, labUp, readLab } from '../lab/lab.js';
import { alive } from '../lab/process.js';
import { parseFault } from '../plan/fault.js';
import type { Endpoint } from '../plan/target.js';
import type { FaultCheck, FaultContext, Injection } from './fault.js';
import type { LabControl } from './lab-control.js';
import { etcdLeaderOf } from './look.js';
import { mender } from './mend.js';
import { FAULTS } from './registry.js';

let base: string;
let lab: Lab;
let control: LabControl;
const clock = new RunClock(process.hrtime.bigint());

// Longer than what a test waits for, so that it can say what it has waited for.
vi.setConfig({ testTimeout: 400_000 });

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-e2e-'));
  await chmod(base, 0o755);
  lab = await labUp({ name: 'faults', profile: 'fast', stateDir: base }, () => undefined);
  control = labControl(lab);
});

afterAll(async () => {
  await labDown('faults', base);
  await rm(base, { recursive: true });
});

/** What a test that failed has left as it was. */
const undos = new Set<() => Promise<string>>();

afterEach(async () => {
  for (const undo of undos) {
    await undo();
  }
});

describe('a fault through Patroni', () => {
  it('switchover, to the candidate that was named', async () => {
    const before = await healthy();
    const candidate = before.replicas[1] ?? '';
    const { record, undo } = await inject(`switchover:candidate=${candidate}`);
    expect(record).toMatchObject({ subject: before.leader, failure: null });
    expect(record.answer).toBe(`200 Successfully switched over to "${candidate}"`);
    expect(undo).toBeNull();
    expect((await healthy()).leader).toBe(candidate);
  });

  it('failover, to a candidate of its own choice', async () => {
    const before = await healthy();
    const { record } = await inject('failover');
    const candidate = /candidate=(\w+)$/.exec(record.asked ?? '')?.[1];
    expect(before.replicas).toContain(candidate);
    expect(record.answer).toBe(`200 Successfully failed over to "${candidate}"`);
    expect((await healthy()).leader).toBe(candidate);
  });

  it.each(['leader', 'replica'])('restart of the %s, which stays what it is', async (role) => {
    const before = await healthy();
    const subject = role === 'leader' ? before.leader : '';
    const { record } = await inject(`restart:${role}`);
    expect(record.answer).toBe('200 restarted successfully');
    expect(role === 'leader' ? [subject] : before.replicas).toContain(record.subject);
    const after = await healthy();
    expect(after.leader).toBe(before.leader);
    expect(changed(before, after)).toEqual([record.subject]);
  });

  it('reinitialize of a replica, and not of the leader', async () => {
    const before = await healthy();
    const [member = ''] = before.replicas;
    await expect(check(`reinitialize:member=${before.leader}`)).rejects.toThrow('Only a replica');
    const { record } = await inject(`reinitialize:member=${member}`);
    expect(record).toMatchObject({ subject: member, answer: '200 reinitialize started' });
    await expect.poll(async () => changed(before, await servers()), PATIENCE).toEqual([member]);
    expect((await healthy()).leader).toBe(before.leader);
  });

  it('pause, which all members know of before the next fault; undone, or resumed', async () => {
    const paused = async () =>
      Promise.all(control.nodes.map(async (node) => (await getMember(control.apiUrl(node))).pause));
    await healthy();
    const { undo } = await inject('pause');
    expect(await paused()).toEqual([true, true, true]);
    await expect(check('kill-node')).rejects.toThrow('needs a cluster that is not paused');
    expect(await undo?.()).toBe('set back pause=null');
    await expect.poll(paused, PATIENCE).toEqual([false, false, false]);

    await inject('pause');
    const { record } = await inject('resume');
    expect(record).toMatchObject({ failure: null, answer: '200' });
    await expect.poll(paused, PATIENCE).toEqual([false, false, false]);
  });

  it('config, and back to what was there and to what was not', async () => {
    const before = await getConfig(control.apiUrl('n1'));
    const { record, undo } = await inject(
      'config:loop_wait=1,primary_start_timeout=77,postgresql.parameters.work_mem=5MB',
    );
    expect(record).toMatchObject({ failure: null, answer: '200' });
    // A member tells what it has last heard from etcd.
    const now = () => getConfig(control.apiUrl('n1'));
    await expect.poll(now, PATIENCE).toMatchObject({
      loop_wait: 1,
      primary_start_timeout: 77,
      postgresql: { parameters: { work_mem: '5MB' } },
    });
    await undo?.();
    await expect.poll(now, PATIENCE).toEqual(before);
  });
});

describe('a fault of HAProxy', () => {
  it('reload lets old sessions go on, restart ends them', async () => {
    await healthy();
    const session = await connect(lab.target.rw);
    const ended = new Promise<void>((resolve) => session.on('end', () => resolve()));
    const reload = await inject('reload-haproxy');
    const afterReload = await haproxyPid();
    expect(reload.record.asked).toMatch(new RegExp(`^SIGUSR1 .*a new one \\(pid ${afterReload}\\)$`));
    expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);

    const restart = await inject('restart-haproxy');
    expect(await haproxyPid()).not.toBe(afterReload);
    expect(restart.record.asked).toMatch(/^SIGTERM to HAProxy \(pid \d+, \d+\)/);
    await ended;
    expect(restart.undo).toBeNull();
    await expect.poll(writes, PATIENCE).toBe(true);
  });
});

describe('a fault of etcd', () => {
  it('kill-etcd-leader makes another one lead, and the old one comes back', async () => {
    const before = await healthy();
    const leader = await etcdLeaderOf(lab.target.etcd ?? []);
    const injecting = inject('kill-etcd-leader:10s');
    const others = control.nodes.filter((node) => node !== leader).map((node) => control.etcdUrl(node));
    // Until the election the others name the old one, or nobody.
    const another = async () => ![null, leader].includes(await etcdLeaderOf(others));
    await expect.poll(another, PATIENCE).toBe(true);
    const { record, undo } = await injecting;
    expect(record).toMatchObject({
      subject: leader,
      etcdLeader: leader,
      failure: null,
      undone: `started etcd of ${leader} again`,
    });
    expect(undo).toBeNull();
    await expect
      .poll(() => isEtcdHealthy(control.etcdUrl(leader ?? '')).catch(() => false), PATIENCE)
      .toBe(true);
    expect((await healthy()).leader).toBe(before.leader);
  });

  it('stop-etcd-quorum takes the writes away, until it is thawed', async () => {
    await healthy();
    const injecting = inject('stop-etcd-quorum:9s');
    await expect.poll(demoted, PATIENCE).toBe(true);
    const { record, undo } = await injecting;
    expect(record.asked).toMatch(/^SIGSTOP to etcd \(pid \d+\) of n\d, SIGSTOP to etcd \(pid \d+\) of n\d$/);
    expect(record.undone).toMatch(/^SIGCONT to etcd of n\d and n\d$/);
    expect((record.undoneAtMs ?? 0) - (record.askedAtMs ?? 0)).toBeGreaterThan(8998);
    expect(undo).toBeNull();
    await healthy();
    await expect.poll(writes, PATIENCE).toBe(true);
  });
});

describe('a fault of a node', () => {
  it('kill-postgres: the same leader, on a new server', async () => {
    const before = await healthy();
    const { record, undo } = await inject('kill-postgres');
    expect(record.subject).toBe(before.leader);
    expect(record.asked).toMatch(/^SIGKILL to postgres \(pid \d+ and \d+ backends\) of n\d$/);
    expect(undo).toBeNull();
    const after = await healthyAfter(() => changedSince(before));
    expect(after.leader).toBe(before.leader);
  });

  it('kill-replica: it is gone, and comes back', async () => {
    const before = await healthy();
    const [member = ''] = before.replicas;
    const injecting = inject(`kill-replica:member=${member},for=5s`);
    await expect.poll(() => processesOf(member), PATIENCE).toBe(0);
    const { record, undo } = await injecting;
    expect(record).toMatchObject({ subject: member, undone: `started etcd and patroni of ${member} again` });
    expect(undo).toBeNull();
    const after = await healthyAfter(() => changedSince(before));
    expect(after.leader).toBe(before.leader);
  });

  it('kill-patroni: its PostgreSQL lives on read-write, and another one leads', async () => {
    const before = await healthy();
    const { undo } = await inject('kill-patroni');
    const leader = await anotherLeader(before.leader);
    const [row] = await superuserQuery(before.leader, 'SELECT pg_is_in_recovery() AS standby');
    expect(row).toEqual({ standby: false });
    await undo?.();
    expect((await healthy()).leader).toBe(leader);
    const [demotedRow] = await superuserQuery(before.leader, 'SELECT pg_is_in_recovery() AS standby');
    expect(demotedRow).toEqual({ standby: true });
  });

  it('cut-replication and kill-node: what was committed in between is lost', async () => {
    const before = await healthy();
    const configBefore = await getConfig(control.apiUrl('n1'));
    await superuserQuery(before.leader, 'CREATE TABLE kept (value int)');
    await expect.poll(() => replayed(before.leader), PATIENCE).toBe(true);
    const cut = await inject('cut-replication');
    expect(cut.record).toMatchObject({
      subject: before.leader,
      failure: null,
      answer: '2 walsenders terminated',
    });
    await superuserQuery(before.leader, 'INSERT INTO kept VALUES (1)');
    const kill = await inject('kill-node');
    expect(kill.record.asked).toMatch(
      /^SIGKILL to patroni \(pid \d+\), postgres \(pid \d+ and \d+ backends\) and etcd \(pid \d+\) of n\d$/,
    );
    expect(await processesOf(before.leader)).toBe(0);
    const leader = await anotherLeader(before.leader);
    expect(await superuserQuery(leader, 'SELECT value FROM kept')).toEqual([]);
    await kill.undo?.();
    expect(await cut.undo?.()).toContain(`ALTER ROLE replicator LOGIN on ${leader}`);
    expect((await healthy()).leader).toBe(leader);
    await expect.poll(() => getConfig(control.apiUrl('n1')), PATIENCE).toEqual(configBefore);
  });

  it('cut-replication alone is undone on the same leader', async () => {
    const before = await healthy();
    const cut = await inject('cut-replication');
    const log = lab.directory.log('postgres', before.leader);
    const refusals = async () =>
      (await readFile(log, 'utf8')).split('"replicator" is not permitted to log in').length;
    const refused = await refusals();
    // Both replicas have tried to come back.
    await expect.poll(refusals, PATIENCE).toBeGreaterThan(refused + 1);
    const senders = 'SELECT count(*)::int AS senders FROM pg_stat_replication';
    expect(await superuserQuery(before.leader, senders)).toEqual([{ senders: 0 }]);
    const lag = async () => (await getConfig(control.apiUrl('n1')))['maximum_lag_on_failover'];
    await expect.poll(lag, PATIENCE).toBeGreaterThan(2 ** 40);
    await cut.undo?.();
    expect((await healthy()).leader).toBe(before.leader);
  });

  it('freeze-node: another one leads, and there is one leader again when it is thawed', async () => {
    const before = await healthy();
    const { record, undo } = await inject('freeze-node');
    expect(record.asked).toMatch(/^SIGSTOP to patroni /);
    await anotherLeader(before.leader);
    expect(await undo?.()).toBe(`SIGCONT to etcd, patroni, postgres of ${before.leader}`);
    // Either of them: Patroni 3.0 lets the old one take the key back.
    const after = await healthy();
    expect(after.started[before.leader]).not.toBeNull();
    expect(await writers()).toEqual([after.leader]);
  });

  it('freeze-postgres: another one leads, and there is one leader again when it is thawed', async () => {
    const before = await healthy();
    const { undo } = await inject('freeze-postgres');
    await anotherLeader(before.leader);
    await undo?.();
    const after = await healthy();
    expect(await writers()).toEqual([after.leader]);
  });

  it('freeze-postgres, the postmaster alone: sessions go on, new ones hang until it is thawed', async () => {
    const before = await healthy();
    const { endpoint } = control.superuser(before.leader);
    const session = await connect(endpoint);
    const { record, undo } = await inject('freeze-postgres:what=postmaster');
    expect(record.asked).toMatch(/^SIGSTOP to postmaster \(pid \d+\) of n\d$/);
    let isConnected = false;
    const connecting = connect(endpoint).then((client) => {
      isConnected = true;
      return client;
    });
    expect((await session.query('SELECT pg_sleep(0.2), 1 AS one')).rows[0]?.one).toBe(1);
    expect(isConnected).toBe(false);
    expect(await undo?.()).toBe(`SIGCONT to postmaster of ${before.leader}`);
    await (await connecting).end();
    await session.end();
    expect((await healthy()).leader).toBe(before.leader);
  });

  it('that lasts is left to be undone when the run ends before', async () => {
    await healthy();
    const ended = new AbortController();
    const injecting = inject('freeze-postgres:60s,what=postmaster', ended.signal);
    setImmediate(() => ended.abort());
    const { record, undo } = await injecting;
    expect(record).toMatchObject({ failure: null, undone: null });
    expect(await undo?.()).toMatch(/^SIGCONT/);
    await healthy();
  });
});

describe('exec', () => {
  it('fills in who is who, and keeps what is printed', async () => {
    const before = await healthy();
    const { record, undo } = await inject(
      `exec:'echo {leader} {leader_host} {replica} {scope}; exit 3',undo='test {leader} = ${before.leader}'`,
    );
    const [replica] = before.replicas.filter((name) => record.asked?.includes(name));
    const host = new URL(control.apiUrl(before.leader)).hostname;
    expect(record.output).toEqual({
      exitCode: 3,
      text: `${before.leader} ${host} ${replica} ${lab.scope}\n`,
    });
    expect(record.failure).toContain('the command ended with exit code 3');
    expect(await undo?.()).toBe(`ran test ${before.leader} = ${before.leader}`);
  });
});

describe('check', () => {
  it.each([
    ['kill-node:node=n9', "expected leader, replica or a member of the cluster (n1, n2, n3), found 'n9'"],
    ['switchover:candidate=n9', 'must be a replica (n'],
    ['config:set=[1]', 'expected an object in JSON'],
    ['config:pause=true', 'does not pause'],
  ])('refuses %s', async (text, message) => {
    await healthy();
    await expect(check(text)).rejects.toThrow(message);
  });

  it('refuses a cluster that is not healthy', async () => {
    const [member = ''] = (await healthy()).replicas;
    const { undo } = await inject(`freeze-postgres:node=${member}`);
    await superuserQuery((await leaderNow()) ?? '', TERMINATE_WALSENDERS);
    await expect(check('kill-node')).rejects.toThrow(/needs a healthy cluster, but/);
    await undo?.();
    await healthy();
  });
});

/** For what the cluster does in its own time. */
const PATIENCE = { timeout: 60_000, interval: 50 };

/** As long as a run waits: one that will never follow by itself is copied anew meanwhile. */
const LONG_PATIENCE = { ...PATIENCE, timeout: 120_000 };

/** A frozen receiver does not say that it has gone. */
const TERMINATE_WALSENDERS = 'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_replication';

interface Servers {
  readonly leader: string;
  readonly replicas: readonly string[];
  /** When each server started, by node. */
  readonly started: Readonly<Record<string, string | null>>;
}

/** Waits until all three members are well. */
async function healthy(): Promise<Servers> {
  const mend = mender({});
  const healing = expect
    .poll(async () => {
      const health = await getHealth(lab.target.patroni, {}, 3);
      await mend(health);
      return health.healthy ? 'healthy' : health.reason;
    }, LONG_PATIENCE)
    .toBe('healthy');
  await healing.catch(async (cause) => {
    throw new Error(`${messageOf(cause)}\n${await lastWords()}`, { cause });
  });
  return servers();
}

/** What the logs of all members end with. */
async function lastWords(): Promise<string> {
  const ends: string[] = [];
  for (const node of control.nodes) {
    for (const component of ['patroni', 'postgres'] as const) {
      const text = await readFile(lab.directory.log(component, node), 'utf8').catch(messageOf);
      ends.push(`${component} of ${node}:`, ...text.trimEnd().split('\n').slice(-15));
    }
  }
  return ends.join('\n');
}

/** The same, once something has been seen that tells that the fault did its work. */
async function healthyAfter(seen: () => Promise<boolean>): Promise<Servers> {
  await expect.poll(seen, PATIENCE).toBe(true);
  return healthy();
}

async function servers(): Promise<Servers> {
  const { members } = await getCluster(lab.target.patroni[0] ?? '').catch(() => ({ members: [] }));
  const selves = await Promise.all(
    control.nodes.map((node) => getMember(control.apiUrl(node)).catch((): PatroniMember | null => null)),
  );
  const nameOf = (isLeader: boolean) =>
    members.filter(({ role }) => (role === 'leader') === isLeader).map(({ name }) => name);
  return {
    leader: nameOf(true)[0] ?? '',
    replicas: nameOf(false),
    started: Object.fromEntries(
      control.nodes.map((node, index) => [node, selves[index]?.postmasterStartTime ?? null]),
    ),
  };
}

/** Nodes whose server is another one than before, and runs. */
function changed(before: Servers, after: Servers): readonly string[] {
  return control.nodes.filter((node) => {
    const started = after.started[node] ?? null;
    return started !== null && started !== before.started[node];
  });
}

async function changedSince(before: Servers): Promise<boolean> {
  return changed(before, await servers()).length > 0;
}

async function leaderNow(): Promise<string | null> {
  for (const url of lab.target.patroni) {
    const cluster = await getCluster(url, { timeoutMs: 1000 }).catch(() => null);
    const leader = cluster?.members.find(({ role }) => role === 'leader');
    if (leader !== undefined) {
      return leader.name;
    }
  }
  return null;
}

/** Waits until another one leads, and is primary. */
async function anotherLeader(old: string): Promise<string> {
  await expect
    .poll(async () => {
      const leader = await leaderNow();
      if (leader === null || leader === old) {
        return 'none';
      }
      return (await getMember(control.apiUrl(leader)).catch(() => null))?.role;
    }, PATIENCE)
    .toBe('primary');
  return (await leaderNow()) ?? '';
}

/** Nodes that take writes. */
async function writers(): Promise<readonly string[]> {
  const rows = await Promise.all(
    control.nodes.map((node) =>
      superuserQuery(node, 'SELECT pg_is_in_recovery() AS standby').catch(() => []),
    ),
  );
  return control.nodes.filter((_, index) => rows[index]?.[0]?.['standby'] === false);
}

async function demoted(): Promise<boolean> {
  return (await writers()).length === 0;
}

async function replayed(leader: string): Promise<boolean> {
  const rows = await superuserQuery(
    leader,
    'SELECT replay_lsn >= pg_current_wal_lsn() AS done FROM pg_stat_replication',
  );
  return rows.length === 2 && rows.every((row) => row['done'] === true);
}

async function writes(): Promise<boolean> {
  try {
    const client = await connect(lab.target.rw);
    try {
      await client.query('SELECT pg_current_xact_id()');
      return true;
    } finally {
      await client.end();
    }
  } catch {
    return false;
  }
}

async function haproxyPid(): Promise<number | undefined> {
  return (await readLab('faults', base))?.haproxy.process?.pid;
}

/** How many of a node's processes run. */
async function processesOf(name: string): Promise<number> {
  const node = (await readLab('faults', base))?.nodes.find((each) => each.name === name);
  const records = Object.values(node?.processes ?? {}).flatMap((record) => record ?? []);
  return (await alive(records)).length;
}

function contextOf(text: string): FaultCheck {
  const plan = parseFault(text, FAULTS, 60_000);
  if (plan === undefined) {
    throw new Error(`${text} is no fault`);
  }
  return { target: lab.target, plan, access: NO_ACCESS, lab: control };
}

function faultOf({ plan }: FaultCheck) {
  const fault = FAULTS.find(({ kind }) => kind === plan.kind);
  if (fault === undefined) {
    throw new Error(`there is no ${plan.kind}`);
  }
  return fault;
}

async function check(text: string): Promise<void> {
  const context = contextOf(text);
  await faultOf(context).check(context);
}

/** Does it as the run would. */
async function inject(text: string, signal = new AbortController().signal): Promise<Injection> {
  const context: FaultContext = { ...contextOf(text), clock, round: 1, signal };
  const { record, undo } = await faultOf(context).inject(context);
  const once = async () => {
    undos.delete(once);
    return undo?.() ?? '';
  };
  if (undo !== null) {
    undos.add(once);
  }
  if (!text.startsWith('exec')) {
    expect(record.failure).toBeNull();
  }
  expect(record.askedAtMs).not.toBeNull();
  expect(record.etcdLeader).toMatch(/^n\d$/);
  return { record, undo: undo === null ? null : once };
}

async function connect(endpoint: Endpoint): Promise<pg.Client> {
  const { host, port, user, database } = endpoint;
  const isSuperuser = user === lab.superuser.user;
  const password = isSuperuser ? lab.superuser.password : lab.secrets.rwPassword;
  const client = new pg.Client({ host, port, user, database, password, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Past HAProxy, on the node itself. */
async function superuserQuery(node: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connect(control.superuser(node).endpoint);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import { getEtcdKey, getEtcdStatus } from '../cluster/etcd.js';
import { getHealth } from '../cluster/health.js';
import { request } from '../cluster/http.js';
import { type ClusterMember, getCluster, postSwitchover } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import { type Lab, type LabNode, labDown, labUp, readLab } from '../lab/lab.js';
import { sendSignal } from '../lab/process.js';
import { startProcess } from '../lab/start-process.js';
import type { Target } from '../plan/target.js';
import type { Event } from '../result/result.js';
import { type ObserverSet, observedBy, observersOf } from './observers.js';
import { timelineEnds } from './patroni.js';

let base: string;
let lab: Lab;
let members: readonly ClusterMember[];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-e2e-'));
  // When the tests run as root, the lab's own user must get in.
  await chmod(base, 0o755);
  lab = await labUp({ name: 'observed', profile: 'fast', stateDir: base }, () => undefined);
  ({ members } = await getCluster(lab.nodes[0]?.apiUrl ?? ''));
});

afterAll(async () => {
  await labDown('observed', base);
  await rm(base, { recursive: true });
});

/** All observers of a target, what they tell, and promises of it. */
class Watching {
  readonly events: Event[] = [];
  readonly set: ObserverSet;
  private heard: (() => void) | undefined;

  constructor(differing: Partial<Target> = {}, seen: readonly ClusterMember[] = members, secret?: string) {
    const clock = new RunClock(process.hrtime.bigint());
    const emit = (event: Event) => {
      this.events.push(event);
      this.heard?.();
    };
    const target = { ...lab.target, etcd: lab.nodes.map((node) => node.etcdUrl), ...differing };
    const secrets = { ...lab.secrets, rwPassword: secret ?? lab.secrets.rwPassword ?? '' };
    this.set = observersOf(
      target,
      seen,
      secrets,
      NO_ACCESS,
      { clock, emit },
      {
        prefix: `/service/${lab.scope}/`,
      },
    );
    for (const observer of this.set.observers) {
      observer.start();
    }
  }

  find(wanted: Partial<Event>, from = 0): Event | undefined {
    return this.events
      .slice(from)
      .find((event) => Object.entries(wanted).every(([name, value]) => event[name as keyof Event] === value));
  }

  async event(wanted: Partial<Event>, from = 0): Promise<Event> {
    for (;;) {
      const found = this.find(wanted, from);
      if (found !== undefined) {
        return found;
      }
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }

  /** Every layer has told its first state of everything. */
  async settled(): Promise<void> {
    await this.event({ kind: 'leader_key' });
    for (const { name } of lab.nodes) {
      await this.event({ layer: 'postgres', kind: 'role', subject: name });
      await this.event({ layer: 'patroni', kind: 'role', subject: name });
      await this.event({ layer: 'haproxy', subject: `rw/${name}` });
      await this.event({ kind: 'etcd_up', subject: name });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.set.observers.map((observer) => observer.stop()));
  }

  get gaps(): readonly string[] {
    return this.set.observers.flatMap((observer) => observer.gaps);
  }
}

let watching: Watching | undefined;

afterEach(async () => {
  await watching?.stop();
  watching = undefined;
});

async function leaderName(): Promise<string> {
  for (;;) {
    const health = await getHealth(lab.target.patroni, {}, 3);
    if (health.healthy) {
      return health.leader.name;
    }
  }
}

function nodeOf(name: string) {
  const node = lab.nodes.find((each) => each.name === name);
  if (node === undefined) {
    throw new Error(`the lab has no node ${name}`);
  }
  return node;
}

/** With the processes that it has now. */
async function readNode(name: string): Promise<LabNode> {
  const node = (await readLab('observed', base))?.nodes.find((each) => each.name === name);
  if (node === undefined) {
    throw new Error(`the lab has no node ${name}`);
  }
  return node;
}

async function signalEtcd(name: string, signal: NodeJS.Signals): Promise<void> {
  const record = (await readNode(name)).processes.etcd;
  expect(record !== null && (await sendSignal(record, signal))).toBe(true);
}

/** Without it etcd goes on at once. */
async function etcdFollower(): Promise<LabNode> {
  for (const node of lab.nodes) {
    const { id, leaderId } = await getEtcdStatus(node.etcdUrl);
    if (leaderId !== null && leaderId !== id) {
      return node;
    }
  }
  throw new Error('no member of etcd follows another');
}

/** Past Patroni, which may be talking to the member that is frozen. */
async function changeConfig(url: string, differing: object): Promise<void> {
  const key = `/service/${lab.scope}/config`;
  const config = JSON.parse((await getEtcdKey(url, key)) ?? '{}');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const order = { key: base64(key), value: base64(JSON.stringify({ ...config, ...differing })) };
  expect(await request('POST', `${url}/v3/kv/put`, {}, order)).toMatchObject({ status: 200 });
}

/**
 * Switches over to another node and gives both names. Patroni may refuse it for the moment, or not know in time what became of it,
 * when it has just lost its member of etcd.
 */
async function switchOver(): Promise<{ readonly from: string; readonly to: string }> {
  const from = await leaderName();
  const to = from === 'n2' ? 'n1' : 'n2';
  const order = async () => {
    const asked = postSwitchover(nodeOf(from).apiUrl, { leader: from, candidate: to });
    const answer = await asked.then(({ status, text }) => `${status} ${text}`, messageOf);
    return answer.startsWith('200 ') || (await leaderName()) === to ? 'done' : answer;
  };
  await expect.poll(order, { timeout: 60_000, interval: 1000 }).toBe('done');
  return { from, to };
}

describe('the observers of a lab', () => {
  it('tell of a switchover in every layer, in order', async () => {
    watching = new Watching();
    await watching.settled();
    const { from, to } = await switchOver();

    const ordered = await watching.event({ kind: 'failover_key' });
    const gone = await watching.event({ kind: 'leader_key_gone' });
    const taken = await watching.event({ kind: 'leader_key_taken' });
    const promoted = await watching.event({ kind: 'promoted' });
    const up = await watching.event({ kind: 'server_up', subject: `rw/${to}` });
    const demoted = await watching.event({ kind: 'demoted' });
    const leads = await watching.event({ layer: 'patroni', kind: 'leader', to });
    const timeline = await watching.event({ layer: 'postgres', kind: 'timeline', subject: to, from: '1' });
    const history = await watching.event({ kind: 'history' });
    await watching.event({ layer: 'patroni', kind: 'role', subject: to, to: 'primary' });
    await watching.event({ kind: 'server_down', subject: `rw/${from}`, from: 'UP' });
    await watching.event({ kind: 'restarted', subject: from });
    await watching.event({ kind: 'failover_key', to: null });
    await leaderName();
    await watching.stop();

    expect(ordered.to).toBe(`leave ${from}, to ${to}`);
    expect(gone).toMatchObject({
      from,
      to: null,
      text: `the leader key of ${from} is gone: it was given back`,
    });
    expect(taken).toMatchObject({ from: null, to });
    expect(promoted).toMatchObject({ subject: to, from: 'standby', to: 'primary' });
    expect(demoted).toMatchObject({ subject: from, from: 'primary', to: 'standby' });
    expect(timeline.to).toBe('2');
    expect(history.to).toBe('1');
    // By revision; the others no later than their uncertainty allows.
    expect(ordered.atMs).toBeLessThan(gone.atMs);
    expect(gone.atMs).toBeLessThan(taken.atMs);
    expect(taken.atMs - taken.uncertaintyMs).toBeLessThan(promoted.atMs);
    expect(taken.atMs - taken.uncertaintyMs).toBeLessThan(leads.atMs);
    expect(taken.atMs - taken.uncertaintyMs).toBeLessThan(up.atMs);
    expect(promoted.atMs).toBeLessThan(demoted.atMs);
    expect(watching.gaps).toEqual([]);
  });

  it('tell series, clocks and the ends of timelines', async () => {
    watching = new Watching();
    await watching.settled();
    const leader = await leaderName();
    const standby = leader === 'n3' ? 'n1' : 'n3';
    const lag = () =>
      watching?.set.observers
        .flatMap((observer) => observer.series())
        .find(({ name, subject }) => name === 'replay_lag_bytes' && subject === standby)
        ?.values.at(-1);
    await expect.poll(lag).toBe(0);
    await watching.stop();

    const observed = observedBy(watching.set, await timelineEnds(lab.target.patroni));
    expect(observed.observers.map(({ layer, watched }) => [layer, watched])).toEqual([
      ['patroni', true],
      ['haproxy', true],
      ['etcd', true],
      ['postgres', true],
    ]);
    for (const { host, offsetMs, uncertaintyMs } of observed.clocks) {
      // It is the same clock.
      expect(Math.abs(offsetMs), host).toBeLessThanOrEqual(uncertaintyMs + 0.5);
    }
    expect(observed.clocks).toHaveLength(3);
    const written = observed.series.find(({ name, subject }) => name === 'wal_lsn' && subject === leader);
    expect(written?.values.at(-1)).toBeGreaterThan(0x1000000);
    expect(observed.series.filter(({ name }) => name === 'sessions').map(({ subject }) => subject)).toEqual([
      'rw/n1',
      'rw/n2',
      'rw/n3',
      'ro/n1',
      'ro/n2',
      'ro/n3',
    ]);
    expect(observed.history[0]).toMatchObject({ timeline: 1, newLeader: 'n2' });
    expect(observed.history[0]?.forkLsn).toBeGreaterThan(0x1000000);
  });

  it('tell a lease that ran out, and a server that died', async () => {
    watching = new Watching();
    await watching.settled();
    const leader = await leaderName();
    const { patroni, postgres } = (await readNode(leader)).processes;
    watching.set.alert();
    for (const record of [patroni, postgres]) {
      expect(record !== null && (await sendSignal(record, 'SIGKILL'))).toBe(true);
    }
    try {
      const down = await watching.event({ kind: 'pg_down', subject: leader });
      const gone = await watching.event({ kind: 'leader_key_gone' });
      const taken = await watching.event({ kind: 'leader_key_taken' });
      const promoted = await watching.event({ kind: 'promoted', subject: taken.to ?? '' });
      expect(gone.text).toBe(`the leader key of ${leader} is gone: its lease ran out`);
      expect(down.atMs).toBeLessThan(gone.atMs);
      expect(taken.atMs - taken.uncertaintyMs).toBeLessThan(promoted.atMs);
      await watching.event({ layer: 'patroni', kind: 'state', subject: leader, to: 'unreachable' });
    } finally {
      await startProcess(lab, { component: 'patroni', node: leader });
    }
    await watching.event({ kind: 'demoted', subject: leader });
    await leaderName();
  });

  it('lose no change of the leader key when the member of etcd that they watch is killed', async () => {
    const leader = await leaderName();
    // The watch begins at the first that was given.
    const watched = await etcdFollower();
    const others = lab.nodes.filter((node) => node !== watched).map((node) => node.etcdUrl);
    watching = new Watching({ etcd: [watched.etcdUrl, ...others] });
    await watching.settled();
    await signalEtcd(watched.name, 'SIGKILL');
    try {
      const { from, to } = await switchOver();
      await watching.event({ kind: 'leader_key_taken', to });
      await watching.event({ kind: 'etcd_down', subject: watched.name });
      await watching.event({ kind: 'history' });
      const story = watching.events
        .filter(({ kind }) => /^(leader_key.*|failover_key|history)$/.test(kind))
        .map(({ kind, from: before, to: after }) => [kind, before, after]);
      expect(story[0]).toEqual(['leader_key', null, leader]);
      const order = story.findLastIndex(([kind, , after]) => kind === 'failover_key' && after !== null);
      expect(story.slice(1, order).filter(([kind]) => kind !== 'failover_key')).toEqual([]);
      expect(story.slice(order, order + 3)).toEqual([
        ['failover_key', null, `leave ${from}, to ${to}`],
        ['leader_key_gone', from, null],
        ['leader_key_taken', null, to],
      ]);
    } finally {
      await startProcess(lab, { component: 'etcd', node: watched.name });
    }
    await watching.event({ kind: 'etcd_up', subject: watched.name, from: 'unreachable' });
    await watching.stop();
    expect(watching.gaps).toEqual([]);
  });

  it('leave a member of etcd that is frozen, and tell what it kept to itself', async () => {
    await leaderName();
    const watched = await etcdFollower();
    const others = lab.nodes.filter((node) => node !== watched).map((node) => node.etcdUrl);
    watching = new Watching({ etcd: [watched.etcdUrl, ...others] });
    await watching.settled();
    await signalEtcd(watched.name, 'SIGSTOP');
    try {
      const before = watching.events.length;
      await changeConfig(others[0] ?? '', { maximum_lag_on_failover: 2_097_152 });
      const changed = await watching.event({ kind: 'config', to: 'maximum_lag_on_failover' }, before);
      const down = await watching.event({ kind: 'etcd_down', subject: watched.name });
      // It happened before the member was known to be frozen, and was told after it.
      expect(changed.atMs).toBeGreaterThan(down.atMs);
      expect(changed.atMs - changed.uncertaintyMs).toBeLessThan(down.atMs);
    } finally {
      await signalEtcd(watched.name, 'SIGCONT');
    }
    await watching.event({ kind: 'etcd_up', subject: watched.name, from: 'unreachable' });
  });

  it('find the other members of etcd when one is given', async () => {
    watching = new Watching({ etcd: [lab.nodes[0]?.etcdUrl ?? ''] });
    await watching.settled();
  });

  it('say what a role without rights cannot read, and tell the rest', async () => {
    const leader = nodeOf(await leaderName());
    const { superuser } = lab;
    const root = new pg.Client({
      host: leader.address,
      port: leader.pgPort,
      user: superuser.user,
      password: superuser.password,
      database: 'postgres',
    });
    await root.connect();
    try {
      await root.query("CREATE ROLE plain LOGIN PASSWORD 'plain'");
      await root.query('REVOKE EXECUTE ON FUNCTION pg_control_checkpoint() FROM public');
      await root.query('REVOKE EXECUTE ON FUNCTION pg_control_recovery() FROM public');
      const rw = { ...lab.target.rw, user: 'plain', database: 'postgres' };
      // On each node only when it has replayed the above.
      await leaderName();
      watching = new Watching({ rw }, members, 'plain');
      await watching.event({ layer: 'postgres', kind: 'role', subject: leader.name, to: 'primary' });
      await watching.event({ layer: 'postgres', kind: 'timeline', subject: leader.name });
      const standby = leader.name === 'n3' ? 'n1' : 'n3';
      await watching.event({ layer: 'postgres', kind: 'role', subject: standby, to: 'standby' });
      await watching.stop();
      expect(watching.gaps).toContain(
        `The role that watches PostgreSQL of ${standby} may not read the timeline of a standby, for which it takes pg_monitor, or EXECUTE on pg_control_checkpoint and pg_control_recovery.`,
      );
    } finally {
      await root.query('GRANT EXECUTE ON FUNCTION pg_control_checkpoint() TO public');
      await root.query('GRANT EXECUTE ON FUNCTION pg_control_recovery() TO public');
      await root.query('DROP ROLE plain');
      await root.end();
    }
  });

  it('say why a password that is wrong shows nothing', async () => {
    watching = new Watching({}, members, 'wrong');
    await watching.event({ kind: 'leader_key' });
    const postgres = watching.set.observers.find(({ layer }) => layer === 'postgres');
    await expect.poll(() => postgres?.facts().missing).toMatch(/password authentication failed/);
    expect(watching.find({ layer: 'postgres' })).toBeUndefined();
  });
});

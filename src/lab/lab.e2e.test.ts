import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getEtcdMembers, getEtcdStatus } from '../cluster/etcd.js';
import { clusterFacts } from '../cluster/facts.js';
import { getHaproxyStats, getHaproxyVersion } from '../cluster/haproxy.js';
import { getHealth } from '../cluster/health.js';
import {
  getCluster,
  getConfig,
  getHistory,
  getMember,
  isLeader,
  postSwitchover,
} from '../cluster/patroni.js';
import type { Endpoint } from '../plan/target.js';
import { findBinaries } from './binaries.js';
import { type Lab, type LabOptions, labDown, labStatus, labUp, listLabs, readLab } from './lab.js';
import { claimNetwork } from './network.js';
import {
  alive,
  bootId,
  descendantsOf,
  type ProcessRecord,
  processesIn,
  recordOf,
  sendSignal,
  spawnDetached,
} from './process.js';
import { recordServers } from './servers.js';
import { startProcess } from './start-process.js';
import {
  createDirectory,
  exists,
  type LabState,
  labDirectory,
  readProcesses,
  readSharedMemory,
  recordProcess,
} from './state.js';

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-e2e-'));
  // When the tests run as root, the lab's own user must get in.
  await chmod(base, 0o755);
});

afterAll(async () => {
  for (const name of await listLabs(base)) {
    await labDown(name, base);
  }
  await rm(base, { recursive: true });
});

describe('two labs that start at the same time', () => {
  const progress: string[] = [];
  let one: Lab;
  let two: Lab;

  beforeAll(async () => {
    [one, two] = await Promise.all([
      labUp(options('one', { maxConnections: 40 }), (line) => progress.push(line)),
      labUp(options('two', { profile: 'fast' }), () => undefined),
    ]);
  });

  it('say what they wait for, one line for each thing', () => {
    const waits = progress.filter((line) => line.startsWith('waiting for '));
    expect(waits.map((line) => line.replace('waiting for ', '').replace(/127\.0\.\d+/, 'X'))).toEqual([
      'etcd to elect a leader',
      'n1 to begin its bootstrap',
      'n1 to lead',
      'n2 and n3 to stream',
      'HAProxy to route to them',
      'a write through X.4:5000',
      'a read through X.4:5001',
    ]);
  });

  it('have networks of their own, neither of them 127.0.0', () => {
    expect(one.network).not.toBe(two.network);
    expect([one.network, two.network]).not.toContain('127.0.0');
  });

  it('take writes on the one port, and show them to readers on the other, on replicas alone', async () => {
    await query(one, one.target.rw, 'CREATE TABLE t (value int)');
    const [{ lsn } = {}] = await query(
      one,
      one.target.rw,
      'INSERT INTO t VALUES (42) RETURNING pg_current_wal_lsn() AS lsn',
    );
    for (let connection = 0; connection < 2; connection++) {
      await expect
        .poll(async () => query(one, ro(one), `SELECT pg_last_wal_replay_lsn() >= '${lsn}' AS replayed`))
        .toEqual([{ replayed: true }]);
    }
    expect(await query(one, ro(one), 'SELECT value, pg_is_in_recovery() AS standby FROM t')).toEqual([
      { value: 42, standby: true },
    ]);
    await expect(query(one, ro(one), 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: '25006' });
  });

  it('give the role of the loads its own database, and a look at the statistics of others', async () => {
    const [row] = await query(
      one,
      one.target.rw,
      `SELECT pg_get_userbyid(datdba) AS owner, pg_has_role('pg_monitor', 'member') AS monitor,
              current_setting('max_connections') AS connections, current_setting('fsync') AS fsync
         FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({ owner: 'pgha', monitor: true, connections: '40', fsync: 'on' });
  });

  it('ask for a password on TCP', async () => {
    await expect(query(one, one.target.rw, 'SELECT 1', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  });

  it('are healthy: one leader, two replicas that stream', async () => {
    for (const lab of [one, two]) {
      const health = await getHealth(lab.target.patroni, {}, 3);
      expect(health).toMatchObject({ healthy: true, leader: { name: 'n1' } });
      expect(health.healthy && health.replicas.map(({ name }) => name).sort()).toEqual(['n2', 'n3']);
    }
  });

  it('run on the settings of their profiles', async () => {
    const stock = await clusterFacts(one.target, null, one.settings);
    expect(stock.settings).toMatchObject({
      'patroni.ttl': 30,
      'patroni.loop_wait': 10,
      'patroni.retry_timeout': 10,
      'haproxy.inter': '3s',
    });
    const fast = await clusterFacts(two.target, null, two.settings);
    expect(fast.settings['patroni.ttl']).toBeLessThanOrEqual(20);
    expect(fast.settings['haproxy.inter']).toBe('500ms');
    const config = await getConfig(two.nodes[0]?.apiUrl ?? '');
    expect(fast.settings['patroni.loop_wait']).toBe(config['loop_wait']);
  });

  it('tell their versions in the same words by all ways', async () => {
    const client = await connect(one, one.target.rw);
    const facts = await clusterFacts(one.target, client, one.settings).finally(() => client.end());
    expect(facts).toMatchObject({
      postgres: one.versions.postgres,
      patroni: one.versions.patroni,
      scope: 'pgha-one',
    });
    expect(facts.members.map(({ address }) => address)).toContain(`${one.network}.1:5432`);
    expect(facts.settings['postgres.synchronous_commit']).toBe('on');
    const page = await getHaproxyVersion({ kind: 'url', url: one.haproxy.statsUrl });
    expect(facts.haproxy).toBe(page);
    expect(page?.startsWith(one.versions.haproxy)).toBe(true);
  });

  it('show the same statistics on the socket and on the page', async () => {
    const socket = await getHaproxyStats({ kind: 'socket', path: one.haproxy.socketPath });
    const page = await getHaproxyStats({ kind: 'url', url: one.haproxy.statsUrl });
    const servers = (lines: typeof page) =>
      lines.map(({ proxy, server, kind }) => `${kind} ${proxy}/${server}`);
    expect(servers(page)).toEqual(servers(socket));
    expect(servers(page)).toContain('server ro/n3');
  });

  it('answer the clients of Patroni and etcd', async () => {
    const [n1, n2] = one.nodes;
    expect(await getMember(n1?.apiUrl ?? '')).toMatchObject({
      role: 'primary',
      state: 'running',
      timeline: 1,
    });
    expect(await isLeader(n1?.apiUrl ?? '')).toBe(true);
    expect(await isLeader(n2?.apiUrl ?? '')).toBe(false);
    expect((await getCluster(n2?.apiUrl ?? '')).members.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    const members = await getEtcdMembers(n2?.etcdUrl ?? '');
    expect(members.map(({ name }) => name).sort()).toEqual(['n1', 'n2', 'n3']);
    const { leaderId } = await getEtcdStatus(n2?.etcdUrl ?? '');
    expect(members.map(({ id }) => id)).toContain(leaderId);
  });

  it('are found by name, and a second start of one is refused', async () => {
    expect(await listLabs(base)).toEqual(['one', 'two']);
    expect((await readLab('one', base))?.network).toBe(one.network);
    await expect(labUp(options('one'), () => undefined)).rejects.toThrow(
      /There is already a lab one\. Stop it with/,
    );
    const status = await labStatus('one', base);
    expect(status?.phase).toBe('up');
    expect(status?.components.map(({ state }) => state)).toEqual(Array(10).fill('running'));
    expect(status?.components.at(-1)?.says).toBe('rw to n1, ro to n2 n3');
  });

  it('keep passwords from everybody else', async () => {
    const secret = one.secrets.rwPassword ?? '';
    expect(secret).not.toBe('');
    for (const log of await readdir(one.directory.logs)) {
      expect(await readFile(join(one.directory.logs, log), 'utf8'), log).not.toContain(secret);
    }
  });

  it('switch over, and every client of the stack sees it', async () => {
    const [n1, n2] = two.nodes;
    const answer = await postSwitchover(n1?.apiUrl ?? '', { leader: 'n1', candidate: 'n2' });
    expect(answer).toEqual({ status: 200, text: 'Successfully switched over to "n2"' });
    const health = () => getHealth(two.target.patroni, {}, 3);
    await expect.poll(health, PATIENCE).toMatchObject({ healthy: true, leader: { name: 'n2' } });
    await expect
      .poll(async () => (await labStatus('two', base))?.components.at(-1)?.says, PATIENCE)
      .toBe('rw to n2, ro to n1 n3');
    await expect
      .poll(() => getHistory(n2?.apiUrl ?? ''), PATIENCE)
      .toMatchObject([{ timeline: 1, newLeader: 'n2' }]);
    expect((await getMember(n2?.apiUrl ?? '')).timeline).toBe(2);
  });

  it('start a process again as it was first started, and know the new one', async () => {
    const old = two.haproxy.process;
    expect(old).not.toBeNull();
    await sendSignal(old ?? NOBODY, 'SIGKILL');
    const { record } = await startProcess(two, { component: 'haproxy', node: null });
    await expect
      .poll(() => getHaproxyVersion({ kind: 'socket', path: two.haproxy.socketPath }).catch(() => null))
      .toBeTruthy();
    const again = await readLab('two', base);
    expect(again?.haproxy.process).toMatchObject(record);
  });

  it('go down when a node is frozen, a server was killed and HAProxy is dead, and leave nothing', async () => {
    const everything = await processesOf(one);
    expect(everything.length).toBeGreaterThan(20);
    const [n1, n2] = one.nodes;
    const frozen = await processesIn(n2?.dataDirectory ?? '', [join(one.state.binaries.pgBin, 'postgres')]);
    expect(frozen.length).toBeGreaterThan(3);
    await recordServers(one);
    const shared = await readSharedMemory(one.directory);
    expect(new Set(shared).size).toBeGreaterThanOrEqual(3);
    expect(await Promise.all(shared.map(exists))).not.toContain(false);
    for (const record of [...frozen, n2?.processes.etcd ?? NOBODY, n2?.processes.patroni ?? NOBODY]) {
      expect(await sendSignal(record, 'SIGSTOP')).toBe(true);
    }
    // Its backends are frozen, so that they stay when their postmaster has gone.
    expect(await sendSignal(n2?.processes.postgres ?? NOBODY, 'SIGKILL')).toBe(true);
    expect(await sendSignal(n1?.processes.postgres ?? NOBODY, 'SIGKILL')).toBe(true);
    expect(await sendSignal(one.haproxy.process ?? NOBODY, 'SIGKILL')).toBe(true);

    await labDown('one', base);
    await expectNothingLeft(one, everything);
    expect(await Promise.all(shared.map(exists))).not.toContain(true);
    // The other one has not noticed.
    expect(await query(two, two.target.rw, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('go down under load, and leave nothing', async () => {
    const client = await connect(two, two.target.rw);
    client.on('error', () => undefined);
    const sleeping = client.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
    const everything = await processesOf(two);
    await labDown('two', base);
    expect(await sleeping).toBeInstanceOf(Error);
    await expectNothingLeft(two, everything);
    expect(await listLabs(base)).toEqual([]);
    await labDown('two', base);
  });
});

describe('a lab that does not come up', () => {
  it('clears away what it has started when it is interrupted', async () => {
    const interrupt = new AbortController();
    let everything: readonly ProcessRecord[] = [];
    const directory = labDirectory('broken', base);
    const starting = labUp(
      options('broken'),
      (line) => {
        if (line.startsWith('waiting for n1 to lead')) {
          everything = recordsIn(directory.processFile);
          interrupt.abort();
        }
      },
      interrupt.signal,
    );
    await expect(starting).rejects.toThrow('The start of the lab was interrupted.');
    expect(everything).toHaveLength(6);
    expect(await alive(everything)).toEqual([]);
    expect(await exists(directory.path)).toBe(false);
  });

  it('names the component that ended, and shows the end of its log', async () => {
    const etcd = join(base, 'etcd');
    await writeFile(
      etcd,
      '#!/bin/sh\n[ "$1" = --version ] && exec etcd --version\necho no space left >&2\nexit 7\n',
    );
    await chmod(etcd, 0o755);
    const starting = labUp(options('broken', { binaries: { etcd } }), () => undefined);
    await expect(starting).rejects.toThrow(
      /^etcd on n\d ended with exit code 7 while the lab was starting\.\n.*\n +no space left/,
    );
    expect(await listLabs(base)).toEqual([]);
  });

  it('leaves its files when it is asked to', async () => {
    const etcd = join(base, 'etcd');
    const starting = labUp(options('broken', { binaries: { etcd }, keep: true }), () => undefined);
    await expect(starting).rejects.toThrow('ended with exit code 7');
    const directory = labDirectory('broken', base);
    expect(await readFile(directory.log('etcd', 'n1'), 'utf8')).toContain('no space left');
    await labDown('broken', base);
    expect(await exists(directory.path)).toBe(false);
  });

  it('says which port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(8008, '127.0.230.2', resolve));
    try {
      const starting = labUp(options('broken', { network: '127.0.230' }), () => undefined);
      await expect(starting).rejects.toThrow(
        '127.0.230 must be free for the lab, and 127.0.230.2:8008 is in use.',
      );
    } finally {
      server.close();
    }
  });

  it.each([
    [
      { binaries: { haproxy: '/nowhere/haproxy' } },
      '--haproxy must name an executable file; /nowhere/haproxy is none.',
    ],
    [{ profile: 'slow' as 'fast' }, `profile: expected stock, fast or safe, found 'slow'.`],
    [{ maxConnections: 5 }, '--max-connections must be a whole number from 20 to 10000, found 5.'],
    [{ stateDir: '/proc/pgha' }, "The lab's state must be writable at /proc/pgha/labs/broken"],
  ])('says what is wrong with %j', async (wrong, message) => {
    await expect(labUp(options('broken', wrong), () => undefined)).rejects.toThrow(message);
  });
});

describe('a lab whose start was killed', () => {
  it('is in the way of another, and goes down', async () => {
    const directory = labDirectory('killed', base);
    const state = await interruptedState('killed');
    await createDirectory(directory, state);
    const { record } = await spawnDetached(
      {
        command: 'sleep',
        args: ['600'],
        cwd: '/',
        env: { PATH: '/usr/bin:/bin' },
        logFile: directory.log('etcd', 'n1'),
        user: null,
      },
      (started) => recordProcess(directory, { component: 'etcd', node: 'n1', ...started }),
    );
    expect(await readLab('killed', base)).toBeUndefined();
    expect((await labStatus('killed', base))?.phase).toBe('broken');
    await expect(labUp(options('killed'), () => undefined)).rejects.toThrow('There is already a lab killed.');
    await labDown('killed', base);
    expect(await alive([record])).toEqual([]);
    expect(await exists(directory.path)).toBe(false);
  });

  it('does not go down while somebody still starts it', async () => {
    const directory = labDirectory('killed', base);
    const starter = (await recordOf(process.pid)) ?? NOBODY;
    await createDirectory(directory, { ...(await interruptedState('killed')), starter });
    await expect(labDown('killed', base)).rejects.toThrow(`is being started by process ${process.pid}`);
    await expect(labUp(options('killed'), () => undefined)).rejects.toThrow('is already being started');
    await rm(directory.path, { recursive: true });
  });

  it('is no obstacle after a reboot, and its pids are not touched', async () => {
    const directory = labDirectory('killed', base);
    await createDirectory(directory, {
      ...(await interruptedState('killed')),
      phase: 'up',
      bootId: 'earlier',
    });
    const self = (await recordOf(process.pid)) ?? NOBODY;
    // Same pid and, by bad luck, same ticks since boot.
    recordProcess(directory, { component: 'etcd', node: 'n1', ...self });
    const interrupt = new AbortController();
    const lines: string[] = [];
    const starting = labUp(
      options('killed'),
      (line) => {
        lines.push(line);
        interrupt.abort();
      },
      interrupt.signal,
    );
    await expect(starting).rejects.toThrow('The start of the lab was interrupted.');
    expect(lines[0]).toMatch(/^starting lab killed/);
    expect(await exists(directory.path)).toBe(false);
  });
});

/** For what the cluster does in its own time. */
const PATIENCE = { timeout: 60_000, interval: 100 };

const NOBODY: ProcessRecord = { pid: 0x7fffffff, startTicks: 0 };

function options(name: string, differing: Partial<LabOptions> = {}): LabOptions {
  return { name, profile: 'stock', stateDir: base, ...differing };
}

/** A state as of a start whose process is gone. */
async function interruptedState(name: string): Promise<LabState> {
  const { binaries, versions } = await findBinaries({}, null);
  return {
    format: 1,
    name,
    profile: 'stock',
    network: '127.0.231',
    scope: `pgha-${name}`,
    clusterToken: 'token',
    maxConnections: 300,
    user: null,
    binaries,
    versions,
    passwords: { superuser: 's', replication: 'r', rewind: 'w', application: 'a' },
    bootId: await bootId(),
    phase: 'starting',
    starter: NOBODY,
  };
}

function ro(lab: Lab): Endpoint {
  const { ro: endpoint } = lab.target;
  if (endpoint === undefined) {
    throw new Error('a lab has a read-only endpoint');
  }
  return endpoint;
}

async function connect(lab: Lab, endpoint: Endpoint, password = lab.secrets.rwPassword): Promise<pg.Client> {
  const { host, port, user, database } = endpoint;
  const client = new pg.Client({ host, port, user, database, password, connectionTimeoutMillis: 5000 });
  await client.connect();
  return client;
}

async function query(
  lab: Lab,
  endpoint: Endpoint,
  sql: string,
  password?: string,
): Promise<Record<string, unknown>[]> {
  const client = await connect(lab, endpoint, password ?? lab.secrets.rwPassword);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Synchronous, since the lab goes on while a promise is awaited. */
function recordsIn(file: string): readonly ProcessRecord[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): ProcessRecord => JSON.parse(line));
}

async function processesOf(lab: Lab): Promise<readonly ProcessRecord[]> {
  const recorded = await readProcesses(lab.directory);
  return await alive([...recorded, ...(await descendantsOf(recorded))]);
}

async function expectNothingLeft(lab: Lab, processes: readonly ProcessRecord[]): Promise<void> {
  expect(await alive(processes)).toEqual([]);
  expect(await processesIn(lab.directory.path, [join(lab.state.binaries.pgBin, 'postgres')])).toEqual([]);
  expect(await exists(lab.directory.path)).toBe(false);
  const claim = await claimNetwork(lab.network);
  await claim.release();
}

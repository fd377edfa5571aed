import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoctorOptions, diagnoseTarget, type TargetDiagnosis } from '../api/doctor.js';
import { getEtcdMembers, getEtcdStatus } from '../cluster/etcd.js';
import { haproxyCommand } from '../cluster/haproxy.js';
import { request } from '../cluster/http.js';
import type { JsonObject } from '../cluster/json.js';
import { getCluster, patchConfig } from '../cluster/patroni.js';
import type { LabControl } from '../faults/lab-control.js';
import { labControl } from '../lab/control.js';
import { type Lab, labUp } from '../lab/lab.js';
import { profileOf } from '../lab/profiles.js';
import { type Address, directly, type Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { CommandLine } from './command.fixture.js';

/* One lab, and defects that are planted one at a time and taken back. */

const cli = new CommandLine();
const stateDir = cli.stateDirectory;
let lab: Lab;
let leader: string;
let replicas: readonly string[];
let superuser: pg.Client;
let control: LabControl;

beforeAll(async () => {
  lab = await labUp({ name: 'doctor', profile: 'fast', stateDir }, () => undefined);
  const { members } = await getCluster(lab.target.patroni[0] ?? '');
  leader = members.find(({ role }) => role === 'leader')?.name ?? '';
  replicas = members.map(({ name }) => name).filter((name) => name !== leader);
  superuser = await superuserOf(leader);
  control = labControl(lab);
});

afterAll(async () => {
  await closeClient(superuser);
  await cli.run(['lab', 'down', '--name', 'doctor']);
  cli.remove();
});

/** Ids of the checks that found something, sorted; the machine of the tests, its disks too, may be whatever it is. */
function foundBy({ findings }: TargetDiagnosis): readonly string[] {
  const ours = findings.filter(({ layer, check }) => layer !== 'host' && check !== 'etcd-disk');
  return [...new Set(ours.map(({ check }) => check))].sort();
}

/** Looks until exactly these checks find something: what is planted may take Patroni a loop. */
async function expectFound(checks: readonly string[], options: DoctorOptions = {}): Promise<TargetDiagnosis> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const diagnosis = await diagnoseTarget({ target: { lab: 'doctor', stateDir }, ...options });
    const found = foundBy(diagnosis);
    if (JSON.stringify(found) === JSON.stringify([...checks].sort()) || performance.now() > deadline) {
      expect(found, JSON.stringify(diagnosis.findings, null, 1)).toEqual([...checks].sort());
      return diagnosis;
    }
    await sleep(200);
  }
}

function nodeOf(name: string) {
  const node = lab.nodes.find((each) => each.name === name);
  if (node === undefined) {
    throw new Error(`there is no node ${name}`);
  }
  return node;
}

function superuserOf(name: string): Promise<pg.Client> {
  const { address, pgPort } = nodeOf(name);
  const { user, password } = lab.superuser;
  const endpoint: Endpoint = { host: address, port: pgPort, user, database: 'postgres', sslMode: 'disable' };
  return openClient(endpoint, password, 'test');
}

const password = () => lab.secrets.rwPassword ?? '';

function addressOf(name: string): Address {
  const { address, pgPort } = nodeOf(name);
  return { host: address, port: pgPort };
}

const sql = (statement: string) => superuser.query(statement);
/** How short a profile can be depends on the version of Patroni. */
const timing = () => profileOf('fast', lab.versions.patroni).patroni;
const config = (patch: JsonObject) => patchConfig(nodeOf(leader).apiUrl, patch);
const haproxy = (command: string) => haproxyCommand(lab.haproxy.socketPath, command);
const replica = () => replicas[0] ?? '';

async function onReplica(...statements: readonly string[]): Promise<void> {
  const client = await superuserOf(replica());
  try {
    for (const statement of statements) {
      await client.query(statement);
    }
  } finally {
    await closeClient(client);
  }
}

interface Defect {
  readonly name: string;
  /** All checks that find it. */
  readonly checks: readonly string[];
  readonly plant: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
  readonly options?: DoctorOptions;
}

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().replace('Z', '+00:00');

const DEFECTS: readonly Defect[] = [
  {
    name: 'a ttl that is too short for loop_wait and retry_timeout',
    checks: ['timing-rule'],
    plant: () => config({ loop_wait: timing().ttl - 2 * timing().retryTimeout + 1 }),
    undo: () => config({ loop_wait: timing().loopWait }),
  },
  {
    name: 'a paused cluster',
    checks: ['not-paused'],
    plant: () => config({ pause: true }),
    undo: () => config({ pause: null }),
  },
  {
    name: 'a scheduled switchover',
    checks: ['no-scheduled-change'],
    plant: () =>
      request(
        'POST',
        `${nodeOf(leader).apiUrl}/switchover`,
        {},
        { leader, candidate: replica(), scheduled_at: tomorrow() },
      ),
    undo: () => request('DELETE', `${nodeOf(leader).apiUrl}/switchover`, {}),
  },
  {
    name: 'a scheduled restart',
    checks: ['no-scheduled-change'],
    plant: () => request('POST', `${nodeOf(replica()).apiUrl}/restart`, {}, { schedule: tomorrow() }),
    undo: () => request('DELETE', `${nodeOf(replica()).apiUrl}/restart`, {}),
  },
  {
    name: 'a setting that waits for a restart',
    checks: ['pending-restart'],
    plant: () => config({ postgresql: { parameters: { max_prepared_transactions: 5 } } }),
    undo: () => config({ postgresql: { parameters: { max_prepared_transactions: null } } }),
  },
  {
    name: 'no pg_rewind',
    checks: ['uses-rewind'],
    plant: () => config({ postgresql: { use_pg_rewind: false } }),
    undo: () => config({ postgresql: { use_pg_rewind: true } }),
  },
  {
    name: 'full_page_writes off',
    checks: ['durable'],
    plant: () => config({ postgresql: { parameters: { full_page_writes: 'off' } } }),
    undo: () => config({ postgresql: { parameters: { full_page_writes: null } } }),
  },
  {
    name: 'a slot that nobody uses',
    checks: ['slots-used'],
    plant: () => config({ slots: { forgotten: { type: 'physical' } } }),
    undo: () => config({ slots: null }),
  },
  {
    name: 'synchronous mode that is not strict',
    checks: ['sync-strict'],
    plant: () => config({ synchronous_mode: true }),
    undo: () => config({ synchronous_mode: null }),
  },
  {
    name: 'a statement_timeout of our role',
    checks: ['load-timeouts'],
    plant: () => sql("ALTER ROLE pgha SET statement_timeout = '5s'"),
    undo: () => sql('ALTER ROLE pgha RESET statement_timeout'),
  },
  {
    name: 'synchronous_commit off in our database',
    checks: ['sync-commit'],
    plant: () => sql('ALTER DATABASE pgha SET synchronous_commit = off'),
    undo: () => sql('ALTER DATABASE pgha RESET synchronous_commit'),
  },
  {
    name: 'a role that may only read',
    checks: ['load-not-read-only'],
    plant: () => sql('ALTER ROLE pgha SET default_transaction_read_only = on'),
    undo: () => sql('ALTER ROLE pgha RESET default_transaction_read_only'),
  },
  {
    name: 'a log of each statement',
    checks: ['little-logging'],
    plant: () => sql("ALTER ROLE pgha SET log_statement = 'all'"),
    undo: () => sql('ALTER ROLE pgha RESET log_statement'),
  },
  {
    name: 'a role that may have few connections',
    checks: ['connections'],
    plant: () => sql('ALTER ROLE pgha CONNECTION LIMIT 20'),
    undo: () => sql('ALTER ROLE pgha CONNECTION LIMIT -1'),
  },
  {
    name: 'more clients than the nodes have connections, and HAProxy room',
    checks: ['connections', 'haproxy-room'],
    plant: async () => undefined,
    undo: async () => undefined,
    options: { clients: 1200 },
  },
  {
    name: 'synchronous_standby_names of their own',
    checks: ['sync-standbys'],
    plant: async () => {
      await sql(`ALTER SYSTEM SET synchronous_standby_names = '${replica()}'`);
      await sql('SELECT pg_reload_conf()');
    },
    undo: async () => {
      await sql('ALTER SYSTEM RESET synchronous_standby_names');
      await sql('SELECT pg_reload_conf()');
    },
  },
  {
    name: 'a setting of one node',
    checks: ['nodes-alike'],
    plant: () => onReplica("ALTER SYSTEM SET work_mem = '64MB'", 'SELECT pg_reload_conf()'),
    undo: () => onReplica('ALTER SYSTEM RESET work_mem', 'SELECT pg_reload_conf()'),
  },
  {
    name: 'replicas that delay their replay, which a written row shows, too',
    checks: ['replay-goes-on', 'write-probe'],
    options: { writeProbe: true },
    // What ALTER SYSTEM sets, or pg_wal_replay_pause() stops, Patroni takes back in its next loop.
    plant: () => config({ postgresql: { recovery_conf: { recovery_min_apply_delay: '1min' } } }),
    undo: () => config({ postgresql: { recovery_conf: null } }),
  },
  {
    name: 'pg_hba.conf without a line for replication',
    checks: ['hba-replication'],
    plant: async () => {
      hba = await readFile(hbaFile(), 'utf8');
      await writeFile(hbaFile(), hba.replaceAll(/^host replication .*$/gm, ''));
    },
    undo: () => writeFile(hbaFile(), hba),
  },
  {
    name: 'pg_hba.conf with a line that is wrong',
    checks: ['hba-replication'],
    plant: async () => {
      hba = await readFile(hbaFile(), 'utf8');
      await appendFile(hbaFile(), 'host all all nonsense/99 md5\n');
    },
    undo: () => writeFile(hbaFile(), hba),
  },
  {
    name: 'a stranger that receives WAL',
    checks: ['other-walsenders'],
    plant: async () => {
      const { address, pgPort } = nodeOf(leader);
      const directory = await mkdtemp(join(tmpdir(), 'pgha-wal-'));
      const words = ['-h', address, '-p', String(pgPort), '-U', 'replicator', '-D', directory, '-n'];
      child = spawn(join(lab.state.binaries.pgBin, 'pg_receivewal'), words, {
        env: { ...process.env, PGPASSWORD: lab.state.passwords.replication },
        stdio: 'ignore',
      });
      undoFiles = directory;
    },
    undo: async () => {
      await ended();
      await rm(undoFiles, { recursive: true });
    },
  },
  {
    name: 'replicas that nobody may replicate to',
    checks: ['replicas-stream'],
    plant: async () => {
      await sql('ALTER ROLE replicator NOLOGIN');
      await sql('SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
    },
    undo: () => sql('ALTER ROLE replicator LOGIN'),
  },
  {
    name: 'a server that was taken out of service',
    checks: ['haproxy-in-service'],
    plant: () => haproxy(`set server rw/${replica()} state maint`),
    undo: () => haproxy(`set server rw/${replica()} state ready`),
  },
  {
    name: 'a read-write port without a server',
    checks: ['haproxy-in-service', 'haproxy-rw', 'rw-is-leader'],
    plant: () => haproxy(`set server rw/${leader} state maint`),
    undo: () => haproxy(`set server rw/${leader} state ready`),
  },
  {
    name: 'a read-only port without a server',
    checks: ['haproxy-in-service', 'haproxy-ro'],
    plant: () => Promise.all(replicas.map((name) => haproxy(`set server ro/${name} state maint`))),
    undo: () => Promise.all(replicas.map((name) => haproxy(`set server ro/${name} state ready`))),
  },
  {
    name: 'a port that takes few connections',
    checks: ['haproxy-room'],
    plant: () => haproxy('set maxconn frontend rw 10'),
    undo: () => haproxy('set maxconn frontend rw 1125'),
  },
  {
    name: 'an alarm of etcd',
    checks: ['etcd-alarms'],
    plant: () => alarm('ACTIVATE'),
    undo: () => alarm('DEACTIVATE'),
  },
  {
    name: 'another scope with a member of ours',
    checks: ['etcd-clusters-apart'],
    plant: async () => {
      const value = { conn_url: `postgres://${nodeOf(replica()).address}:5432/postgres` };
      await etcd('/v3/kv/put', { key: base64(OTHER), value: base64(JSON.stringify(value)) });
    },
    undo: () => etcd('/v3/kv/deleterange', { key: base64(OTHER) }),
  },
  {
    name: 'replicas that must not lead',
    checks: ['failover-candidate'],
    plant: () => tagReplicas('tags:\n  nofailover: true\n'),
    undo: () => tagReplicas(''),
  },
  {
    name: 'an old HAProxy with a session',
    checks: ['haproxy-one-process'],
    plant: async () => {
      session = await openClient(lab.target.rw, lab.secrets.rwPassword, 'test');
      await control.reloadHaproxy();
    },
    undo: () => closeClient(session),
  },
  {
    name: 'a member of etcd that hangs',
    checks: ['etcd-healthy'],
    plant: async () => {
      frozen = await etcdFollower();
      await control.freeze(frozen, ['etcd']);
    },
    undo: () => control.thaw(frozen, ['etcd']),
  },
  {
    name: 'a Patroni that hangs',
    checks: ['members-answer'],
    plant: async () => {
      frozen = replica();
      await control.freeze(frozen, ['patroni']);
    },
    undo: () => control.thaw(frozen, ['patroni']),
  },
];

let hba = '';
const hbaFile = () => join(nodeOf(leader).dataDirectory, 'pg_hba.conf');

let session: pg.Client;

/** Patroni reads its file again in its next loop. */
async function tagReplicas(tags: string): Promise<void> {
  for (const name of replicas) {
    const file = lab.directory.patroniConfig(name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.replace(/^tags:\n( {2}.*\n)*/m, '')}${tags}`);
    await request('POST', `${nodeOf(name).apiUrl}/reload`, {});
  }
}

let child: ChildProcess | null = null;
let undoFiles = '';
let frozen = '';

const OTHER = '/service/other/members/x1';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const etcd = (path: string, body: JsonObject) =>
  request('POST', `${nodeOf(leader).etcdUrl}${path}`, {}, body);

async function alarm(action: 'ACTIVATE' | 'DEACTIVATE'): Promise<void> {
  const { id } = await getEtcdStatus(nodeOf(leader).etcdUrl);
  await etcd('/v3/maintenance/alarm', { action, memberID: id, alarm: 'NOSPACE' });
}

async function etcdFollower(): Promise<string> {
  const { etcdUrl } = nodeOf(leader);
  const { leaderId } = await getEtcdStatus(etcdUrl);
  const members = await getEtcdMembers(etcdUrl);
  return members.find(({ id, name }) => id !== leaderId && name !== leader)?.name ?? '';
}

async function ended(): Promise<void> {
  if (child !== null) {
    const exit = new Promise((resolve) => child?.on('exit', resolve));
    child.kill('SIGKILL');
    await exit;
    child = null;
  }
}

describe('a healthy lab', () => {
  it('has nothing that is found', async () => {
    const ended = await cli.run(['doctor', '--lab', 'doctor', '--write-probe']);
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toMatch(/A row was acknowledged after/);
    expect(ended.code).toBe(0);
    expect(await probeTables()).toBe(0);
    const diagnosis = await expectFound([], { writeProbe: true });
    const skipped = diagnosis.checks.filter(({ outcome }) => outcome === 'skipped');
    expect(skipped).toEqual([]);
  });
});

/** Tables of the write probe, on the leader. */
async function probeTables(): Promise<number | null> {
  const { user, database } = lab.target.rw;
  const client = await openClient(
    { ...directly(lab.target.rw, addressOf(leader)), user, database },
    password(),
    'test',
  );
  try {
    const { rowCount } = await client.query("SELECT FROM pg_class WHERE relname LIKE 'pgha_bench_doctor%'");
    return rowCount;
  } finally {
    await closeClient(client);
  }
}

describe('a write that nobody acknowledges', () => {
  const waitForNobody = async () => {
    await sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await sql('SELECT pg_reload_conf()');
    while (
      (await sql('SHOW synchronous_standby_names')).rows[0]?.['synchronous_standby_names'] !== 'nobody'
    ) {
      await sleep(20);
    }
  };
  const waitForWhoIsThere = async () => {
    await sql('ALTER SYSTEM RESET synchronous_standby_names');
    await sql('SELECT pg_reload_conf()');
  };

  it('is found, and its table is dropped all the same', async () => {
    await waitForNobody();
    try {
      const { findings, writeProbe } = await expectFound(['sync-standbys', 'write-probe'], {
        writeProbe: true,
      });
      expect(findings.find(({ check }) => check === 'write-probe')).toMatchObject({
        severity: 'refuse',
        found: 'A write through rw is not acknowledged: no answer within 5 s.',
      });
      expect(writeProbe).toBeNull();
      expect(await probeTables()).toBe(0);
    } finally {
      await waitForWhoIsThere();
    }
  });

  it('leaves no table behind when it is interrupted', async () => {
    await waitForNobody();
    try {
      const running = cli.start(['doctor', '--lab', 'doctor', '--write-probe']);
      const waits =
        "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE 'INSERT INTO pgha_bench_doctor%'";
      while ((await sql(waits)).rowCount === 0) {
        await sleep(20);
      }
      running.kill('SIGINT');
      const ended = await running.ended;
      expect(ended.stdout).toContain('synchronous_standby_names');
      expect(ended.stdout).not.toContain('not acknowledged');
      expect(ended.code).toBe(130);
      expect(await probeTables()).toBe(0);
    } finally {
      await waitForWhoIsThere();
    }
  });
});

describe('a lab with one defect', () => {
  it.each(DEFECTS)('$name', async ({ checks, plant, undo, options }) => {
    await plant();
    try {
      await expectFound(checks, options);
    } finally {
      await undo();
    }
  });
});

describe('a run', () => {
  const words = ['run', '-f', 'one.sql', '--lab', 'doctor', '--fault', 'none', '-t', '1', '--probes', 'off'];

  it('does not begin where it would mislead, unless it is told to', async () => {
    await writeFile(join(cli.directory, 'one.sql'), 'SELECT 1;\n');
    const url = nodeOf(replica()).apiUrl;
    await request('POST', `${url}/restart`, {}, { schedule: tomorrow() });
    try {
      const refused = await cli.run(words);
      expect(refused.stderr.trimEnd().split('\n').at(-1)).toBe(
        `pgha-bench: A restart of ${replica()} is scheduled. patronictl flush SCOPE ${replica()} restart. 'pgha-bench doctor' says more (no-scheduled-change); --doctor off runs all the same.`,
      );
      expect(refused.code).toBe(2);
      await cli.succeed([...words, '--doctor', 'off']);
    } finally {
      await request('DELETE', `${url}/restart`, {});
    }
  });
});

describe('a target that is given wrongly', () => {
  const uri = (port: number) =>
    `postgresql://pgha:${password()}@${lab.haproxy.address}:${port}/pgha?sslmode=disable`;

  it('has its read-only endpoint at the primary', async () => {
    const target = { lab: 'doctor', stateDir, rw: uri(lab.haproxy.rwPort), ro: uri(lab.haproxy.rwPort) };
    await expectFound(['ro-is-standby'], { target });
  });

  it('has its read-write endpoint at a replica', async () => {
    const target = { lab: 'doctor', stateDir, rw: uri(lab.haproxy.roPort) };
    await expectFound(['rw-is-leader'], { target });
  });

  it('has the wrong password, which no message repeats', async () => {
    const target = {
      rw: uri(lab.haproxy.rwPort).replace(password(), 'hunter2'),
      patroni: nodeOf(leader).apiUrl,
    };
    const { findings } = await expectFound(['rw-is-leader'], { target });
    expect(findings[0]?.found).toContain('password authentication failed');
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  it('is nothing at all', async () => {
    const ended = await cli.run(['doctor', '--rw', 'postgresql://x@127.0.0.1:1/x?sslmode=disable']);
    expect(ended.stderr).toBe(
      'pgha-bench: Nothing of the target answers: No server listens on 127.0.0.1:1. Check the address, or start the server.\n',
    );
    expect(ended.code).toBe(2);
  });
});

/** Each as a HAProxy of its own before the same lab, given by its addresses. */
const PROXIES: readonly {
  readonly name: string;
  readonly checks: readonly string[];
  readonly config: () => string;
  /** Whether any of it refuses a run; not looked at when absent. */
  readonly refuses?: boolean;
  /** Of it, that the load comes by; absent where that is the lab's own HAProxy. */
  readonly port?: number;
}[] = [
  {
    name: 'asks another Patroni than that of the server',
    checks: ['haproxy-check-port', 'haproxy-rw'],
    config: () => listeners('OPTIONS', (index) => lab.nodes[(index + 1) % 3]?.address ?? ''),
  },
  {
    name: 'asks only whether a port is open',
    checks: ['haproxy-asks-role', 'haproxy-rw'],
    config: () => listeners('', (index) => lab.nodes[index]?.address ?? ''),
  },
  // By their names, two are for writes; a connection of ours is seen at one of them.
  ...[
    { name: 'has proxies that the load does not come by, which refuse nothing', port: 6000, refuses: false },
    { name: 'has among several one that the load comes by, which refuses', port: 6004, refuses: true },
  ].map((each) => ({ ...each, checks: ['haproxy-asks-role', 'haproxy-ro'], config: severalProxies })),
  {
    name: 'has no server for a member',
    checks: ['haproxy-servers'],
    config: () =>
      listeners('OPTIONS', (index) => lab.nodes[index]?.address ?? '').replaceAll(
        new RegExp(`^.*server ${replica()} .*$`, 'gm'),
        '',
      ),
  },
  {
    name: 'lets in the hundred clients of the sample',
    checks: ['haproxy-room'],
    config: () =>
      listeners('OPTIONS', (index) => lab.nodes[index]?.address ?? '').replace('maxconn 2000', 'maxconn 100'),
  },
];

describe('a HAProxy that', () => {
  it.each(PROXIES)('$name', async ({ checks, config: configOf, refuses, port = lab.haproxy.rwPort }) => {
    const directory = await mkdtemp(join(tmpdir(), 'pgha-proxy-'));
    const socket = join(directory, 'sock');
    await writeFile(join(directory, 'haproxy.cfg'), configOf().replace('SOCKET', socket));
    child = spawn(lab.state.binaries.haproxy, ['-db', '-f', join(directory, 'haproxy.cfg')], {
      stdio: 'ignore',
    });
    try {
      const { user, database } = lab.target.rw;
      const at = `${lab.haproxy.address}:${port}`;
      const target = {
        rw: `postgresql://${user}:${lab.secrets.rwPassword}@${at}/${database}?sslmode=disable`,
        patroni: nodeOf(leader).apiUrl,
        etcd: lab.target.etcd ?? [],
        haproxy: socket,
      };
      const { findings } = await expectFound(checks, { target, clients: 100 });
      if (refuses !== undefined) {
        expect(findings.some(({ severity }) => severity === 'refuse')).toBe(refuses);
      }
    } finally {
      await ended();
      await rm(directory, { recursive: true });
    }
  });
});

/** @param check method of the question for the role; none: only whether the port is open */
function listener(
  name: string,
  port: number,
  check: string,
  path: string,
  addressOf: (index: number) => string,
): string {
  return `
listen ${name}
  bind ${lab.haproxy.address}:${port}
  ${check === '' ? '' : `option httpchk ${check} ${path}\n  http-check expect status 200`}
  default-server inter 200ms fall 1 rise 1
${lab.nodes.map(({ name: server, address }, index) => `  server ${server} ${address}:5432 check addr ${addressOf(index)} port 8008`).join('\n')}
`;
}

function listeners(check: string, addressOf: (index: number) => string): string {
  return `global
  maxconn 2000
  no strict-limits
  stats socket SOCKET mode 600 level admin
defaults
  mode tcp
  timeout connect 1s
  timeout client 1m
  timeout server 1m
${listener('rw', 6000, check, '/primary', addressOf)}${listener('ro', 6001, check, '/replica', addressOf)}`;
}

function severalProxies(): string {
  const own = (index: number) => lab.nodes[index]?.address ?? '';
  const open = lab.nodes.map(
    ({ name, address }) => `  server ${name} ${address}:5432 check port ${name === leader ? 8008 : 1}`,
  );
  const etcds = lab.nodes.map(({ name, address }) => `  server ${name} ${address}:2379 check`);
  const bind = (port: number) => `  bind ${lab.haproxy.address}:${port}`;
  return [
    listeners('OPTIONS', own),
    listener('replicas_sync', 6002, 'OPTIONS', '/sync', own),
    listener('standbys', 6003, 'OPTIONS', '/sync', own),
    ['listen master', bind(6004), ...open].join('\n'),
    ['listen etcd', bind(6005), ...etcds].join('\n'),
    ['listen direct', bind(6006), `  server n1 ${own(0)}:5432 check`, ''].join('\n'),
  ].join('\n');
}

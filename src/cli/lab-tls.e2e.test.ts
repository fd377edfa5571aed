import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterAccess } from '../cluster/access.js';
import { getEtcdStatus } from '../cluster/etcd.js';
import { getHaproxyStats } from '../cluster/haproxy.js';
import { getHealth } from '../cluster/health.js';
import type { HttpAccess } from '../cluster/http.js';
import { deleteRestart, getCluster } from '../cluster/patroni.js';
import type { Diagnosis } from '../doctor/finding.js';
import { NODE_COMPONENTS } from '../faults/lab-control.js';
import { labControl } from '../lab/control.js';
import { type Lab, labDown, readLab } from '../lab/lab.js';
import { writePatroniConfig } from '../lab/patroni.js';
import { LabDirectory, type LabState } from '../lab/state.js';
import type { Endpoint } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { BIN, CommandLine } from './command.fixture.js';

/* A lab with TLS everywhere takes what one without takes, and lets nobody in without. */

const cli = new CommandLine();
let lab: Lab;

beforeAll(async () => {
  await cli.succeed(['lab', 'up', '--tls', '--profile', 'fast', '--name', 'tls']);
  const found = await readLab('tls', cli.stateDirectory);
  if (found === undefined) {
    throw new Error('the lab is not up');
  }
  lab = found;
});

afterAll(async () => {
  await labDown('tls', cli.stateDirectory);
  cli.remove();
});

const SERVICES = ['patroni', 'etcd', 'haproxy'] as const;
type Service = (typeof SERVICES)[number];

/** Where each service of the lab is, as the target says. */
function urlOf(service: Service): string {
  const { patroni, etcd, haproxy } = lab.target;
  const url = { patroni: patroni[0], etcd: etcd?.[0], haproxy: haproxy?.kind === 'url' ? haproxy.url : null };
  return url[service] ?? '';
}

/** What the lab gives to reach it. */
function accessOf(service: Service): HttpAccess {
  return clusterAccess(lab.target, lab.secrets)[service];
}

function ask(service: Service, access: HttpAccess, url = urlOf(service)): Promise<unknown> {
  switch (service) {
    case 'patroni':
      return getCluster(url, access);
    case 'etcd':
      return getEtcdStatus(url, access);
    case 'haproxy':
      return getHaproxyStats({ kind: 'url', url }, access);
  }
}

/** OpenSSL's words for a certificate whose authority is not known. */
const UNTRUSTED = /self.signed certificate|unable to (verify|get)/;

async function connect(endpoint: Endpoint, password = lab.secrets.rwPassword): Promise<void> {
  await closeClient(await openClient(endpoint, password, 'test'));
}

describe('without TLS', () => {
  it('PostgreSQL lets nobody in, neither itself nor through HAProxy', async () => {
    const direct = { ...lab.target.rw, host: lab.nodes[0]?.address ?? '', port: 5432 };
    for (const endpoint of [lab.target.rw, lab.target.ro ?? lab.target.rw, direct]) {
      await expect(connect({ ...endpoint, sslMode: 'disable' })).rejects.toThrow(/no encryption/);
    }
    const { endpoint, password } = labControl(lab).superuser('n1');
    await expect(connect({ ...endpoint, sslMode: 'disable' }, password)).rejects.toThrow(/no encryption/);
  });

  it.each(SERVICES)('%s answers nothing', async (service) => {
    const url = urlOf(service).replace('https:', 'http:');
    await expect(ask(service, accessOf(service), url)).rejects.toThrow(
      /closed without a reply|socket hang up/,
    );
  });
});

describe('with TLS', () => {
  it('whoever has what it takes is answered', async () => {
    for (const service of SERVICES) {
      expect(urlOf(service), service).toMatch(/^https:/);
      await expect(ask(service, accessOf(service)), service).resolves.toBeDefined();
    }
    await expect(connect(lab.target.rw)).resolves.toBeUndefined();
  });

  it.each(['patroni', 'etcd'] as const)('%s answers nobody without a client certificate', async (service) => {
    const { certFile: _, keyFile: __, ...unknown } = accessOf(service).tls ?? {};
    await expect(ask(service, { ...accessOf(service), tls: unknown })).rejects.toThrow(
      /certificate required|bad certificate/,
    );
  });

  it.each(SERVICES)('%s is not believed without the authority', async (service) => {
    const { caFile: _, ...untrusting } = accessOf(service).tls ?? {};
    await expect(ask(service, { ...accessOf(service), tls: untrusting })).rejects.toThrow(UNTRUSTED);
  });

  it('PostgreSQL is not believed without the authority', async () => {
    const { tlsFiles: _, ...untrusting } = lab.target.rw;
    await expect(connect(untrusting)).rejects.toThrow(UNTRUSTED);
  });

  it('Patroni lets nobody change anything without the password, and HAProxy shows nothing', async () => {
    const { basicAuth: _, ...unnamed } = accessOf('patroni');
    expect((await deleteRestart(urlOf('patroni'), unnamed)).status).toBe(401);
    expect((await deleteRestart(urlOf('patroni'), accessOf('patroni'))).status).toBe(404);
    const { basicAuth: __, ...visitor } = accessOf('haproxy');
    await expect(ask('haproxy', visitor)).rejects.toThrow('answered 401');
  });

  it('replicas stream encrypted', async () => {
    const { endpoint, password } = labControl(lab).superuser('n1');
    const client = await openClient(endpoint, password, 'test');
    const { rows } = await client
      .query('SELECT application_name AS name, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)')
      .finally(() => closeClient(client));
    expect(rows).toHaveLength(2);
    expect(rows.map(({ ssl }) => ssl)).toEqual([true, true]);
  });

  it('the shell gets what psql and patronictl need', async () => {
    const { stdout } = await cli.succeed(['lab', 'status', '--name', 'tls']);
    expect(stdout).toContain('profile fast, with TLS');
    expect(stdout).toContain('rw to n1, ro to n2 n3');
    const script = [
      `eval "$('${process.execPath}' '${BIN}' lab env --name tls)"`,
      "psql -XAtc 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'",
      'patronictl list --format tsv',
    ];
    const env = { ...process.env, PGHA_BENCH_STATE: cli.stateDirectory };
    const shell = await promisify(execFile)('/bin/sh', ['-c', script.join('\n')], { env });
    expect(shell.stdout).toMatch(/^t\n/);
    expect(shell.stdout.match(/^\S+\tn\d\t/gm)).toHaveLength(3);
  });
});

describe('the files', () => {
  it("pass HAProxy's own check", async () => {
    const { haproxy } = lab.state.binaries;
    await expect(
      promisify(execFile)(haproxy, ['-c', '-f', lab.directory.haproxyConfig]),
    ).resolves.toBeDefined();
  });

  it("have nothing more for Patroni's own check to say than those without TLS", async () => {
    // On a network where nothing listens; the check looks for that.
    const secure: LabState = { ...lab.state, network: '127.0.254', user: null };
    const { tls: _, ...plain } = secure;
    const said = [];
    for (const [name, state] of Object.entries({ plain, secure })) {
      const directory = new LabDirectory(join(cli.directory, name));
      await mkdir(directory.node('n1'), { recursive: true });
      await writePatroniConfig(directory, state, 'n1');
      const args = ['--validate-config', directory.patroniConfig('n1')];
      const check = promisify(execFile)(lab.state.binaries.patroni, args);
      said.push(await check.catch((error: { stdout: string; stderr: string }) => error));
    }
    const [ofPlain, ofSecure] = said.map(({ stdout, stderr }) => stdout + stderr);
    expect(ofSecure).toBe(ofPlain);
  });
});

describe('a doctor', () => {
  beforeAll(async () => {
    await cli.succeed(['init', 'tpcb', '--lab', 'tls']);
  });

  it('finds nothing, and can look at everything but what only a socket tells', async () => {
    const { stdout } = await cli.succeed(['doctor', '--lab', 'tls', '--write-probe', '--format', 'json']);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    // What is the machine's, whoever else uses it, is no matter of TLS.
    const ofMachine = ({ check, layer }: { check: string; layer: string }) =>
      layer === 'host' || layer === 'generator' || check === 'etcd-disk';
    expect(diagnosis.findings.filter((finding) => !ofMachine(finding))).toEqual([]);
    const skipped = diagnosis.checks.filter((each) => each.outcome === 'skipped' && !ofMachine(each));
    expect(skipped.map(({ check }) => check)).toEqual(['haproxy-check-port']);
  });
});

describe('tpcb through a switchover', () => {
  beforeAll(async () => {
    await cli.succeed([
      ...['run', 'tpcb', '--lab', 'tls', '--clients', '8', '--duration', '14s'],
      ...['--fault', 'switchover@4s', '--out', 'out'],
    ]);
  });

  it('has its downtime, and an audit of all three servers', async () => {
    const result = await cli.result('out');
    expect(result.faults).toMatchObject([{ kind: 'switchover', failure: null }]);
    const downtime = result.analysis.rounds[0]?.writeDowntime;
    expect(downtime?.outage).toBe(true);
    expect(downtime?.toMs).toEqual(expect.any(Number));
    const { commits } = result;
    expect(commits).toMatchObject({ losses: [], missing: [] });
    expect(commits?.primary?.ackedPresent).toBeGreaterThan(0);
    expect(commits?.primary).toMatchObject({ ackedLost: 0, ghosts: 0, unexpected: 0 });
    expect(commits?.replicas.map(({ same }) => same)).toEqual([true, true]);
  });

  it('is watched in every layer', async () => {
    const result = await cli.result('out');
    expect(result.observed.observers.map(({ layer, watched }) => [layer, watched]).toSorted()).toEqual([
      ['etcd', true],
      ['haproxy', true],
      ['patroni', true],
      ['postgres', true],
    ]);
    const layers = new Set(result.events.map(({ layer }) => layer));
    expect([...layers]).toEqual(expect.arrayContaining(['etcd', 'haproxy', 'patroni', 'postgres']));
    expect(result.notes.filter((note) => /could not|did not answer|refused|certificate/.test(note))).toEqual(
      [],
    );
    expect(result.cluster.patroni).toBe(lab.versions.patroni);
    expect(result.cluster.haproxy).toContain(lab.versions.haproxy);
    expect(result.cluster.settings['patroni.ttl']).toEqual(expect.any(Number));
  });

  it('leaves no secret in the folder of the result', async () => {
    const { passwords, tls } = lab.state;
    const keys = (await readdir(lab.directory.tls)).filter((name) => name.endsWith('.key'));
    const bodies = await Promise.all(
      keys.map(async (name) => (await readFile(join(lab.directory.tls, name), 'utf8')).split('\n')[1] ?? ''),
    );
    const secrets = [...Object.values(passwords), ...Object.values(tls ?? {}), ...bodies];
    expect(secrets.length).toBeGreaterThan(10);
    const folder = join(cli.directory, 'out');
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const text = await readFile(join(file.parentPath, file.name), 'latin1');
      for (const secret of secrets) {
        expect(secret).not.toBe('');
        expect(text.includes(secret), file.name).toBe(false);
      }
    }
  });
});

it('a node that is killed comes back, rewound and streaming', async () => {
  const { patroni } = clusterAccess(lab.target, lab.secrets);
  const leaderNow = async () => {
    const { members } = await getCluster(control.apiUrl(witness), patroni);
    return members.find(({ role }) => role === 'leader')?.name ?? '';
  };
  const control = labControl(lab);
  const before = await getHealth(lab.target.patroni, patroni, 3);
  const [leader, witness] = before.healthy ? [before.leader.name, before.replicas[0]?.name ?? ''] : ['', ''];
  await control.kill(leader, NODE_COMPONENTS);
  await expect.poll(leaderNow, PATIENCE).not.toMatch(new RegExp(`^(${leader})?$`));
  await control.start(leader, NODE_COMPONENTS);
  await expect
    .poll(async () => (await getHealth(lab.target.patroni, patroni, 3)).healthy, PATIENCE)
    .toBe(true);
});

const PATIENCE = { timeout: 60_000, interval: 200 };

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../cli/command.fixture.js';
import { getEtcdStatus, isEtcdHealthy } from '../cluster/etcd.js';
import { getHaproxyStats } from '../cluster/haproxy.js';
import { getHealth } from '../cluster/health.js';
import { getCluster, getConfig, isLeader, requestPatch } from '../cluster/patroni.js';
import { findBinaries } from '../lab/binaries.js';
import { claimNetwork, type NetworkClaim } from '../lab/network.js';
import { APPLICATION, missingRead, missingWrite } from '../lab/postgres.js';
import { labUser } from '../lab/user.js';
import type { Endpoint } from '../plan/target.js';
import { parseTopology } from './read-topology.js';
import { environmentOf, RenderedLab, unitProblems } from './rendered-lab.fixture.js';
import { topologySettings } from './topology.js';

const HOSTS = ['pg1', 'pg2', 'pg3'] as const;

let cli: CommandLine;
let lab: RenderedLab;
/** Held to the end: a lab that starts meanwhile must not take it. */
let claim: NetworkClaim;
let network: string;
let text: string;
let programs: Awaited<ReturnType<typeof findBinaries>>;
let passwords: Readonly<Record<string, string>>;

beforeAll(async () => {
  cli = new CommandLine();
  const user = await labUser();
  programs = await findBinaries({}, user);
  claim = await claimNetwork();
  network = claim.network;
  // In the directory where labs are: the hosts' user gets in there.
  const directory = join(cli.stateDirectory, 'shop');
  text = topology(directory, user?.name ?? (process.env['USER'] || 'postgres'));
  await writeFile(join(cli.directory, 'shop.yaml'), text);
  await cli.succeed(['cluster', 'render', 'shop.yaml', '--out', directory]);
  passwords = environmentOf(await readFile(join(directory, 'passwords.env'), 'utf8'));
  const major = programs.versions.postgres.split('.')[0];
  const data = `/var/lib/postgresql/${major}/shop`;
  lab = new RenderedLab(directory, [...HOSTS, 'lb1'], programs.binaries, user, data);
  await lab.settle([
    '/var/lib/etcd',
    `/var/lib/postgresql/${major}`,
    '/var/log/postgresql',
    '/var/run/postgresql',
    '/var/lib/patroni',
    '/run/haproxy',
  ]);
});

afterAll(async () => {
  await lab?.stop().finally(() => cli.remove());
  await claim?.release();
});

describe('what cluster render writes', () => {
  it('has units that systemd understands', async () => {
    const problems = await unitProblems(lab.path('pg1', '/etc/systemd/system/patroni.service'));
    expect(problems?.split('\n').filter((line) => line.includes('patroni.service')) ?? []).toEqual([]);
  });

  it('starts etcd from its environment, and is valid for Patroni and HAProxy', async () => {
    await Promise.all(HOSTS.map((host) => lab.startEtcd(host)));
    await lab.until('etcd serves', async () => {
      for (const host of HOSTS) {
        const url = `http://${addressOf(host)}:2379`;
        if ((await getEtcdStatus(url)).leaderId === null || !(await isEtcdHealthy(url))) {
          return `${host} is not healthy`;
        }
      }
      return null;
    });
    for (const host of HOSTS) {
      const config = lab.path(host, '/etc/patroni/config.yml');
      const said = await lab.ask(programs.binaries.patroni, ['--validate-config', config]);
      expect(problemsOf(said.text)).toEqual([]);
    }
    const said = await lab.ask(programs.binaries.haproxy, [
      '-c',
      '-f',
      lab.path('lb1', '/etc/haproxy/haproxy.cfg'),
    ]);
    expect(said.code, said.text).toBe(0);
  });

  it('starts a cluster that serves writes and reads', async () => {
    await lab.startPatroni('pg1');
    await lab.until('pg1 leads', async () => ((await isLeader(api('pg1'))) ? null : 'it does not'));
    await lab.startPatroni('pg2');
    await lab.startPatroni('pg3');
    await lab.startHaproxy('lb1');
    const sql = await readFile(lab.path('pg1', '/application.sql'), 'utf8');
    const psql = ['-X', '-h', lab.path('pg1', '/var/run/postgresql'), '-d', 'postgres', '-f', '-'];
    await lab.until('the role is made', async () => {
      const said = await lab.ask(join(programs.binaries.pgBin, 'psql'), psql, sql);
      return said.code === 0 ? null : said.text;
    });
    await lab.until('replicas stream', async () => {
      const health = await getHealth(HOSTS.map(api), {}, HOSTS.length);
      return health.healthy ? null : health.reason;
    });
    const password = passwords['PGHA_BENCH_PASSWORD'] ?? '';
    await lab.until('a write commits', () => missingWrite(endpoint(5000), password));
    await lab.until('a replica serves', () => missingRead(endpoint(5001), password));
  });

  it('runs with the settings of the topology', async () => {
    const wanted = topologySettings(parseTopology(text, 'shop.yaml'));
    const config = await getConfig(api('pg1'));
    expect(config).toMatchObject({
      ttl: wanted['patroni.ttl'],
      loop_wait: wanted['patroni.loop_wait'],
      synchronous_mode: wanted['patroni.synchronous_mode'],
      failsafe_mode: true,
    });
    await lab.until('a standby is synchronous', async () => {
      const { members } = await getCluster(api('pg1'));
      return members.some(({ role }) => /^(sync|quorum)_standby$/.test(role)) ? null : 'none is';
    });
  });

  it('is a target that the tool finds its way to', async () => {
    const config = lab.path('.', 'pgha-bench.yaml');
    const said = await cli.run(['init', 'tpcb', '--scale', '1'], {
      ...passwords,
      PGHA_BENCH_TARGET_FILE: config,
    });
    expect(said.code, said.stderr).toBe(0);
  });

  it('asks for passwords', async () => {
    const refused = await requestPatch(api('pg1'), { ttl: 40 });
    expect(refused.status).toBe(401);
    const url = `http://${addressOf('lb1')}:7000/;csv`;
    await expect(getHaproxyStats({ kind: 'url', url })).rejects.toThrow();
    const user = { user: 'stats', password: passwords['PGHA_BENCH_HAPROXY_PASSWORD'] ?? '' };
    const lines = await getHaproxyStats({ kind: 'url', url }, { basicAuth: user });
    expect(lines.some(({ proxy, server }) => proxy === 'rw' && server === 'pg1')).toBe(true);
  });
});

/** The profile with all that differs from a lab, but with short loops, for the test's sake; a watchdog would be the machine's. */
function topology(directory: string, user: string): string {
  const { versions, binaries } = programs;
  return `name: shop
profile: safe
postgres: ${versions.postgres.split('.')[0]}
patroni: ${versions.patroni}
user: ${user}
memory: 512MB
hosts: { pg1: ${network}.1, pg2: ${network}.2, pg3: ${network}.3 }
haproxy: { lb1: ${network}.4 }
# Whatever address is connected to, the kernel lets it come from 127.0.0.1.
network: 127.0.0.0/8
directories:
  prefix: ${directory}/{host}
  postgres_bin: ${binaries.pgBin}
settings: { patroni.ttl: 20, patroni.loop_wait: 1, patroni.retry_timeout: 3, watchdog.mode: off }
`;
}

/** Patroni 3.0 demands a pg_hba below bootstrap, which it does not use when there is one below postgresql. */
function problemsOf(said: string): readonly string[] {
  return said
    .split('\n')
    .filter((line) => line.trim() !== '' && line !== 'bootstrap.pg_hba  is not defined.');
}

function addressOf(host: string): string {
  return `${network}.${host === 'lb1' ? 4 : host.slice(-1)}`;
}

function api(host: string): string {
  return `http://${addressOf(host)}:8008`;
}

function endpoint(port: number): Endpoint {
  return {
    host: addressOf('lb1'),
    port,
    user: APPLICATION,
    database: APPLICATION,
    sslMode: 'disable',
  };
}

import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { diagnoseFiles } from '../../api/doctor-files.js';
import { profileOf } from '../../lab/profiles.js';
import { etcdSettings } from '../../lab/templates/etcd.js';
import { haproxyConfig } from '../../lab/templates/haproxy.js';
import { patroniConfig } from '../../lab/templates/patroni.js';
import { type Files, optionsOf, written } from './good-set.fixture.js';

const NAMES = ['n1', 'n2', 'n3'] as const;

/** As a lab writes them, for hosts of a network of one's own. */
function labFiles(network: string, profile: 'stock' | 'fast', version: string): Files {
  const members = NAMES.map((name, index) => ({ name, host: `${network}.${index + 1}` }));
  const timing = profileOf(profile, version);
  const files: Record<string, string> = {};
  for (const { name, host } of members) {
    files[`${name}/patroni.yml`] = patroniConfig({
      scope: 'pgha-a',
      name,
      host,
      apiPort: 8008,
      pgPort: 5432,
      etcdHosts: members.map((member) => `${member.host}:2379`),
      binDir: '/usr/lib/postgresql/15/bin',
      dataDir: '/state/data',
      socketDir: '/var/run/postgresql',
      passFile: '/state/pgpass',
      log: { directory: '/state/logs', fileName: `${name}.log` },
      clientNetwork: `${network}.0/24`,
      timing: timing.patroni,
      parameters: { max_connections: 300, shared_buffers: '256MB' },
      users: {
        superuser: { user: 'postgres', password: 'n2Lw0fTz' },
        replication: { user: 'replicator', password: 'Vb71kSpq' },
        rewind: { user: 'rewind', password: 'u9GdXe44' },
      },
    });
    const settings = etcdSettings({
      name,
      host,
      clientPort: 2379,
      peerPort: 2380,
      dataDir: '/state/etcd',
      token: 'pgha-a-1',
      members,
    });
    files[`${name}/etcd`] = Object.entries(settings)
      .map(([key, value]) => `ETCD_${key.toUpperCase().replaceAll('-', '_')}="${value}"\n`)
      .join('');
  }
  files['haproxy.cfg'] = haproxyConfig({
    host: `${network}.4`,
    rwPort: 5000,
    roPort: 5001,
    statsPort: 7000,
    socketPath: "/state/it's/haproxy.sock",
    servers: members.map((member) => ({ ...member, port: 5432, apiPort: 8008 })),
    connections: 900,
    timing: timing.haproxy,
  });
  return files;
}

async function findingsOf(files: Files) {
  const directory = await written(files);
  try {
    return (await diagnoseFiles(optionsOf(files, directory))).findings;
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('the files of a lab', () => {
  it.each([
    ['stock', '3.0.2'],
    ['stock', '4.1.4'],
    ['fast', '4.1.4'],
  ] as const)('%s of Patroni %s have nothing wrong on loopback', async (profile, version) => {
    expect(await findingsOf(labFiles('127.0.2', profile, version))).toEqual([]);
  });

  it('have an API and statistics for everybody where there is a network', async () => {
    const findings = await findingsOf(labFiles('10.0.0', 'stock', '3.0.2'));
    expect(findings.map(({ check }) => check)).toEqual(['file-restapi-access', 'file-haproxy-stats']);
  });

  it('have a ttl that later versions do not take, where the profile is fast and Patroni 3.0', async () => {
    const findings = await findingsOf(labFiles('127.0.2', 'fast', '3.0.2'));
    expect(findings).toMatchObject([
      { check: 'file-timing-minimums', subject: expect.stringMatching(/n1.*, .*n2.*, .*n3/) },
    ]);
  });
});

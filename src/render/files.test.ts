import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TARGET_KEYS } from '../api/target-keys.js';
import { PROFILE_NAMES } from '../lab/profiles.js';
import { parseHaproxyCheck } from '../plan/haproxy-check.js';
import { fillIn, parseTargetFile } from '../plan/target-file.js';
import { renderFiles } from './files.js';
import { parseTopology } from './read-topology.js';
import type { RenderedFile } from './rendered-file.js';
import { secretsFrom } from './secrets.js';
import { SHOP } from './topology.fixture.js';
import { parametersOf, type Topology, topologySettings } from './topology.js';

const SECRETS = secretsFrom(null, 'passwords.env');

function rendered(topology: Topology): ReadonlyMap<string, RenderedFile> {
  return new Map(renderFiles(topology, SECRETS).map((file) => [file.path, file]));
}

function textOf(files: ReadonlyMap<string, RenderedFile>, path: string): string {
  const file = files.get(path);
  expect(file, path).toBeDefined();
  return file?.text ?? '';
}

describe('renderFiles', () => {
  it('keeps secrets out of every file that others may read', () => {
    const passwords = Object.entries(SECRETS).filter(([name]) => name !== 'etcdToken');
    for (const { path, text, secret } of renderFiles(parseTopology(SHOP, 'shop.yaml'), SECRETS)) {
      const held = passwords.filter(([, password]) => text.includes(password)).map(([name]) => name);
      expect(secret || held.length === 0, `${path} holds ${held.join(', ')}`).toBe(true);
    }
  });

  it('gives the role of the loads to the first host alone, and HAProxy to those that were named', () => {
    const text = SHOP.replace('haproxy: [pg1, pg2, pg3]', 'haproxy: { lb1: 10.0.0.20 }');
    const files = rendered(parseTopology(text, 'shop.yaml'));
    const having = (name: string) => [...files.keys()].filter((path) => path.endsWith(name));
    expect(having('application.sql')).toEqual(['pg1/application.sql']);
    expect(having('haproxy.cfg')).toEqual(['lb1/etc/haproxy/haproxy.cfg']);
    expect(having('config.yml')).toHaveLength(3);
    expect(textOf(files, 'lb1/steps.md')).not.toContain('etcd');
    expect(textOf(files, 'pgha-bench.yaml')).toContain('rw: "postgresql://pgha@10.0.0.20:5000/pgha"');
  });

  it('leads past HAProxy where there is none', () => {
    const files = rendered(parseTopology(SHOP.replace('haproxy: [pg1, pg2, pg3]\n', ''), 'shop.yaml'));
    const target = parse(textOf(files, 'pgha-bench.yaml')).targets.shop;
    expect(target.rw).toBe(
      'postgresql://pgha@10.0.0.11:5432,10.0.0.12:5432,10.0.0.13:5432/pgha?target_session_attrs=read-write',
    );
    expect(target.haproxy).toBeUndefined();
    expect([...files.keys()].some((path) => path.includes('haproxy'))).toBe(false);
    expect(textOf(files, 'pg1/steps.md')).not.toMatch(/haproxy/i);
  });

  it('names the target as the tool reads it', () => {
    const text = textOf(rendered(parseTopology(SHOP, 'shop.yaml')), 'pgha-bench.yaml');
    const { targets, default: usual } = parseTargetFile(text, 'pgha-bench.yaml', TARGET_KEYS);
    expect(usual).toBe('shop');
    expect(targets.get('shop')?.get('etcd')?.text).toBe(
      'http://10.0.0.11:2379,http://10.0.0.12:2379,http://10.0.0.13:2379',
    );
    const env = {
      PGHA_BENCH_PASSWORD: 'one',
      PGHA_BENCH_PATRONI_PASSWORD: 'two',
      PGHA_BENCH_HAPROXY_PASSWORD: 'three',
    };
    const passwords = ['password', 'patroni-password', 'haproxy-password'].map((key) =>
      fillIn(targets.get('shop')?.get(key)?.text ?? '', env, key),
    );
    expect(passwords).toEqual(['one', 'two', 'three']);
    expect(parseHaproxyCheck(targets.get('shop')?.get('haproxy-check')?.text ?? '')).toEqual({
      'haproxy.inter': '2s',
      'haproxy.fastinter': '1s',
      'haproxy.fall': 2,
      'haproxy.rise': 4,
    });
  });

  it('loads the watchdog where the profile has one', () => {
    const unit = (profile: string) =>
      textOf(
        rendered(parseTopology(SHOP.replace('profile: safe', `profile: ${profile}`), 'shop.yaml')),
        'pg1/etc/systemd/system/patroni.service',
      );
    expect(unit('safe')).toContain('modprobe softdog');
    expect(unit('stock')).not.toContain('softdog');
  });

  it('says why each setting is as it is', () => {
    const topology = parseTopology(SHOP, 'shop.yaml');
    const files = rendered(topology);
    const texts = textOf(files, 'pg1/etc/patroni/config.yml') + textOf(files, 'pg1/etc/haproxy/haproxy.cfg');
    for (const [name, { reason }] of Object.entries(topology.settings)) {
      expect(texts, name).toContain(reason);
    }
  });
});

describe('the steps of a host', () => {
  const commandsOf = (more: string) => {
    const files = rendered(parseTopology(`${SHOP}${more}`, 'shop.yaml'));
    return textOf(files, 'pg1/steps.md').split('\n');
  };
  const making = (more: string) =>
    commandsOf(more).filter((line) => /^(install -d|test -d|useradd|usermod|getent)/.test(line));

  it.each<readonly [more: string, commands: readonly string[]]>([
    [
      '',
      [
        'install -d -o etcd -g etcd -m 700 /var/lib/etcd/shop',
        'install -d -o postgres -g postgres -m 755 /var/lib/postgresql/18',
        'install -d -o postgres -g postgres -m 700 /var/lib/postgresql/18/shop',
      ],
    ],
    // Neither /srv nor the root of the host becomes PostgreSQL's.
    ...['/srv/pgdata', '/data'].map((path): readonly [string, readonly string[]] => [
      `directories: { postgres_data: ${path} }\n`,
      [
        'install -d -o etcd -g etcd -m 700 /var/lib/etcd/shop',
        `install -d -o postgres -g postgres -m 700 ${path}`,
      ],
    ]),
    [
      'directories: { postgres_data: /data, postgres_socket: /tmp }\n',
      [
        'install -d -o etcd -g etcd -m 700 /var/lib/etcd/shop',
        'install -d -o postgres -g postgres -m 700 /data',
        'test -d /tmp || install -d -o postgres -g postgres -m 755 /tmp',
      ],
    ],
    [
      'user: dba\ndirectories: { postgres_data: /data }\n',
      [
        'getent group dba || groupadd --system dba',
        'getent passwd dba || useradd --system --gid dba --home-dir /var/lib/patroni dba',
        'usermod --append --groups postgres dba',
        'install -d -o etcd -g etcd -m 700 /var/lib/etcd/shop',
        'install -d -o dba -g dba -m 700 /data',
        'install -d -o dba -g dba -m 700 /var/lib/patroni',
      ],
    ],
  ])('make what there must be: %j', (more, commands) => {
    expect(making(more)).toEqual(commands);
  });

  it('make the user before files are given to it', () => {
    const commands = commandsOf('user: dba\n');
    const at = (start: string) => commands.findIndex((line) => line.startsWith(start));
    expect(at('getent passwd dba')).toBeLessThan(at('install -D -o dba'));
    expect(at('apt-get install -y postgresql-18')).toBeLessThan(at('usermod'));
  });

  it('lead psql to the socket', () => {
    const psql = (more: string) => commandsOf(more).find((line) => line.includes('psql -X'));
    expect(psql('directories: { postgres_socket: /srv/sock }\n')).toContain(' -h /srv/sock ');
    expect(psql('')).not.toContain(' -h ');
    expect(psql('directories: { postgres_socket: /run/postgresql }\n')).not.toContain(' -h ');
  });

  it('have a directory for the socket at each boot, where it lies below /run', () => {
    const unit = (more: string) =>
      textOf(
        rendered(parseTopology(`${SHOP}${more}`, 'shop.yaml')),
        'pg1/etc/systemd/system/patroni.service',
      );
    expect(unit('directories: { postgres_socket: /var/run/pg }\n')).toContain(
      'RuntimeDirectory=pg\nRuntimeDirectoryPreserve=yes\n',
    );
    expect(unit('directories: { postgres_socket: /srv/sock }\n')).not.toContain('RuntimeDirectory');
    expect(unit('')).not.toContain('RuntimeDirectory');
  });

  it('have the passwords where the user may write', () => {
    const pgpass = (more: string) =>
      parse(textOf(rendered(parseTopology(`${SHOP}${more}`, 'shop.yaml')), 'pg1/etc/patroni/config.yml'))
        .postgresql.pgpass;
    expect(pgpass('')).toBe('/var/lib/postgresql/.pgpass-patroni');
    expect(pgpass('user: dba\n')).toBe('/var/lib/patroni/.pgpass-patroni');
  });
});

describe('README.md', () => {
  const ports = (text: string) =>
    [...textOf(rendered(parseTopology(text, 'shop.yaml')), 'README.md').matchAll(/^\| (\d+) \| .*$/gm)].map(
      ([line, port]) => [port, line.includes('the tool')],
    );

  it('names every port, and which of them the tool needs', () => {
    expect(ports(SHOP)).toEqual([
      ['2379', true],
      ['2380', false],
      ['5432', true],
      ['8008', true],
      ['5000', true],
      ['5001', true],
      ['7000', true],
    ]);
    const bare = ports(SHOP.replace('haproxy: [pg1, pg2, pg3]\n', '')).map(([port]) => port);
    expect(bare).toEqual(['2379', '2380', '5432', '8008']);
  });

  it('says where the tool must be', () => {
    const text = textOf(rendered(parseTopology(SHOP, 'shop.yaml')), 'README.md');
    expect(text).toContain('Its address must be within 10.0.0.0/24');
  });
});

/** Any topology that is valid, as text. */
const TOPOLOGIES = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
    profile: fc.constantFrom(...PROFILE_NAMES),
    versions: fc.constantFrom(['3.0', 15], ['3.2.1', 16], ['4.0', 17], ['4.1.4', 18], ['4.10', 13]),
    memory: fc.integer({ min: 256, max: 1_000_000 }),
    hosts: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/), { minLength: 1, maxLength: 9 }),
    proxies: fc.constantFrom('none', 'all', 'first', 'own'),
    user: fc.stringMatching(/^[a-z_][a-z0-9_-]{0,31}$/),
    parameter: fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[\x20-\x7e]{1,60}$/)),
  })
  .map(({ name, profile, versions, memory, hosts, proxies, user, parameter }) => {
    const how = {
      none: '',
      all: `haproxy: [${hosts.map((host) => JSON.stringify(host)).join(', ')}]`,
      first: `haproxy: [${JSON.stringify(hosts[0])}]`,
      own: hosts.includes('lb') ? '' : 'haproxy: { lb: 10.0.0.200 }',
    }[proxies];
    return `name: ${JSON.stringify(name)}
profile: ${profile}
patroni: ${versions[0]}
postgres: ${versions[1]}
memory: ${memory}MB
user: ${JSON.stringify(user)}
hosts:
${hosts.map((host, index) => `  ${JSON.stringify(host)}: 10.0.0.${index + 1}\n`).join('')}${how}
network: 10.0.0.0/24
settings:
  postgres.search_path: ${JSON.stringify(parameter)}
`;
  });

describe('any topology', () => {
  it('gives files that read as what they were made from', () => {
    fc.assert(
      fc.property(TOPOLOGIES, (text) => {
        const topology = parseTopology(text, 'any.yaml');
        const files = rendered(topology);
        const settings = topologySettings(topology);
        for (const host of topology.hosts) {
          const patroni = parse(textOf(files, `${host.name}/etc/patroni/config.yml`));
          expect(patroni.scope).toBe(topology.name);
          expect(patroni.name).toBe(host.name);
          expect(patroni.bootstrap.dcs.ttl).toBe(settings['patroni.ttl']);
          expect(patroni.bootstrap.dcs.postgresql.parameters).toEqual(parametersOf(topology));
          expect(patroni.postgresql.authentication.superuser).toEqual({
            username: topology.user,
            password: SECRETS.superuser,
          });
          const etcd = textOf(files, `${host.name}/etc/default/etcd`);
          expect(etcd.match(/^ETCD_NAME=(.*)$/m)?.[1]).toBe(host.name);
          expect(etcd.match(/^ETCD_INITIAL_CLUSTER=(.*)$/m)?.[1]?.split(',')).toHaveLength(
            topology.hosts.length,
          );
        }
        const target = parse(textOf(files, 'pgha-bench.yaml')).targets[topology.name];
        expect(target.etcd).toHaveLength(topology.hosts.length);
        for (const proxy of topology.proxies) {
          const haproxy = textOf(files, `${proxy.name}/etc/haproxy/haproxy.cfg`);
          expect(haproxy.match(/^ {4}server /gm)).toHaveLength(2 * topology.hosts.length);
          expect(haproxy).toContain(`inter ${settings['haproxy.inter']} `);
        }
      }),
      { numRuns: 60 },
    );
  });
});

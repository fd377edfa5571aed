import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { predictedDowntime } from '../analysis/predict.js';
import { FURTHER, PROFILE_NAMES, profileSettings } from '../lab/profiles.js';
import { SETTING_NAMES } from './own-settings.js';
import { parseTopology, readTopologyFile } from './read-topology.js';
import { SHOP } from './topology.fixture.js';
import { parametersOf, timingOf, topologySettings, watchdogOf } from './topology.js';

const parse = (text: string) => parseTopology(text, 'shop.yaml');

/** The example with one line replaced, or with lines behind it. */
function changed(from: string | null, to: string): string {
  if (from === null) {
    return `${SHOP}${to}\n`;
  }
  expect(SHOP).toContain(`${from}\n`);
  return SHOP.replace(`${from}\n`, to === '' ? '' : `${to}\n`);
}

describe('parseTopology', () => {
  it('reads the example', () => {
    expect(parse(SHOP)).toMatchObject({
      name: 'shop',
      profile: 'safe',
      postgres: 18,
      patroni: '4.1',
      user: 'postgres',
      memoryMib: 2048,
      hosts: [
        { name: 'pg1', address: '10.0.0.11' },
        { name: 'pg2', address: '10.0.0.12' },
        { name: 'pg3', address: '10.0.0.13' },
      ],
      network: '10.0.0.0/24',
      directories: { prefix: '', postgresBin: '/usr/lib/postgresql/18/bin', etcdData: '/var/lib/etcd/shop' },
    });
    expect(parse(SHOP).proxies).toEqual(parse(SHOP).hosts);
  });

  it('takes a version as it is typed, and HAProxy on hosts of its own', () => {
    expect(parse(changed('patroni: 4.1', 'patroni: 4.10')).patroni).toBe('4.10');
    const own = parse(changed('haproxy: [pg1, pg2, pg3]', 'haproxy: { lb1: 10.0.0.20 }'));
    expect(own.proxies).toEqual([{ name: 'lb1', address: '10.0.0.20' }]);
    expect(parse(changed('haproxy: [pg1, pg2, pg3]', '')).proxies).toEqual([]);
  });

  it('sets single values on top of the profile', () => {
    const topology = parse(
      changed(
        null,
        'settings: { patroni.ttl: 40, haproxy.inter: 1s, postgres.work_mem: 8MB, watchdog.mode: off }',
      ),
    );
    expect(timingOf(topology).patroni).toMatchObject({ ttl: 40, loopWait: 10 });
    expect(timingOf(topology).haproxy).toMatchObject({ inter: '1s', rise: 4 });
    expect(parametersOf(topology)).toMatchObject({ work_mem: '8MB', shared_buffers: '512MB' });
    expect(watchdogOf(topology)).toBe('off');
    expect(topology.settings['patroni.ttl']?.reason).toBe('set in the topology, line 12');
  });

  it.each<[string | null, string, string]>([
    ['name: shop', '', `shop.yaml, line 1: expected 'name: shop', found none.`],
    [
      'name: shop',
      'name: Shop 1',
      `shop.yaml, line 1: name: expected 1 to 40 of a-z, 0-9 and -, a letter first, found "Shop 1".`,
    ],
    ['name: shop', 'nam: shop', `shop.yaml, line 1: a topology has no key "nam". Did you mean 'name'?`],
    [
      'profile: safe',
      'profile: save',
      `line 2: profile: expected one of stock, fast, safe, found "save". Did you mean 'safe'?`,
    ],
    [
      'postgres: 18',
      'postgres: 18.1',
      'line 3: postgres: expected a major version from 13 to 18, found "18.1".',
    ],
    ['patroni: 4.1', 'patroni: 4.0', 'line 3: Patroni 4.0 knows PostgreSQL up to 17, found 18.'],
    [
      'patroni: 4.1',
      'patroni: four',
      'line 4: patroni: expected a version from 3.0 on, such as 4.1, found "four".',
    ],
    [
      'memory: 2GB',
      'memory: 2',
      'line 5: memory: expected the memory of a database host, 256MB or more, such as 2GB, found "2".',
    ],
    ['  pg2: 10.0.0.12', '  pg2: 10.0.0.11', 'line 8: hosts: pg1 and pg2 have the same address 10.0.0.11.'],
    ['  pg2: 10.0.0.12', '  pg1: 10.0.0.12', 'line 8: expected YAML: Map keys must be unique.'],
    [
      '  pg2: 10.0.0.12',
      '  pg2: db.example',
      'line 8: hosts: expected an IPv4 address for pg2, such as 10.0.0.11, found "db.example".',
    ],
    [
      '  pg2: 10.0.0.12',
      '  ../pg2: 10.0.0.12',
      'line 8: hosts: expected a name of 1 to 32 of a-z, 0-9 and -, a letter first, found "../pg2".',
    ],
    [
      'haproxy: [pg1, pg2, pg3]',
      'haproxy: [pg1, pg4]',
      'line 10: haproxy: expected one of the hosts pg1, pg2, pg3, found "pg4". Did you mean',
    ],
    ['haproxy: [pg1, pg2, pg3]', 'haproxy: [pg1, pg1]', 'line 10: haproxy: expected each host once'],
    ['haproxy: [pg1, pg2, pg3]', 'haproxy: { lb: 10.0.0.11 }', 'haproxy: lb is among the hosts already'],
    [
      'network: 10.0.0.0/24',
      'network: 10.1.0.0/24',
      'line 11: network: 10.1.0.0/24 does not hold pg1, 10.0.0.11',
    ],
    [
      'network: 10.0.0.0/24',
      'network: 0.0.0.0/0',
      'network: 0.0.0.0/0 would let the whole world try passwords.',
    ],
    [
      'network: 10.0.0.0/24',
      'network: everywhere',
      'network: expected addresses such as 10.0.0.0/24, found "everywhere".',
    ],
    [null, 'os: windows', 'line 12: os: expected debian (which Ubuntu is, too), found "windows".'],
    [null, 'settings: { ttl: 20 }', `line 12: there is no setting "ttl". Did you mean 'patroni.ttl'?`],
    [null, 'settings: { patroni.tll: 20 }', `there is no setting "patroni.tll". Did you mean 'patroni.ttl'?`],
    [
      null,
      'settings: { patroni.ttl: 25 }',
      'line 12: expected loop_wait + 2 × retry_timeout to be at most ttl, found 10 + 2 × 10 > 25.',
    ],
    [
      null,
      'settings: { patroni.ttl: 19, patroni.loop_wait: 1, patroni.retry_timeout: 3 }',
      'expected patroni.ttl to be at least 20',
    ],
    [
      null,
      'settings: { haproxy.inter: 3 }',
      'settings: expected a duration such as 500ms or 3s for haproxy.inter, found "3".',
    ],
    [
      null,
      'settings: { patroni.synchronous_mode: most }',
      'expected true, false or quorum for patroni.synchronous_mode',
    ],
    [null, 'settings: { postgres.port: 5433 }', 'postgres.port is not to be set here'],
    [
      null,
      'settings:\n  patroni.ttl:',
      'line 13: settings: expected a whole number from 1 on for patroni.ttl, found nothing.',
    ],
    [null, 'directories: { prefix: /srv }', 'expected {host} in the prefix'],
    [null, 'directories: { postgres_data: "/a b" }', 'expected an absolute path of letters, digits'],
    [null, 'directories: { data: /srv }', 'directories has no key "data".'],
  ])('refuses %j as %j', (from, to, message) => {
    expect(() => parse(changed(from, to))).toThrow(message);
  });

  it.each(['', '- a list', 'text', 'a: [', 'name: {}'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(/^shop\.yaml(, line \d+)?: /);
  });

  it('has no quorum before Patroni 4.0', () => {
    const old = SHOP.replace('postgres: 18', 'postgres: 15').replace('patroni: 4.1', 'patroni: 3.0');
    expect(() => parse(`${old}settings: { patroni.synchronous_mode: quorum }\n`)).toThrow(
      'Patroni 3.0 has no quorum, which came with 4.0.',
    );
    expect(parse(old).settings['patroni.synchronous_mode']?.value).toBe(true);
  });

  it('says which file is missing', async () => {
    await expect(readTopologyFile('/nowhere/shop.yaml')).rejects.toThrow(
      'Expected a file that describes a cluster, /nowhere/shop.yaml: there is no such file.',
    );
  });

  it('reads a file, with another profile when asked', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pgha-topology-'));
    try {
      await writeFile(join(directory, 'shop.yaml'), SHOP);
      const topology = await readTopologyFile(join(directory, 'shop.yaml'), { profile: 'fast' });
      expect(topology.profile).toBe('fast');
      expect(timingOf(topology).patroni).toMatchObject({ ttl: 20, loopWait: 1 });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('topologySettings', () => {
  it('is what predictions take', () => {
    const settings = topologySettings(parse(changed('profile: safe', 'profile: stock')));
    expect(settings).toMatchObject({
      'patroni.ttl': 30,
      'patroni.primary_start_timeout': 300,
      'patroni.synchronous_mode': false,
      'patroni.use_pg_rewind': true,
      'haproxy.inter': '3s',
      'haproxy.rise': 2,
      'postgres.shared_buffers': '512MB',
    });
    expect(predictedDowntime('kill-node', settings)).not.toBeNull();
  });

  it('tells what is not at its default', () => {
    expect(topologySettings(parse(SHOP))).toMatchObject({
      'patroni.synchronous_mode': 'quorum',
      'patroni.failsafe_mode': true,
    });
  });

  it('has nothing of HAProxy where there is none', () => {
    const names = Object.keys(topologySettings(parse(changed('haproxy: [pg1, pg2, pg3]', ''))));
    expect(names.filter((name) => name.startsWith('haproxy.'))).toEqual([]);
  });
});

describe('profiles', () => {
  it.each(PROFILE_NAMES)('every setting of %s may be set, and has a reason of one line', (name) => {
    for (const version of ['3.0.2', '4.1']) {
      for (const [setting, { reason }] of Object.entries(profileSettings(name, version))) {
        expect(SETTING_NAMES).toContain(setting);
        expect(reason).toMatch(/^[^\n]{10,100}[^\n.]$/);
      }
    }
  });

  it('knows a form for every setting that a profile may have', () => {
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(FURTHER.map((name) => `patroni.${name}`)));
  });
});

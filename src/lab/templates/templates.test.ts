import { describe, expect, it } from 'vitest';
import { etcdSettings } from './etcd.js';
import { type HaproxyConfig, haproxyConfig } from './haproxy.js';
import { patroniConfig } from './patroni.js';
import { toYaml } from './yaml.js';

describe('toYaml', () => {
  it('nests maps and lists', () => {
    const text = toYaml({ a: { b: 1, c: ['x', { d: 'y', e: [1, 2] }] }, f: true });
    expect(text).toBe(`a:
  b: 1
  c:
    - x
    - d: "y"
      e:
        - 1
        - 2
f: true
`);
  });

  it.each(['off', 'on', 'no', 'Yes', 'null', '~', '', '5432', '1e3', 'a: b', '# c', "it's", '"', '*', '- a'])(
    'quotes %j, which would not be read as this text',
    (text) => {
      expect(toYaml({ key: text })).toBe(`key: ${JSON.stringify(text)}\n`);
    },
  );

  it.each(['n1', '/var/lib/x_y-z.d', 'scram-sha-256', 'UTF8'])('leaves %s plain', (text) => {
    expect(toYaml({ key: text })).toBe(`key: ${text}\n`);
  });

  it('leaves out what is undefined, and writes what is empty', () => {
    expect(toYaml({ a: undefined, b: [], c: {} })).toBe('b: []\nc: {}\n');
  });
});

describe('haproxyConfig', () => {
  const config: HaproxyConfig = {
    host: '127.0.2.4',
    rwPort: 5000,
    roPort: 5001,
    statsPort: 7000,
    socketPath: "/state/it's/haproxy.sock",
    servers: [{ name: 'n1', host: '127.0.2.1', port: 5432, apiPort: 8008 }],
    connections: 900,
    timing: { inter: '3s', fall: 3, rise: 2, connectTimeout: '4s', checkTimeout: '5s' },
  };

  it('asks for the primary on the one port, and for replicas on the other', () => {
    const text = haproxyConfig(config);
    const [rw, ro] = text.split('listen ').slice(2);
    expect(rw).toMatch(/^rw\n\s+bind 127\.0\.2\.4:5000\n/);
    expect(rw).toContain('option httpchk OPTIONS /primary\n');
    expect(ro).toMatch(/^ro\n\s+bind 127\.0\.2\.4:5001\n/);
    expect(ro).toContain('option httpchk OPTIONS /replica\n');
    expect(text.match(/server n1 127\.0\.2\.1:5432 check port 8008/g)).toHaveLength(2);
  });

  it('has room for more clients than the servers take', () => {
    expect(haproxyConfig(config)).toContain('maxconn 1125\n');
  });

  it('has fastinter only where the profile has one', () => {
    const head = 'default-server inter 3s';
    expect(haproxyConfig(config)).toContain(`${head} fall 3 rise 2 on-marked-down shutdown-sessions`);
    const fast = { ...config, timing: { ...config.timing, fastinter: '200ms' } };
    expect(haproxyConfig(fast)).toContain(`${head} fastinter 200ms fall 3 rise 2`);
  });

  it('quotes the path of the socket', () => {
    expect(haproxyConfig(config)).toContain(`stats socket '/state/it'\\''s/haproxy.sock' mode 600`);
  });
});

describe('etcdSettings', () => {
  it('names all members by their peer address', () => {
    const settings = etcdSettings({
      name: 'n1',
      host: '127.0.2.1',
      clientPort: 2379,
      peerPort: 2380,
      dataDir: '/state/n1/etcd',
      token: 'token',
      members: [
        { name: 'n1', host: '127.0.2.1' },
        { name: 'n2', host: '127.0.2.2' },
      ],
    });
    expect(settings).toMatchObject({
      'listen-client-urls': 'http://127.0.2.1:2379',
      'initial-advertise-peer-urls': 'http://127.0.2.1:2380',
      'initial-cluster': 'n1=http://127.0.2.1:2380,n2=http://127.0.2.2:2380',
    });
  });
});

describe('patroniConfig', () => {
  const text = patroniConfig({
    scope: 'pgha-a',
    name: 'n2',
    host: '127.0.2.2',
    apiPort: 8008,
    pgPort: 5432,
    etcdHosts: ['127.0.2.1:2379'],
    binDir: '/usr/lib/postgresql/15/bin',
    dataDir: '/state/n2/data',
    socketDir: '/state/n2',
    passFile: '/state/n2/pgpass',
    log: { directory: '/state/logs', fileName: 'n2-postgres.log' },
    clientNetwork: '127.0.0.0/8',
    timing: { ttl: 30, loopWait: 10, retryTimeout: 10, maximumLagOnFailover: 1_048_576 },
    parameters: { max_connections: 300, shared_buffers: '256MB' },
    users: {
      superuser: { user: 'postgres', password: 'one' },
      replication: { user: 'replicator', password: 'two: #3' },
      rewind: { user: 'rewind', password: '007' },
    },
  });

  it('keeps what all members share in the DCS', () => {
    const shared = text.slice(text.indexOf('bootstrap:'), text.indexOf('\npostgresql:'));
    expect(shared).toContain('    ttl: 30\n    loop_wait: 10\n    retry_timeout: 10\n');
    expect(shared).toContain('        max_connections: 300\n');
  });

  it('speaks the API of etcd that later versions still have', () => {
    expect(text).toContain('etcd3:\n  hosts:\n    - "127.0.2.1:2379"\n');
  });

  it('keeps passwords texts', () => {
    expect(text).toContain('password: "two: #3"\n');
    expect(text).toContain('password: "007"\n');
  });

  it('asks for a password on TCP alone', () => {
    expect(text).toContain('- "local all all trust"\n');
    expect(text).toContain('- "host replication replicator 127.0.0.0/8 scram-sha-256"\n');
    expect(text).toContain('- "host all all 127.0.0.0/8 scram-sha-256"\n');
  });
});

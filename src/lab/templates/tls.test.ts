import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { etcdSettings } from './etcd.js';
import { type HaproxyConfig, haproxyConfig } from './haproxy.js';
import { type PatroniConfigFile, patroniConfig } from './patroni.js';
import type { NodeTls } from './tls.js';

/* What each template says with TLS; what it says without is in templates.test.ts. */

const tls: NodeTls = { caFile: '/tls/ca.pem', certFile: '/tls/n1.pem', keyFile: '/tls/n1.key' };

describe('haproxyConfig', () => {
  const config: HaproxyConfig = {
    host: '127.0.2.4',
    rwPort: 5000,
    roPort: 5001,
    statsPort: 7000,
    socketPath: '/state/haproxy.sock',
    servers: [{ name: 'n1', host: '127.0.2.1', port: 5432, apiPort: 8008 }],
    connections: 900,
    timing: { inter: '3s', fall: 3, rise: 2, connectTimeout: '4s', checkTimeout: '5s' },
    tls: {
      caFile: '/tls/ca.pem',
      certAndKeyFile: "/tls/it's.pem",
    },
    login: { user: 'stats', password: 'secret' },
  };
  const [stats, rw, ro] = haproxyConfig(config).split('listen ').slice(1);

  it('encrypts the page, and asks for a password there', () => {
    expect(stats).toMatch(/bind 127\.0\.2\.4:7000 ssl crt '\/tls\/it'\\''s\.pem'\n/);
    expect(stats).toMatch(/\n {4}stats auth stats:secret\n/);
  });

  it('checks by TLS with a certificate, and leaves the TLS of PostgreSQL to pass', () => {
    for (const listener of [rw, ro]) {
      expect(listener).toMatch(
        /server n1 \S+ check port 8008 check-ssl verify required ca-file '\/tls\/ca\.pem' crt /,
      );
      expect(listener).not.toMatch(/bind .* ssl|server .* ssl /);
    }
  });

  it('says none of it without', () => {
    const { tls: _, login: __, ...plain } = config;
    expect(haproxyConfig(plain)).not.toMatch(/ssl|auth|crt/);
  });
});

describe('etcdSettings', () => {
  const config = {
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
  };

  it('has https in every URL', () => {
    const urls = Object.entries(etcdSettings({ ...config, tls })).filter(([name]) =>
      /url|cluster$/.test(name),
    );
    expect(urls).toHaveLength(5);
    for (const [name, value] of urls) {
      expect(value, name).toMatch(/^(n1=)?https:\/\/127\.0\.2\.1:23/);
      expect(value, name).not.toContain('http://');
    }
  });

  it('asks clients and peers for a certificate', () => {
    expect(etcdSettings({ ...config, tls })).toMatchObject({
      'client-cert-auth': 'true',
      'trusted-ca-file': '/tls/ca.pem',
      'cert-file': '/tls/n1.pem',
      'key-file': '/tls/n1.key',
      'peer-client-cert-auth': 'true',
      'peer-trusted-ca-file': '/tls/ca.pem',
      'peer-cert-file': '/tls/n1.pem',
      'peer-key-file': '/tls/n1.key',
    });
  });

  it('says none of it without', () => {
    expect(JSON.stringify(etcdSettings(config))).not.toMatch(/https|file|cert/);
  });
});

describe('patroniConfig', () => {
  const config: PatroniConfigFile = {
    scope: 'pgha-a',
    name: 'n1',
    host: '127.0.2.1',
    apiPort: 8008,
    pgPort: 5432,
    etcdHosts: ['127.0.2.1:2379'],
    binDir: '/usr/lib/postgresql/15/bin',
    dataDir: '/state/n1/data',
    socketDir: '/state/n1',
    passFile: '/state/n1/pgpass',
    log: { directory: '/state/logs', fileName: 'n1-postgres.log' },
    clientNetwork: '127.0.0.0/8',
    timing: { ttl: 30, loopWait: 10, retryTimeout: 10, maximumLagOnFailover: 1_048_576 },
    parameters: { max_connections: 300 },
    users: {
      superuser: { user: 'postgres', password: 'one' },
      replication: { user: 'replicator', password: 'two' },
      rewind: { user: 'rewind', password: 'three' },
    },
  };
  const text = patroniConfig({ ...config, tls, api: { user: 'patroni', password: 'four' } });
  const yaml = parse(text);

  it('asks for a client certificate on the API, and for a password', () => {
    expect(yaml.restapi).toMatchObject({
      certfile: '/tls/n1.pem',
      keyfile: '/tls/n1.key',
      cafile: '/tls/ca.pem',
      verify_client: 'required',
      authentication: { username: 'patroni', password: 'four' },
    });
    expect(yaml.ctl).toEqual({ cacert: '/tls/ca.pem', certfile: '/tls/n1.pem', keyfile: '/tls/n1.key' });
  });

  it('speaks TLS with etcd', () => {
    expect(yaml.etcd3).toEqual({
      hosts: ['127.0.2.1:2379'],
      protocol: 'https',
      cacert: '/tls/ca.pem',
      cert: '/tls/n1.pem',
      key: '/tls/n1.key',
    });
  });

  it('lets nobody in on TCP without TLS', () => {
    expect(yaml.postgresql.pg_hba.map((line: string) => line.split(' ')[0])).toEqual([
      'local',
      'hostssl',
      'hostssl',
    ]);
    expect(yaml.postgresql.parameters).toMatchObject({
      ssl: 'on',
      ssl_cert_file: '/tls/n1.pem',
      ssl_key_file: '/tls/n1.key',
      ssl_ca_file: '/tls/ca.pem',
    });
  });

  it('looks at the certificate of whoever it replicates or rewinds from', () => {
    for (const role of ['superuser', 'replication', 'rewind']) {
      expect(yaml.postgresql.authentication[role], role).toMatchObject({
        sslmode: 'verify-full',
        sslrootcert: '/tls/ca.pem',
      });
    }
  });

  it('says none of it without', () => {
    expect(patroniConfig(config)).not.toMatch(/ssl|certfile|cacert|https|ctl:/);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { Arguments, Environment } from './arguments.js';
import { readServices } from './services.js';
import { resolveTarget } from './target.js';
import { readTargetSettings } from './target-settings.js';

let directory: string;
let pem: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-target-'));
  pem = join(directory, 'some.pem');
  writeFileSync(pem, 'x');
});

afterAll(() => rmSync(directory, { recursive: true }));

const given = (args: Arguments, env: Environment = {}) => ({ args, env, directory });

const servicesOf = async (args: Arguments, env: Environment = {}) =>
  readServices(await readTargetSettings(given(args, env)));

const rw = 'postgresql://me@127.0.0.1:1/x';
const patroni = 'http://127.0.0.1:1';
const haproxy = 'http://127.0.0.1:1/stats';
const etcd = 'http://127.0.0.1:1';

describe('a target of addresses', () => {
  it.each<[Arguments, string]>([
    [{ rw, 'patroni-user': 'me' }, '--patroni-user needs --patroni'],
    [{ rw, 'haproxy-ca': 'x' }, '--haproxy-ca needs --haproxy'],
    [{ rw, 'etcd-insecure': 'true' }, '--etcd-insecure needs --etcd'],
    [{ rw, patroni, 'patroni-user': 'me' }, "password of 'me' in PGHA_BENCH_PATRONI_PASSWORD, found none"],
    [{ rw, haproxy, 'haproxy-user': 'me' }, "password of 'me' in PGHA_BENCH_HAPROXY_PASSWORD, found none"],
    [{ rw, etcd, 'etcd-user': 'me' }, "password of 'me' in PGHA_BENCH_ETCD_PASSWORD, found none"],
    [{ rw, patroni, 'patroni-ca': '/nowhere' }, '--patroni-ca: expected a PEM file, but /nowhere cannot'],
    [{ rw, etcd, 'etcd-key': '/nowhere' }, '--etcd-key: expected a PEM file, but /nowhere cannot'],
    [{ rw, patroni: 'http://me:hunter2@h' }, 'Give the user with --patroni-user'],
    [{ rw, haproxy: 'http://me:hunter2@h' }, 'Give the user with --haproxy-user'],
    [{ rw, etcd: 'http://me:hunter2@h:2379' }, 'Give the user with --etcd-user'],
    [{ rw, patroni, 'patroni-insecure': 'perhaps' }, '--patroni-insecure: expected on or off'],
    [{ rw, patroni: 'db:8008' }, "--patroni: expected a URL such as http://host:8008, found 'db:8008'"],
    [
      { rw, etcd: 'db:2379' },
      "--etcd: expected URLs such as http://host:2379,http://host2:2379, found 'db:2379'",
    ],
    [{ rw, haproxy: 'db:7000' }, '--haproxy: expected a URL'],
    [{ rw, 'haproxy-check': 'inter 0', haproxy }, '--haproxy-check: expected a time behind inter'],
    [{ rw, direct: 'n1=h:1' }, '--direct needs --patroni'],
    [
      { rw, patroni, direct: 'n1' },
      "--direct: expected members with their addresses, n1=host:port,n2=host:port, found 'n1'",
    ],
    [{ rw, patroni, direct: 'n1=h:70000' }, "found 'n1=h:70000'"],
    [{ rw, patroni, direct: 'n1=h:1,n1=h:2' }, "--direct: expected 'n1' once, found it twice"],
  ])('says before it connects anywhere what is wrong with %j', async (args, message) => {
    const asking = resolveTarget(given(args));
    await expect(asking).rejects.toThrow(UserError);
    await expect(asking).rejects.toThrow(message);
    await expect(asking).rejects.not.toThrow('hunter2');
  });

  it('says where a wrong value came from', async () => {
    const env = { PGHA_BENCH_RW: rw, PGHA_BENCH_ETCD: 'nothing', PGHA_BENCH_DIRECT: 'n1' };
    await expect(servicesOf({}, env)).rejects.toThrow('PGHA_BENCH_ETCD: expected URLs');
    writeFileSync(
      join(directory, 'pgha-bench.yaml'),
      `targets: { a: { rw: "${rw}", patroni: "${patroni}", patroni-cert: some.pem } }`,
    );
    await expect(servicesOf({ target: 'a' })).rejects.toThrow(
      'pgha-bench.yaml: targets.a.patroni-cert and --patroni-key need each other',
    );
    rmSync(join(directory, 'pgha-bench.yaml'));
  });

  it.each(['patroni', 'etcd'])('needs a certificate of %s with its key', async (service) => {
    const args = { rw, patroni, etcd };
    await expect(servicesOf({ ...args, [`${service}-cert`]: pem })).rejects.toThrow('need each other');
    await expect(servicesOf({ ...args, [`${service}-key`]: pem })).rejects.toThrow('need each other');
  });

  it('puts together what was given, with the passwords from the environment', async () => {
    const args = {
      rw,
      patroni: `${patroni}/`,
      'patroni-user': 'me',
      'patroni-ca': pem,
      'patroni-insecure': 'true',
      haproxy,
      'haproxy-user': 'you',
      'haproxy-ca': pem,
      etcd: `${etcd}/, http://h:2379`,
      'etcd-user': 'root',
      'etcd-cert': pem,
      'etcd-key': pem,
      direct: 'n1=h1:5432, n2=[::1]:5433',
    };
    const env = {
      PGHA_BENCH_PATRONI_PASSWORD: 'one',
      PGHA_BENCH_HAPROXY_PASSWORD: 'two',
      PGHA_BENCH_ETCD_PASSWORD: 'three',
    };
    expect(await servicesOf(args, env)).toEqual({
      patroni,
      target: {
        patroniAccess: { user: 'me', caFile: pem, insecure: true },
        haproxy: { kind: 'url', url: haproxy },
        haproxyAccess: { user: 'you', caFile: pem },
        etcd: [etcd, 'http://h:2379'],
        etcdAccess: { user: 'root', certFile: pem, keyFile: pem },
        direct: { n1: { host: 'h1', port: 5432 }, n2: { host: '::1', port: 5433 } },
      },
      secrets: { patroniPassword: 'one', haproxyPassword: 'two', etcdPassword: 'three' },
    });
    const strict = { rw, patroni, 'patroni-insecure': 'on', etcd, 'etcd-insecure': 'off' };
    expect((await servicesOf(strict)).target.etcdAccess).toEqual({ insecure: false });
    expect(await servicesOf({ rw }, env)).toEqual({ patroni: undefined, target: {}, secrets: {} });
  });
});

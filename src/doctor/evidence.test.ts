import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { HaproxyLine } from '../cluster/haproxy.js';
import { parseServersState } from '../cluster/haproxy.js';
import type { JsonObject } from '../cluster/json.js';
import { findPatroniKeys, patroniKeys } from '../cluster/patroni-keys.js';
import { answerOf } from './answer.js';
import { metricsOf } from './etcd-evidence.js';
import { backendsOf, type Paths } from './haproxy-backends.js';
import { parseSessions } from './haproxy-trace.js';
import { coversReplication } from './hba.js';
import { HBA, healthy } from './healthy.fixture.js';
import { isLocal, startsByItself } from './host-evidence.js';
import { gatherPatroni } from './patroni-evidence.js';
import { timeOf } from './patroni-settings.js';

const servers: Server[] = [];
let directory: string | undefined;

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  if (directory !== undefined) {
    rmSync(directory, { recursive: true });
    directory = undefined;
  }
});

describe('answerOf', () => {
  it('is what was answered, or why it was not', async () => {
    expect(await answerOf(async () => 7)).toEqual({ value: 7 });
    expect(await answerOf(() => Promise.reject(new Error('no')))).toEqual({ unknown: 'no' });
  });

  it('waits no longer than it may, and lets go of the question', async () => {
    let aborted = false;
    const never = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise<never>(() => undefined);
    };
    expect(await answerOf(never, 10)).toEqual({ unknown: 'no answer within 0.01 s' });
    expect(aborted).toBe(true);
  });
});

describe('what Patroni is asked', () => {
  it('knows of a member that was given and is not in the cluster any more', async () => {
    const url = await patroni();
    const { members } = await gatherPatroni([url, 'http://127.0.0.1:1'], {}, 'quick');
    expect(members.map(({ name, self }) => [name, 'value' in self])).toEqual([
      ['n1', true],
      ['http://127.0.0.1:1', false],
    ]);
  });

  it('takes another address of a member for no other member', async () => {
    const url = await patroni();
    const alias = url.replace('127.0.0.1', 'localhost');
    const { members } = await gatherPatroni([alias, url], {}, 'quick');
    expect(members.map(({ name }) => name)).toEqual(['n1']);
  });

  it('takes one that answers elsewhere for the member whose own address does not lead there', async () => {
    const hidden = await patroni([], 'http://127.0.0.1:1/patroni');
    const { members } = await gatherPatroni([hidden], {}, 'full');
    expect(members.map(({ name, apiUrl, self }) => [name, apiUrl, 'value' in self])).toEqual([
      ['n1', hidden, true],
    ]);
    expect(members[0]?.reachedLater).toBe(7);
  });

  it('asks for nothing but what is cheap where it must be quick', async () => {
    const asked: string[] = [];
    const url = await patroni(asked);
    await gatherPatroni([url], {}, 'quick');
    expect(asked.toSorted()).toEqual(['GET /cluster', 'GET /config', 'GET /patroni']);
    asked.length = 0;
    const { members } = await gatherPatroni([url], {}, 'full');
    expect(asked.filter((each) => !each.startsWith('GET'))).toEqual(['DELETE /restart']);
    expect(members[0]?.answeredMs).toBeGreaterThan(0);
  });
});

/** A cluster of one member, at the address that it returns. */
async function patroni(asked: string[] = [], listedAt?: string): Promise<string> {
  const server = createServer((incoming, reply) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { port } = server.address() as AddressInfo;
    const member = {
      name: 'n1',
      role: 'leader',
      state: 'running',
      api_url: listedAt ?? `http://127.0.0.1:${port}/patroni`,
    };
    reply.writeHead(incoming.method === 'DELETE' ? 404 : 200);
    const xlog = { replayed_location: 7 };
    reply.end(JSON.stringify({ members: [member], role: 'primary', state: 'running', xlog }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('metricsOf', () => {
  const fsyncs = (...counts: readonly number[]) =>
    ['0.064', '0.128', '0.256', '+Inf']
      .map((end, index) => `etcd_disk_wal_fsync_duration_seconds_bucket{le="${end}"} ${counts[index]}`)
      .join('\n');

  it('finds the bucket of the 99th percentile', () => {
    expect(metricsOf(fsyncs(989, 995, 1000, 1000)).fsyncP99Ms).toBe(128);
    expect(metricsOf(fsyncs(100, 200, 989, 1000)).fsyncP99Ms).toBe(Number.POSITIVE_INFINITY);
  });

  it('says nothing of too few, or of none', () => {
    expect(metricsOf(fsyncs(0, 0, 0, 100)).fsyncP99Ms).toBeNull();
    expect(metricsOf('')).toEqual({ fsyncP99Ms: null, quotaBytes: null });
    expect(metricsOf('etcd_server_quota_backend_bytes 2.147483648e+09').quotaBytes).toBe(2 ** 31);
  });
});

describe('coversReplication', () => {
  const rule = {
    line: 1,
    type: 'host',
    databases: ['replication'],
    address: '10.1.0.0',
    netmask: '255.255.0.0',
    method: 'scram-sha-256',
    error: null,
  };

  it('goes by the first line that matches', () => {
    expect(coversReplication(HBA, '127.0.4.2')).toBe(true);
    expect(coversReplication([rule], '10.1.2.3')).toBe(true);
    expect(coversReplication([rule], '10.2.2.3')).toBe(false);
    expect(coversReplication([{ ...rule, method: 'reject' }, rule], '10.1.2.3')).toBe(false);
    expect(coversReplication([{ ...rule, address: 'all', netmask: null }], '10.9.9.9')).toBe(true);
    expect(coversReplication([{ ...rule, address: 'fd00::', netmask: 'ffff::' }], 'fd00::7')).toBe(true);
  });

  it('takes no line of another database for one: `all` is none of replication', () => {
    expect(coversReplication([{ ...rule, databases: ['all'] }], '10.1.2.3')).toBe(false);
    expect(coversReplication([{ ...rule, type: 'local' }], '10.1.2.3')).toBe(false);
  });

  it('does not guess what a name is', () => {
    expect(coversReplication([{ ...rule, address: 'db.example', netmask: null }], '10.1.2.3')).toBeNull();
    expect(coversReplication([rule], 'db.example')).toBeNull();
  });
});

const NOWHERE: Paths = { rw: null, ro: null };

describe('backendsOf', () => {
  const evidence = healthy();
  const haproxy = 'value' in evidence.haproxy ? evidence.haproxy.value : null;
  const lines = haproxy !== null && 'value' in haproxy.stats ? haproxy.stats.value : [];
  const patroniEvidence = 'value' in evidence.patroni ? evidence.patroni.value : null;
  const members =
    patroniEvidence !== null && 'value' in patroniEvidence.cluster
      ? patroniEvidence.cluster.value.members
      : [];
  const renamed = (names: Readonly<Record<string, string>>): readonly HaproxyLine[] =>
    lines.map((line) => ({ ...line, proxy: names[line.proxy] ?? line.proxy }));
  const sides = (each: readonly HaproxyLine[]) => backendsOf(each, members, NOWHERE).map(({ side }) => side);

  it.each([
    ['postgres_read_write', 'pg-readonly'],
    ['primary', 'standbys'],
    ['master', 'replica'],
    ['5000-leader', 'db_ro'],
  ])('knows %s and %s by their names', (one, other) => {
    // In the order of the names alone: the servers would tell, too.
    const swapped = renamed({ rw: other, ro: one });
    expect(sides(swapped)).toEqual(['ro', 'rw']);
  });

  it('goes by the servers where the names say nothing', () => {
    expect(sides(renamed({ rw: 'batman', ro: 'robin' }))).toEqual(['rw', 'ro']);
  });

  it('knows no side of those for synchronous replicas, nor of one with a single server', () => {
    expect(sides(renamed({ rw: 'replicas_sync', ro: 'replicas_async' }))).toEqual([null, null]);
    const single = renamed({ rw: 'n1-direct' }).filter(
      ({ proxy, kind, server }) => proxy === 'ro' || (kind === 'server' && server === 'n1'),
    );
    expect(sides(single)).toEqual([null, 'ro']);
  });

  it('takes the only one for that of writes, and leaves out what is none of ours', () => {
    const only = lines.filter(({ proxy }) => proxy === 'ro').map((line) => ({ ...line, proxy: 'batman' }));
    const other = { ...only[1], proxy: 'web', server: 'w1', address: '10.0.0.1:80' } as HaproxyLine;
    expect(backendsOf([...only, other], members, NOWHERE).map(({ proxy, side }) => [proxy, side])).toEqual([
      ['batman', 'rw'],
    ]);
  });
});

describe('endpoints', () => {
  const evidence = healthy();
  const proxy = 'value' in evidence.haproxy ? evidence.haproxy.value : null;
  const lines = proxy !== null && 'value' in proxy.stats ? proxy.stats.value : [];
  const cluster = 'value' in evidence.patroni ? evidence.patroni.value.cluster : null;
  const members = cluster !== null && 'value' in cluster ? cluster.value.members : [];
  const copies = (name: string) =>
    lines.filter((line) => line.proxy === 'rw').map((line) => ({ ...line, proxy: name }));
  const to = (host: string, seen: string | null = null) => ({
    rw: { addresses: [{ host, port: 5432 }], proxy: seen },
    ro: null,
  });
  const led = (all: readonly HaproxyLine[], paths: Paths) =>
    backendsOf(all, members, paths).flatMap((each) => (each.endpoint === null ? [] : [each.proxy]));

  it('lead to the proxy that a connection was seen at', () => {
    expect(led([...lines, ...copies('master')], to('10.0.0.9', 'master'))).toEqual(['master']);
  });

  it('lead to the only one of their side where that was not seen, and else nobody knows', () => {
    expect(led(lines, to('10.0.0.9'))).toEqual(['rw']);
    expect(led([...lines, ...copies('master')], to('10.0.0.9'))).toEqual([]);
  });

  it('lead past HAProxy where they are a member', () => {
    expect(led(lines, to('127.0.4.1'))).toEqual([]);
  });
});

describe('parseSessions', () => {
  it('has the proxy that each client was sent on by', () => {
    const text = `0x5581: proto=tcpv4 src=127.0.0.1:40934 fe=fe be=rw srv=n1 ts=00 age=1s calls=2
0x5582: proto=tcpv4 src=127.0.0.1:40936 fe=fe be=<NONE> srv=<none> ts=00
0x5583: proto=tcpv6 src=::1:40938 fe=ro be=ro srv=n2 ts=00
0x5584: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00
`;
    expect([...parseSessions(text)]).toEqual([
      ['127.0.0.1:40934', 'rw'],
      ['[::1]:40938', 'ro'],
    ]);
  });
});

describe('findPatroniKeys', () => {
  it.each([
    [['/service/pgha/leader'], '/service/pgha/'],
    [['/db/prod/pgha/initialize', '/db/prod/other/leader', '/x/pgha/members/n1'], '/db/prod/pgha/'],
    [['/service/pgha2/leader', '/service/other/pgha'], null],
  ])('of %j: %s', async (keys, expected) => {
    expect(await findPatroniKeys([await etcd(keys)], 'pgha')).toBe(expected);
  });

  it('does not choose between two, nor take the first of many for all', async () => {
    const two = await etcd(['/a/pgha/leader', '/b/pgha/leader']);
    await expect(findPatroniKeys([two], 'pgha')).rejects.toThrow(
      'several namespaces there: /a/pgha/, /b/pgha/',
    );
    const many = await etcd(['/a/x'], true);
    await expect(findPatroniKeys([many], 'pgha')).rejects.toThrow('none of its first 10000 keys');
  });

  it('says why the keys cannot be watched', async () => {
    const url = await etcd(['/db/pgha/leader']);
    expect(await patroniKeys([url], 'pgha', {})).toEqual({ prefix: '/db/pgha/' });
    expect(await patroniKeys([url], 'x', {})).toEqual({ missing: "that etcd has none of the scope 'x'" });
    expect(await patroniKeys([url], null, {})).toEqual({ missing: 'its scope is not known' });
  });
});

/** An etcd that has these keys, and says whether it has more. */
async function etcd(keys: readonly string[], more = false): Promise<string> {
  return serve((body) => {
    const text = (name: string) => Buffer.from(String(body[name]), 'base64').toString();
    const kvs = keys
      .filter((key) => key >= text('key') && key < text('range_end'))
      .map((key) => ({ key: Buffer.from(key).toString('base64') }));
    return { kvs, more };
  });
}

async function serve(answer: (body: JsonObject) => unknown): Promise<string> {
  const server = createServer(async (incoming, reply) => {
    const chunks = await incoming.toArray();
    reply.end(JSON.stringify(answer(JSON.parse(Buffer.concat(chunks).toString()))));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('parseServersState', () => {
  it('has where a server is, and where it is checked', () => {
    const text = `1
# be_id be_name srv_id srv_name srv_addr srv_port srv_check_port srv_check_addr
3 rw 1 n1 127.0.4.1 5432 8008 -
3 rw 2 n2 127.0.4.2 5432 8008 127.0.4.3
3 rw 3 n3 127.0.4.3 5432 0 -
`;
    expect(parseServersState('sock', text)).toEqual([
      { proxy: 'rw', server: 'n1', host: '127.0.4.1', port: 5432, checkHost: '127.0.4.1', checkPort: 8008 },
      { proxy: 'rw', server: 'n2', host: '127.0.4.2', port: 5432, checkHost: '127.0.4.3', checkPort: 8008 },
      { proxy: 'rw', server: 'n3', host: '127.0.4.3', port: 5432, checkHost: '127.0.4.3', checkPort: null },
    ]);
    expect(() => parseServersState('sock', 'Unknown command')).toThrow('answered no states of servers');
  });
});

describe('startsByItself', () => {
  it.each([
    [['postgresql.service'], { '15/main': 'auto\n' }, true],
    [['postgresql.service'], { '15/main': '# what to do\nmanual\n' }, false],
    [['postgresql.service'], {}, false],
    [[], { '15/main': 'auto\n' }, false],
    [['postgresql-16.service'], {}, true],
  ])('%j with the clusters %j: %s', async (units, clusters, expected) => {
    directory = mkdtempSync(join(tmpdir(), 'pgha-host-'));
    mkdirSync(join(directory, 'wants'));
    for (const unit of units) {
      writeFileSync(join(directory, 'wants', unit), '');
    }
    for (const [name, text] of Object.entries(clusters)) {
      mkdirSync(join(directory, 'postgresql', name), { recursive: true });
      writeFileSync(join(directory, 'postgresql', name, 'start.conf'), text);
      writeFileSync(join(directory, 'postgresql', name, 'postgresql.conf'), '');
    }
    expect(await startsByItself(join(directory, 'wants'), join(directory, 'postgresql'))).toBe(expected);
  });
});

describe('what is written down', () => {
  it('as a time of HAProxy is so many ms', () => {
    expect([timeOf('500ms'), timeOf('3s'), timeOf('3000'), timeOf(250), timeOf('1m')]).toEqual([
      500, 3000, 3000, 250, 60_000,
    ]);
    expect([timeOf('soon'), timeOf(undefined)]).toEqual([null, null]);
  });

  it('as an address is this machine, or may be another', () => {
    expect(['localhost', '127.0.4.1', '/run/postgresql'].map(isLocal)).toEqual([true, true, true]);
    expect(['db.example', '192.0.2.1'].map(isLocal)).toEqual([false, false]);
  });
});

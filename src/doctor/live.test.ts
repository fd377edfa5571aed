import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterAccess } from '../cluster/access.js';
import type { Target } from '../plan/target.js';
import { gatherQuick } from './live.js';

const asked: string[] = [];
let server: Server;
let url: string;

/** An etcd whose every answer needs a token. */
beforeAll(async () => {
  server = createServer((incoming, reply) => {
    asked.push(incoming.url ?? '');
    if (incoming.url === '/v3/auth/authenticate') {
      reply.end(JSON.stringify({ token: 't' }));
    } else if (incoming.headers.authorization === undefined) {
      reply.writeHead(400).end(JSON.stringify({ error: 'etcdserver: user name is empty' }));
    } else {
      reply.end('{}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => server.close());

describe('looking before a run', () => {
  it('logs in to etcd once, however often it looks', async () => {
    const rw = { host: 'h', port: 5432, user: 'me', database: 'x', sslMode: 'disable' } as const;
    const target: Target = {
      kind: 'server',
      name: 'server',
      rw,
      patroni: [],
      etcd: [url],
      etcdAccess: { user: 'me' },
    };
    const access = clusterAccess(target, { etcdPassword: 'secret' });
    for (let i = 0; i < 3; i++) {
      const { etcd } = await gatherQuick(target, access);
      expect('value' in etcd && etcd.value.members).toEqual({ value: [] });
    }
    expect(asked.filter((path) => path === '/v3/auth/authenticate')).toHaveLength(1);
  });
});

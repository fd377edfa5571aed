import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { getEtcdKey } from './etcd.js';
import { type EtcdAccess, EtcdLogin } from './etcd-login.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const VALUE = Buffer.from('n1').toString('base64');

interface Rules {
  /** The answer to each request for a token: the token, or null for a refusal; the last one holds for all further. */
  readonly tokens: readonly (string | null)[];
  /** What a token other than the last one is answered. */
  readonly stale?: string;
}

/** An etcd with users, the path of each request, and whether all that were made had a token. */
async function etcd({ tokens, stale = 'etcdserver: invalid auth token' }: Rules) {
  const asked: string[] = [];
  let issued = 0;
  const listener: RequestListener = (incoming, reply) => {
    const path = incoming.url ?? '';
    const { authorization } = incoming.headers;
    asked.push(path === '/v3/kv/range' ? `range ${authorization ?? '-'}` : 'authenticate');
    const refuse = (error: string) => reply.writeHead(400).end(JSON.stringify({ error, message: error }));
    if (path === '/v3/auth/authenticate') {
      const token = tokens[Math.min(issued, tokens.length - 1)] ?? null;
      issued++;
      // Late enough that whoever asks at the same time waits for this one.
      setImmediate(() =>
        token === null ? refuse('etcdserver: authentication failed') : reply.end(JSON.stringify({ token })),
      );
    } else if (authorization === undefined) {
      refuse('etcdserver: user name is empty');
    } else if (authorization !== tokens.at(-1)) {
      refuse(stale);
    } else {
      reply.end(JSON.stringify({ kvs: [{ value: VALUE }] }));
    }
  };
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const access = (): EtcdAccess => ({ login: new EtcdLogin('me', 'secret') });
const KEY = '/service/demo/leader';

describe('a login to etcd', () => {
  it('is shared by all that want one at the same time', async () => {
    const { url, asked } = await etcd({ tokens: ['t1'] });
    const way = access();
    expect(await Promise.all([1, 2, 3].map(() => getEtcdKey(url, KEY, way)))).toEqual(['n1', 'n1', 'n1']);
    expect(asked.filter((each) => each === 'authenticate')).toHaveLength(1);
  });

  it('that fails is told to each that waited for it, in the words of the login', async () => {
    // The first token is not known any more, and no other one is given.
    const { url, asked } = await etcd({ tokens: ['t1', null] });
    const way = access();
    await expect(getEtcdKey(url, KEY, way)).rejects.toThrow('invalid auth token');
    const all = await Promise.allSettled([1, 2, 3].map(() => getEtcdKey(url, KEY, way)));
    expect(all.map((each) => (each.status === 'rejected' ? String(each.reason.message) : ''))).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining("does not let user 'me' in: 400")),
    );
    // Nobody goes on without a token; the very first request had none.
    expect(asked.filter((each) => each === 'range -')).toHaveLength(1);
  });

  it('that failed once is tried again by those that waited for it', async () => {
    const { url } = await etcd({ tokens: [null, 't2'] });
    const way = access();
    const all = await Promise.allSettled([1, 2, 3].map(() => getEtcdKey(url, KEY, way)));
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  it.each(['etcdserver: invalid auth token', 'etcdserver: revision of auth store is old'])(
    'is made anew after: %s',
    async (stale) => {
      const { url, asked } = await etcd({ tokens: ['t1', 't2'], stale });
      const way = access();
      expect(await getEtcdKey(url, KEY, way).catch(() => null)).toBeNull();
      expect(await Promise.all([getEtcdKey(url, KEY, way), getEtcdKey(url, KEY, way)])).toEqual(['n1', 'n1']);
      expect(asked.filter((each) => each === 'authenticate')).toHaveLength(2);
    },
  );
});

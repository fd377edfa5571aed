import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixRange } from './etcd.js';
import { type WatchMessage, WatchParser } from './etcd-watch.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** As etcd 3.4.23 wrote them, shortened. */
const LINES = {
  created:
    '{"result":{"header":{"cluster_id":"13","member_id":"10","revision":"45","raft_term":"2"},"created":true}}',
  put: `{"result":{"header":{"revision":"54"},"events":[{"kv":{"key":"${base64('/service/x/leader')}","create_revision":"54","mod_revision":"54","version":"1","value":"${base64('n2')}","lease":"1517609801470604303"}}]}}`,
  deleted: `{"result":{"header":{"revision":"52"},"events":[{"type":"DELETE","kv":{"key":"${base64('/service/x/leader')}","mod_revision":"52"}}]}}`,
  progress: '{"result":{"header":{"revision":"60"}}}',
  compacted: '{"result":{"header":{"member_id":"10"},"canceled":true,"compact_revision":"20"}}',
  denied:
    '{"result":{"header":{"member_id":"10"},"canceled":true,"cancel_reason":"etcdserver: permission denied"}}',
  noLeader:
    '{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}',
};

const MESSAGES: Record<keyof typeof LINES, readonly WatchMessage[]> = {
  created: [{ kind: 'created', revision: 45 }],
  put: [{ kind: 'changes', changes: [{ key: '/service/x/leader', value: 'n2', revision: 54 }] }],
  deleted: [{ kind: 'changes', changes: [{ key: '/service/x/leader', value: null, revision: 52 }] }],
  progress: [],
  compacted: [{ kind: 'compacted', revision: 20 }],
  denied: [{ kind: 'ended', reason: 'etcdserver: permission denied' }],
  noLeader: [{ kind: 'ended', reason: 'etcdserver: no leader' }],
};

const kinds = Object.keys(LINES) as (keyof typeof LINES)[];

describe('the stream of a watch', () => {
  it.each(kinds)('is understood: %s', (kind) => {
    expect(new WatchParser('etcd').push(Buffer.from(`${LINES[kind]}\n`))).toEqual(MESSAGES[kind]);
  });

  it('is the same however it is cut', () => {
    const lines = fc.array(fc.constantFrom(...kinds), { maxLength: 8 });
    const cuts = fc.array(fc.nat({ max: 2000 }));
    fc.assert(
      fc.property(lines, cuts, (sent, at) => {
        const bytes = Buffer.from(sent.map((kind) => `${LINES[kind]}\n`).join(''));
        const edges = [...new Set([0, ...at.filter((cut) => cut < bytes.length), bytes.length])];
        edges.sort((a, b) => a - b);
        const parser = new WatchParser('etcd');
        // One buffer for all pieces: the parser may not rely on what it was handed before.
        const scratch = Buffer.alloc(bytes.length);
        const heard = edges.slice(1).flatMap((edge, index) => {
          const piece = scratch.subarray(0, edge - (edges[index] ?? 0));
          bytes.copy(piece, 0, edges[index], edge);
          return parser.push(piece);
        });
        expect(heard).toEqual(sent.flatMap((kind) => MESSAGES[kind]));
      }),
    );
  });

  it('holds values of any text, empty ones too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (value, key) => {
          const pair = {
            key: base64(key),
            mod_revision: '7',
            ...(value === '' ? {} : { value: base64(value) }),
          };
          const line = JSON.stringify({ result: { header: {}, events: [{ type: 'PUT', kv: pair }] } });
          expect(new WatchParser('etcd').push(Buffer.from(`${line}\n`))).toEqual([
            { kind: 'changes', changes: [{ key, value, revision: 7 }] },
          ]);
        },
      ),
    );
  });

  it('that is none is refused', () => {
    expect(() => new WatchParser('etcd').push(Buffer.from('<html>\n'))).toThrow(
      'etcd: sent no JSON in a watch',
    );
  });
});

it('a range holds exactly the keys with the prefix', () => {
  const { key, range_end: end } = prefixRange('/service/x/');
  expect(Buffer.from(key, 'base64').toString()).toBe('/service/x/');
  expect(Buffer.from(end, 'base64').toString()).toBe('/service/x0');
});

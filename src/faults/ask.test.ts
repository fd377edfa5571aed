import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import type { ClusterHealth } from '../cluster/health.js';
import type { FaultContext } from './fault.js';
import { mender } from './mend.js';
import { FAULTS } from './registry.js';
import { switchover } from './switchover.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) {
    close();
  }
});

describe('what Patroni answers to a switchover', () => {
  it.each([
    [200, 'Successfully switched over to "n2"', null],
    [202, 'Switchover scheduled', null],
    [503, 'Switchover status unknown', null],
    [412, 'candidate does not exists', 'Patroni refused: 412 candidate does not exists'],
    [401, '<html><h1>no auth\n header received</h1></html>', 'Patroni refused: 401 no auth header received'],
  ])('%i %s: what happened is what is observed, unless it was refused', async (status, text, failure) => {
    const { context, bodies } = await patroni((reply) => reply.writeHead(status).end(text));
    const { record } = await switchover.inject(context);
    expect(record).toMatchObject({ subject: 'n1', failure, etcdLeader: null, round: 3 });
    expect(record.asked).toMatch(/^POST http:\S+\/switchover leader=n1 candidate=n2$/);
    expect(record.answer).toMatch(new RegExp(`^${status} `));
    expect(record.answeredAtMs).toBeGreaterThan(record.askedAtMs ?? Number.NaN);
    expect(bodies).toEqual(['POST /switchover {"leader":"n1","candidate":"n2"}']);
  });

  it('nothing, with the connection dropped: no verdict either', async () => {
    const { context } = await patroni((reply) => reply.destroy());
    const { record } = await switchover.inject(context);
    expect(record).toMatchObject({ answeredAtMs: null, failure: null });
    expect(record.askedAtMs).not.toBeNull();
    expect(record.answer).toContain('closed without a reply');
  });

  it('is not waited for when the run ends', async () => {
    const ended = new AbortController();
    const { context } = await patroni(() => ended.abort(), ended.signal);
    const { record } = await switchover.inject(context);
    expect(record).toMatchObject({ answeredAtMs: null, failure: null });
  });

  it('is not asked for when nobody answers', async () => {
    const { context } = await patroni(() => undefined);
    const target = { ...context.target, patroni: ['http://127.0.0.1:1'] };
    const { record, undo } = await switchover.inject({ ...context, target });
    expect(record.askedAtMs).toBeNull();
    expect(record.failure).toContain('ECONNREFUSED');
    expect(undo).toBeNull();
  });
});

describe('a change of settings', () => {
  const config = FAULTS.find(({ kind }) => kind === 'config') ?? switchover;

  it('that lost a race, or found no configuration, was not made and is not taken back', async () => {
    for (const status of [409, 503]) {
      const { context } = await patroni((reply) => reply.writeHead(status).end());
      const { record, undo } = await config.inject(context);
      expect(record.failure).toContain(String(status));
      expect(undo).toBeNull();
    }
  });

  it('whose reply was dropped may have been made, and is taken back', async () => {
    let times = 0;
    const { context, bodies } = await patroni((reply) => {
      times++;
      times === 1 ? reply.destroy() : reply.end('{}');
    });
    const { record, undo } = await config.inject(context);
    expect(record.failure).toBeNull();
    expect(await undo?.()).toBe('set back ttl=30');
    expect(bodies).toEqual(['PATCH /config {"ttl":20}', 'PATCH /config {"ttl":30}']);
  });
});

describe('mender', () => {
  it('copies a replica anew only when it runs, is the one that is wrong, and has been so for long', async () => {
    const { look, sick, bodies } = await looking();
    expect(await look(0, sick('running'))).toEqual([]);
    expect(await look(14_000, sick('running'))).toEqual([]);
    expect(await look(14_500, sick('creating replica'))).toEqual([]);
    expect(await look(20_000, sick('running'))).toEqual([]);
    expect(await look(34_000, sick('running', 'n2 does not stream'))).toEqual([]);
    expect(await look(40_000, sick('running'))).toEqual([]);
    expect(bodies).toEqual([]);
    expect(await look(56_000, sick('running'))).toEqual(['copied n3 anew']);
    expect(bodies).toEqual(['POST /reinitialize {"force":true}']);
    expect(await look(57_000, sick('running'))).toEqual([]);
  });

  it('gives one that starts more time, and one that has come to run its own', async () => {
    const { look, sick, bodies } = await looking();
    expect(await look(0, sick('starting'))).toEqual([]);
    expect(await look(45_000, sick('starting'))).toEqual([]);
    expect(await look(46_000, sick('running'))).toEqual([]);
    expect(await look(61_000, sick('running'))).toEqual([]);
    expect(await look(61_001, sick('starting'))).toEqual([]);
    expect(await look(80_000, sick('start failed'))).toEqual([]);
    expect(bodies).toEqual([]);
    expect(await look(106_002, sick('starting'))).toEqual(['copied n3 anew']);
  });
});

/** A mender that looks at what n3 is, at any instant. */
async function looking() {
  const { context, bodies } = await patroni((reply) => reply.end('reinitialize started'));
  const [url = ''] = context.target.patroni;
  let nowMs = 0;
  const mend = mender({}, () => nowMs);
  return {
    bodies,
    sick: (state: string, reason = 'n3 does not stream'): ClusterHealth => ({
      healthy: false,
      reason,
      cluster: { scope: null, pause: false, scheduledSwitchover: false, members: membersAt(url, state) },
    }),
    look: async (atMs: number, health: ClusterHealth) => {
      nowMs = atMs;
      return mend(health);
    },
  };
}

function membersAt(url: string, stateOfN3: string) {
  const member = { state: 'running', apiUrl: url, host: 'h', port: 1, timeline: 1, lag: 0, tags: {} };
  return [
    { ...member, name: 'n1', role: 'leader' },
    { ...member, name: 'n2', role: 'replica' },
    { ...member, name: 'n3', role: 'replica', state: stateOfN3 },
  ];
}

/** A member that tells of a cluster, and answers to changes as it is told. */
async function patroni(
  answer: (reply: ServerResponse) => void,
  signal = new AbortController().signal,
): Promise<{ context: FaultContext; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((incoming, reply) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += String(chunk);
    });
    incoming.on('end', () => {
      if (incoming.method === 'GET') {
        const members = membersAt(url, 'running').map(({ apiUrl, ...rest }) => ({
          ...rest,
          api_url: apiUrl,
        }));
        reply.end(JSON.stringify(incoming.url === '/config' ? { ttl: 30 } : { members }));
        return;
      }
      bodies.push(`${incoming.method} ${incoming.url} ${body}`);
      answer(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const rw = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;
  const context: FaultContext = {
    target: { kind: 'cluster', name: 'cluster', rw, patroni: [url] },
    plan: { kind: 'any', atMs: 0, options: { ttl: '20' } },
    access: NO_ACCESS,
    lab: null,
    clock: new RunClock(process.hrtime.bigint()),
    round: 3,
    signal,
  };
  return { context, bodies };
}

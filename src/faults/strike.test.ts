import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import { parseFault } from '../plan/fault.js';
import { restore } from './cut-replication.js';
import type { FaultContext, Injection } from './fault.js';
import type { LabControl, NodeComponent } from './lab-control.js';
import { FAULTS } from './registry.js';

/** What was done, in order: `freeze n1 etcd`, `role of n2`. */
let did: string[];
/** A cluster whose n1 leads, until something else is set. */
let leader: string | null;
/** What a member's PostgreSQL is each time it is asked; the last one stays. */
let roles: string[];
/** What it answers to a change of settings. */
let patching: number;
let api: Awaited<ReturnType<typeof startApi>>;

beforeEach(async () => {
  did = [];
  leader = 'n1';
  roles = ['primary'];
  patching = 200;
  api = await startApi();
});
afterEach(() => api.close());

describe('stop-etcd-quorum', () => {
  it('of which only one could be frozen says so, and is undone', async () => {
    const lab = labOf({
      freeze: async (node, components, onSignal) => {
        if (node === 'n1') {
          throw new Error('etcd of n1 does not run');
        }
        onSignal?.();
        // Later than the other one fails.
        await new Promise((resolve) => setImmediate(resolve));
        did.push(`freeze ${node} ${components}`);
        return [];
      },
    });
    const { record, undo } = await inject('stop-etcd-quorum:1h', lab);
    expect(record).toMatchObject({ failure: 'etcd of n1 does not run', undone: null });
    expect(record.askedAtMs).not.toBeNull();
    expect(did).toEqual(['freeze n2 etcd']);
    expect(await undo?.()).toBe('SIGCONT to etcd of n1 and n2');
    expect(did).toContain('thaw n2 etcd');
  });
});

describe('cut-replication', () => {
  it('gives back the limit of the lag even when the right to log in is not to be had', async () => {
    const context = contextOf('cut-replication', labOf());
    await expect(restore(context, labOf(), 1048576, 0)).rejects.toThrow('no superuser here');
    expect(did).toContain('PATCH {"maximum_lag_on_failover":1048576}');
    patching = 503;
    await expect(restore(context, labOf(), null, 0)).rejects.toThrow(/no superuser here; .*503/);
  });
});

describe('freeze-node', () => {
  it('is thawed when a new leader is primary, not when it has the key only', async () => {
    const { undo } = await inject('freeze-node', labOf());
    leader = 'n2';
    roles = ['replica', 'replica', 'primary'];
    await undo?.();
    expect(did).toEqual([
      'freeze n1 etcd,patroni,postgres',
      'is replica',
      'is replica',
      'is primary',
      'thaw n1 etcd,patroni,postgres',
    ]);
  });

  it('waits for it when its own time is over, too', async () => {
    const lab = labOf();
    const freeze: LabControl['freeze'] = async (...given) => {
      leader = 'n3';
      return lab.freeze(...given);
    };
    roles = ['replica', 'primary'];
    const { record, undo } = await inject('freeze-node:1ms', { ...lab, freeze });
    expect(did.slice(1)).toEqual(['is replica', 'is primary', 'thaw n1 etcd,patroni,postgres']);
    expect(record.undone).toMatch(/^SIGCONT/);
    expect(undo).toBeNull();
  });

  it.each(['n1', null])('is thawed at once while %s leads', async (now) => {
    const { undo } = await inject('freeze-node', labOf());
    leader = now;
    roles = ['replica'];
    await undo?.();
    expect(did.slice(1)).toEqual(['thaw n1 etcd,patroni,postgres']);
  });
});

describe.each([
  ['kill-replica', 'n2 etcd,patroni,postgres', 'n2 etcd,patroni'],
  ['kill-etcd-leader', 'n1 etcd', 'n1 etcd'],
])('%s', (kind, killed, started) => {
  it('lasts for its time, and is started again', async () => {
    const { record, undo } = await inject(`${kind}:for=30ms`, labOf());
    expect(did).toEqual([`kill ${killed}`, `start ${started}`]);
    // Node's timers may be a millisecond early.
    expect((record.undoneAtMs ?? 0) - (record.askedAtMs ?? 0)).toBeGreaterThan(28);
    expect(undo).toBeNull();
  });

  it('lasts for a while without one, and is left to be undone when the run ends before', async () => {
    const ended = new AbortController();
    const lab = labOf();
    const kill: LabControl['kill'] = (...given) => {
      setImmediate(() => ended.abort());
      return lab.kill(...given);
    };
    const { record, undo } = await inject(kind, { ...lab, kill }, ended.signal);
    expect(ended.signal.aborted).toBe(true);
    expect(record).toMatchObject({ undone: null, failure: null });
    expect(did).toEqual([`kill ${killed}`]);
    expect(await undo?.()).toMatch(/^started etcd/);
    expect(did).toContain(`start ${started}`);
  });
});

/** A lab that does nothing but tell what it should. */
function labOf(given: Partial<LabControl> = {}): LabControl {
  const signal = (what: string): LabControl['kill'] => {
    return async (node: string, components: readonly NodeComponent[], onSignal?: () => void) => {
      onSignal?.();
      did.push(`${what} ${node} ${components}`);
      return components.map((component) => ({ component, pid: 7, others: 0 }));
    };
  };
  const tell = (what: string) => async (node: string, components: readonly NodeComponent[]) => {
    did.push(`${what} ${node} ${components}`);
  };
  const cannot = () => Promise.reject(new Error('not here'));
  return {
    nodes: ['n1', 'n2', 'n3'],
    apiUrl: () => api.url,
    etcdUrl: () => api.url,
    superuser: () => {
      throw new Error('no superuser here');
    },
    replicationRole: 'replicator',
    kill: signal('kill'),
    freeze: signal('freeze'),
    thaw: tell('thaw'),
    start: tell('start'),
    restartHaproxy: cannot,
    reloadHaproxy: cannot,
    ...given,
  };
}

function contextOf(words: string, lab: LabControl, signal = new AbortController().signal): FaultContext {
  const plan = parseFault(words, FAULTS, 60_000);
  if (plan === undefined) {
    throw new Error(`${words} is no fault`);
  }
  const rw = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;
  return {
    target: { kind: 'cluster', name: 'cluster', rw, patroni: [api.url], etcd: [api.url] },
    plan,
    access: NO_ACCESS,
    lab,
    clock: new RunClock(process.hrtime.bigint()),
    round: 1,
    signal,
  };
}

async function inject(words: string, lab: LabControl, signal?: AbortSignal): Promise<Injection> {
  const context = contextOf(words, lab, signal);
  const fault = FAULTS.find(({ kind }) => kind === context.plan.kind);
  if (fault === undefined) {
    throw new Error(`there is no ${context.plan.kind}`);
  }
  return fault.inject(context);
}

/** One server that is the API of all members, and etcd, too. */
async function startApi() {
  const server = createServer(async (incoming, reply) => {
    const body = await text(incoming);
    if (incoming.method === 'PATCH') {
      did.push(`PATCH ${body}`);
      reply.writeHead(patching);
    }
    reply.end(JSON.stringify(answerTo(incoming.url ?? '', url)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answerTo(path: string, url: string): unknown {
  switch (path) {
    case '/config':
      return {};
    case '/cluster':
      return { members: members(url) };
    case '/v3/maintenance/status':
      return { leader: '1' };
    case '/v3/cluster/member/list':
      return { members: [{ ID: '1', name: 'n1' }] };
    default: {
      const role = (roles.length > 1 ? roles.shift() : roles[0]) ?? '';
      did.push(`is ${role}`);
      return { role, state: 'running' };
    }
  }
}

function members(url: string) {
  return ['n1', 'n2', 'n3'].map((name) => ({
    name,
    role: name === leader ? 'leader' : 'replica',
    state: 'running',
    api_url: url,
    host: name,
    port: 5432,
    timeline: 1,
    lag: 0,
    tags: {},
  }));
}

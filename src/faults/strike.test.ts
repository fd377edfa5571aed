import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { parseFault } from '../plan/fault.js';
import type { FaultContext, Injection } from './fault.js';
import type { LabControl, NodeComponent } from './lab-control.js';
import { FAULTS } from './registry.js';

/** What was done, in order: `freeze n1 etcd`, `role of n2`. */
let did: string[];
/** A cluster whose n1 leads, until something else is set. */
let leader: string | null;
/** What a member's PostgreSQL is each time it is asked; the last one stays. */
let roles: string[];
let api: Awaited<ReturnType<typeof startApi>>;

beforeEach(async () => {
  did = [];
  leader = 'n1';
  roles = ['primary'];
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
      throw new Error('not here');
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

function inject(text: string, lab: LabControl, signal = new AbortController().signal): Promise<Injection> {
  const plan = parseFault(text, FAULTS, 60_000);
  const fault = FAULTS.find(({ kind }) => kind === plan?.kind);
  if (plan === undefined || fault === undefined) {
    throw new Error(`${text} is no fault`);
  }
  const rw = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;
  const context: FaultContext = {
    target: { kind: 'cluster', name: 'cluster', rw, patroni: [api.url] },
    plan,
    access: {},
    lab,
    clock: new RunClock(process.hrtime.bigint()),
    round: 1,
    signal,
  };
  return fault.inject(context);
}

/** One server that is the API of all members. */
async function startApi() {
  const server = createServer((incoming, reply) => {
    if (incoming.url === '/cluster') {
      reply.end(JSON.stringify({ members: members(url) }));
      return;
    }
    const role = (roles.length > 1 ? roles.shift() : roles[0]) ?? '';
    did.push(`is ${role}`);
    reply.end(JSON.stringify({ role, state: 'running' }));
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

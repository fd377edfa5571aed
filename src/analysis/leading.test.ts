import { describe, expect, it } from 'vitest';
import type { Target } from '../plan/target.js';
import type { ClusterFacts, Way } from '../result/result.js';
import { analyse } from './analyse.js';
import { type Leading, leadingOf } from './leading.js';
import { every, recordingOf } from './made.fixture.js';
import { CLUSTER, faultAt, planOf } from './sample.fixture.js';

const N1 = '127.0.1.1:5432';
const login = { user: 'me', database: 'x', sslMode: 'disable' } as const;

interface Case {
  readonly rw: Partial<Target['rw']>;
  readonly way: Way['kind'];
  readonly server?: string;
  readonly haproxy?: boolean;
  readonly direct?: Target['direct'];
  readonly members?: readonly string[];
  readonly settings?: ClusterFacts['settings'];
}

function recordingWith(
  { rw, way, server, haproxy = false, direct, members, settings }: Case,
  kind = 'kill-node',
) {
  const plan = planOf({ durationMs: 60_000, faults: [{ kind, atMs: 20_000, options: {} }] });
  const { haproxy: own, ...bare } = plan.target;
  const target: Target = {
    ...bare,
    kind: 'cluster',
    rw: { ...login, host: 'db', port: 5432, ...rw },
    ...(haproxy && own !== undefined ? { haproxy: own } : {}),
    ...(direct === undefined ? {} : { direct }),
  };
  const { 'haproxy.inter': _, 'haproxy.rise': __, ...others } = CLUSTER.settings;
  return recordingOf({
    plan: { ...plan, target },
    acksMs: [[...every(5, 0, 20_005), ...every(5, 45_000, 60_000)]],
    faults: [faultAt(20_000, { kind, askedAtMs: 20_000 })],
    cluster: {
      ...CLUSTER,
      ways: { rw: { kind: way, servers: server === undefined ? [] : [server] } },
      members: CLUSTER.members.map((member, index) => ({
        ...member,
        address: members?.[index] ?? member.address,
      })),
      settings: settings ?? (haproxy ? CLUSTER.settings : others),
    },
  });
}

const NAMES = ['n1:5432', 'n2:5432', 'n3:5432'];
const several = { otherHosts: [{ host: 'n2', port: 5432 }] };
const proxies = { port: 5000, otherHosts: [{ host: 'proxy2', port: 5000 }] };

describe('what leads clients to the leader', () => {
  it.each<[string, Case, Leading['by']]>([
    ["a member by its name: the server's address tells", { rw: {}, way: 'direct', server: N1 }, 'nothing'],
    ['a member by the address that Patroni tells', { rw: { host: '127.0.1.1' }, way: 'proxy' }, 'nothing'],
    [
      'a member by the address that was given for it',
      { rw: {}, way: 'proxy', server: N1, direct: { n1: { host: 'db', port: 5432 } } },
      'nothing',
    ],
    ['a socket of this machine', { rw: { host: '/run/postgresql' }, way: 'direct' }, 'nothing'],
    ['an address that is none of the members', { rw: {}, way: 'direct', server: '10.0.0.9:5432' }, 'vip'],
    [
      'an address that cannot be told from names',
      { rw: {}, way: 'direct', server: '10.0.0.9:5432', members: NAMES },
      'unknown',
    ],
    ['HAProxy', { rw: {}, way: 'proxy', server: N1, haproxy: true }, 'haproxy'],
    ['a pooler in front of HAProxy', { rw: {}, way: 'pooler', server: N1, haproxy: true }, 'haproxy'],
    ['a pooler', { rw: {}, way: 'pooler', server: N1 }, 'unknown'],
    ['some proxy', { rw: {}, way: 'proxy', server: N1 }, 'unknown'],
    [
      'a proxy whose checks were told',
      { rw: {}, way: 'proxy', server: N1, settings: { 'haproxy.inter': '1s' } },
      'haproxy',
    ],
    [
      'several members of which one is tried after the other',
      { rw: { ...several, targetSessionAttrs: 'read-write' }, way: 'multi-host', haproxy: true },
      'none',
    ],
    ['several members, any of which will do', { rw: several, way: 'multi-host', haproxy: true }, 'nothing'],
    ['several HAProxies', { rw: proxies, way: 'multi-host', haproxy: true }, 'haproxy'],
    [
      'several HAProxies of which the one that leads to a primary is taken',
      { rw: { ...proxies, targetSessionAttrs: 'primary' }, way: 'multi-host', haproxy: true },
      'haproxy',
    ],
    ['several proxies', { rw: proxies, way: 'multi-host' }, 'unknown'],
  ])('%s', (_, made, by) => {
    expect(leadingOf(recordingWith(made)).by).toBe(by);
  });

  it('decides what is predicted, and what is said where nothing is', () => {
    const told = (made: Case, kind?: string) => {
      const [round] = analyse(recordingWith(made, kind)).analysis.rounds;
      return [round?.prediction?.parts.some(({ name }) => name.includes('HAProxy')), round?.unpredicted];
    };
    expect(told({ rw: {}, way: 'proxy', server: N1, haproxy: true })).toEqual([true, null]);
    expect(told({ rw: {}, way: 'direct', server: '10.0.0.9:5432' })).toEqual([false, null]);
    expect(told({ rw: {}, way: 'direct', server: N1 })).toEqual([
      undefined,
      'the load goes to one member itself, whoever leads',
    ]);
    expect(told({ rw: {}, way: 'pooler', server: N1 })).toEqual([
      undefined,
      'how the pooler finds the leader is not known: no HAProxy was given',
    ]);
    // Whatever leads there, it goes on doing so.
    expect(told({ rw: {}, way: 'pooler', server: N1 }, 'restart')).toEqual([false, null]);
    expect(told({ rw: {}, way: 'pooler', server: N1 }, 'exec')).toEqual([undefined, null]);
  });
});

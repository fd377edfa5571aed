import { describe, expect, it } from 'vitest';
import type { ClusterMember, PatroniCluster } from '../cluster/patroni.js';
import { candidateOf, memberFor } from './members.js';
import { valuesOf } from './placeholders.js';

function member(name: string, given: Partial<ClusterMember> = {}): ClusterMember {
  return {
    name,
    role: 'replica',
    state: 'running',
    apiUrl: `http://${name}:8008`,
    host: name,
    port: 5432,
    timeline: 1,
    lag: 0,
    tags: {},
    ...given,
  };
}

const LEADER = member('n1', { role: 'leader', lag: null });

function clusterOf(replicas: readonly ClusterMember[]): PatroniCluster {
  return { scope: 's', pause: false, scheduledSwitchover: false, members: [LEADER, ...replicas] };
}

function chosen(replicas: readonly ClusterMember[], wanted?: string): string {
  return candidateOf(clusterOf(replicas), LEADER, wanted).name;
}

describe('candidateOf', () => {
  it('takes the replica that lags least', () => {
    expect(chosen([member('n2', { lag: 500 }), member('n3', { lag: 16 })])).toBe('n3');
  });

  it('takes none that may not lead, does not run, or whose lag nobody knows', () => {
    expect(chosen([member('n2', { tags: { nofailover: true } }), member('n3', { lag: 99 })])).toBe('n3');
    expect(chosen([member('n2', { tags: { failover_priority: 0 } }), member('n3', { lag: 99 })])).toBe('n3');
    expect(chosen([member('n2', { state: 'start failed' }), member('n3', { lag: 99 })])).toBe('n3');
    expect(chosen([member('n2', { lag: null }), member('n3', { lag: 99 })])).toBe('n3');
  });

  it('prefers a synchronous standby: Patroni lets no other take over', () => {
    expect(chosen([member('n2'), member('n3', { role: 'sync_standby', lag: 99 })])).toBe('n3');
  });

  it('takes the one that was asked for, or says which there are', () => {
    expect(chosen([member('n2'), member('n3')], 'n3')).toBe('n3');
    expect(() => chosen([member('n2')], 'n1')).toThrow("must be a replica (n2), found 'n1'");
    expect(() => chosen([])).toThrow('needs a replica');
  });
});

describe('memberFor', () => {
  const named = (...replicas: readonly ClusterMember[]) =>
    memberFor(clusterOf(replicas), LEADER, 'replica').name;

  it('takes a replica that runs, and need not be able to lead', () => {
    expect(named(member('n2', { tags: { nofailover: true } }))).toBe('n2');
    expect(named(member('n2', { lag: 9 }), member('n3', { tags: { failover_priority: 0 } }))).toBe('n3');
    expect(named(member('n2', { state: 'stopped' }), member('n3', { lag: 9, state: 'streaming' }))).toBe(
      'n3',
    );
    expect(() => named(member('n2', { state: 'stopped' }))).toThrow('needs a replica that runs');
  });
});

describe('valuesOf', () => {
  it('looks only for those that a command uses', () => {
    const lone = {
      cluster: clusterOf([member('n2', { state: 'stopped' })]),
      leader: LEADER,
      etcdLeader: null,
    };
    expect(valuesOf(lone, null, ['leader', 'leader_host', 'scope'])).toEqual({
      leader: 'n1',
      leader_host: 'n1',
    });
    expect(() => valuesOf(lone, null, ['replica_host'])).toThrow('{replica} needs a replica that runs');
    const replica = member('n2', { host: '10.0.0.2', tags: { nofailover: true } });
    const look = { ...lone, cluster: clusterOf([replica]) };
    expect(valuesOf(look, 's', ['replica', 'replica_host', 'scope'])).toEqual({
      replica: 'n2',
      replica_host: '10.0.0.2',
      scope: 's',
    });
  });
});

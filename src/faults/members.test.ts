import { describe, expect, it } from 'vitest';
import type { ClusterMember, PatroniCluster } from '../cluster/patroni.js';
import { candidateOf } from './members.js';

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

function chosen(replicas: readonly ClusterMember[], wanted?: string): string {
  const cluster: PatroniCluster = {
    scope: 's',
    pause: false,
    scheduledSwitchover: false,
    members: [LEADER, ...replicas],
  };
  return candidateOf(cluster, LEADER, wanted).name;
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

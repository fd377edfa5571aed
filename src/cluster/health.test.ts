import { describe, expect, it } from 'vitest';
import { flawOf } from './health.js';
import type { ClusterMember, PatroniMember } from './patroni.js';
import { parseMember } from './patroni.js';

const leader = member('n1', { role: 'leader' });

describe('flawOf', () => {
  it('finds none when the leader is primary and both replicas stream', () => {
    expect(flawOf(leader, self(['n2', 'n3']), [member('n2'), member('n3')])).toBeNull();
  });

  it('takes the word of a later Patroni for a replica that streams from another one', () => {
    const cascading = member('n3', { state: 'streaming', tags: { replicatefrom: 'n2' } });
    expect(flawOf(leader, self(['n2']), [member('n2'), cascading])).toBeNull();
  });

  it('takes the word of the leader where the two differ: a replica that hangs tells nothing new', () => {
    const hanging = member('n3', { state: 'streaming' });
    expect(flawOf(leader, self(['n2']), [member('n2'), hanging])).toBe('n3 does not stream');
    expect(flawOf(leader, self(['n2', 'n3']), [member('n2'), hanging])).toBeNull();
  });

  it('names a replica that does not stream', () => {
    expect(flawOf(leader, self(['n2']), [member('n2'), member('n3')])).toBe('n3 does not stream');
  });

  it('does not count a replica that is still catching up', () => {
    const catchingUp = self(['n2'], { replication: [{ application_name: 'n2', state: 'catchup' }] });
    expect(flawOf(leader, catchingUp, [member('n2')])).toBe('n2 does not stream');
  });

  it('says what a replica does instead', () => {
    const creating = member('n2', { state: 'creating replica' });
    expect(flawOf(leader, self(['n2']), [creating])).toBe('n2 does not stream (creating replica)');
  });

  it('finds a replica on another timeline', () => {
    const old = member('n2', { timeline: 1 });
    expect(flawOf(leader, self(['n2']), [old])).toBe('n2 is on timeline 1, the leader on 2');
  });

  it('finds a leader that is not promoted yet', () => {
    expect(flawOf(leader, self([], { role: 'replica' }), [])).toBe(
      'n1 holds the leader key, and its PostgreSQL is replica',
    );
  });

  it('finds a leader that is starting', () => {
    expect(flawOf(leader, self([], { state: 'starting' }), [])).toBe('n1 is starting');
  });
});

function member(name: string, differing: Partial<ClusterMember> = {}): ClusterMember {
  return {
    name,
    role: 'replica',
    state: 'running',
    apiUrl: `http://${name}:8008`,
    host: name,
    port: 5432,
    timeline: 2,
    lag: 0,
    tags: {},
    ...differing,
  };
}

function self(streaming: readonly string[], differing: Record<string, unknown> = {}): PatroniMember {
  const replication = streaming.map((name) => ({ application_name: name, state: 'streaming' }));
  return parseMember('http://n1:8008', {
    role: 'master',
    state: 'running',
    timeline: 2,
    replication,
    ...differing,
  });
}

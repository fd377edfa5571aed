import { describe, expect, it } from 'vitest';
import type { ClusterMember } from '../cluster/patroni.js';
import type { TimelineEnd } from '../result/observed.js';
import { type ForkFacts, lossesOf } from './losses.js';
import type { LostToken } from './lost-tokens.js';

const N1 = '10.0.0.1:5432';
const N2 = '10.0.0.2:5432';

/** n1 led first; n2 took over at 10 s, n1 again at 20 s. */
const FACTS: ForkFacts = {
  leaderChanges: [
    { atMs: 10_000, from: 'n1', to: 'n2' },
    { atMs: 20_000, from: 'n2', to: 'n1' },
  ],
  members: [member('n1', '10.0.0.1'), member('n2', '10.0.0.2')],
  history: [end(1, 500, 'n1'), end(2, 1000, 'n2'), end(3, 2000, 'n1')],
  timelineAtStart: 2,
  lsnBefore: (atMs) => atMs,
};

describe('losses', () => {
  it('are none when nothing is lost', () => {
    expect(lossesOf([], FACTS)).toEqual([]);
  });

  it('belong to the change of the leader behind the acknowledgement, with its fork', () => {
    expect(lossesOf([lost(9_000, N1), lost(9_500, N1), lost(19_999, N2)], FACTS)).toEqual([
      {
        count: 2,
        firstAckMs: 9_000,
        lastAckMs: 9_500,
        servers: [N1],
        walBytes: 8_500,
        forkLsn: 1000,
        timeline: 2,
      },
      {
        count: 1,
        firstAckMs: 19_999,
        lastAckMs: 19_999,
        servers: [N2],
        walBytes: 17_999,
        forkLsn: 2000,
        timeline: 3,
      },
    ]);
  });

  it('belong to an old leader that went on when its time was over', () => {
    expect(lossesOf([lost(12_000, N1)], FACTS)).toMatchObject([{ timeline: 2, lastAckMs: 12_000 }]);
    expect(lossesOf([lost(22_000, N2)], FACTS)).toMatchObject([{ timeline: 3 }]);
  });

  it('take the probe as it was when the leader changed, where the old one went on', () => {
    expect(lossesOf([lost(12_000, N1)], FACTS)).toMatchObject([{ walBytes: 9_000 }]);
  });

  it('belong to a new leader that acknowledged before it was seen to lead', () => {
    expect(lossesOf([lost(9_990, N2)], FACTS)).toMatchObject([{ timeline: 3 }]);
  });

  it('go by time alone where nobody knows the server', () => {
    expect(lossesOf([lost(9_000, 'x:1')], FACTS)).toMatchObject([{ timeline: 2 }]);
    expect(lossesOf([lost(12_000, 'x:1')], { ...FACTS, members: [] })).toMatchObject([{ timeline: 3 }]);
  });

  it('have no fork behind the last change', () => {
    expect(lossesOf([lost(25_000, N1)], FACTS)).toMatchObject([
      { count: 1, forkLsn: null, timeline: null, walBytes: null },
    ]);
  });

  it('do not tell their first acknowledgement where some are forgotten', () => {
    const one = {
      ...FACTS,
      leaderChanges: FACTS.leaderChanges.slice(0, 1),
      history: FACTS.history.slice(0, 2),
    };
    expect(lossesOf([lost(null, null), lost(9_000, N1)], one)).toMatchObject([
      { count: 2, firstAckMs: null, lastAckMs: 9_000, servers: [N1], timeline: 2, walBytes: 8_000 },
    ]);
    expect(lossesOf([lost(null, null)], one)).toMatchObject([
      { count: 1, firstAckMs: null, lastAckMs: null, timeline: 2, walBytes: 9_000 },
    ]);
  });

  it('keep those apart of which it cannot be told which change took them', () => {
    expect(lossesOf([lost(null, null), lost(19_000, N2)], FACTS)).toMatchObject([
      { count: 1, timeline: 3 },
      { count: 1, timeline: null, forkLsn: null, servers: [] },
    ]);
  });
});

describe('forks', () => {
  it('are found by the name of the new leader where a timeline ended without a change', () => {
    const history = [end(2, 1000, 'n1'), end(3, 1500, 'n2'), end(4, 1700, 'n2'), end(5, 2000, 'n1')];
    expect(lossesOf([lost(9_000, N1), lost(19_000, N2)], { ...FACTS, history })).toMatchObject([
      { timeline: 3, forkLsn: 1500 },
      { timeline: 5, forkLsn: 2000 },
    ]);
  });

  it('are not guessed', () => {
    const history = [end(2, 1000, null), end(3, 1500, null), end(4, 2000, null)];
    expect(lossesOf([lost(9_000, N1)], { ...FACTS, history })).toMatchObject([{ forkLsn: null }]);
    expect(lossesOf([lost(9_000, N1)], { ...FACTS, history: [] })).toMatchObject([{ forkLsn: null }]);
    expect(lossesOf([lost(9_000, N1)], { ...FACTS, timelineAtStart: null })).toMatchObject([
      { forkLsn: null },
    ]);
  });

  it('are clear without a watch of the leader where one timeline ended', () => {
    const facts = { ...FACTS, leaderChanges: [], members: [], history: [end(2, 1000, null)] };
    expect(lossesOf([lost(9_000, N1), lost(null, null)], facts)).toMatchObject([
      { count: 2, timeline: 2, walBytes: 8_000 },
    ]);
  });

  it('leave the bytes unknown where the probe knows none, and are never behind the fork', () => {
    expect(lossesOf([lost(9_000, N1)], { ...FACTS, lsnBefore: () => null })).toMatchObject([
      { walBytes: null },
    ]);
    expect(lossesOf([lost(9_000, N1)], { ...FACTS, lsnBefore: () => 7 })).toMatchObject([{ walBytes: 0 }]);
  });
});

function lost(atMs: number | null, server: string | null): LostToken {
  return { token: 'r.1.1', client: 1, seq: 1, atMs, server, outcome: 'ack' };
}

function end(timeline: number, forkLsn: number, newLeader: string | null): TimelineEnd {
  return { timeline, forkLsn, reason: 'no recovery target specified', at: null, newLeader };
}

function member(name: string, host: string): ClusterMember {
  return {
    name,
    role: 'replica',
    state: 'running',
    apiUrl: '',
    host,
    port: 5432,
    timeline: 3,
    lag: null,
    tags: {},
  };
}

import { describe, expect, it } from 'vitest';
import type { Event, FaultRecord } from '../result/result.js';
import { askedRounds } from './asked.js';
import { eventOf, leaderByPatroni, leaderKey } from './events.fixture.js';
import { every, recordingOf } from './made.fixture.js';
import { roundsOf } from './rounds.js';
import { faultAt, notDone, planOf } from './sample.fixture.js';

const ACKS = [[...every(7, 0, 20_312), ...every(7, 25_565, 60_000)]];

const MADE = {
  plan: planOf({ durationMs: 60_000 }),
  acksMs: ACKS,
  failures: [{ atMs: 20_400 }, { atMs: 25_500 }],
};

function runOf(faults: readonly FaultRecord[], events: readonly Event[] = []) {
  return recordingOf({ ...MADE, faults, events });
}

const CUT = faultAt(18_000, { kind: 'cut-replication', askedAtMs: 18_000, subject: 'n1' });
const KILL = faultAt(20_000, { kind: 'kill-node', askedAtMs: 20_000, subject: 'n1' });
const SECOND = faultAt(40_000, { kind: 'cut-replication', askedAtMs: 40_000, round: 2 });

describe('faults of one round', () => {
  it('are one round, told by the last of them, and the load was left alone until the first', () => {
    const recording = runOf([SECOND, KILL, CUT]);
    const [first, second] = askedRounds(recording);
    expect(first).toMatchObject({ fault: 1, faults: [2, 1], calmUntilMs: 18_000, name: 'Kill-node 1' });
    // To the first fault of the next round.
    expect(first?.window).toEqual({ fromMs: 20_000, toMs: 40_000 });
    expect(second).toMatchObject({ fault: 0, window: { fromMs: 40_000, toMs: 60_000 } });
    const { rounds, notes } = roundsOf(recording);
    expect(rounds.map(({ fault }) => fault)).toEqual([1, 0]);
    expect(rounds[0]?.phases.before?.toMs).toBe(18_000);
    expect(rounds[0]?.phases.during?.fromMs).toBe(20_000);
    expect(rounds[0]?.writeDowntime).toMatchObject({ outage: true, toMs: 25_565 });
    expect(notes.filter((note) => note.includes('Cut-replication'))).toEqual([
      expect.stringMatching(/^Cut-replication 2: read downtime/),
    ]);
  });

  it('are told by what was done of them, and do not count', () => {
    const killed = notDone(20_000, 'n1 was not there');
    const { rounds, notes } = roundsOf(runOf([CUT, { ...killed, kind: 'kill-node' }]));
    expect(rounds).toHaveLength(1);
    expect(rounds[0]).toMatchObject({ fault: 0, invalid: 'n1 was not there' });
    expect(notes).toContain(
      'Cut-replication: kill-node was not done, so there is nothing to tell of it (n1 was not there).',
    );
  });
});

describe('an outage that was not over when the next fault came', () => {
  it('ends there, but a client is back when it works after service came back', () => {
    const client = { acks: 9, connects: 2, longestGap: null };
    const clients = [
      { ...client, client: 0, lastAckMs: 59_999 },
      { ...client, client: 1, lastAckMs: 20_300 },
      { ...client, client: 2, lastAckMs: 44_000 },
    ];
    const acksMs = [[...every(7, 0, 20_312), ...every(7, 45_000, 60_000)]];
    const second = { ...KILL, askedAtMs: 40_000, round: 2 };
    const { rounds } = roundsOf({ ...recordingOf({ ...MADE, acksMs, faults: [KILL, second] }), clients });
    expect(rounds[0]?.writeDowntime).toMatchObject({ outage: true, toMs: null });
    expect(rounds.map(({ clientsBack }) => clientsBack)).toEqual([1, 1]);
  });
});

describe('the gaps of clients', () => {
  const client = { acks: 9, connects: 2, lastAckMs: 59_999 };
  const clients = [
    { ...client, client: 0, longestGap: { fromMs: 20_300, toMs: 25_600 } },
    { ...client, client: 1, longestGap: { fromMs: 39_998, toMs: 47_000 } },
  ];

  it('are told of each round, of its own longest ones', () => {
    const second = { ...KILL, askedAtMs: 40_000, round: 2 };
    const gaps = [
      [
        { fromMs: 20_300, toMs: 25_600 },
        { fromMs: 40_001, toMs: 43_001 },
      ],
      [
        { fromMs: 20_200, toMs: 21_200 },
        { fromMs: 39_998, toMs: 47_000 },
      ],
    ];
    const { rounds } = roundsOf({ ...runOf([KILL, second]), clients, gaps });
    expect(rounds.map(({ clientGaps }) => clientGaps)).toEqual([
      { clients: 2, p50Ms: 1000, p99Ms: 5300, maxMs: 5300 },
      { clients: 2, p50Ms: 3000, p99Ms: 7002, maxMs: 7002 },
    ]);
  });
});

describe('a round', () => {
  const invalid = (events: readonly Event[], part: Partial<FaultRecord> = {}) =>
    roundsOf(runOf([{ ...KILL, ...part }], events)).rounds[0]?.invalid;

  it('counts when the leader changed once, for its fault', () => {
    expect(invalid(leaderKey([0, 'n1'], [24_000, null], [24_010, 'n2']))).toBeNull();
    // Both sources tell of the same change.
    const both = [
      ...leaderKey([0, 'n1'], [24_000, null], [24_010, 'n2']),
      ...leaderByPatroni([0, 'n1'], [24_900, 'n2']),
    ];
    expect(invalid(both.toSorted((a, b) => a.atMs - b.atMs))).toBeNull();
    expect(invalid([])).toBeNull();
  });

  it('does not when it changed in the steady part before', () => {
    expect(invalid(leaderKey([0, 'n3'], [12_000, 'n1'], [24_010, 'n2']))).toBe(
      'the leader changed before it, n3 -> n1',
    );
  });

  it('does when that may have been before the load was steady', () => {
    const early = {
      ...eventOf('patroni', 'leader', '', 1200, { from: 'n3', to: 'n1' }),
      uncertaintyMs: 1200,
    };
    const first = eventOf('patroni', 'leader', '', 0, { to: 'n3' });
    expect(invalid([first, early])).toBeNull();
  });

  it('does not when the leader changed once more, or of itself', () => {
    const again = leaderKey([0, 'n1'], [24_010, 'n2'], [30_000, 'n3']);
    expect(invalid(again)).toBe('the leader changed again, n2 -> n3');
    expect(invalid(again, { kind: 'exec' })).toBeNull();
    const once = leaderKey([0, 'n1'], [24_010, 'n2']);
    expect(invalid(once, { kind: 'kill-replica' })).toBe(
      'the leader changed, n1 -> n2, which this does not do',
    );
  });

  it('does not when whoever did the fault says so', () => {
    expect(invalid([], { disturbance: 'n3 fell behind' })).toBe('n3 fell behind');
    expect(invalid([], { failure: 'Patroni refused: 412' })).toBe('Patroni refused: 412');
  });
});

describe('rounds of one kind', () => {
  const AT = [20_000, 50_000, 80_000, 110_000, 140_000];
  const GONE_MS = [3000, 1000, 5000, 4000, 2000];

  function five(part: (index: number) => Partial<FaultRecord> = () => ({})) {
    const acks = AT.flatMap((atMs, i) =>
      every(7, i === 0 ? 0 : (AT[i - 1] ?? 0) + (GONE_MS[i - 1] ?? 0), atMs),
    );
    const lastMs = 142_000;
    return roundsOf(
      recordingOf({
        plan: planOf({ durationMs: 170_000 }),
        acksMs: [[...acks, ...every(7, lastMs, 170_000)]],
        failures: AT.flatMap((atMs, i) => [{ atMs: atMs + 30 }, { atMs: atMs + (GONE_MS[i] ?? 0) - 30 }]),
        faults: AT.map((atMs, i) => faultAt(atMs, { round: i + 1, askedAtMs: atMs, ...part(i) })),
      }),
    );
  }

  it('are summed up: n, min, median, max and an interval of the median', () => {
    const [summary] = five().summaries;
    expect(summary).toMatchObject({ kind: 'switchover', valid: 5, invalid: 0, readDowntimeMs: null });
    expect(summary?.writeDowntimeMs?.n).toBe(5);
    expect(summary?.writeDowntimeMs?.median).toBeGreaterThanOrEqual(3000);
    expect(summary?.writeDowntimeMs?.median).toBeLessThan(3010);
    expect(summary?.writeDowntimeMs?.min).toBeLessThan(1010);
    expect(summary?.writeDowntimeMs?.max).toBeGreaterThanOrEqual(5000);
    expect(summary?.writeDowntimeMs?.interval?.from).toBeLessThan(1010);
    expect(summary?.steadyAfterMs).toMatchObject({ n: 5, median: 3000 });
  });

  it('are so without those that do not count', () => {
    const [summary] = five((i) => (i === 2 ? { disturbance: 'something else' } : {})).summaries;
    expect(summary).toMatchObject({ valid: 4, invalid: 1, writeDowntimeMs: { n: 4, interval: null } });
    expect(summary?.writeDowntimeMs?.max).toBeLessThan(4010);
  });

  it('are not, where there was one only', () => {
    const { summaries } = five((i) => ({ kind: `kind ${i}` }));
    expect(summaries).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../result/result.js';
import type { SplitBrain } from '../result/round.js';
import { every, type Made, recordingOf } from './made.fixture.js';
import { planOf, sampleOf } from './sample.fixture.js';
import { splitBrainOf } from './split-brain.js';

const N1 = '127.0.1.1:5432';
const N2 = '127.0.1.2:5432';

const LENGTH_MS = 20_000;

function found(
  servers: Made['servers'] = [],
  events: readonly Event[] = [],
  fromMs = 5000,
): SplitBrain | null {
  const plan = planOf({ durationMs: LENGTH_MS });
  const recording = recordingOf({ plan, acksMs: [[]], servers, events });
  return splitBrainOf(recording, { fromMs, toMs: LENGTH_MS });
}

function event(
  layer: Event['layer'],
  kind: string,
  subject: string,
  atMs: number,
  part: Partial<Event> = {},
): Event {
  return { atMs, uncertaintyMs: 0, layer, kind, subject, from: null, to: null, text: '', ...part };
}

/** Steps of some ms each, from an instant on. */
function stepping(fromMs: number, steps: readonly number[]): number[] {
  let atMs = fromMs;
  return [fromMs, ...steps.map((step) => (atMs += step))];
}

const STEPS = fc.array(fc.double({ min: 0.5, max: 60, noNaN: true }), { minLength: 20, maxLength: 60 });

describe('two servers that acknowledge writes', () => {
  it('together are a split brain: from the first of the new to the last of the old one', () => {
    const servers = [
      { server: N1, acksMs: every(10, 0, 9001) },
      { server: N2, acksMs: every(10, 8004, LENGTH_MS) },
    ];
    expect(found(servers)).toEqual({
      winner: 'n2',
      loser: 'n1',
      fromMs: 8004,
      toMs: 9000,
      overlapMs: 996,
      acksOnLoser: 100,
      evidence: 'load',
    });
  });

  it('one after the other are none, whatever the instants', () => {
    fc.assert(
      fc.property(STEPS, STEPS, fc.double({ min: 0.001, max: 3000, noNaN: true }), (before, after, gapMs) => {
        const old = stepping(4000, before);
        const servers = [
          { server: N1, acksMs: old },
          { server: N2, acksMs: stepping((old.at(-1) ?? 0) + gapMs, after) },
        ];
        expect(found(servers)).toBeNull();
      }),
    );
  });

  it('and over to and fro are none either', () => {
    fc.assert(
      fc.property(STEPS, STEPS, STEPS, (first, second, third) => {
        const one = stepping(5000, first);
        const two = stepping((one.at(-1) ?? 0) + 0.5, second);
        const three = stepping((two.at(-1) ?? 0) + 0.5, third);
        const servers = [
          { server: N1, acksMs: [...one, ...three] },
          { server: N2, acksMs: two },
        ];
        expect(found(servers)).toBeNull();
      }),
    );
  });

  it('in overlapping time always are, as long as they overlapped', () => {
    fc.assert(
      fc.property(STEPS, STEPS, fc.double({ min: 0, max: 0.95, noNaN: true }), (first, second, share) => {
        const old = stepping(5000, first);
        const lastMs = old.at(-1) ?? 0;
        const fromMs = old[0] === undefined ? 0 : lastMs - (lastMs - old[0]) * (1 - share);
        const late = stepping(fromMs, second);
        const lateLastMs = late.at(-1) ?? 0;
        fc.pre(lateLastMs > lastMs && fromMs < lastMs);
        const seen = found([
          { server: N1, acksMs: old },
          { server: N2, acksMs: late },
        ]);
        expect(seen).toMatchObject({ winner: 'n2', loser: 'n1' });
        expect(seen?.overlapMs).toBeCloseTo(lastMs - fromMs, 2);
        // Exact but for the bucket in which it begins.
        const truth = old.filter((atMs) => atMs >= fromMs).length;
        const inBucket = old.filter((atMs) => Math.floor(atMs / 100) === Math.floor(fromMs / 100)).length;
        expect(Math.abs((seen?.acksOnLoser ?? 0) - truth)).toBeLessThanOrEqual(inBucket);
        expect(seen?.acksOnLoser).toBeGreaterThan(0);
      }),
    );
  });

  it('are one, too, where the old one is thawed and acknowledges once more', () => {
    const servers = [
      { server: N1, acksMs: [...every(10, 0, 6000), 12_003.25] },
      { server: N2, acksMs: every(10, 9000, LENGTH_MS) },
    ];
    expect(found(servers)).toMatchObject({ fromMs: 9000, toMs: 12_003.25, acksOnLoser: 1, loser: 'n1' });
  });

  it('has the one as winner that leads in the end, whoever acknowledged last', () => {
    const events = [
      event('etcd', 'leader_key', '', 0, { to: 'n1' }),
      event('etcd', 'leader_key_taken', '', 9000, { to: 'n2' }),
    ];
    const servers = [
      { server: N1, acksMs: every(10, 0, LENGTH_MS - 1), via: 'direct' as const },
      { server: N2, acksMs: every(10, 9500, LENGTH_MS - 15), via: 'direct' as const },
    ];
    expect(found(servers, events)).toMatchObject({ winner: 'n2', loser: 'n1', evidence: 'direct_writes' });
    expect(found(servers)).toMatchObject({ winner: 'n1', loser: 'n2' });
  });

  it('is named by its address where Patroni does not know it', () => {
    const servers = [
      { server: '10.0.0.7:5432', acksMs: every(10, 0, 9001) },
      { server: '10.0.0.8:5432', acksMs: every(10, 8004, LENGTH_MS) },
    ];
    expect(found(servers)?.loser).toBe('10.0.0.7:5432');
  });

  it('under two addresses may be one server: only those of members are certainly two', () => {
    const direct = { server: N1, acksMs: every(10, 0, LENGTH_MS), via: 'direct' as const };
    expect(found([{ server: '127.0.0.1:5432', acksMs: every(10, 1, LENGTH_MS) }, direct])).toBeNull();
    const unseen = { server: '127.0.0.1:5432', acksMs: every(10, 1, LENGTH_MS), via: 'load' as const };
    expect(found([unseen, { ...direct, server: '10.0.0.1:5432' }])).toBeNull();
    // What goes by an unknown address does not hide what the members did.
    const other = { server: N2, acksMs: every(10, 8004, LENGTH_MS) };
    expect(found([unseen, direct, other])).toMatchObject({ fromMs: 8004 });
  });

  it('does not look past a second change of the leader', () => {
    const taken = (atMs: number, to: string) => event('etcd', 'leader_key_taken', '', atMs, { to });
    const events = [
      event('etcd', 'leader_key', '', 0, { to: 'n1' }),
      taken(7000, 'n2'),
      taken(10_000, 'n1'),
      taken(13_000, 'n2'),
    ];
    const servers = [
      { server: N1, acksMs: [...every(10, 0, 6900), ...every(10, 10_100, 12_900)] },
      { server: N2, acksMs: [...every(10, 7100, 9900), ...every(10, 13_100, LENGTH_MS)] },
    ];
    expect(found(servers, events)).toBeNull();
    // Without anybody who watched the leader it cannot be told from one.
    expect(found(servers)).not.toBeNull();
  });

  it('before the fault says nothing of it', () => {
    const servers = [
      { server: N1, acksMs: every(10, 0, 3000) },
      { server: N2, acksMs: every(10, 2000, LENGTH_MS) },
    ];
    expect(found(servers)).toBeNull();
  });

  it('of an ordinary switchover is none', () => {
    expect(sampleOf('switchover').result.analysis.rounds[0]?.splitBrain).toBeNull();
  });
});

describe('two nodes that are primary', () => {
  const roles = [
    event('postgres', 'pg_up', 'n1', 0),
    event('postgres', 'role', 'n1', 0, { to: 'primary' }),
    event('postgres', 'role', 'n2', 0, { to: 'standby' }),
  ];

  it('at once are a split brain for as long as both certainly were', () => {
    const events = [
      ...roles,
      event('postgres', 'promoted', 'n2', 8000, { uncertaintyMs: 200 }),
      event('postgres', 'demoted', 'n1', 9500, { uncertaintyMs: 300 }),
    ];
    expect(found([], events)).toEqual({
      winner: 'n2',
      loser: 'n1',
      fromMs: 8000,
      toMs: 9200,
      overlapMs: 1200,
      acksOnLoser: 0,
      evidence: 'roles',
    });
  });

  it('are none where one may have followed the other, or does not answer', () => {
    const promoted = event('postgres', 'promoted', 'n2', 8000, { uncertaintyMs: 200 });
    const demoted = event('postgres', 'demoted', 'n1', 8100, { uncertaintyMs: 300 });
    const down = event('postgres', 'pg_down', 'n1', 6000, { uncertaintyMs: 1000 });
    expect(found([], [...roles, promoted, demoted])).toBeNull();
    expect(found([], [...roles, down, promoted])).toBeNull();
    // It came back as what it was, and was demoted only then.
    const up = event('postgres', 'pg_up', 'n1', 10_000);
    const late = event('postgres', 'demoted', 'n1', 10_400, { uncertaintyMs: 200 });
    expect(found([], [...roles, down, promoted, up, late])).toMatchObject({ fromMs: 10_000, overlapMs: 200 });
  });

  it('are less than acknowledgements, where there are both', () => {
    const events = [...roles, event('postgres', 'promoted', 'n2', 8000)];
    const servers = [
      { server: N1, acksMs: every(10, 0, 9001) },
      { server: N2, acksMs: every(10, 8004, LENGTH_MS) },
    ];
    expect(found(servers, events)?.evidence).toBe('load');
  });
});

import { describe, expect, it } from 'vitest';
import type { Result } from '../../result/result.js';
import { axisEnd, columnsOf } from './columns.js';
import { longResult } from './long-result.fixture.js';
import { groupsOf, NEAR_MS } from './thin.js';

/** Made before any test, since they take their time. */
const HOUR = longResult(3_600_000, 1_200_000);
const MINUTE = longResult(60_000, 30_000);

describe('groupsOf', () => {
  it('leaves a run alone that is small enough', () => {
    const result = MINUTE;
    expect(groupsOf(result)).toEqual(result.timeline.startMs.map((_, i) => ({ first: i, last: i })));
  });

  it('keeps every bucket near a fault, and joins others until there are few enough', () => {
    const result = HOUR;
    const most = 4000;
    const groups = groupsOf(result, most);
    expect(groups.length).toBeLessThanOrEqual(most);
    // All of them, in order, each once.
    expect(groups[0]?.first).toBe(0);
    expect(groups.at(-1)?.last).toBe(result.timeline.startMs.length - 1);
    for (const [index, { first }] of groups.entries()) {
      expect(first).toBe((groups[index - 1]?.last ?? -1) + 1);
    }
    const asked = result.faults.flatMap(({ askedAtMs }) => askedAtMs ?? []);
    for (const { first, last } of groups) {
      const from = result.timeline.startMs[first] ?? 0;
      const to = (result.timeline.startMs[last] ?? 0) + 100;
      if (asked.some((atMs) => to > atMs - NEAR_MS && from < atMs + NEAR_MS)) {
        expect(last).toBe(first);
      }
    }
  });
});

describe('columnsOf', () => {
  it('tells of a group the rate over its whole length and the highest latency', () => {
    const result = HOUR;
    const groups = groupsOf(result, 4000);
    const columns = columnsOf(result, groups);
    const index = groups.findIndex(({ first, last }) => last > first);
    const { first, last } = groups[index] ?? { first: 0, last: 0 };
    const acks = (result.timeline.outcomes.rw?.ack ?? []).slice(first, last + 1);
    const count = acks.reduce((sum, each) => sum + each, 0);
    expect(columns.rate('rw')?.[index]).toBeCloseTo(count / ((last - first + 1) / 10), 1);
    const maxUs = result.timeline.maxUs.slice(first, last + 1).flatMap((us) => us ?? []);
    expect(columns.latency('max')[index]).toBe(Math.max(...maxUs));
    expect(columns.startMs[index]).toBe(result.timeline.startMs[first]);
  });

  it('makes no peak of the last bucket, which the run did not fill', () => {
    const { run, timeline } = MINUTE;
    const three = {
      ...timeline,
      startMs: [0, 100, 200],
      widthMs: [100, 100, 100],
      outcomes: { rw: { ...timeline.outcomes.rw, ack: [50, 50, 1], ack_unreplicated: [0, 0, 0] } },
      errors: { shutdown: [0, 0, 1] },
    } as Result['timeline'];
    const cut = { ...MINUTE, run: { ...run, elapsedMs: 200.05 }, timeline: three };
    const columns = columnsOf(cut, groupsOf(cut));
    expect(columns.rate('rw')).toEqual([500, 500, 10]);
    expect(columns.errors.get('shutdown')).toEqual([0, 0, 10]);
  });

  it('has room for what still came after the last transaction of the run', () => {
    const late = { ...MINUTE, run: { ...MINUTE.run, elapsedMs: 59_850 } };
    expect(axisEnd(late)).toBe(60_000);
    expect(axisEnd({ ...late, run: { ...late.run, elapsedMs: 59_950 } })).toBe(59_950);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Downtime } from '../../result/downtime.js';
import { gapLane } from './gaps.js';
import { styleOf } from './text.js';

const style = styleOf({ columns: 80, color: false, unicode: true });
const WIDTH = 68;
const canvas = { view: { fromMs: 0, toMs: 68_000 }, width: WIDTH, style };

function outage(fromMs: number, toMs: number | null, part: Partial<Downtime> = {}): Downtime {
  const durationMs = (toMs ?? 68_000) - fromMs;
  const known = { resolutionMs: 40, failures: 1, usualPauseMs: null, stallMs: 0 };
  const rest = { route: 'rw', outage: true, ...known } as const;
  return { ...rest, fromMs, toMs, durationMs, ...part };
}

function laneOf(...downtimes: (Downtime | null)[]): string | undefined {
  return gapLane('no writes', downtimes, canvas)[0]?.slice(11);
}

describe('the lane of outages', () => {
  it('has the length in the bar, behind it, or before it where the lane ends', () => {
    expect(laneOf(outage(1000, 12_500))).toBe(' ━━ 11.5 s ━━');
    expect(laneOf(outage(1000, 1500))).toBe(' ━ 500 ms');
    expect(laneOf(outage(65_000, null))).toBe(`${' '.repeat(58)}3.00 s ━━━`);
  });

  it('has all outages, in the order of time, and no length where there is no room', () => {
    expect(laneOf(outage(20_000, 20_500), outage(1000, 1500))).toBe(` ━ 500 ms${' '.repeat(11)}━ 500 ms`);
    expect(laneOf(outage(2000, 2500), outage(4000, 4500), outage(6000, 6500))).toBe('  ━ ━ ━ 500 ms');
    expect(laneOf(outage(2000, 2300), outage(2400, 2700))).toBe('  ━');
    expect(laneOf(outage(2000, 2500), outage(2600, 4500))).toBe('  ━━━ 1.90 s');
  });

  it('is none where nothing was away in the view', () => {
    expect(laneOf()).toBeUndefined();
    expect(laneOf(null, outage(1000, 2000, { outage: false }), outage(70_000, 71_000))).toBeUndefined();
  });

  it('is never longer than the axis, and shows each outage', () => {
    const spans = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 67_999 }), fc.integer({ min: 1, max: 90_000 })),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(spans, (pairs) => {
        const lane = laneOf(...pairs.map(([from, length]) => outage(from, from + length))) ?? '';
        expect(lane.length).toBeLessThanOrEqual(WIDTH);
        const longest = pairs.reduce((a, b) => (b[1] > a[1] ? b : a));
        const column = Math.floor(longest[0] / 1000);
        expect(lane.slice(column)).toContain('━');
      }),
    );
  });
});

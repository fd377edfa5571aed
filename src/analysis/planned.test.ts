import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pace, Stage } from '../plan/plan.js';
import { isUneven, plannedIn } from './planned.js';

function open(...stages: Stage[]): Pace {
  return { kind: 'open', stages };
}

const FIXED = open({ durationMs: null, fromTps: 500, toTps: 500 });

describe('isUneven', () => {
  it('tells whether the rate changes at all', () => {
    expect(isUneven({ kind: 'closed' })).toBe(false);
    expect(isUneven(FIXED)).toBe(false);
    const even = { durationMs: 1000, fromTps: 5, toTps: 5 };
    expect(isUneven(open(even, even))).toBe(false);
    expect(isUneven(open({ ...even, toTps: 6 }))).toBe(true);
    expect(isUneven(open(even, { ...even, fromTps: 6, toTps: 6 }))).toBe(true);
  });
});

describe('plannedIn', () => {
  it('is the rate times the time, however long a fixed rate goes on', () => {
    expect(plannedIn(FIXED, 1000, 3000)).toBe(1000);
    expect(plannedIn(FIXED, 1e9, 1e9 + 100)).toBeCloseTo(50, 6);
    expect(plannedIn({ kind: 'closed' }, 0, 1000)).toBe(0);
  });

  it('follows a ramp, jumps between stages, and goes on behind the last', () => {
    const pace = open(
      { durationMs: 10_000, fromTps: 0, toTps: 100 },
      { durationMs: 0, fromTps: 7, toTps: 7 },
      { durationMs: 10_000, fromTps: 1000, toTps: 1000 },
    );
    expect(plannedIn(pace, 0, 10_000)).toBe(500);
    expect(plannedIn(pace, 0, 5000)).toBe(125);
    expect(plannedIn(pace, 9000, 11_000)).toBeCloseTo(95 + 1000, 6);
    expect(plannedIn(pace, 20_000, 25_000)).toBe(5000);
  });

  it('is the sum of small steps at the rate of each', () => {
    const stage = fc.record({
      durationMs: fc.integer({ min: 1, max: 50 }).map((hundreds) => hundreds * 100),
      fromTps: fc.integer({ min: 0, max: 1000 }),
      toTps: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 4 }), (stages) => {
        let sum = 0;
        for (const { durationMs, fromTps, toTps } of stages) {
          const steps = durationMs / 100;
          for (let step = 0; step < steps; step++) {
            sum += (fromTps + ((toTps - fromTps) * (step + 0.5)) / steps) / 10;
          }
        }
        const endMs = stages.reduce((total, { durationMs }) => total + durationMs, 0);
        expect(plannedIn(open(...stages), 0, endMs)).toBeCloseTo(sum, 6);
        const middle = endMs / 3;
        const halves = plannedIn(open(...stages), 0, middle) + plannedIn(open(...stages), middle, endMs);
        expect(halves).toBeCloseTo(sum, 6);
      }),
    );
  });
});

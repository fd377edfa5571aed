import { describe, expect, it } from 'vitest';
import type { RoundAnalysis } from '../result/result.js';
import { sampleOf } from './sample.fixture.js';
import { wholePhasesOf } from './whole-phases.js';

const { recording, result } = sampleOf('writes and reads');
const [round] = result.analysis.rounds as [RoundAnalysis];

describe('wholePhasesOf', () => {
  it('has of one round what that round has', () => {
    for (const phase of ['before', 'during', 'after'] as const) {
      const own = round.phases[phase];
      const whole = wholePhasesOf(recording, [round])[phase];
      expect(whole?.tps).toBeCloseTo(own?.tps ?? Number.NaN, 6);
      expect(whole?.outcomes).toEqual(own?.outcomes);
      expect(whole?.response).toEqual(own?.response);
      expect(whole?.spectrum?.valuesUs.at(-1)).toBe(own?.response?.maxUs);
    }
  });

  it('counts what two rounds share once, and leaves invalid ones out', () => {
    const once = wholePhasesOf(recording, [round]);
    expect(wholePhasesOf(recording, [round, round])).toEqual(once);
    expect(
      wholePhasesOf(recording, [
        round,
        {
          ...round,
          invalid: 'disturbed',
          get phases() {
            return never();
          },
        },
      ]),
    ).toEqual(once);
    expect(wholePhasesOf(recording, [{ ...round, invalid: 'disturbed' }]).before).toBeNull();
  });
});

function never(): RoundAnalysis['phases'] {
  throw new Error('an invalid round is not looked at');
}

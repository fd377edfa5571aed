import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { parseGate } from '../gates/gate.js';
import { problemOf } from '../report/problem.js';
import type { Result } from '../result/result.js';
import { exitCodeOf } from './outcome.js';
import { judged, warningsOf } from './run-gates.js';

const { result } = sampleOf('switchover');

function gated(gates: readonly string[], changes: Partial<Result['run']> = {}): Result {
  const asked = { gates: gates.map((gate) => parseGate(gate)), baseline: null, anyway: false };
  return judged({ ...result, run: { ...result.run, ...changes } }, asked);
}

describe('the exit code of a run', () => {
  it('is 0 when all is well', () => {
    expect(exitCodeOf(gated([]))).toBe(0);
    expect(exitCodeOf(gated(['tps > 0']))).toBe(0);
  });

  it('is 1 when one gate fails', () => {
    expect(exitCodeOf(gated(['tps > 0', 'tps > 1e9']))).toBe(1);
  });

  it('is that of what broke or interrupted it, whatever the gates say', () => {
    expect(exitCodeOf(gated(['tps > 1e9'], { status: 'broken' }))).toBe(3);
    expect(exitCodeOf(gated(['tps > 1e9'], { status: 'interrupted' }))).toBe(130);
  });

  it('is 2 when the scripts are to blame, whatever the gates say', () => {
    const { totals, errors } = result;
    const error = { ...errors[0], code: '42P01', message: 'no table', script: 'mine.sql' };
    const broken = {
      ...gated(['tps > 1e9']),
      totals: { ...totals, outcomes: { ...totals.outcomes, ack: 0, ack_unreplicated: 0 } },
      errors: [error as Result['errors'][number]],
    };
    expect(exitCodeOf(broken)).toBe(2);
    expect(problemOf(broken)).toBe('no transaction went through: no table (42P01). Mend mine.sql.');
    expect(problemOf(result)).toBeNull();
  });
});

describe('the gates of a run', () => {
  const other: Result = {
    ...result,
    run: { ...result.run, id: 'other' },
    plan: { ...result.plan, clients: 8 },
  };
  const against = (anyway: boolean) => ({
    gates: [parseGate('tps >= 95% of baseline')],
    baseline: { name: 'main', directory: null, result: other },
    anyway,
  });

  it('fail beside a baseline that is not comparable, unless it is to be passed over', () => {
    expect(judged(result, against(false)).gates.map(({ passed }) => passed)).toEqual([false]);
    expect(judged(result, against(true)).gates.map(({ passed }) => passed)).toEqual([true]);
    expect(warningsOf(result, against(false))).toEqual([]);
    expect(warningsOf(result, against(true))).toEqual([
      'Not comparable, and compared anyway: this run had 64 clients, main had 8 clients.',
    ]);
  });

  it('are in its result, in the order in which they were named', () => {
    expect(
      gated(['tps > 1e9', 'tps > 0']).gates.map(({ expression, passed }) => [expression, passed]),
    ).toEqual([
      ['tps > 1e9', false],
      ['tps > 0', true],
    ]);
  });
});

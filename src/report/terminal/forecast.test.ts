import { describe, expect, it } from 'vitest';
import type { Forecast } from '../../analysis/forecast.js';
import { forecastLines } from './forecast.js';

/** What the line of a part says of its time, in front of its name. */
function cellOf(minMs: number, maxMs: number | null, unicode = true): string {
  const range = { minMs: 0, maxMs: 1000, holds: null };
  const forecast: Forecast = {
    ...{ of: 'mine', patroni: null, proxy: 'haproxy', replicas: null, settings: {}, assumed: [], notes: [] },
    faults: [
      {
        ...{ fault: 'kill-node', etcdLeaderLost: false, unpredicted: null, reads: null, shorten: null },
        writes: { ...range, parts: [{ name: 'PART', settings: [], minMs, maxMs }] },
      },
    ],
  };
  const lines = forecastLines(forecast, null, true, { columns: 80, color: false, unicode });
  return (lines.find((line) => line.includes('PART')) ?? '').replace(/PART.*/, '').trim();
}

describe('the time of a part', () => {
  it.each<readonly [minMs: number, maxMs: number | null, text: string]>([
    [-1000, 0, 'up to 1.00 s less'],
    [-1000, 2000, '−1.00 s … 2.00 s'],
    [-3000, -1000, '−3.00 s … −1.00 s'],
    [-1000, -1000, '−1.00 s'],
    [1000, 1000, '1.00 s'],
    [1000, 2000, '1.00 – 2.00 s'],
    [0, 2000, '≤ 2.00 s'],
    [0, 0, 'none'],
  ])('from %s to %s ms is %s', (minMs, maxMs, text) => {
    expect(cellOf(minMs, maxMs)).toBe(text);
  });

  it('is ASCII where the terminal has nothing else', () => {
    expect(cellOf(-1000, 2000, false)).toBe('-1.00 s .. 2.00 s');
    expect(cellOf(-1000, 0, false)).toBe('up to 1.00 s less');
  });
});

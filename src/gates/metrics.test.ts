import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../analysis/sample.fixture.js';
import { ROUND_SAMPLES } from '../report/round-samples.fixture.js';
import type { Result } from '../result/result.js';
import { type FigureName, PHASES, printFigure } from './expression.js';
import { isMissing } from './metric.js';
import { METRICS, readFigureOf } from './metrics.js';
import { parseGate } from './parse.js';
import { VALUE_FORMS } from './values.js';

/** Every figure of the whole, without those of parts. */
const FIGURES: readonly FigureName[] = METRICS.flatMap((metric) =>
  (metric.statistics.length === 0 ? [null] : metric.statistics).flatMap((statistic) =>
    (metric.phases ? [null, ...PHASES] : [null]).map((phase) => ({
      metric: metric.name,
      part: null,
      statistic,
      phase,
    })),
  ),
);

const RESULTS: Readonly<Record<string, () => Result>> = {
  ...Object.fromEntries(
    ['no fault', 'lost forever', 'nothing acknowledged', 'fixed rate', 'writes and reads', 'interrupted'].map(
      (name) => [name, () => SAMPLES[name]?.().result as Result],
    ),
  ),
  ...ROUND_SAMPLES,
};

describe('metrics', () => {
  it('have names of their own, and a line each', () => {
    const names = METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { meaning, statistics, usual, unit } of METRICS) {
      expect(meaning).not.toMatch(/\n|\.$/);
      expect(usual === null || statistics.includes(usual)).toBe(true);
      expect(VALUE_FORMS[unit]).toBeTruthy();
    }
  });

  it.each(Object.entries(RESULTS))('are read of %s: a figure, or why there is none', (_, make) => {
    const result = make();
    for (const figure of FIGURES) {
      const reading = readFigureOf(result, figure);
      if (isMissing(reading)) {
        expect(reading.missing, printFigure(figure)).toMatch(/^\S.*[^.\s]$/);
      } else {
        expect(reading.value, printFigure(figure)).toBeGreaterThanOrEqual(0);
        expect(reading.value, printFigure(figure)).toBeLessThan(Infinity);
      }
    }
  });

  it('have figures of each round where ranks are to be compared', () => {
    const result = RESULTS['six rounds']?.() as Result;
    const metric = METRICS.find(({ name }) => name === 'write_downtime');
    const values = metric?.perRound?.(result, null);
    const valid = result.analysis.rounds.filter(({ invalid }) => invalid === null);
    expect(values).toMatchObject({ values: valid.map(({ writeDowntime }) => writeDowntime?.durationMs) });
  });

  it('can all be gated on', () => {
    for (const figure of FIGURES) {
      expect(parseGate(`${printFigure(figure)} >= 100% of baseline`).figure).toEqual(figure);
    }
  });
});

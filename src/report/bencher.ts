import { keyFigures } from '../gates/key-figures.js';
import { isMissing } from '../gates/metric.js';
import { metricOf } from '../gates/metrics.js';
import type { GateUnit } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import type { ReportFormat } from './format.js';

/** Bencher Metric Format, for `bencher run --adapter json --file`: a benchmark for each result, a measure for each figure. */
export const BENCHER: ReportFormat = {
  name: 'bencher',
  describe: 'Bencher Metric Format, for bencher run --adapter json',
  extension: 'json',
  render: (results) => renderBencher(results),
};

interface BencherMetric {
  readonly value: number;
  /** Best and worst round, where it is a median over several. */
  readonly lower_value?: number;
  readonly upper_value?: number;
}

export function renderBencher(results: readonly NamedResult[]): string {
  const benchmarks: Record<string, Record<string, BencherMetric>> = {};
  for (const { result } of results) {
    benchmarks[freeName(benchmarkName(result), benchmarks)] = measuresOf(result);
  }
  return `${JSON.stringify(benchmarks, null, 2)}\n`;
}

/** Bencher allows more, and shows no more. */
const LONGEST_NAME = 200;

/** The same from run to run: the label, or else what was run and done. */
function benchmarkName({ plan }: Result): string {
  const kinds = [...new Set(plan.faults.map(({ kind }) => kind))].join('+');
  const name = plan.label ?? `${plan.workload.name} ${kinds || 'without a fault'}`;
  const line = name.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
  return [...line].slice(0, LONGEST_NAME).join('') || 'pgha-bench';
}

function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  for (let number = 2, free = name; ; number++) {
    if (!Object.hasOwn(taken, free)) {
      return free;
    }
    free = `${name} (${number})`;
  }
}

/** A measure has no unit in this format: its name says it. */
const UNITS: Readonly<Record<GateUnit, { readonly suffix: string; readonly factor: number }>> = {
  ms: { suffix: '-ms', factor: 1 },
  us: { suffix: '-ms', factor: 1000 },
  tps: { suffix: '', factor: 1 },
  count: { suffix: '', factor: 1 },
  percent: { suffix: '-percent', factor: 1 },
  bytes: { suffix: '-bytes', factor: 1 },
};

function measuresOf(result: Result): Record<string, BencherMetric> {
  const measures: Record<string, BencherMetric> = {};
  for (const { name, figure, metric, value } of keyFigures(result)) {
    const { suffix, factor } = UNITS[metric.unit];
    const scaled = (each: number) => Number((each / factor).toPrecision(9));
    const slug = `${name.replaceAll(/[_.@]/g, '-')}${suffix}`;
    const bounds = figure.statistic === 'median' ? roundBounds(result, figure.metric) : null;
    measures[slug] = {
      value: scaled(value),
      ...(bounds === null ? {} : { lower_value: scaled(bounds.min), upper_value: scaled(bounds.max) }),
    };
  }
  return measures;
}

function roundBounds(result: Result, metric: string): { readonly min: number; readonly max: number } | null {
  const rounds = metricOf({ metric }).perRound?.(result, null);
  if (rounds === undefined || isMissing(rounds) || rounds.values.length < 2) {
    return null;
  }
  return { min: Math.min(...rounds.values), max: Math.max(...rounds.values) };
}

import { type KeyFigure, keyFigures } from '../gates/key-figures.js';
import type { Metric } from '../gates/metric.js';
import type { GateUnit } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { ReportFormat } from './format.js';

/** For github-action-benchmark with `tool: customSmallerIsBetter`: what should be small. */
export const GITHUB_BENCHMARK_SMALLER: ReportFormat = {
  name: 'github-benchmark-smaller',
  describe: 'github-action-benchmark, tool customSmallerIsBetter: downtimes, latencies, losses',
  extension: 'json',
  render: (results) => renderBenchmark(results, 'less'),
};

/** And with `tool: customBiggerIsBetter`: throughput. One file cannot hold both. */
export const GITHUB_BENCHMARK_BIGGER: ReportFormat = {
  name: 'github-benchmark-bigger',
  describe: 'github-action-benchmark, tool customBiggerIsBetter: throughput',
  extension: 'json',
  render: (results) => renderBenchmark(results, 'more'),
};

export function renderBenchmark(results: readonly NamedResult[], better: Metric['better']): string {
  const entries = results.flatMap(({ name, result }) =>
    keyFigures(result)
      .filter(({ metric }) => metric.better === better)
      .map((figure) => entryOf(figure, results.length > 1 ? `${name} ` : '')),
  );
  return `${JSON.stringify(entries, null, 2)}\n`;
}

interface BenchmarkEntry {
  /** Charts go by it. */
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Shown beside a point. */
  readonly extra?: string;
}

/** People read the charts: ms, not µs. */
const UNITS: Readonly<Record<GateUnit, { readonly unit: string; readonly factor: number }>> = {
  ms: { unit: 'ms', factor: 1 },
  us: { unit: 'ms', factor: 1000 },
  tps: { unit: 'tps', factor: 1 },
  count: { unit: 'count', factor: 1 },
  percent: { unit: '%', factor: 1 },
  bytes: { unit: 'bytes', factor: 1 },
};

function entryOf({ name, metric, value, detail }: KeyFigure, prefix: string): BenchmarkEntry {
  const { unit, factor } = UNITS[metric.unit];
  const extra = [metric.meaning, detail].filter(Boolean).join('\n');
  return { name: `${prefix}${name}`, unit, value: Number((value / factor).toPrecision(9)), extra };
}

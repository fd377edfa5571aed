import type { Result } from '../result/result.js';
import { COMMIT_METRICS } from './commit-metrics.js';
import { DOWNTIME_METRICS } from './downtime-metrics.js';
import type { FigureName } from './expression.js';
import { LOAD_METRICS } from './load-metrics.js';
import type { Metric, Reading } from './metric.js';
import { READ_METRICS } from './read-metrics.js';
import { RUN_METRICS } from './run-metrics.js';

/** Everything that a gate can be made on, in the order in which it is listed. */
export const METRICS: readonly Metric[] = [
  ...DOWNTIME_METRICS,
  ...COMMIT_METRICS,
  ...LOAD_METRICS,
  ...READ_METRICS,
  ...RUN_METRICS,
];

/** @throws Error for one that no parser made */
export function metricOf({ metric }: Pick<FigureName, 'metric'>): Metric {
  const found = METRICS.find(({ name }) => name === metric);
  if (found === undefined) {
    throw new Error(`There is no metric ${metric}.`);
  }
  return found;
}

/** A figure of a result, in the unit of its metric, or why there is none. */
export function readFigureOf(result: Result, figure: FigureName): Reading {
  const metric = metricOf(figure);
  return metric.read(result, { ...figure, statistic: figure.statistic ?? metric.usual });
}

import type { Result } from '../result/result.js';
import { type FigureName, printFigure } from './expression.js';
import { isMissing, type Metric } from './metric.js';
import { metricOf, readFigureOf } from './metrics.js';
import { parseGate } from './parse.js';

/** A figure that is worth being followed from run to run. */
export interface KeyFigure {
  /** As a gate calls it, `write_downtime.median`. */
  readonly name: string;
  readonly figure: FigureName;
  readonly metric: Metric;
  /** In the unit of the metric. */
  readonly value: number;
  readonly detail: string;
}

/** In the order in which people ask for them. */
const NAMES = [
  'write_downtime.median',
  'write_downtime.max',
  'read_downtime.median',
  'read_downtime.max',
  'recovery.median',
  'recovery.max',
  'splitbrain.max',
  'lost',
  'indoubt',
  'tps',
  'tps@before',
  'latency.p50',
  'latency.p95',
  'latency.p99',
  'latency.max',
  'latency.p99@before',
  'failed',
];

const FIGURES = NAMES.map((name) => parseGate(`${name} >= 100% of baseline`).figure);

/** Those that were measured: what is absent was not, and is not 0. */
export function keyFigures(result: Result): readonly KeyFigure[] {
  return FIGURES.flatMap((figure) => {
    const reading = readFigureOf(result, figure);
    return isMissing(reading)
      ? []
      : [{ name: printFigure(figure), figure, metric: metricOf(figure), ...reading }];
  });
}

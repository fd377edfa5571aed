import type { RunData } from '../data.js';
import { errorsChart, latencyChart, throughputChart } from './charts.js';
import { find } from './dom.js';
import { seriesOf } from './series.js';
import { Stack } from './stack.js';
import { makeValuesTable } from './values-table.js';
import { View } from './view.js';

/** Charts and lanes of one run, zoomed to the first fault. */
export function makeTimeline(section: HTMLElement, data: RunData): Stack {
  const series = seriesOf(data);
  const limits = { fromMs: 0, toMs: data.endMs };
  const view = new View(limits, data.views[0] ?? limits);
  makeValuesTable(find(section, 'details.values'), view, series);
  return new Stack(section, view, data.views, {
    marks: data.marks,
    phases: data.phases,
    lanes: data.lanes,
    startMs: series.startMs,
    endMs: data.endMs,
    charts: (around) => [
      ...series.throughput.map((port) => throughputChart(port, series, around)),
      ...(series.latency.length > 0 ? [latencyChart(series, around)] : []),
      ...(series.errors.length > 0 ? [errorsChart(series, around)] : []),
    ],
    instantInWords: (atMs) => instantInWords(data, atMs),
  });
}

/** Since the start, and since the last fault before it. */
function instantInWords({ marks }: RunData, atMs: number): string {
  const fault = marks.findLast((mark) => mark.kind === 'fault' && mark.atMs <= atMs);
  const since = fault === undefined ? '' : `  +${((atMs - fault.atMs) / 1000).toFixed(2)} s`;
  return `${(atMs / 1000).toFixed(2)} s${since}`;
}

import type uPlot from 'uplot';
import { formatMicros, formatRate } from '../../../units.js';
import { colour, faded, hatched } from './colours.js';
import { aligned, type ChartPlan, type ChartSurroundings, frame, microsAtTick, rateAtTick } from './frame.js';
import { type Column, type RunSeries, stacked } from './series.js';
import { steps } from './steps.js';

/** One for each port: reads may be a hundred times the writes, whose outage must be seen beside them. */
export function throughputChart(
  { name, label, values }: Column,
  { throughput, startMs, endMs }: RunSeries,
  around: ChartSurroundings,
): ChartPlan {
  return {
    name: `throughput-${name}`,
    height: throughput.length > 1 ? 140 : 190,
    options: {
      ...frame(around, { min: 0, format: rateAtTick }),
      series: [
        {},
        {
          label,
          stroke: () => colour(name),
          fill: () => faded(name, 0.14),
          width: 1.5,
          points: { show: false },
          paths: steps('bottom'),
        },
      ],
    },
    data: aligned(startMs, endMs, [values]),
    legend: [
      {
        label: name,
        colour: name,
        dash: [],
        hatching: null,
        valueAt: (bucket) => figure(values[bucket], (value) => `${formatRate(value)} tps`),
      },
    ],
  };
}

const BANDS = [
  { colour: 'p50', width: 1.5, dash: [], opacity: 0 },
  { colour: 'p90', width: 1, dash: [], opacity: 0.42 },
  { colour: 'p99', width: 1.5, dash: [5, 2], opacity: 0.26 },
  { colour: 'pmax', width: 1, dash: [2, 2], opacity: 0.13 },
] as const;

/** Bands between the percentiles, on a scale of powers of ten: an outage and a commit differ by three of them. */
export function latencyChart({ latency, startMs, endMs }: RunSeries, around: ChartSurroundings): ChartPlan {
  return {
    name: 'latency',
    height: 230,
    options: {
      ...frame(around, { log: true, format: microsAtTick }),
      series: [
        {},
        ...latency.map(({ label }, index): uPlot.Series => {
          const band = BANDS[index] ?? BANDS[0];
          return {
            label,
            stroke: () => colour(band.colour),
            fill: () => faded('p90', band.opacity),
            width: band.width,
            dash: [...band.dash],
            points: { show: false },
            paths: steps(index === 0 ? 'none' : { from: index }),
          };
        }),
      ],
    },
    data: aligned(
      startMs,
      endMs,
      latency.map(({ values }) => values),
    ),
    legend: latency.map(({ label, values }, index) => ({
      label,
      colour: BANDS[index]?.colour ?? 'p50',
      dash: BANDS[index]?.dash ?? [],
      hatching: null,
      valueAt: (bucket) => figure(values[bucket], formatMicros),
    })),
  };
}

/** Classes on top of each other, each with a hatching of its own. */
export function errorsChart({ errors, startMs, endMs }: RunSeries, around: ChartSurroundings): ChartPlan {
  // The whole stack is drawn first, and what is below over it.
  const order = errors.map((_, index) => errors.length - 1 - index);
  const sums = stacked(errors);
  const nameOf = (index: number) => `error${index % 7}`;
  return {
    name: 'errors',
    height: 150,
    options: {
      ...frame(around, { min: 0, format: rateAtTick }),
      series: [
        {},
        ...order.map(
          (index): uPlot.Series => ({
            label: errors[index]?.label ?? '',
            stroke: () => colour(nameOf(index)),
            fill: (u) =>
              u.ctx.createPattern(hatched(nameOf(index), index), 'repeat') ?? colour(nameOf(index)),
            width: 1,
            points: { show: false },
            // The sums below it are the next series.
            paths: steps(index === 0 ? 'bottom' : { from: errors.length - index + 1 }),
          }),
        ),
      ],
    },
    data: aligned(
      startMs,
      endMs,
      order.map((index) => sums[index] ?? []),
    ),
    legend: errors.map(({ label, values }, index) => ({
      label,
      colour: nameOf(index),
      dash: [],
      hatching: index,
      valueAt: (bucket) => figure(values[bucket], (value) => (value === 0 ? '0' : `${formatRate(value)} /s`)),
    })),
  };
}

function figure(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

import uPlot from 'uplot';
import { formatCount, formatRate } from '../../../units.js';
import { colour } from './colours.js';
import { type Geometry, plotWidth } from './geometry.js';
import type { Column } from './series.js';
import { tickStep } from './ticks.js';
import { bucketAt, type Window } from './view.js';

/** How one line of a legend looks and what it says of a bucket. */
export interface LegendLine {
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  /** Number of its hatching; null for a line. */
  readonly hatching: number | null;
  readonly valueAt: (bucket: number) => string;
}

/** A chart before it is drawn. */
export interface ChartPlan {
  readonly name: string;
  /** px */
  readonly height: number;
  readonly options: Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
  readonly legend: readonly LegendLine[];
}

/** What all charts of a stack share. */
export interface ChartSurroundings {
  readonly geometry: Geometry;
  /** What is shown of the axis. */
  readonly window: () => Window;
  /** Draws phases, marks and the like under the lines. */
  readonly under: (u: uPlot) => void;
  readonly over: (u: uPlot) => void;
  /** A part of the axis was dragged over, in pixels of the axis. */
  readonly onSelect: (u: uPlot) => void;
  /** The mouse went somewhere: ms, or null when it left. */
  readonly onPoint: (atMs: number | null) => void;
  readonly onDoubleClick: () => void;
}

/** The end of the last bucket is the last point. */
export function aligned(
  startMs: readonly number[],
  endMs: number,
  columns: readonly Column['values'][],
): uPlot.AlignedData {
  const last = startMs.at(-1) ?? 0;
  return [[...startMs, Math.max(endMs, last + 1)], ...columns.map((column) => [...column, null])];
}

interface VerticalScale {
  readonly min?: 0;
  readonly log?: true;
  readonly format: (value: number) => string;
}

/** Axes, scales and the mouse, which are the same for all charts of a stack. */
export function frame(
  around: ChartSurroundings,
  vertical: VerticalScale,
): Pick<uPlot.Options, 'axes' | 'scales' | 'cursor' | 'legend' | 'select' | 'hooks' | 'padding'> {
  const { geometry } = around;
  return {
    legend: { show: false },
    padding: [8, geometry.right, 4, 0],
    scales: { x: { time: false, range: (_, min, max) => [min, max] }, y: verticalScale(around, vertical) },
    axes: [horizontalAxis(geometry), verticalAxis(geometry, vertical)],
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      bind: {
        dblclick: () => () => {
          around.onDoubleClick();
          return null;
        },
      },
    },
    hooks: {
      drawClear: [around.under],
      draw: [around.over],
      setSelect: [around.onSelect],
      setCursor: [
        (u) => {
          if (u.cursor.event !== undefined && u.cursor.event !== null) {
            const { left = -1 } = u.cursor;
            around.onPoint(left < 0 ? null : u.posToVal(left, 'x'));
          }
        },
      ],
    },
  };
}

/** From the values in sight, that of the bucket that the left edge cuts, too: uPlot does not count that one. */
function verticalScale({ window }: ChartSurroundings, { log }: VerticalScale): uPlot.Scale {
  const range: uPlot.Range.Function = (u) => {
    const { least, most } = extremes(u, window());
    if (log !== true) {
      return [0, most > 0 ? most * 1.08 : 1];
    }
    return most > 0 ? uPlot.rangeLog(Math.max(1, least), most, 10, true) : [100, 1_000_000];
  };
  return { range, ...(log === true ? { distr: 3, log: 10 } : {}) };
}

function extremes(u: uPlot, { fromMs, toMs }: Window): { least: number; most: number } {
  const [xs = [], ...columns] = u.data;
  let least = Infinity;
  let most = 0;
  for (const column of columns) {
    for (let i = bucketAt(xs, fromMs); i < xs.length && (xs[i] ?? 0) < toMs; i++) {
      const value = column[i] ?? null;
      if (value !== null) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
  }
  return { least, most };
}

/** The instants stand in the ruler. */
function horizontalAxis(geometry: Geometry): uPlot.Axis {
  return {
    size: 0,
    values: (_, splits) => splits.map(() => ''),
    ticks: { show: false },
    grid: { stroke: () => colour('grid'), width: 1 },
    border: { show: true, stroke: () => colour('rule'), width: 1 },
    space: 60,
    splits: (_, __, min, max) => {
      const step = tickStep(((max - min) * 84) / plotWidth(geometry));
      const splits: number[] = [];
      for (let at = Math.ceil(min / step); at * step <= max; at++) {
        splits.push(at * step);
      }
      return splits;
    },
  };
}

function verticalAxis(geometry: Geometry, { format, log }: VerticalScale): uPlot.Axis {
  return {
    size: geometry.left,
    font: '12px system-ui, sans-serif',
    stroke: () => colour('dim'),
    grid: { stroke: () => colour('grid'), width: 1, ...(log === true ? { filter: onlyPowers } : {}) },
    ticks: { show: false },
    gap: 6,
    space: log === true ? 18 : 30,
    values: (_, splits) => splits.map((split) => (split === null ? '' : format(split))),
  };
}

/** Powers of ten: `10 ms`, without the digits of a measured value. */
export function microsAtTick(us: number): string {
  if (!isPowerOfTen(us)) {
    return '';
  }
  if (us < 1000) {
    return `${us} µs`;
  }
  return us < 1_000_000 ? `${us / 1000} ms` : `${us / 1_000_000} s`;
}

/** Lines of a scale of powers for these alone. */
export function onlyPowers(_: uPlot, splits: readonly number[]): (number | null)[] {
  return splits.map((split) => (isPowerOfTen(split) ? split : null));
}

/** Without the digits of a measured value. */
export function rateAtTick(perSecond: number): string {
  return Number.isInteger(perSecond) ? formatCount(perSecond) : formatRate(perSecond);
}

function isPowerOfTen(value: number): boolean {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-6;
}

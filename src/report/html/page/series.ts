import type { RunData } from '../data.js';
import { unpack, unpackSteps } from '../packed.js';

/** A column as the charts draw it. */
export interface Column {
  readonly name: string;
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** A run's data, unfolded. */
export interface RunSeries {
  readonly startMs: readonly number[];
  readonly endMs: number;
  readonly throughput: readonly Column[];
  readonly latency: readonly Column[];
  readonly errors: readonly Column[];
}

export function seriesOf(data: RunData): RunSeries {
  const column = ({ name, label, values }: RunData['throughput'][number]): Column => ({
    name,
    label,
    values: unpack(values),
  });
  return {
    startMs: unpackSteps(data.stepMs),
    endMs: data.endMs,
    throughput: data.throughput.map(column),
    latency: data.latency.map(column),
    errors: data.errors.map(column),
  };
}

/** Each column added to those before it; null where it has nothing itself. */
export function stacked(columns: readonly Column[]): (number | null)[][] {
  const sums = new Array<number>(columns[0]?.values.length ?? 0).fill(0);
  return columns.map(({ values }) =>
    sums.map((sum, i) => {
      const own = values[i] ?? 0;
      sums[i] = sum + own;
      return own > 0 ? sum + own : null;
    }),
  );
}

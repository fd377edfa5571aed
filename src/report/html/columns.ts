import type { Route } from '../../plan/target.js';
import type { Result, Timeline } from '../../result/result.js';
import type { BucketGroup } from './thin.js';

/** Columns of a result's timeline over groups of its buckets. */
export interface Columns {
  readonly startMs: readonly number[];
  /** Acknowledged per second; null on a port that the load does not use. */
  readonly rate: (route: Route) => (number | null)[] | null;
  /** Response times, µs: the highest of a group, since percentiles cannot be joined. */
  readonly latency: (percentile: Percentile) => (number | null)[];
  /** Failed attempts per second, by class. */
  readonly errors: ReadonlyMap<string, number[]>;
  /** Longest delay of the generator in each, ms. */
  readonly stallMs: readonly number[];
  /** Acknowledged writes of each, by server. */
  readonly writers: ReadonlyMap<string, number[]>;
}

export type Percentile = 'p50' | 'p90' | 'p99' | 'max';

/** Of each group: rates over its whole length, latencies and stalls the highest. */
export function columnsOf(result: Result, groups: readonly BucketGroup[]): Columns {
  const { timeline } = result;
  const seconds = groups.map((group) => lengthMs(timeline, group) / 1000);
  const sum = (column: readonly number[]) => groups.map((group) => sumOf(column, group));
  const perSecond = (column: readonly number[]) =>
    sum(column).map((count, index) => round(count / (seconds[index] ?? 1)));
  return {
    startMs: groups.map(({ first }) => timeline.startMs[first] ?? 0),
    rate: (route) => {
      const outcomes = timeline.outcomes[route];
      if (outcomes === undefined) {
        return null;
      }
      const acks = timeline.startMs.map(
        (_, i) => (outcomes.ack?.[i] ?? 0) + (outcomes.ack_unreplicated?.[i] ?? 0),
      );
      return perSecond(acks);
    },
    latency: (percentile) => groups.map((group) => highestOf(timeline[`${percentile}Us`], group)),
    errors: mapped(timeline.errors, perSecond),
    stallMs: groups.map((group) => round(highestOf(timeline.stallMs, group) ?? 0)),
    writers: mapped(timeline.writers, sum),
  };
}

/** Where the axis ends: with the run, or with what still came after its last transaction. */
export function axisEnd({ timeline, run }: Result): number {
  const last = timeline.startMs.at(-1) ?? 0;
  return last < run.elapsedMs ? run.elapsedMs : last + (timeline.widthMs.at(-1) ?? 0);
}

/**
 * The last bucket counts whole, though the axis ends within it: what the last clients end with falls into an instant, and
 * over the piece up to there it would be a peak that never was.
 */
function lengthMs({ startMs, widthMs }: Timeline, { first, last }: BucketGroup): number {
  const from = startMs[first] ?? 0;
  const to = (startMs[last] ?? 0) + (widthMs[last] ?? 0);
  return Math.max(1e-3, to - from);
}

function sumOf(column: readonly number[], { first, last }: BucketGroup): number {
  let sum = 0;
  for (let i = first; i <= last; i++) {
    sum += column[i] ?? 0;
  }
  return sum;
}

function highestOf(column: readonly (number | null)[], { first, last }: BucketGroup): number | null {
  let highest: number | null = null;
  for (let i = first; i <= last; i++) {
    const value = column[i] ?? null;
    if (value !== null && (highest === null || value > highest)) {
      highest = value;
    }
  }
  return highest;
}

function mapped(
  columns: Readonly<Record<string, readonly number[]>>,
  change: (column: readonly number[]) => number[],
): Map<string, number[]> {
  return new Map(Object.entries(columns).map(([name, column]) => [name, change(column)]));
}

/** Two decimals are more than a screen has. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

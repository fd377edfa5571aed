import type { Pace } from '../plan/plan.js';
import type { PhaseFacts, Phases } from '../result/result.js';
import { endOf, indexAt } from './buckets.js';
import type { Measured, Window } from './outage.js';
import { isUneven, plannedIn } from './planned.js';
import type { Bucket, Recording } from './recording.js';
import { acksOf, type Stream, streamsOf } from './streams.js';
import { acknowledged, latenciesOf, outcomesOf, ratePerSecond } from './totals.js';

/*
 * When is the load steady, and when is it back? Throughput in buckets of 100 ms jumps by its own size, so it is judged
 * in two windows that slide from bucket to bucket:
 *
 * - 3 s must hold at least 90 % of what the median before held. In so long a time the noise of a healthy load averages
 *   out, while a stall of a third of a second takes 10 % away.
 * - each half second within these must hold nine tenths of what the worst one before the fault did, and never less than
 *   half of the median. A load that is known to be uneven is not asked to be smoother after the fault than before it,
 *   and no stall of a third of a second passes, whatever burst of delayed transactions makes up for it.
 *
 * A load so slow that half a second holds less than 5 transactions is judged in longer windows, and thresholds are
 * rounded down to whole transactions: of 2 per second, one may always fall on the other side of an edge.
 *
 * Streams are judged each alone and must all be back at once, or many reads would hide that writes are away.
 *
 * Where the rate of an open pace changes, throughput follows the plan, not the health of the cluster. Then all of this
 * is judged per planned transaction instead of per ms: the load is back when it acknowledges at least 90 % of the share
 * of the plan that it acknowledged before. And since a lower rate is noisier than the one before was, a short window may
 * fall below its threshold by what chance does to a Poisson process.
 */
const HOLD_MS = 3000;
const WINDOW_MS = 500;
const RAMP_WINDOW_MS = 1000;
const SHARE = 0.9;
const FLOOR_SHARE = 0.5;
const LEAST_TRANSACTIONS = 5;
/** Standard deviations: one window of a thousand falls lower. */
const CHANCE = 3;

/** The steady part before a fault: what the load is compared with afterwards. */
export interface Baseline {
  readonly window: Window;
  readonly rhythms: readonly Rhythm[];
}

/** How much of a stream a steady time holds. */
interface Rhythm {
  readonly series: Series;
  /** The short window, half a second unless the load is slow. */
  readonly windowMs: number;
  readonly holdMs: number;
  /** Per ms, or per planned transaction where the rate changes. */
  readonly median: number;
  /** What a short window of a load that is well may fall to, and what a long one may. */
  readonly floor: number;
  readonly holdFloor: number;
}

/**
 * @param steady where to look: from the start of the load, or from where it was back after the fault before, to the fault
 * @param rampUp whether the load was starting: then its first part is left out, up to the end of the first second that
 *   holds 90 % of the median of the second half. Connecting, cold caches and plans are over then, and a load that is at
 *   its full rate at once loses one second only.
 */
export function baselineOf(recording: Recording, steady: Window, rampUp: boolean): Measured<Baseline> {
  const { buckets, plan } = recording;
  const all = streamsOf(plan).map((stream) => new Series(buckets, stream, plan.pace));
  const range = rangeOf(buckets, steady);
  const half = { from: (range.from + range.to) >> 1, to: range.to };
  const alive = all.filter((series) => series.rate(half) > 0);
  if (alive.length === 0) {
    return { missing: 'nothing was acknowledged before it' };
  }
  let from = range.from;
  for (const series of rampUp ? alive : []) {
    from = Math.max(from, steadyFrom(series, range, half));
  }
  const left = { from, to: range.to };
  const rhythms = alive.map((series) => rhythmOf(series, left));
  const leastMs = Math.max(RAMP_WINDOW_MS, ...rhythms.map((rhythm) => rhythm?.windowMs ?? Infinity));
  if (rhythms.includes(null) || lengthMs(buckets, left) < leastMs) {
    return { missing: 'the load was not steady for long enough before it' };
  }
  return {
    figure: {
      window: windowOf(buckets, left),
      rhythms: rhythms.filter((rhythm) => rhythm !== null),
    },
  };
}

/**
 * Cuts a round into its phases.
 * @param round from the instant of the fault to the next one or the end of the load
 * @param outageEndMs when the last outage of the round was over, Infinity if never, null without one: a crash may take
 *   half a minute to be noticed, and until then all is well, so the load can be back only behind it
 */
export function phasesOf(
  recording: Recording,
  baseline: Baseline,
  round: Window,
  outageEndMs: number | null,
): Phases {
  const { buckets } = recording;
  const range = rangeOf(buckets, round);
  // The bucket that the fault falls into belongs to what it disturbed.
  const fault = Math.max(0, range.from - (buckets[range.from]?.startMs === round.fromMs ? 0 : 1));
  const disturbed =
    outageEndMs === null ? firstDip(baseline, fault, range.to) : indexAt(buckets, outageEndMs);
  const back = disturbed === null ? fault : firstSteady(baseline, Math.max(fault, disturbed), range.to);
  return {
    before: factsOf(buckets, rangeOf(buckets, baseline.window)),
    during: factsOf(buckets, { from: fault, to: back ?? range.to }),
    after: back === null ? null : factsOf(buckets, { from: back, to: range.to }),
  };
}

/** Bucket indexes, `to` excluded. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Acknowledgements of one stream by bucket, summed up so that any window costs one subtraction. */
class Series {
  private readonly sums: Float64Array;
  /** What the acknowledgements are measured by: ms, or planned transactions where the rate changes. */
  private readonly dues: Float64Array;
  private readonly uneven: boolean;

  constructor(
    private readonly buckets: readonly Bucket[],
    stream: Stream,
    pace: Pace,
  ) {
    this.uneven = isUneven(pace);
    this.sums = new Float64Array(buckets.length + 1);
    this.dues = new Float64Array(buckets.length + 1);
    for (const [index, bucket] of buckets.entries()) {
      const due = this.uneven ? plannedIn(pace, bucket.startMs, endOf(bucket)) : bucket.widthMs;
      this.sums[index + 1] = (this.sums[index] as number) + acksOf(bucket, stream).count;
      this.dues[index + 1] = (this.dues[index] as number) + due;
    }
  }

  count(range: Range): number {
    return (this.sums[range.to] as number) - (this.sums[range.from] as number);
  }

  /** Acknowledgements per ms, or per planned transaction. */
  rate(range: Range): number {
    const due = this.due(range);
    return due > 0 ? this.count(range) / due : 0;
  }

  perMs(range: Range): number {
    const millis = lengthMs(this.buckets, range);
    return millis > 0 ? this.count(range) / millis : 0;
  }

  /** Whether the range holds what the rate would give, up to one transaction less than whole. */
  holds(range: Range, rate: number): boolean {
    return this.count(range) >= Math.floor(rate * this.due(range));
  }

  /** Whether the range holds what even a load that is well may fall to. */
  keeps(range: Range, floor: number): boolean {
    const expected = floor * this.due(range);
    const chance = this.uneven ? CHANCE * Math.sqrt(expected) : 0;
    return this.count(range) >= Math.floor(expected - chance);
  }

  /** The rate in each window; where the rate changes, of those in which enough was planned to tell. */
  rates(range: Range, windowMs: number): Float64Array {
    const windows = [...this.windows(range, windowMs)];
    const telling = windows.filter((window) => !this.uneven || this.due(window) >= LEAST_TRANSACTIONS);
    return Float64Array.from(telling, (window) => this.rate(window));
  }

  private due(range: Range): number {
    return (this.dues[range.to] as number) - (this.dues[range.from] as number);
  }

  /** Every window of at least `windowMs` that lies in the range, one from each bucket on. */
  *windows(range: Range, windowMs: number): Generator<Range> {
    let to = range.from;
    for (let from = range.from; from < range.to; from++) {
      while (to < range.to && lengthMs(this.buckets, { from, to }) < windowMs - TOLERANCE_MS) {
        to++;
      }
      if (lengthMs(this.buckets, { from, to }) < windowMs - TOLERANCE_MS) {
        return;
      }
      yield { from, to };
    }
  }
}

/** Bucket edges are sums of floating point numbers. */
const TOLERANCE_MS = 1e-6;

function steadyFrom(series: Series, range: Range, half: Range): number {
  const windowMs = Math.max(RAMP_WINDOW_MS, windowLength(series.perMs(half)));
  const median = medianOf(series.rates(half, windowMs));
  if (median === null) {
    return range.to;
  }
  for (const window of series.windows(range, windowMs)) {
    if (series.holds(window, SHARE * median)) {
      return window.to;
    }
  }
  return range.to;
}

function rhythmOf(series: Series, range: Range): Rhythm | null {
  const windowMs = windowLength(series.perMs(range));
  const holdMs = Math.max(HOLD_MS, windowMs);
  const median = medianOf(series.rates(range, windowMs));
  if (median === null || median === 0) {
    return null;
  }
  const floor = floorOf(series.rates(range, windowMs), median);
  const holdFloor = floorOf(series.rates(range, holdMs), median);
  return { series, windowMs, holdMs, median, floor, holdFloor };
}

/**
 * Nine tenths of the worst rate, between half and nine tenths of the median. The tenth keeps chance out: of as many
 * windows after the fault as before it, the worst is worse every other time.
 */
function floorOf(rates: Float64Array, median: number): number {
  let worst = median;
  for (const rate of rates) {
    worst = Math.min(worst, rate);
  }
  return Math.max(FLOOR_SHARE * median, SHARE * worst);
}

/** Half seconds, as many as hold enough transactions to be judged by. */
function windowLength(perMs: number): number {
  return perMs > 0 ? Math.ceil(LEAST_TRANSACTIONS / perMs / WINDOW_MS) * WINDOW_MS : WINDOW_MS;
}

/** Where the load first fell, for 3 s, clearly below what it had held for any 3 s before; null when it never did. */
function firstDip(baseline: Baseline, from: number, to: number): number | null {
  let first: number | null = null;
  for (const { series, holdMs, holdFloor } of baseline.rhythms) {
    for (const window of series.windows({ from, to }, holdMs)) {
      if (!series.keeps(window, holdFloor)) {
        first = Math.min(first ?? Infinity, window.from);
        break;
      }
    }
  }
  return first;
}

/** The first bucket from which every stream is back and stays so for the hold; null when there is none. */
function firstSteady(baseline: Baseline, from: number, to: number): number | null {
  for (let start = from; start < to; start++) {
    if (baseline.rhythms.every((rhythm) => isSteady(rhythm, { from: start, to }))) {
      return start;
    }
  }
  return null;
}

function isSteady({ series, windowMs, holdMs, median, floor }: Rhythm, rest: Range): boolean {
  const [hold] = series.windows(rest, holdMs);
  if (hold === undefined || hold.from !== rest.from || !series.holds(hold, SHARE * median)) {
    return false;
  }
  for (const window of series.windows(hold, windowMs)) {
    if (!series.keeps(window, floor)) {
      return false;
    }
  }
  return true;
}

function factsOf(buckets: readonly Bucket[], range: Range): PhaseFacts | null {
  const own = buckets.slice(range.from, range.to);
  if (own.length === 0) {
    return null;
  }
  const { fromMs, toMs } = windowOf(buckets, range);
  const outcomes = outcomesOf(own);
  return {
    fromMs,
    toMs,
    tps: ratePerSecond(acknowledged(outcomes), toMs - fromMs),
    outcomes,
    response: latenciesOf(own).response,
  };
}

/** The buckets that lie wholly in the window. */
function rangeOf(buckets: readonly Bucket[], window: Window): Range {
  let from = 0;
  while (from < buckets.length && (buckets[from] as Bucket).startMs < window.fromMs - TOLERANCE_MS) {
    from++;
  }
  let to = from;
  while (to < buckets.length && endOf(buckets[to] as Bucket) <= window.toMs + TOLERANCE_MS) {
    to++;
  }
  return { from, to };
}

function windowOf(buckets: readonly Bucket[], { from, to }: Range): Window {
  return { fromMs: (buckets[from] as Bucket).startMs, toMs: endOf(buckets[to - 1] as Bucket) };
}

function lengthMs(buckets: readonly Bucket[], { from, to }: Range): number {
  return to > from ? endOf(buckets[to - 1] as Bucket) - (buckets[from] as Bucket).startMs : 0;
}

function medianOf(values: Float64Array): number | null {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) {
    return null;
  }
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

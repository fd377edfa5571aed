import type { Downtime } from '../result/downtime.js';
import type { Recovery } from '../result/round.js';
import { endOf } from './buckets.js';
import { tellsOfOutage, type Window } from './outage.js';
import { isUneven, plannedIn } from './planned.js';
import type { Bucket, Recording } from './recording.js';
import { medianOf } from './spread.js';
import { acksOf, probeOf, type Stream } from './streams.js';

export interface RecoveryContext {
  readonly recording: Recording;
  readonly window: Window;
  /** The steady part before the fault; null without one. */
  readonly before: Window | null;
  /** What the downtime of writes was watched by; null where nothing writes. */
  readonly writing: Stream | null;
  readonly writes: Downtime | null;
  /** Of the probe that connects anew on the read-write port. */
  readonly newConnections: Downtime | null;
}

/** How service came back, ms since the fault was asked for. */
export function recoveryOf(context: RecoveryContext): Recovery {
  const { window, newConnections } = context;
  const errors = errorSpan(context);
  const since = (atMs: number | null) => (atMs === null ? null : roundToMicros(atMs - window.fromMs));
  const rates = windowRates(context);
  return {
    firstErrorMs: since(errors.firstMs),
    lastErrorMs: since(errors.lastMs),
    newConnectionMs: since(newConnections?.outage ? newConnections.toMs : null),
    existingConnectionMs: since(keptSince(context)),
    to50Ms: since(backAt(rates, 0.5)),
    to90Ms: since(backAt(rates, 0.9)),
    to99Ms: since(backAt(rates, 0.99)),
  };
}

/** Of failures that tell of an outage, of what writes through the read-write port. */
function errorSpan({ recording, window, writing }: RecoveryContext): {
  firstMs: number | null;
  lastMs: number | null;
} {
  let firstMs: number | null = null;
  let lastMs: number | null = null;
  for (const { errors } of recording.buckets) {
    for (const error of errors) {
      const within = error.lastUs >= window.fromMs * 1000 && error.firstUs < window.toMs * 1000;
      if (within && writing?.scripts.has(error.script) && tellsOfOutage(error.code)) {
        // Of a bucket that holds the fault, the failures before it cannot be told from those behind it.
        const first = Math.max(window.fromMs, error.firstUs / 1000);
        firstMs = Math.min(firstMs ?? Infinity, first);
        lastMs = Math.max(lastMs ?? 0, Math.min(window.toMs, error.lastUs / 1000));
      }
    }
  }
  return { firstMs, lastMs };
}

/** First acknowledgement behind the outage on a connection of the probe that had been there before the fault. */
function keptSince({ recording, window, writing, writes }: RecoveryContext): number | null {
  if (writing === null || !writes?.outage) {
    return null;
  }
  for (const bucket of recording.buckets) {
    const probe = probeOf(bucket, writing);
    const keptMs = (probe?.firstKeptAckUs ?? -1) / 1000;
    // One that was made since is there before the next fault, and the probe knows of that a little earlier.
    const wasThere = probe !== undefined && probe.keptSinceUs < window.fromMs * 1000;
    if (wasThere && keptMs > writes.fromMs && keptMs < window.toMs) {
      return keptMs;
    }
  }
  return null;
}

interface WindowRates {
  /** Each of 1 s, by its begin; only from the end of the outage on. */
  readonly after: readonly { readonly atMs: number; readonly rate: number }[];
  readonly median: number;
}

const SECOND_MS = 1000;
const TOLERANCE_MS = 1e-6;

/** Null where nothing was away, and without a steady part before. */
function windowRates(context: RecoveryContext): WindowRates | null {
  const { recording, before, window, writes, writing } = context;
  const stream = writing !== null && writing.scripts.size > 0 ? writing : null;
  if (before === null || stream === null || !writes?.outage || writes.toMs === null) {
    return null;
  }
  const rates = slidingRates(recording, stream, before);
  const backMs = writes.toMs;
  const after = slidingRates(recording, stream, { fromMs: backMs, toMs: window.toMs });
  const median = rates.length === 0 ? 0 : medianOf(rates.map(({ rate }) => rate).sort((a, b) => a - b));
  return median > 0
    ? { median, after: after.map((each) => ({ ...each, atMs: Math.max(backMs, each.atMs) })) }
    : null;
}

/** Acknowledgements per ms in each second that begins with a bucket; per planned transaction where the rate changes. */
function slidingRates(
  { buckets, plan }: Recording,
  stream: Stream,
  { fromMs, toMs }: Window,
): { readonly atMs: number; readonly rate: number }[] {
  const rates: { readonly atMs: number; readonly rate: number }[] = [];
  // The bucket in which the outage ended is the first one.
  const own = buckets.filter((bucket) => endOf(bucket) > fromMs && endOf(bucket) <= toMs + TOLERANCE_MS);
  let count = 0;
  let to = 0;
  for (const [from, first] of own.entries()) {
    while (to < own.length && lengthMs(own, from, to) < SECOND_MS - TOLERANCE_MS) {
      count += acksOf(own[to++] as Bucket, stream).count;
    }
    const length = lengthMs(own, from, to);
    if (length < SECOND_MS - TOLERANCE_MS) {
      return rates;
    }
    const due = isUneven(plan.pace) ? plannedIn(plan.pace, first.startMs, first.startMs + length) : length;
    rates.push({ atMs: first.startMs, rate: due > 0 ? count / due : 0 });
    count -= acksOf(first, stream).count;
  }
  return rates;
}

function lengthMs(buckets: readonly Bucket[], from: number, to: number): number {
  return to > from ? endOf(buckets[to - 1] as Bucket) - (buckets[from] as Bucket).startMs : 0;
}

function backAt(rates: WindowRates | null, share: number): number | null {
  // 0.9 × 0.2 is a little more than 0.18.
  const enough = (rates?.median ?? 0) * share * (1 - 1e-9);
  return rates?.after.find(({ rate }) => rate >= enough)?.atMs ?? null;
}

/** A difference of two instants in ms shows digits that neither has. */
export function roundToMicros(millis: number): number {
  return Math.round(millis * 1000) / 1000;
}

import { endOf } from './buckets.js';
import { LatencySum } from './latency.js';
import type { Window } from './outage.js';
import type { Bucket, Recording } from './recording.js';
import { addLag } from './totals.js';

/**
 * From when on an open pace is over what an outage held up. Throughput is back at once, and above the plan: the clients
 * begin what was to begin in the outage, which has waited for seconds by then. That is service, but no steady load to
 * compare the next fault with.
 * @param steady the part before the fault, which says how late transactions usually begin
 * @returns `fromMs` for a closed pace, where nothing waits; null where it never is over
 */
export function caughtUpFrom(
  { plan, buckets }: Recording,
  fromMs: number,
  steady: Window | null,
): number | null {
  if (plan.pace.kind === 'closed') {
    return fromMs;
  }
  const own = steady === null ? [] : buckets.filter((bucket) => liesIn(bucket, steady));
  const sum = new LatencySum();
  const most = LATE_US + 2 * (medianLagUs(own, sum) ?? 0);
  const found = buckets.find(
    (bucket) => bucket.startMs >= fromMs && (medianLagUs([bucket], sum) ?? Infinity) <= most,
  );
  return found?.startMs ?? null;
}

/** Less is how late a generator that shares its machine with the servers may begin anyway. */
const LATE_US = 20_000;

function liesIn(bucket: Bucket, { fromMs, toMs }: Window): boolean {
  return bucket.startMs >= fromMs && endOf(bucket) <= toMs;
}

/** Null where nothing began. @param sum to add up in: one for a bucket each would be as large as all of it */
function medianLagUs(buckets: readonly Bucket[], sum: LatencySum): number | null {
  sum.clear();
  for (const frame of buckets.flatMap(({ scripts }) => scripts)) {
    addLag(sum, frame);
  }
  return sum.percentiles([500])?.[0] ?? null;
}

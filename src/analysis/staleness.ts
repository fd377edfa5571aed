import type { Route } from '../plan/target.js';
import type { Phases } from '../result/result.js';
import type { Staleness } from '../result/round.js';
import { endOf } from './buckets.js';
import { LatencySum } from './latency.js';
import type { Window } from './outage.js';
import type { Bucket, Recording } from './recording.js';

/** What readers of a port saw of the heartbeat in each phase; null without a heartbeat. */
export function stalenessOf(
  { buckets }: Recording,
  phases: Phases,
  route: Route,
): Readonly<Record<'before' | 'during' | 'after', Staleness | null>> | null {
  if (!buckets.some(({ heartbeats }) => heartbeats.some((heartbeat) => heartbeat.route === route))) {
    return null;
  }
  return {
    before: phases.before && within(buckets, phases.before, route),
    during: phases.during && within(buckets, phases.during, route),
    after: phases.after && within(buckets, phases.after, route),
  };
}

/** Phases lie on edges of buckets. Null without any read, which is not the same as none that was stale. */
function within(buckets: readonly Bucket[], { fromMs, toMs }: Window, route: Route): Staleness | null {
  const ages = new LatencySum();
  let [reads, nonMonotonic, stale] = [0, 0, 0];
  for (const bucket of buckets) {
    const middleMs = (bucket.startMs + endOf(bucket)) / 2;
    const inside = middleMs > fromMs && middleMs < toMs;
    for (const heartbeat of inside ? bucket.heartbeats.filter((each) => each.route === route) : []) {
      ages.add(heartbeat.ageUs, heartbeat.maxAgeUs);
      reads += heartbeat.reads;
      nonMonotonic += heartbeat.nonMonotonic;
      stale += heartbeat.stale;
    }
  }
  if (reads === 0) {
    return null;
  }
  const [p50Us, p99Us] = ages.percentiles([500, 990]) ?? [];
  return {
    reads,
    p50Ms: p50Us === undefined ? null : p50Us / 1000,
    p99Ms: p99Us === undefined ? null : p99Us / 1000,
    maxMs: p50Us === undefined ? null : ages.maxUs / 1000,
    nonMonotonic,
    stale,
  };
}

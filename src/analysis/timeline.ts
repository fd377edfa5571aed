import type { Route } from '../plan/target.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { Event, FaultRecord, RoundAnalysis, Timeline } from '../result/result.js';
import { endOf, mergeBuckets } from './buckets.js';
import { errorColumns } from './error-class.js';
import { LatencySum } from './latency.js';
import type { Bucket, Recording } from './recording.js';
import { addResponse, routesOf } from './totals.js';

/** Up to this many buckets a result stays small as it is: two minutes of 100 ms. */
const FEW_BUCKETS = 1200;
/** What lies further than this from every fault, outage and change of leader is told by the second. */
const NEAR_MS = 30_000;
const FAR_WIDTH_MS = 1000;

/** The instants around which the buckets of a long run are kept as they were recorded. */
export function instantsOfInterest(
  faults: readonly FaultRecord[],
  events: readonly Event[],
  rounds: readonly RoundAnalysis[],
): number[] {
  const instants: (number | null | undefined)[] = [];
  for (const fault of faults) {
    instants.push(fault.plannedAtMs, fault.askedAtMs, fault.answeredAtMs, fault.observedAtMs);
  }
  for (const event of events) {
    instants.push(event.kind === 'leader' || event.kind === 'leader_key_taken' ? event.atMs : null);
  }
  for (const { writeDowntime, readDowntime } of rounds) {
    instants.push(writeDowntime?.fromMs, writeDowntime?.toMs, readDowntime?.fromMs, readDowntime?.toMs);
  }
  return instants.filter((instant) => typeof instant === 'number');
}

/** The run by column; the buckets of a long run are merged to 1 s where nothing of interest is near. */
export function timelineOf(recording: Recording, instants: readonly number[]): Timeline {
  const buckets = thinned(recording.buckets, instants);
  const used = routesOf(recording);
  return {
    startMs: buckets.map((bucket) => bucket.startMs),
    widthMs: buckets.map((bucket) => bucket.widthMs),
    outcomes: byRoute(used, (route) => outcomeColumns(recording, buckets, route)),
    firstAckMs: byRoute(used, (route) =>
      buckets.map((bucket) => ackInstants(recording, bucket, route).first),
    ),
    lastAckMs: byRoute(used, (route) => buckets.map((bucket) => ackInstants(recording, bucket, route).last)),
    ...latencyColumns(buckets),
    writers: writerColumns(buckets),
    probes: probeColumns(buckets),
    connects: buckets.map((bucket) => bucket.connects.successes),
    errors: errorColumns(buckets),
    stallMs: buckets.map((bucket) => bucket.stallUs / 1000),
  };
}

/** Merges to whole seconds, so that a merged bucket never reaches into a second that is kept fine. */
function thinned(buckets: readonly Bucket[], instants: readonly number[]): readonly Bucket[] {
  if (buckets.length <= FEW_BUCKETS) {
    return buckets;
  }
  const kept: Bucket[] = [];
  let group: Bucket[] = [];
  const flush = () => {
    if (group.length > 0) {
      kept.push(mergeBuckets(group));
      group = [];
    }
  };
  for (const bucket of buckets) {
    const sameSecond = group[0] !== undefined && secondOf(group[0]) === secondOf(bucket);
    if (!sameSecond) {
      flush();
    }
    if (isNear(secondOf(bucket) * FAR_WIDTH_MS, instants)) {
      kept.push(bucket);
    } else {
      group.push(bucket);
    }
  }
  flush();
  return kept;
}

function secondOf(bucket: Bucket): number {
  // The middle, since an edge such as 0.1 + 0.2 may lie on the wrong side.
  return Math.floor((bucket.startMs + endOf(bucket)) / 2 / FAR_WIDTH_MS);
}

function isNear(secondMs: number, instants: readonly number[]): boolean {
  return instants.some(
    (instant) => secondMs < instant + NEAR_MS && secondMs + FAR_WIDTH_MS > instant - NEAR_MS,
  );
}

function byRoute<Column>(
  routes: readonly Route[],
  columnOf: (route: Route) => Column,
): Partial<Record<Route, Column>> {
  const columns: Partial<Record<Route, Column>> = {};
  for (const route of routes) {
    columns[route] = columnOf(route);
  }
  return columns;
}

function outcomeColumns(
  recording: Recording,
  buckets: readonly Bucket[],
  route: Route,
): Partial<Record<Outcome, number[]>> {
  const columns: Partial<Record<Outcome, number[]>> = {};
  for (const [index, outcome] of OUTCOMES.entries()) {
    const column = buckets.map((bucket) => {
      let count = 0;
      for (const frame of bucket.scripts) {
        count += isOn(recording, frame.script, route) ? (frame.outcomes[index] ?? 0) : 0;
      }
      return count;
    });
    if (column.some((count) => count > 0)) {
      columns[outcome] = column;
    }
  }
  return columns;
}

function ackInstants(
  recording: Recording,
  bucket: Bucket,
  route: Route,
): { first: number | null; last: number | null } {
  let first: number | null = null;
  let last: number | null = null;
  for (const frame of bucket.scripts) {
    if (frame.firstAckUs >= 0 && isOn(recording, frame.script, route)) {
      first = Math.min(first ?? Infinity, frame.firstAckUs / 1000);
      last = Math.max(last ?? 0, frame.lastAckUs / 1000);
    }
  }
  return { first, last };
}

function isOn({ plan }: Recording, script: number, route: Route): boolean {
  return plan.workload.scripts[script]?.route === route;
}

function writerColumns(buckets: readonly Bucket[]): Record<string, number[]> {
  const columns: Record<string, number[]> = {};
  for (const [index, bucket] of buckets.entries()) {
    for (const { server, writes, via, acks } of bucket.servers) {
      if (writes && via === 'load' && acks > 0) {
        columns[server] ??= new Array<number>(buckets.length).fill(0);
        const column = columns[server];
        column[index] = (column[index] as number) + acks;
      }
    }
  }
  return columns;
}

function probeColumns(buckets: readonly Bucket[]): Timeline['probes'] {
  const routes = new Set(buckets.flatMap((bucket) => bucket.probes.map((probe) => probe.route)));
  return byRoute([...routes].sort().reverse(), (route) => {
    const probes = buckets.map((bucket) =>
      bucket.probes.find((probe) => probe.route === route && probe.kind === 'service'),
    );
    return {
      acks: probes.map((probe) => probe?.acks ?? 0),
      failures: probes.map((probe) => probe?.failures ?? 0),
    };
  });
}

function latencyColumns(buckets: readonly Bucket[]): Pick<Timeline, 'p50Us' | 'p90Us' | 'p99Us' | 'maxUs'> {
  const p50Us: (number | null)[] = [];
  const p90Us: (number | null)[] = [];
  const p99Us: (number | null)[] = [];
  const maxUs: (number | null)[] = [];
  const sum = new LatencySum();
  for (const bucket of buckets) {
    sum.clear();
    for (const frame of bucket.scripts) {
      addResponse(sum, frame);
    }
    const [p50, p90, p99, max] = sum.percentiles([500, 900, 990, 1000]) ?? [];
    p50Us.push(p50 ?? null);
    p90Us.push(p90 ?? null);
    p99Us.push(p99 ?? null);
    maxUs.push(max ?? null);
  }
  return { p50Us, p90Us, p99Us, maxUs };
}

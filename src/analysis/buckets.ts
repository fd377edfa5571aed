import { IntervalCounts, NO_COUNTS, type SparseHistogram } from '../histogram.js';
import {
  type ErrorFrame,
  type Frame,
  type HeartbeatFrame,
  NOTHING_RECORDED,
  type ProbeFrame,
  type ScriptFrame,
  type ServerFrame,
} from '../load/frame.js';
import { OUTCOMES } from '../postgres/outcome.js';
import type { Bucket } from './recording.js';

/** What a worker recorded, without saying which or when: what adds up. */
type Part = Omit<Frame, 'worker' | 'interval'>;

/** One in which nothing happened. */
export function emptyBucket(startMs: number, widthMs: number): Bucket {
  return { startMs, widthMs, ...NOTHING_RECORDED };
}

/** Neighbouring or equal intervals as one bucket; `buckets` must hold at least one, in order of time. */
export function mergeBuckets(buckets: readonly Bucket[]): Bucket {
  const [first] = buckets;
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) {
    throw new RangeError('mergeBuckets needs at least one bucket');
  }
  if (buckets.length === 1) {
    return first;
  }
  return { startMs: first.startMs, widthMs: last.startMs + last.widthMs - first.startMs, ...sumOf(buckets) };
}

export function endOf(bucket: Bucket): number {
  return bucket.startMs + bucket.widthMs;
}

/** The first of them that ends behind the instant; their number where none does. @param buckets in order of time */
export function indexAt(buckets: readonly Bucket[], atMs: number): number {
  let from = 0;
  let to = buckets.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (endOf(buckets[middle] as Bucket) > atMs) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}

function sumOf(parts: readonly Part[]): Part {
  return {
    scripts: sumByKey(
      parts.flatMap((part) => part.scripts),
      (script) => String(script.script),
      sumOfScripts,
    ),
    errors: sumByKey(
      parts.flatMap((part) => part.errors),
      errorKey,
      sumOfErrors,
    ),
    servers: sumByKey(
      parts.flatMap((part) => part.servers),
      serverKey,
      sumOfServers,
    ),
    probes: sumByKey(
      parts.flatMap((part) => part.probes),
      (probe) => `${probe.kind} ${probe.route}`,
      sumOfProbes,
    ),
    heartbeats: sumByKey(
      parts.flatMap((part) => part.heartbeats),
      ({ route }) => route,
      sumOfHeartbeats,
    ),
    connects: {
      attempts: sum(parts, (part) => part.connects.attempts),
      successes: sum(parts, (part) => part.connects.successes),
      latency: sumOfHistograms(parts.map((part) => part.connects.latency)),
    },
    stallUs: Math.max(
      0,
      latest(parts, (part) => part.stallUs),
    ),
  };
}

/** Acknowledgements that say the same of a server. */
export function serverKey({ route, server, writes, via }: ServerFrame): string {
  return `${route} ${writes} ${via} ${server}`;
}

/** Errors of the same key are the same error to a reader of the result. */
export function errorKey(error: ErrorFrame): string {
  return JSON.stringify([error.script, error.route, error.outcome, error.code, error.server]);
}

function sumOfScripts(scripts: readonly [ScriptFrame, ...ScriptFrame[]]): ScriptFrame {
  return {
    script: scripts[0].script,
    outcomes: OUTCOMES.map((_, outcome) => sum(scripts, (script) => script.outcomes[outcome] ?? 0)),
    firstAckUs: earliest(scripts, (script) => script.firstAckUs),
    lastAckUs: latest(scripts, (script) => script.lastAckUs),
    punctual: sumOfHistograms(scripts.map((script) => script.punctual)),
    delayedService: sumOfHistograms(scripts.map((script) => script.delayedService)),
    delayedResponse: sumOfHistograms(scripts.map((script) => script.delayedResponse)),
    maxServiceUs: latest(scripts, (script) => script.maxServiceUs),
    maxResponseUs: latest(scripts, (script) => script.maxResponseUs),
    late: sum(scripts, (script) => script.late),
    retried: sum(scripts, (script) => script.retried),
    retries: sum(scripts, (script) => script.retries),
    lag: sumOfHistograms(scripts.map((script) => script.lag)),
    maxLagUs: latest(scripts, (script) => script.maxLagUs),
    commands: sumOfFigures(scripts.map((script) => script.commands)),
  };
}

/** Element by element; a part that measured nothing of its commands is empty. */
export function sumOfFigures(parts: readonly (readonly number[])[]): readonly number[] {
  const filled = parts.filter((part) => part.length > 0);
  if (filled.length <= 1) {
    return filled[0] ?? [];
  }
  const totals = new Array<number>(Math.max(...filled.map((part) => part.length))).fill(0);
  for (const part of filled) {
    for (let i = 0; i < part.length; i++) {
      totals[i] = (totals[i] as number) + (part[i] as number);
    }
  }
  return totals;
}

export function sumOfErrors(errors: readonly [ErrorFrame, ...ErrorFrame[]]): ErrorFrame {
  let first = errors[0];
  for (const error of errors) {
    if (error.firstUs < first.firstUs) {
      first = error;
    }
  }
  return {
    ...first,
    count: sum(errors, (error) => error.count),
    lastUs: latest(errors, (error) => error.lastUs),
  };
}

export function sumOfServers(servers: readonly [ServerFrame, ...ServerFrame[]]): ServerFrame {
  return {
    ...servers[0],
    acks: sum(servers, (server) => server.acks),
    firstAckUs: earliest(servers, (server) => server.firstAckUs),
    lastAckUs: latest(servers, (server) => server.lastAckUs),
  };
}

function sumOfProbes(probes: readonly [ProbeFrame, ...ProbeFrame[]]): ProbeFrame {
  const firstAckUs = earliest(probes, (probe) => probe.firstAckUs);
  const firstKeptAckUs = earliest(probes, (probe) => probe.firstKeptAckUs);
  return {
    route: probes[0].route,
    kind: probes[0].kind,
    acks: sum(probes, (probe) => probe.acks),
    failures: sum(probes, (probe) => probe.failures),
    firstAckUs,
    lastAckUs: latest(probes, (probe) => probe.lastAckUs),
    triedBeforeUs: probes.find((probe) => probe.firstAckUs === firstAckUs)?.triedBeforeUs ?? -1,
    keptAcks: sum(probes, (probe) => probe.keptAcks),
    firstKeptAckUs,
    keptSinceUs: probes.find((probe) => probe.firstKeptAckUs === firstKeptAckUs)?.keptSinceUs ?? -1,
    lastLsn: latest(probes, (probe) => probe.lastLsn),
  };
}

function sumOfHeartbeats(heartbeats: readonly [HeartbeatFrame, ...HeartbeatFrame[]]): HeartbeatFrame {
  return {
    route: heartbeats[0].route,
    reads: sum(heartbeats, (heartbeat) => heartbeat.reads),
    stale: sum(heartbeats, (heartbeat) => heartbeat.stale),
    nonMonotonic: sum(heartbeats, (heartbeat) => heartbeat.nonMonotonic),
    ageUs: sumOfHistograms(heartbeats.map((heartbeat) => heartbeat.ageUs)),
    maxAgeUs: latest(heartbeats, (heartbeat) => heartbeat.maxAgeUs),
  };
}

/** Groups what has the same key, in order of first appearance, and adds each group up. */
export function sumByKey<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  add: (group: readonly [Item, ...Item[]]) => Item,
): Item[] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [item]);
    } else {
      group.push(item);
    }
  }
  return [...groups.values()].map((group) => (group.length === 1 ? group[0] : add(group)));
}

function sumOfHistograms(histograms: readonly SparseHistogram[]): SparseHistogram {
  const filled = histograms.filter((histogram) => histogram.length > 0);
  if (filled.length <= 1) {
    return filled[0] ?? NO_COUNTS;
  }
  for (const histogram of filled) {
    counts.add(histogram);
  }
  return counts.take();
}

/** Where histograms are added up: arrays of all buckets, or of the parts' numbers, would be most of a long run's garbage. */
const counts = new IntervalCounts();

/** The first real instant; -1 is none. */
function earliest<Item>(items: readonly Item[], instantOf: (item: Item) => number): number {
  let first = -1;
  for (const item of items) {
    const instant = instantOf(item);
    if (instant >= 0 && (first < 0 || instant < first)) {
      first = instant;
    }
  }
  return first;
}

function latest<Item>(items: readonly Item[], read: (item: Item) => number): number {
  let last = -1;
  for (const item of items) {
    last = Math.max(last, read(item));
  }
  return last;
}

function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  let total = 0;
  for (const item of items) {
    total += read(item);
  }
  return total;
}

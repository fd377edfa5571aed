import { LatencySum } from '../../analysis/latency.js';
import type { RunProgress } from '../../analysis/progress.js';
import type { Bucket } from '../../analysis/recording.js';
import { acknowledged, addResponse, outcomesOf, ratePerSecond } from '../../analysis/totals.js';
import type { Plan } from '../../plan/plan.js';
import type { Route } from '../../plan/target.js';
import type { Event } from '../../result/result.js';
import { isChange } from '../terminal/events.js';
import { failedAttempts } from '../terminal/latency.js';

/** All that is drawn of a run, gathered from what it has told until now; of bounded size. */
export interface LiveState {
  readonly plan: Plan;
  readonly elapsedMs: number;
  readonly durationMs: number | null;
  readonly round: RunProgress['round'];
  readonly faultsMs: readonly number[];
  /** Of the ports that the load uses, rw first. */
  readonly ports: readonly PortNow[];
  /** Failed attempts by code in the latest span, the most frequent first. */
  readonly errors: readonly (readonly [code: string, count: number])[];
  readonly failedInAll: number;
  readonly probes: readonly ProbeNow[];
  /** Null before any is known, '' while there is none. */
  readonly leader: string | null;
  /** Who led from when on, the newest last. */
  readonly leaders: readonly { readonly fromMs: number; readonly name: string }[];
  /** State of each server of HAProxy by `backend/server`. */
  readonly servers: ReadonlyMap<string, string>;
  /** The newest changes, in the order in which they were told. */
  readonly changes: readonly Event[];
  /** What was told each time, the newest last. */
  readonly spans: readonly SpanOfLoad[];
}

export interface PortNow {
  readonly route: Route;
  readonly tps: number;
  readonly failed: number;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly maxUs: number | null;
  /** Since when nothing has been acknowledged, ms since the start of the run. */
  readonly lastAckMs: number;
}

export interface ProbeNow {
  readonly route: Route;
  readonly acks: number;
  readonly failures: number;
}

/** What ended in a span of time, per second. */
export interface SpanOfLoad {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tps: Readonly<Record<Route, number>>;
  readonly failed: number;
}

/** More than any terminal has columns. */
const MOST_SPANS = 1000;
const MOST_CHANGES = 50;

/** The next state. @param before null at the first time */
export function advance(before: LiveState | null, progress: RunProgress): LiveState {
  const { plan, elapsedMs, durationMs, latest, leader, round, faultsMs, events } = progress;
  // Of what comes twice the second time is passed over, so that nothing is drawn twice.
  const seenMs = before?.spans.at(-1)?.toMs ?? 0;
  const fresh = latest.filter(({ startMs }) => startMs >= seenMs - 1e-6);
  const span = spanOf(fresh, plan);
  return {
    plan,
    elapsedMs,
    durationMs,
    round,
    faultsMs: faultsMs.slice(-MOST_SPANS),
    ports: routesOf(plan).map((route) => portNow(route, latest, plan, before)),
    errors: errorsIn(latest),
    failedInAll: (before?.failedInAll ?? 0) + failedAttempts(outcomesOf(fresh)),
    probes: probesIn(latest),
    leader,
    leaders: leadersOf(before?.leaders ?? [], leader, before === null ? 0 : elapsedMs),
    servers: serversAfter(before?.servers ?? new Map(), events),
    changes: [...(before?.changes ?? []), ...events.filter(isChange)].slice(-MOST_CHANGES),
    spans: [...(before?.spans ?? []), ...(span === null ? [] : [span])].slice(-MOST_SPANS),
  };
}

function routesOf({ workload }: Plan): Route[] {
  const used = workload.scripts.filter(({ weight }) => weight > 0);
  return (['rw', 'ro'] as const).filter((route) => used.some((script) => script.route === route));
}

function isOn(route: Route, plan: Plan): (frame: { readonly script: number }) => boolean {
  return ({ script }) => plan.workload.scripts[script]?.route === route;
}

function portNow(route: Route, latest: readonly Bucket[], plan: Plan, before: LiveState | null): PortNow {
  const own = isOn(route, plan);
  const outcomes = outcomesOf(latest, own);
  const sum = new LatencySum();
  let lastAckMs = before?.ports.find((port) => port.route === route)?.lastAckMs ?? 0;
  for (const bucket of latest) {
    for (const frame of bucket.scripts.filter(own)) {
      addResponse(sum, frame);
      lastAckMs = Math.max(lastAckMs, frame.lastAckUs / 1000);
    }
  }
  const [p50Us = null, p99Us = null, maxUs = null] = sum.percentiles([500, 990, 1000]) ?? [];
  const tps = ratePerSecond(acknowledged(outcomes), lengthOf(latest));
  return { route, tps, failed: failedAttempts(outcomes), p50Us, p99Us, maxUs, lastAckMs };
}

function spanOf(buckets: readonly Bucket[], plan: Plan): SpanOfLoad | null {
  const first = buckets[0];
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) {
    return null;
  }
  const millis = lengthOf(buckets);
  const tps = (route: Route) => ratePerSecond(acknowledged(outcomesOf(buckets, isOn(route, plan))), millis);
  return {
    fromMs: first.startMs,
    toMs: last.startMs + last.widthMs,
    tps: { rw: tps('rw'), ro: tps('ro') },
    failed: ratePerSecond(failedAttempts(outcomesOf(buckets)), millis),
  };
}

function lengthOf(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { widthMs }) => sum + widthMs, 0);
}

function errorsIn(latest: readonly Bucket[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { errors } of latest) {
    for (const { code, count } of errors) {
      counts.set(code, (counts.get(code) ?? 0) + count);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function probesIn(latest: readonly Bucket[]): ProbeNow[] {
  return (['rw', 'ro'] as const).flatMap((route) => {
    const own = latest.flatMap(({ probes }) =>
      probes.filter((probe) => probe.route === route && probe.kind === 'service'),
    );
    const sum = (of: 'acks' | 'failures') => own.reduce((total, probe) => total + probe[of], 0);
    return own.length === 0 ? [] : [{ route, acks: sum('acks'), failures: sum('failures') }];
  });
}

function leadersOf(known: LiveState['leaders'], leader: string | null, fromMs: number): LiveState['leaders'] {
  return leader === null || known.at(-1)?.name === leader
    ? known
    : [...known, { fromMs, name: leader }].slice(-MOST_SPANS);
}

function serversAfter(
  before: ReadonlyMap<string, string>,
  events: readonly Event[],
): ReadonlyMap<string, string> {
  const changed = events.filter(({ layer, kind }) => layer === 'haproxy' && kind.startsWith('server_'));
  return changed.length === 0
    ? before
    : new Map([...before, ...changed.map(({ subject, to }) => [subject, to ?? '?'] as const)]);
}

import { bucketOf } from '../histogram.js';
import type { ErrorFrame, HeartbeatFrame, ProbeFrame, ScriptFrame, ServerFrame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { ACK, OUTCOMES } from '../postgres/outcome.js';
import type { ClientFacts, ClusterFacts, Event, FaultRecord } from '../result/result.js';
import type { Bucket, Recording } from './recording.js';
import { CLUSTER, planOf } from './sample.fixture.js';

/* Recordings of acknowledgements at instants that a test names, to know the right answer beforehand. */

export interface Made {
  readonly plan?: Plan;
  /** Acknowledgements in ms, by script. */
  readonly acksMs: readonly (readonly number[])[];
  readonly failures?: readonly { readonly atMs: number; readonly code?: string; readonly script?: number }[];
  readonly faults?: readonly FaultRecord[];
  readonly clients?: readonly ClientFacts[];
  readonly events?: readonly Event[];
  readonly cluster?: ClusterFacts;
  readonly elapsedMs?: number;
  readonly probes?: readonly MadeProbe[];
  /** Who acknowledged writes, and when. */
  readonly servers?: readonly {
    readonly server: string;
    readonly acksMs: readonly number[];
    readonly via?: ServerFrame['via'];
  }[];
  /** One for each bucket from the first on. */
  readonly heartbeats?: readonly HeartbeatFrame[];
  readonly stalls?: readonly { readonly atMs: number; readonly stallMs: number }[];
}

export interface MadeProbe {
  readonly route: Route;
  readonly kind: ProbeFrame['kind'];
  /** Each was tried 5 ms before, and the one before 20 ms earlier or as `triedMs` says. */
  readonly acksMs: readonly number[];
  readonly failuresMs?: readonly number[];
  readonly triedMs?: readonly number[];
  /** Those of its acknowledgements that came on a connection that had been there. */
  readonly keptMs?: readonly number[];
  /** When that connection was made; at the start where nothing else is said. */
  readonly keptSinceMs?: number;
}

export function recordingOf(made: Made): Recording {
  const {
    plan = planOf(),
    acksMs,
    failures = [],
    faults = [],
    clients = [],
    events = [],
    cluster = CLUSTER,
  } = made;
  const last = Math.max(plan.durationMs ?? 0, ...acksMs.flat(), ...failures.map(({ atMs }) => atMs));
  const elapsedMs = made.elapsedMs ?? last;
  const byInterval = acksMs.map((acks) => grouped(acks, plan.intervalMs));
  const buckets: Bucket[] = [];
  for (let startMs = 0; startMs < elapsedMs; startMs += plan.intervalMs) {
    const within = (atMs: number) => atMs >= startMs && atMs < startMs + plan.intervalMs;
    buckets.push({
      startMs,
      widthMs: plan.intervalMs,
      scripts: byInterval.flatMap((acks, script) =>
        scriptFrame(script, acks.get(Math.round(startMs / plan.intervalMs)) ?? []),
      ),
      errors: failures.filter(({ atMs }) => within(atMs)).map((failure) => errorFrame(plan, failure)),
      servers: (made.servers ?? []).flatMap((server) => serverFrame(server, within)),
      probes: (made.probes ?? []).flatMap((probe) => probeFrame(probe, within)),
      heartbeats: made.heartbeats?.slice(buckets.length, buckets.length + 1) ?? [],
      connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
      stallUs:
        1000 *
        Math.max(0, ...(made.stalls ?? []).filter(({ atMs }) => within(atMs)).map(({ stallMs }) => stallMs)),
    });
  }
  const gaps = clients.map(({ longestGap }) => (longestGap === null ? [] : [longestGap]));
  return { plan, buckets, clients, gaps, faults, events, cluster, commands: [], elapsedMs };
}

const PROBE_TOOK_MS = 5;
const PROBE_EVERY_MS = 20;

function probeFrame(
  { route, kind, acksMs, failuresMs = [], keptMs = [], keptSinceMs = 0, triedMs }: MadeProbe,
  within: (atMs: number) => boolean,
): ProbeFrame[] {
  const [acks, failures, kept] = [acksMs, failuresMs, keptMs].map((instants) => instants.filter(within));
  if (acks === undefined || failures === undefined || acks.length + failures.length === 0) {
    return [];
  }
  const us = (atMs: number | undefined) => (atMs === undefined ? -1 : Math.round(atMs * 1000));
  return [
    {
      route,
      kind,
      acks: acks.length,
      failures: failures.length,
      firstAckUs: us(acks[0]),
      lastAckUs: us(acks.at(-1)),
      triedBeforeUs: us(acks[0] === undefined ? undefined : triedBefore(acks[0], triedMs)),
      keptAcks: kept?.length ?? 0,
      firstKeptAckUs: us(kept?.[0]),
      keptSinceUs: us(kept?.[0] === undefined ? undefined : keptSinceMs),
      lastLsn: -1,
    },
  ];
}

function triedBefore(ackMs: number, triedMs: readonly number[] | undefined): number | undefined {
  const startMs = ackMs - PROBE_TOOK_MS;
  return triedMs === undefined
    ? startMs - PROBE_EVERY_MS
    : triedMs.filter((atMs) => atMs < startMs).sort((a, b) => b - a)[0];
}

function serverFrame(
  { server, acksMs, via = 'load' }: { server: string; acksMs: readonly number[]; via?: ServerFrame['via'] },
  within: (atMs: number) => boolean,
): ServerFrame[] {
  const own = acksMs.filter(within);
  if (own.length === 0) {
    return [];
  }
  const firstAckUs = Math.round(Math.min(...own) * 1000);
  const lastAckUs = Math.round(Math.max(...own) * 1000);
  return [{ server, route: 'rw', writes: true, via, acks: own.length, firstAckUs, lastAckUs }];
}

/** A recording of so many acknowledgements in each bucket, by script; spread evenly over it. */
export function recordingOfRates(plan: Plan, rates: readonly (readonly number[])[]): Recording {
  const length = Math.max(...rates.map((counts) => counts.length));
  const buckets = Array.from({ length }, (_, index): Bucket => {
    const startMs = index * plan.intervalMs;
    return {
      startMs,
      widthMs: plan.intervalMs,
      scripts: rates.flatMap((counts, script) =>
        evenFrame(script, counts[index] ?? 0, startMs, plan.intervalMs),
      ),
      errors: [],
      servers: [],
      probes: [],
      heartbeats: [],
      connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
      stallUs: 0,
    };
  });
  const elapsedMs = length * plan.intervalMs;
  return {
    plan,
    buckets,
    clients: [],
    gaps: [],
    faults: [],
    events: [],
    cluster: CLUSTER,
    commands: [],
    elapsedMs,
  };
}

function evenFrame(script: number, count: number, startMs: number, widthMs: number): ScriptFrame[] {
  const firstUs = startMs * 1000;
  const lastUs = (startMs + (widthMs * (count - 1)) / count) * 1000;
  return count === 0 ? [] : [frameOf(script, count, firstUs, lastUs)];
}

/** Every `stepMs` from the first on, without the second. */
export function every(stepMs: number, fromMs: number, toMs: number): number[] {
  const instants: number[] = [];
  for (let i = 0; fromMs + i * stepMs < toMs; i++) {
    instants.push(fromMs + i * stepMs);
  }
  return instants;
}

function grouped(acksMs: readonly number[], intervalMs: number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const atMs of acksMs) {
    const interval = Math.floor(atMs / intervalMs);
    const group = groups.get(interval);
    if (group === undefined) {
      groups.set(interval, [atMs]);
    } else {
      group.push(atMs);
    }
  }
  return groups;
}

function scriptFrame(script: number, acksMs: readonly number[]): ScriptFrame[] {
  if (acksMs.length === 0) {
    return [];
  }
  return [frameOf(script, acksMs.length, Math.min(...acksMs) * 1000, Math.max(...acksMs) * 1000)];
}

/** Each of them took 1 ms. */
function frameOf(script: number, acks: number, firstUs: number, lastUs: number): ScriptFrame {
  return {
    script,
    outcomes: OUTCOMES.map((_, outcome) => (outcome === ACK ? acks : 0)),
    firstAckUs: Math.round(firstUs),
    lastAckUs: Math.round(lastUs),
    punctual: Uint32Array.of(bucketOf(1000), acks),
    delayedService: new Uint32Array(0),
    delayedResponse: new Uint32Array(0),
    maxServiceUs: 1000,
    maxResponseUs: 1000,
    late: 0,
    retried: 0,
    retries: 0,
    lag: new Uint32Array(0),
    maxLagUs: 0,
    commands: [],
  };
}

function errorFrame(
  plan: Plan,
  { atMs, code = '57P01', script = 0 }: { atMs: number; code?: string; script?: number },
): ErrorFrame {
  return {
    script,
    route: plan.workload.scripts[script]?.route ?? 'rw',
    outcome: 'aborted',
    code,
    server: '',
    count: 1,
    firstUs: atMs * 1000,
    lastUs: atMs * 1000,
    message: '',
  };
}

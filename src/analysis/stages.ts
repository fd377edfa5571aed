import type { ProbeFrame } from '../load/frame.js';
import type { Downtime } from '../result/downtime.js';
import type { ClusterFacts, Event, FaultRecord, Phases } from '../result/result.js';
import type { Range, Stage, StageKind } from '../result/round.js';
import { keyGone, keyTaken, leaderAt } from './leaders.js';
import type { Window } from './outage.js';
import { serverUp } from './proxy.js';
import type { Bucket } from './recording.js';
import { roundToMicros } from './recovery.js';
import { probeOf, type Stream } from './streams.js';

export interface StagesContext {
  /** The round: what happened before its fault or after it does not count. */
  readonly window: Window;
  readonly cluster: ClusterFacts;
  readonly buckets: readonly Bucket[];
  readonly phases: Phases;
  readonly writes: Downtime | null;
  /** What `writes` was watched by; null where nothing writes. */
  readonly writing: Stream | null;
  /** Of the probe that connects anew on the read-write port. */
  readonly newConnections: Downtime | null;
  /** Whether new connections of the load can only be of its read-write port. */
  readonly loadConnectsToWrite: boolean;
  readonly predicted: Partial<Readonly<Record<StageKind, Range>>>;
}

/**
 * The steps from the request to steady load, in order. A step that was not seen says why; those that belong to a change of
 * the leader are missing where there was none.
 */
export function stagesOf(
  fault: FaultRecord,
  events: readonly Event[],
  context: StagesContext,
): readonly Stage[] {
  const { window, predicted } = context;
  if (fault.askedAtMs === null) {
    return [];
  }
  const handover = handoverOf(events, context);
  const seen: readonly [StageKind, Seen | string][] = [
    ...handover.seen,
    ['first_connection', firstConnection(context)],
    ['first_commit', firstCommit(context)],
    ['steady', steady(context)],
  ];
  // What is predicted for a leader that stays says nothing when it changed.
  const ranges = handover.changed && predicted.leader_key_gone === undefined ? {} : predicted;
  return timed(seen, window.fromMs, ranges, handover.changed);
}

/** When a step was over, and who saw it; or why nobody did. */
interface Seen {
  readonly atMs: number;
  readonly uncertaintyMs: number;
  readonly source: string;
}

function timed(
  steps: readonly [StageKind, Seen | string][],
  requestMs: number,
  predicted: StagesContext['predicted'],
  changed: boolean,
): Stage[] {
  let lastMs = requestMs;
  let range: Range | null = { minMs: 0, maxMs: 0 };
  const stages: Stage[] = [];
  for (const [kind, step] of steps) {
    const own = predicted[kind] ?? null;
    // A step that does not exist takes no time; one that was only not seen took some of the next one's.
    range = own === null && typeof step === 'string' && !changed ? range : added(range, own);
    if (typeof step === 'string') {
      stages.push({
        kind,
        atMs: null,
        tookMs: null,
        uncertaintyMs: 0,
        source: null,
        missing: step,
        predicted: null,
      });
      continue;
    }
    stages.push({
      kind,
      ...step,
      tookMs: roundToMicros(step.atMs - lastMs),
      missing: null,
      predicted: range,
    });
    lastMs = step.atMs;
    range = { minMs: 0, maxMs: 0 };
  }
  return stages;
}

function added(one: Range | null, other: Range | null): Range | null {
  if (one === null || other === null) {
    return null;
  }
  const maxMs = one.maxMs === null || other.maxMs === null ? null : one.maxMs + other.maxMs;
  return { minMs: one.minMs + other.minMs, maxMs };
}

// ---- the leader changes

interface Handover {
  readonly changed: boolean;
  readonly seen: readonly [StageKind, Seen | string][];
}

function handoverOf(all: readonly Event[], { window, cluster }: StagesContext): Handover {
  const events = all.filter(({ atMs }) => atMs > window.fromMs && atMs <= window.toMs);
  const old = leaderAt(all, cluster, window.fromMs);
  const gone = keyGone(events);
  const taken = keyTaken(events, (leader) => gone !== undefined || leader !== old);
  const watched = all.some(({ layer }) => layer === 'etcd' || layer === 'patroni');
  if (!watched || (gone === undefined && taken === undefined)) {
    const why = watched ? 'the leader did not change' : 'neither etcd nor Patroni was watched';
    const kinds = ['leader_key_gone', 'leader_key_taken', 'promoted', 'proxy_up'] as const;
    return { changed: false, seen: kinds.map((kind) => [kind, why]) };
  }
  const leader = taken?.to ?? null;
  const nobody = 'nobody was seen to take the leader key';
  return {
    changed: true,
    seen: [
      ['leader_key_gone', seenBy(gone) ?? 'the time without a leader was too short to be seen'],
      ['leader_key_taken', seenBy(taken) ?? nobody],
      ['promoted', leader === null ? nobody : promotion(events, all, leader, old)],
      ['proxy_up', leader === null ? nobody : serverUp(all, window, { leader, old, cluster })],
    ],
  };
}

function seenBy(event: Event | undefined): Seen | null {
  if (event === undefined) {
    return null;
  }
  const { atMs, uncertaintyMs, layer } = event;
  return { atMs, uncertaintyMs, source: layer === 'etcd' ? 'etcd watch' : layer };
}

/** By PostgreSQL itself, or else by what Patroni says of it. */
function promotion(
  events: readonly Event[],
  all: readonly Event[],
  leader: string,
  old: string | null,
): Seen | string {
  const own = events.filter(({ subject }) => subject === leader);
  const promoted =
    own.find(({ layer, kind }) => layer === 'postgres' && kind === 'promoted') ??
    own.find(
      ({ layer, kind, to }) => layer === 'patroni' && kind === 'role' && to !== null && PRIMARY.has(to),
    );
  if (promoted !== undefined) {
    const { atMs, uncertaintyMs, layer } = promoted;
    return { atMs, uncertaintyMs, source: `${layer} ${leader}` };
  }
  if (leader === old) {
    return `${leader} was primary before`;
  }
  const watched = all.some((event) => event.layer === 'postgres' || event.layer === 'patroni');
  return watched ? `${leader} was not seen as primary` : 'neither PostgreSQL nor Patroni was watched';
}

const PRIMARY: ReadonlySet<string> = new Set(['primary', 'master']);

// ---- clients come back

function firstConnection(context: StagesContext): Seen | string {
  const { newConnections, buckets } = context;
  if (newConnections === null) {
    return loadConnection(context);
  }
  if (!newConnections.outage) {
    return 'new connections were not seen to be refused';
  }
  const { toMs } = newConnections;
  if (toMs === null) {
    return 'no new connection was served until the end';
  }
  const first = ({ kind, route, firstAckUs }: ProbeFrame) =>
    kind === 'connect' && route === 'rw' && firstAckUs / 1000 === toMs;
  const probe = buckets.find(({ probes }) => probes.some(first))?.probes.find(first);
  const triedMs = probe === undefined || probe.triedBeforeUs < 0 ? null : probe.triedBeforeUs / 1000;
  const uncertaintyMs = triedMs === null ? newConnections.resolutionMs : roundToMicros(toMs - triedMs);
  return { atMs: toMs, uncertaintyMs, source: 'probe' };
}

/** The load does not say where its connections led to: the last bucket without any before the first commit bounds it. */
function loadConnection({ writes, buckets, loadConnectsToWrite }: StagesContext): Seen | string {
  const missing = 'no probe connects anew';
  if (!loadConnectsToWrite || !writes?.outage || writes.toMs === null) {
    return missing;
  }
  const toMs = writes.toMs;
  const within = buckets.filter(({ startMs }) => startMs >= writes.fromMs && startMs < toMs);
  const silent = within.findLastIndex(({ connects }) => connects.successes === 0);
  const first = within[silent + 1];
  if (silent < 0 || first === undefined || first.connects.successes === 0) {
    return missing;
  }
  const atMs = Math.min(toMs, first.startMs + first.widthMs);
  return { atMs, uncertaintyMs: roundToMicros(atMs - first.startMs), source: 'load' };
}

function firstCommit({ writes, writing, buckets }: StagesContext): Seen | string {
  if (writes === null || writing === null) {
    return 'write downtime was not measured';
  }
  if (!writes.outage) {
    return 'writes were not seen to be away';
  }
  const { toMs, resolutionMs } = writes;
  if (toMs === null) {
    return 'no write was acknowledged until the end';
  }
  const probed = buckets.some((bucket) => (probeOf(bucket, writing)?.firstAckUs ?? -1) / 1000 === toMs);
  return { atMs: toMs, uncertaintyMs: resolutionMs, source: probed ? 'probe' : 'load' };
}

function steady({ phases: { before, during, after }, buckets, writes }: StagesContext): Seen | string {
  if (before === null) {
    return 'there was no steady load before the fault';
  }
  if (after === null) {
    return 'throughput was not back at 90 % for 3 s';
  }
  if (during === null) {
    return 'the load was not seen to be disturbed';
  }
  const bucket = buckets.find(({ startMs }) => startMs === after.fromMs);
  // Phases lie on edges of buckets: the first bucket of steady load may be the one in which writes came back.
  const atMs = Math.max(after.fromMs, (writes?.outage && writes.toMs) || 0);
  return { atMs, uncertaintyMs: bucket?.widthMs ?? 0, source: 'load' };
}

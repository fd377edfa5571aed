import type { ErrorFrame, ProbeFrame } from '../load/frame.js';
import type { Deadlines, Pace } from '../plan/plan.js';
import {
  CONNECT_TIMEOUT,
  OPEN_TRANSACTION,
  ROLLED_BACK,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import type { Downtime } from '../result/downtime.js';
import { endOf, indexAt } from './buckets.js';
import { isUneven, plannedIn } from './planned.js';
import type { Bucket, Recording } from './recording.js';
import { probeOf, type Stream, servedIn } from './streams.js';

/** A figure, or why there is none. */
export type Measured<Figure> = { readonly figure: Figure } | { readonly missing: string };

/** Where a gap is looked for, ms since the start of the run. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When the load stopped starting transactions: what was not tried afterwards was not refused. A load that is bounded by
 * a number of transactions starts them up to its end.
 */
export function endOfLoad({ elapsedMs, plan }: Recording): number {
  return Math.min(elapsedMs, plan.durationMs ?? elapsedMs);
}

/**
 * The longest gap between two acknowledgements of the stream that overlaps the window and is an outage, or else the
 * longest one. A gap is seen where it crosses
 * the edge of a bucket, and every gap longer than a bucket does: for those, the first and last acknowledgement of each
 * bucket give it exactly.
 * @param usualPauseMs longest such gap in the steady part before the fault, null without one
 * @param mostPlanned see {@link mostPlannedInPause}
 */
export function downtimeOf(
  recording: Recording,
  stream: Stream,
  window: Window,
  usualPauseMs: number | null,
  mostPlanned: number | null = null,
): Measured<Downtime> {
  if (!ackedBefore(recording, stream, window.fromMs)) {
    // Nobody knows when the outage began: with the fault, or long before.
    return { missing: `no ${SINGULAR[stream.what]} was acknowledged before it` };
  }
  const endUs = window.toMs < endOfLoad(recording) ? window.toMs * 1000 : Infinity;
  const gaps = gapsIn(recording, stream, window).map((gap) => clipped(gap, endUs));
  const [longest] = gaps.sort((a, b) => lengthOf(b) - lengthOf(a));
  if (longest === undefined) {
    return { missing: `the run was too short to see a gap between two ${stream.what}` };
  }
  // A clean pause may be longer than the outage beside it.
  const { pace } = recording.plan;
  const outage = gaps.find((gap) =>
    isOutage(recording, stream, gap, mostPlanned === null ? usualPauseMs : pauseFor(pace, gap, mostPlanned)),
  );
  const resolutionMs =
    outage === undefined
      ? Math.max(lengthOf(longest) / 1000, widest(recording.buckets, window))
      : resolutionOf(recording, stream, outage);
  return { figure: describe(recording, stream, outage ?? longest, { outage, resolutionMs, usualPauseMs }) };
}

const SINGULAR = { writes: 'write', reads: 'read' } as const;

function ackedBefore({ buckets }: Recording, stream: Stream, atMs: number): boolean {
  for (const bucket of buckets) {
    const { firstUs } = servedIn(bucket, stream);
    if (firstUs >= 0) {
      return firstUs <= atMs * 1000;
    }
  }
  return false;
}

/** The longest gap that lies in the window with both ends, ms; null without two acknowledgements in different buckets. */
export function longestPause(recording: Recording, stream: Stream, window: Window): number | null {
  let longest: number | null = null;
  for (const gap of gapsIn(recording, stream, window)) {
    if (gap.fromUs >= window.fromMs * 1000 && gap.toUs <= window.toMs * 1000 && gap.answered) {
      longest = Math.max(longest ?? 0, lengthOf(gap) / 1000);
    }
  }
  return longest;
}

/**
 * Where the rate of the plan changes, pauses are as long as it is low. There, the most transactions that were planned
 * in one pause of the steady part say how long others may be; null where the rate is even, and where a probe asks at
 * its own cadence.
 */
export function mostPlannedInPause(recording: Recording, stream: Stream, window: Window): number | null {
  const { buckets, plan } = recording;
  if (!isUneven(plan.pace) || buckets.some((bucket) => probeOf(bucket, stream) !== undefined)) {
    return null;
  }
  let most = 0;
  for (const gap of gapsIn(recording, stream, window)) {
    if (gap.fromUs >= window.fromMs * 1000 && gap.toUs <= window.toMs * 1000 && gap.answered) {
      most = Math.max(most, plannedIn(plan.pace, gap.fromUs / 1000, gap.toUs / 1000));
    }
  }
  return most;
}

/** How long a pause with so many planned transactions is at the rate of the gap, ms. */
function pauseFor(pace: Pace, gap: AckGap, planned: number): number {
  const own = plannedIn(pace, gap.fromUs / 1000, gap.toUs / 1000);
  return own > 0 ? (planned * lengthOf(gap)) / 1000 / own : Infinity;
}

/** From the last acknowledgement of one bucket to the first one of the next that has any. */
interface AckGap {
  readonly fromUs: number;
  readonly toUs: number;
  /** False when it lasted to the end of the load, or of the window. */
  readonly answered: boolean;
  /** Whether the window cut it: of its last bucket, what lies behind the cut is another round's. */
  readonly cut: boolean;
  /** From the bucket of its first end to that of its second, or to the last one. */
  readonly buckets: readonly Bucket[];
  /** Width of the wider bucket of these two: a gap no longer than that is not always seen. */
  readonly bucketMs: number;
}

/** Those that overlap the window: of a run of many rounds the others are not even looked at. */
function gapsIn(recording: Recording, stream: Stream, window: Window): AckGap[] {
  const { buckets } = recording;
  const gaps: AckGap[] = [];
  const within = indexAt(buckets, window.fromMs);
  let last = within - 1;
  let lastUs = -1;
  for (; last >= 0 && lastUs < 0; last--) {
    lastUs = servedIn(buckets[last] as Bucket, stream).lastUs;
  }
  last++;
  for (let index = within; index < buckets.length; index++) {
    const bucket = buckets[index] as Bucket;
    const acks = servedIn(bucket, stream);
    if (acks.firstUs < 0) {
      continue;
    }
    if (lastUs >= 0) {
      const own = buckets.slice(last, index + 1);
      const bucketMs = Math.max(own[0]?.widthMs ?? 0, bucket.widthMs);
      const toUs = Math.max(lastUs, acks.firstUs);
      gaps.push({ fromUs: lastUs, toUs, answered: true, cut: false, buckets: own, bucketMs });
    }
    lastUs = acks.lastUs;
    last = index;
    if (bucket.startMs >= window.toMs) {
      return gaps.filter((gap) => overlaps(gap, window));
    }
  }
  const endUs = endOfLoad(recording) * 1000;
  if (lastUs >= 0 && lastUs < endUs) {
    const own = buckets.slice(last);
    const bucketMs = own[0]?.widthMs ?? 0;
    gaps.push({ fromUs: lastUs, toUs: endUs, answered: false, cut: false, buckets: own, bucketMs });
  }
  return gaps.filter((gap) => overlaps(gap, window));
}

function overlaps(gap: AckGap, window: Window): boolean {
  return gap.toUs > window.fromMs * 1000 && gap.fromUs < window.toMs * 1000;
}

/** What lies behind the begin of the next round is that one's: its gap begins a little before its fault. */
function clipped(gap: AckGap, endUs: number): AckGap {
  if (gap.toUs <= endUs) {
    return gap;
  }
  const buckets = gap.buckets.filter(({ startMs }) => startMs * 1000 < endUs);
  return { ...gap, toUs: endUs, answered: false, cut: true, buckets };
}

function lengthOf(gap: AckGap): number {
  return gap.toUs - gap.fromUs;
}

/**
 * Failures tell an outage from a pause. Without any, it takes a gap that chance does not make: pauses vary, and one
 * that is a little longer than the longest before is to be expected every other time. Nor does it count where this
 * machine slept for most of it: then nobody asked.
 */
function isOutage(recording: Recording, stream: Stream, gap: AckGap, usualPauseMs: number | null): boolean {
  const durationMs = lengthOf(gap) / 1000;
  if (stream.probe === 'connect') {
    // It connects seldom while all is well and often around a fault: its own pauses are no measure of each other.
    return durationMs > gap.bucketMs && refusedProbe(stream, gap);
  }
  if (durationMs <= gap.bucketMs || durationMs <= (usualPauseMs ?? 0)) {
    return false;
  }
  if (failuresIn(recording, stream, gap).count > 0 || refusedProbe(stream, gap)) {
    return true;
  }
  return durationMs > 2 * (usualPauseMs ?? 0) && !wasStalled(gap);
}

function refusedProbe(stream: Stream, gap: AckGap): boolean {
  return firstRefused(stream, gap) !== undefined;
}

/** The first bucket of the gap in which a probe failed. */
function firstRefused(stream: Stream, gap: AckGap): Bucket | undefined {
  return gap.buckets.find((bucket) => {
    const probe = probeOf(bucket, stream);
    return probe !== undefined && probe.failures > 0 && mayBeWithin(probe, bucket, gap);
  });
}

/**
 * When a probe failed within a bucket is not recorded; in those of the ends, it counts as in the gap. Not so in the one
 * that holds the begin of the next round, nor behind a pause of the probe that connects anew: where it tried nothing
 * within the gap, nothing failed in it.
 */
function mayBeWithin(probe: ProbeFrame, bucket: Bucket, gap: AckGap): boolean {
  if (gap.cut && endOf(bucket) * 1000 > gap.toUs) {
    return false;
  }
  const isEnd = gap.answered && bucket === gap.buckets.at(-1);
  return !isEnd || probe.kind !== 'connect' || probe.triedBeforeUs > gap.fromUs;
}

function wasStalled(gap: AckGap): boolean {
  return gap.buckets.some((bucket) => bucket.stallUs >= lengthOf(gap) / 2);
}

function describe(
  recording: Recording,
  stream: Stream,
  gap: AckGap,
  judged: { outage: AckGap | undefined; resolutionMs: number; usualPauseMs: number | null },
): Downtime {
  return {
    route: stream.route,
    outage: judged.outage !== undefined,
    fromMs: gap.fromUs / 1000,
    toMs: gap.answered ? gap.toUs / 1000 : null,
    durationMs: lengthOf(gap) / 1000,
    resolutionMs: judged.resolutionMs,
    failures: failuresIn(recording, stream, gap).count,
    usualPauseMs: judged.usualPauseMs,
    stallMs: Math.max(0, ...gap.buckets.map(({ stallUs }) => stallUs)) / 1000,
  };
}

/**
 * How much of the gap is not known to be outage: from its start to the first try that met a service that was away, and
 * from the last such try to its end.
 */
function resolutionOf(recording: Recording, stream: Stream, gap: AckGap): number {
  const failed = failuresIn(recording, stream, gap);
  const probe = probedIn(recording, stream, gap);
  const endUs = gap.toUs - (probe?.triedUs ?? failed.lastTriedUs);
  const stepUs = stream.probe === 'connect' ? connectStepUs(recording, stream, gap) : 0;
  const startUs = Math.min(failed.firstTriedUs - gap.fromUs, Math.max(stepUs, probe?.stepUs ?? Infinity));
  return Math.min(lengthOf(gap), startUs + endUs) / 1000;
}

interface ProbeInGap {
  /** Start of its last attempt before the one that was served first: else the gap would have ended with that. */
  readonly triedUs: number;
  /**
   * From there to the end of the one that was served: a beat and the time for a connection. So long at most it took
   * at the start of the gap, too, until an attempt met a service that was away.
   */
  readonly stepUs: number;
}

/** Undefined where no probe was tried in the gap. */
function probedIn(recording: Recording, stream: Stream, gap: AckGap): ProbeInGap | undefined {
  for (const bucket of recording.buckets) {
    const probe = probeOf(bucket, stream);
    if (probe !== undefined && probe.firstAckUs >= gap.toUs) {
      const triedUs = probe.triedBeforeUs;
      const within = triedUs > gap.fromUs && triedUs < gap.toUs;
      return within ? { triedUs, stepUs: probe.firstAckUs - triedUs } : undefined;
    }
  }
  return undefined;
}

/**
 * How densely the probe that connects anew was trying when the gap began: it is sparse while all is well, and dense
 * around a fault. By its acknowledgements before, or by the end of the bucket in which it failed first.
 */
function connectStepUs(recording: Recording, stream: Stream, gap: AckGap): number {
  const [first] = gap.buckets;
  const probe = first && probeOf(first, stream);
  const failed = firstRefused(stream, gap);
  const knownUs = failed === undefined ? Infinity : endOf(failed) * 1000 - gap.fromUs;
  if (probe !== undefined && probe.acks > 1) {
    return Math.min(knownUs, (probe.lastAckUs - probe.firstAckUs) / (probe.acks - 1));
  }
  const earlier = recording.buckets.findLast(
    (bucket) => bucket !== first && (probeOf(bucket, stream)?.lastAckUs ?? Infinity) < gap.fromUs,
  );
  const beforeUs = (earlier && probeOf(earlier, stream)?.lastAckUs) ?? -1;
  return Math.min(knownUs, beforeUs < 0 ? Infinity : gap.fromUs - beforeUs);
}

interface FailuresInGap {
  readonly count: number;
  /** The first and the last instant at which an attempt is known to have met a service that was away. */
  readonly firstTriedUs: number;
  readonly lastTriedUs: number;
}

/** Without any of which the instant is known, the first is the gap's end and the last its start. */
function failuresIn(recording: Recording, stream: Stream, gap: AckGap): FailuresInGap {
  let count = 0;
  let firstTriedUs = gap.toUs;
  let lastTriedUs = gap.fromUs;
  const { deadlines } = recording.plan;
  for (const error of gap.buckets.flatMap((bucket) => bucket.errors)) {
    const inGap = error.lastUs > gap.fromUs && error.firstUs < gap.toUs;
    if (!inGap || !stream.scripts.has(error.script) || !tellsOfOutage(error.code)) {
      continue;
    }
    count += error.count;
    // Of the failures between the first and the last of a bucket no instant is known.
    for (const endedUs of [error.firstUs, error.lastUs]) {
      if (endedUs > gap.fromUs && endedUs < gap.toUs) {
        const triedUs = Math.max(gap.fromUs, triedAt(error, endedUs, deadlines));
        firstTriedUs = Math.min(firstTriedUs, triedUs);
        lastTriedUs = Math.max(lastTriedUs, triedUs);
      }
    }
  }
  return { count, firstTriedUs, lastTriedUs };
}

/**
 * Whether a failure says that the service was away: no connection, a server that is shutting down, starting or not
 * the primary. A deadlock or a violated constraint comes from a server that works.
 */
export function tellsOfOutage(code: string): boolean {
  if (/^[0-9A-Z]{5}$/.test(code) && !ERRNO.test(code)) {
    return /^(08|57|53|58|XX|25006|55000)/.test(code);
  }
  return code !== ROLLED_BACK && code !== OPEN_TRANSACTION;
}

/** EPIPE is as long as a SQLSTATE; no class of SQLSTATE begins with two letters before XX. */
const ERRNO = /^E[A-Z]/;

/**
 * A refusal says that the service was away when it came. A client that gave up waiting knows it of the time when it
 * had asked: its old connection might have hung on while others were served already.
 */
function triedAt(error: ErrorFrame, endedUs: number, deadlines: Deadlines): number {
  return endedUs - 1000 * (waitedMs[error.code]?.(deadlines) ?? 0);
}

/** How long a client waited before it gave up, by the code of its failure. */
const waitedMs: Readonly<Record<string, (deadlines: Deadlines) => number>> = {
  [CONNECT_TIMEOUT]: (deadlines) => deadlines.connectMs,
  [STATEMENT_TIMEOUT]: (deadlines) => deadlines.statementMs,
  [TRANSACTION_TIMEOUT]: (deadlines) => deadlines.transactionMs,
};

function widest(buckets: readonly Bucket[], window: Window): number {
  let width = 0;
  for (const bucket of buckets) {
    if (endOf(bucket) > window.fromMs && bucket.startMs < window.toMs) {
      width = Math.max(width, bucket.widthMs);
    }
  }
  return width;
}

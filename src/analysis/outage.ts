import type { ErrorFrame } from '../load/frame.js';
import type { Deadlines } from '../plan/plan.js';
import {
  CONNECT_TIMEOUT,
  OPEN_TRANSACTION,
  ROLLED_BACK,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import type { Downtime } from '../result/result.js';
import { endOf } from './buckets.js';
import type { Bucket, Recording } from './recording.js';
import { probeOf, type Stream, servedIn } from './streams.js';

/** A figure, or why there is none. */
export type Measured<Figure> = { readonly figure: Figure } | { readonly missing: string };

/** Where a gap is looked for, ms since the start of the run. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When the load stopped starting transactions: what was not tried afterwards was not refused. */
export function endOfLoad(recording: Recording): number {
  return Math.min(recording.elapsedMs, recording.plan.durationMs);
}

/**
 * The longest gap between two acknowledgements of the stream that overlaps the window. A gap is seen where it crosses
 * the edge of a bucket, and every gap longer than a bucket does: for those, the first and last acknowledgement of each
 * bucket give it exactly.
 * @param usualPauseMs longest such gap in the steady part before the fault, null without one
 */
export function downtimeOf(
  recording: Recording,
  stream: Stream,
  window: Window,
  usualPauseMs: number | null,
): Measured<Downtime> {
  if (!ackedBefore(recording, stream, window.fromMs)) {
    // Nobody knows when the outage began: with the fault, or long before.
    return { missing: `no ${SINGULAR[stream.what]} was acknowledged before it` };
  }
  let longest: AckGap | null = null;
  for (const gap of gapsOf(recording, stream)) {
    if (overlaps(gap, window) && (longest === null || lengthOf(gap) > lengthOf(longest))) {
      longest = gap;
    }
  }
  if (longest === null) {
    return { missing: `the run was too short to see a gap between two ${stream.what}` };
  }
  return { figure: describe(recording, stream, longest, widest(recording.buckets, window), usualPauseMs) };
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
  for (const gap of gapsOf(recording, stream)) {
    if (gap.fromUs >= window.fromMs * 1000 && gap.toUs <= window.toMs * 1000 && gap.answered) {
      longest = Math.max(longest ?? 0, lengthOf(gap) / 1000);
    }
  }
  return longest;
}

/** From the last acknowledgement of one bucket to the first one of the next that has any. */
interface AckGap {
  readonly fromUs: number;
  readonly toUs: number;
  /** False when it lasted to the end of the load. */
  readonly answered: boolean;
}

function gapsOf(recording: Recording, stream: Stream): AckGap[] {
  const gaps: AckGap[] = [];
  let lastUs = -1;
  for (const bucket of recording.buckets) {
    const acks = servedIn(bucket, stream);
    if (acks.firstUs < 0) {
      continue;
    }
    if (lastUs >= 0) {
      gaps.push({ fromUs: lastUs, toUs: Math.max(lastUs, acks.firstUs), answered: true });
    }
    lastUs = acks.lastUs;
  }
  const endUs = endOfLoad(recording) * 1000;
  if (lastUs >= 0 && lastUs < endUs) {
    gaps.push({ fromUs: lastUs, toUs: endUs, answered: false });
  }
  return gaps;
}

function overlaps(gap: AckGap, window: Window): boolean {
  return gap.toUs > window.fromMs * 1000 && gap.fromUs < window.toMs * 1000;
}

function lengthOf(gap: AckGap): number {
  return gap.toUs - gap.fromUs;
}

function describe(
  recording: Recording,
  stream: Stream,
  gap: AckGap,
  bucketMs: number,
  usualPauseMs: number | null,
): Downtime {
  const durationMs = lengthOf(gap) / 1000;
  const failed = failuresIn(recording, stream, gap);
  // Failures tell an outage from a pause; without any, it takes a gap that chance does not make: pauses vary, and
  // one that is a little longer than the longest before is to be expected every other time.
  const unusualMs = (usualPauseMs ?? 0) * (failed.count > 0 ? 1 : 2);
  const outage = durationMs > bucketMs && durationMs > unusualMs;
  const resolutionMs = outage
    ? Math.min(durationMs, (gap.toUs - (probedUs(recording, stream, gap) ?? failed.lastTriedUs)) / 1000)
    : Math.max(durationMs, bucketMs);
  return {
    route: stream.route,
    outage,
    fromMs: gap.fromUs / 1000,
    toMs: gap.answered ? gap.toUs / 1000 : null,
    durationMs,
    resolutionMs,
    failures: failed.count,
    usualPauseMs,
  };
}

/**
 * Start of the last attempt of the probe that came before the one that was served first, if it lies in the gap: had
 * the service been there for it, the gap would have ended with it. Undefined where no probe tells.
 */
function probedUs(recording: Recording, stream: Stream, gap: AckGap): number | undefined {
  for (const bucket of recording.buckets) {
    const probe = probeOf(bucket, stream);
    if (probe !== undefined && probe.firstAckUs >= gap.toUs) {
      const tried = probe.triedBeforeUs;
      return tried > gap.fromUs && tried < gap.toUs ? tried : undefined;
    }
  }
  return undefined;
}

interface FailuresInGap {
  readonly count: number;
  /** The last instant at which an attempt is known to have met a service that was away; the gap's start if none is. */
  readonly lastTriedUs: number;
}

function failuresIn(recording: Recording, stream: Stream, gap: AckGap): FailuresInGap {
  let count = 0;
  let lastTriedUs = gap.fromUs;
  for (const bucket of recording.buckets) {
    if (endOf(bucket) * 1000 < gap.fromUs || bucket.startMs * 1000 > gap.toUs) {
      continue;
    }
    for (const error of bucket.errors) {
      const inGap = error.lastUs > gap.fromUs && error.firstUs < gap.toUs;
      if (!inGap || !stream.scripts.has(error.script) || !tellsOfOutage(error.code)) {
        continue;
      }
      count += error.count;
      // Of the failures between the first and the last of a bucket no instant is known: take the first, then.
      const endedUs = error.lastUs < gap.toUs ? error.lastUs : error.firstUs;
      lastTriedUs = Math.max(lastTriedUs, triedAt(error, endedUs, recording.plan.deadlines));
    }
  }
  return { count, lastTriedUs };
}

/**
 * Whether a failure says that the service was away: no connection, a server that is shutting down, starting or not
 * the primary. A deadlock or a violated constraint comes from a server that works.
 */
function tellsOfOutage(code: string): boolean {
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

import { mergeBuckets } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import { NO_COUNTS } from '../histogram.js';
import type { Frame } from '../load/frame.js';

/**
 * More than this is thinned, so that a run takes the same memory whatever its length. A bucket of 100 ms has 5 to 25 KB,
 * nearly all of it histograms: half a minute to two minutes are kept as they are.
 */
const MOST_BYTES = 8 * 2 ** 20;

/** By so much more it is tried again, where a look at all buckets found nothing to join. */
const MORE = 1.25;

/** Of each interval: thinning a minute at once would hold up the probes on this thread for a quarter of a second. */
const JOINS_AT_ONCE = 4;
const LOOKS_AT_ONCE = 500;

/** What a bucket takes without its histograms, as an order of magnitude. */
const BARE_BUCKET_BYTES = 1000;

/** What lies this near to an instant that was marked keeps its resolution. */
const SHARP_BEFORE_MS = 30_000;
const SHARP_AFTER_MS = 120_000;

/** How long frames of an interval may be under way before the interval is taken for complete. */
const LATE_INTERVALS = 3;

/** Gathers the frames of all workers into one line of buckets while the run goes on. */
export class Timeline {
  /** In order of time, without holes. */
  private buckets: Bucket[] = [];
  /** Intervals that may get more frames, from `buckets`' end on. */
  private readonly open = new Map<number, Bucket>();
  private closedIntervals = 0;
  private lastInterval = -1;
  /** What is never thinned, in order of time, apart from each other. */
  private readonly sharp: { fromMs: number; toMs: number }[] = [];
  /** Of all buckets, about. */
  private bytes = 0;
  private limitBytes = MOST_BYTES;
  /** Where thinning goes on: it walks from the oldest bucket to the newest, and begins anew. */
  private thinningAt = 0;
  private joinedInWalk = false;

  constructor(private readonly intervalMs: number) {}

  add(frame: Frame): void {
    const interval = Math.max(frame.interval, this.closedIntervals);
    const { worker: _worker, interval: _interval, ...content } = frame;
    const part = { startMs: interval * this.intervalMs, widthMs: this.intervalMs, ...content };
    const known = this.open.get(interval);
    this.open.set(
      interval,
      known === undefined ? part : { ...mergeBuckets([known, part]), ...widthOf(part) },
    );
    if (interval > this.lastInterval) {
      this.lastInterval = interval;
      this.close(interval - LATE_INTERVALS);
    }
  }

  /** Something happened at this instant: what lies around it is never thinned. */
  mark(atMs: number): void {
    const fromMs = atMs - SHARP_BEFORE_MS;
    const last = this.sharp.at(-1);
    if (last !== undefined && fromMs <= last.toMs) {
      last.toMs = Math.max(last.toMs, atMs + SHARP_AFTER_MS);
    } else {
      this.sharp.push({ fromMs, toMs: atMs + SHARP_AFTER_MS });
    }
  }

  /** The buckets from the instant on whose frames are all there, in order of time. */
  since(atMs: number): readonly Bucket[] {
    const before = this.buckets.findLastIndex(({ startMs }) => startMs < atMs - 1e-6);
    return this.buckets.slice(before + 1);
  }

  /** All buckets up to the last frame. The timeline may not be added to afterwards. */
  finish(): readonly Bucket[] {
    this.close(this.lastInterval + 1);
    return this.buckets;
  }

  private close(untilInterval: number): void {
    while (this.closedIntervals < untilInterval) {
      const interval = this.closedIntervals++;
      const bucket = this.open.get(interval) ?? emptyBucket(interval * this.intervalMs, this.intervalMs);
      this.buckets.push(bucket);
      this.bytes += bytesOf(bucket);
      this.open.delete(interval);
    }
    this.thin();
  }

  /** Joins neighbours of equal width in pairs, the oldest first, up to the limit or until the next interval. */
  private thin(): void {
    let joins = 0;
    for (let looks = 0; this.bytes > this.limitBytes && looks < LOOKS_AT_ONCE; looks++) {
      const bucket = this.buckets[this.thinningAt];
      const next = this.buckets[this.thinningAt + 1];
      if (bucket === undefined || next === undefined) {
        this.endWalk();
        continue;
      }
      if (next.widthMs === bucket.widthMs && this.mayLoseResolution(bucket) && this.mayLoseResolution(next)) {
        this.join(this.thinningAt, mergeBuckets([bucket, next]));
        joins++;
      }
      this.thinningAt++;
      if (joins === JOINS_AT_ONCE) {
        return;
      }
    }
  }

  private join(at: number, joined: Bucket): void {
    for (const part of this.buckets.splice(at, 2, joined)) {
      this.bytes -= bytesOf(part);
    }
    this.bytes += bytesOf(joined);
    this.joinedInWalk = true;
  }

  private endWalk(): void {
    if (!this.joinedInWalk) {
      this.limitBytes = MORE * this.bytes;
    }
    this.thinningAt = 0;
    this.joinedInWalk = false;
  }

  /** What goes wrong all the time is no event: where what is calm does not suffice, all may. */
  private mayLoseResolution(bucket: Bucket): boolean {
    return !this.isSharp(bucket) && (isCalm(bucket) || this.bytes > MORE * MOST_BYTES);
  }

  private isSharp(bucket: Bucket): boolean {
    const newestMs = (this.lastInterval + 1) * this.intervalMs;
    return (
      bucket.startMs > newestMs - SHARP_BEFORE_MS ||
      this.sharp.some(({ fromMs, toMs }) => bucket.startMs > fromMs && bucket.startMs < toMs)
    );
  }
}

/** Something was acknowledged and nothing failed: an outage that nobody marked keeps its begin and its end. */
function isCalm({ scripts, errors }: Bucket): boolean {
  return errors.length === 0 && scripts.some(({ firstAckUs }) => firstAckUs >= 0);
}

function bytesOf({ scripts, connects, heartbeats }: Bucket): number {
  let numbers = connects.latency.length;
  for (const { punctual, delayedService, delayedResponse, lag } of scripts) {
    numbers += punctual.length + delayedService.length + delayedResponse.length + lag.length;
  }
  for (const { ageUs } of heartbeats) {
    numbers += ageUs.length;
  }
  return BARE_BUCKET_BYTES + Uint32Array.BYTES_PER_ELEMENT * numbers;
}

function widthOf(bucket: Bucket): { startMs: number; widthMs: number } {
  return { startMs: bucket.startMs, widthMs: bucket.widthMs };
}

function emptyBucket(startMs: number, widthMs: number): Bucket {
  return {
    startMs,
    widthMs,
    scripts: [],
    errors: [],
    servers: [],
    probes: [],
    heartbeats: [],
    connects: { attempts: 0, successes: 0, latency: NO_COUNTS },
    stallUs: 0,
  };
}

import { mergeBuckets } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import { NO_COUNTS } from '../histogram.js';
import type { Frame } from '../load/frame.js';

/** More buckets than this are thinned: 20 minutes of 100 ms. Bounds the memory of a run whatever its length. */
const MOST_BUCKETS = 12_000;

/** With so many more it is tried again, where too many were sharp: each try looks at all of them. */
const MORE_BUCKETS = 3000;

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
  private limit = MOST_BUCKETS;

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
      this.buckets.push(this.open.get(interval) ?? emptyBucket(interval * this.intervalMs, this.intervalMs));
      this.open.delete(interval);
    }
    if (this.buckets.length > this.limit) {
      this.thin();
      this.limit = Math.max(MOST_BUCKETS, this.buckets.length + MORE_BUCKETS);
    }
  }

  /** Joins neighbours of equal width in pairs. */
  private thin(): void {
    const thinned: Bucket[] = [];
    for (let i = 0; i < this.buckets.length; i++) {
      const bucket = this.buckets[i] as Bucket;
      const next = this.buckets[i + 1];
      if (
        next !== undefined &&
        next.widthMs === bucket.widthMs &&
        !this.isSharp(bucket) &&
        !this.isSharp(next)
      ) {
        thinned.push(mergeBuckets([bucket, next]));
        i++;
      } else {
        thinned.push(bucket);
      }
    }
    this.buckets = thinned;
  }

  private isSharp(bucket: Bucket): boolean {
    const newestMs = (this.lastInterval + 1) * this.intervalMs;
    return (
      bucket.startMs > newestMs - SHARP_BEFORE_MS ||
      this.sharp.some(({ fromMs, toMs }) => bucket.startMs > fromMs && bucket.startMs < toMs)
    );
  }
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

import { mergeBuckets } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import { NO_COUNTS } from '../histogram.js';
import type { Frame } from '../load/frame.js';
import { type PackedBucket, pack, unpack } from './packed-bucket.js';
import { Past } from './past.js';

/** What lies this near to an instant that was marked keeps its resolution. */
const SHARP_BEFORE_MS = 30_000;
const SHARP_AFTER_MS = 120_000;

/** How long frames of an interval may be under way before the interval is taken for complete. */
const LATE_INTERVALS = 3;

/** Gathers the frames of all workers into one line of buckets while the run goes on. */
export class Timeline {
  /**
   * Complete buckets in order of time, without holes, behind those of the past. Packed at once: what waits here for half a minute
   * would be old when it is no longer needed, and old garbage lies about for long.
   */
  private readonly recent: PackedBucket[] = [];
  private readonly past: Past;
  /** Intervals that may get more frames, from `recent`'s end on. */
  private readonly open = new Map<number, Bucket>();
  private closedIntervals = 0;
  private lastInterval = -1;
  /** What is never thinned, in order of time, apart from each other. */
  private readonly sharp: { fromMs: number; toMs: number }[] = [];
  /** End of what since() has told last: nothing is joined across it. */
  private toldMs = Infinity;

  /** @param mostBytes see Past */
  constructor(
    private readonly intervalMs: number,
    mostBytes?: number,
  ) {
    this.past = new Past(mostBytes);
  }

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

  /** The buckets from the instant on whose frames are all there, in order of time; where asked for the next, none is missing. */
  since(atMs: number): readonly Bucket[] {
    const buckets = this.toldMs === Infinity ? [...this.past.buckets, ...this.recent] : this.recent;
    const before = buckets.findLastIndex(({ bare }) => bare.startMs < atMs - 1e-6);
    const told = buckets.slice(before + 1).map(unpack);
    this.toldMs = (told.at(-1)?.startMs ?? atMs) + this.intervalMs;
    return told;
  }

  /** All buckets up to the last frame. The timeline may not be added to afterwards. */
  finish(): readonly Bucket[] {
    this.close(this.lastInterval + 1);
    return [...this.past.buckets, ...this.recent].map(unpack);
  }

  private close(untilInterval: number): void {
    while (this.closedIntervals < untilInterval) {
      const interval = this.closedIntervals++;
      this.recent.push(
        pack(this.open.get(interval) ?? emptyBucket(interval * this.intervalMs, this.intervalMs)),
      );
      this.open.delete(interval);
      this.age();
    }
  }

  /** Moves what is no longer recent, and was told to whoever asks for it. */
  private age(): void {
    const newestMs = (this.lastInterval + 1) * this.intervalMs;
    const recentMs = Math.min(newestMs - SHARP_BEFORE_MS, this.toldMs);
    let aged = 0;
    for (const bucket of this.recent) {
      if (bucket.bare.startMs >= recentMs) {
        break;
      }
      this.past.push(bucket, this.isSharp(bucket.bare));
      this.past.thin();
      aged++;
    }
    this.recent.splice(0, aged);
  }

  private isSharp({ startMs }: Bucket): boolean {
    return this.sharp.some(({ fromMs, toMs }) => startMs > fromMs && startMs < toMs);
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

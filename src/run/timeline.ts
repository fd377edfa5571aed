import { emptyBucket, mergeBuckets } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import type { Frame } from '../load/frame.js';
import { BucketStore, type StoredBucket } from './bucket-store.js';
import { MOST_BYTES, Past } from './past.js';

/** What lies this near to an instant that was marked keeps its resolution. */
const SHARP_BEFORE_MS = 30_000;
const SHARP_AFTER_MS = 120_000;

/** What is recent takes half of what the past does at 20,000 tps, and there are holes. What faults keep comes on top of it. */
const RECENT_AND_PAST = 2;

/** How long frames of an interval may be under way before the interval is taken for complete. */
const LATE_INTERVALS = 3;

/** Gathers the frames of all workers into one line of buckets while the run goes on. */
export class Timeline {
  /** Complete buckets in order of time, without holes: those of the past, then the recent ones. */
  private readonly store: BucketStore;
  private readonly past: Past;
  /** What came of intervals that may get more frames, behind the complete ones. */
  private readonly open = new Map<number, Bucket[]>();
  private closedIntervals = 0;
  private lastInterval = -1;
  /** What is never thinned, in order of time, apart from each other. */
  private readonly sharp: { fromMs: number; toMs: number }[] = [];
  /** End of what since() has told last: nothing is joined across it. */
  private toldMs = Infinity;

  /** @param mostBytes see Past */
  constructor(
    private readonly intervalMs: number,
    mostBytes = MOST_BYTES,
  ) {
    this.store = new BucketStore(RECENT_AND_PAST * mostBytes);
    this.past = new Past(this.store, mostBytes);
  }

  add(frame: Frame): void {
    const interval = Math.max(frame.interval, this.closedIntervals);
    const { worker: _worker, interval: _interval, ...content } = frame;
    const part = { startMs: interval * this.intervalMs, widthMs: this.intervalMs, ...content };
    const known = this.open.get(interval);
    if (known === undefined) {
      this.open.set(interval, [part]);
    } else {
      known.push(part);
    }
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
    let first = this.store.length;
    while ((this.store.at(first - 1)?.startMs ?? -Infinity) >= atMs - 1e-6) {
      first--;
    }
    const told = this.store.read(first);
    this.toldMs = (told.at(-1)?.startMs ?? atMs) + this.intervalMs;
    return told;
  }

  /** All buckets up to the last frame. The timeline may not be added to afterwards. */
  finish(): readonly Bucket[] {
    this.close(this.lastInterval + 1);
    return this.store.read(0);
  }

  private close(untilInterval: number): void {
    while (this.closedIntervals < untilInterval) {
      const interval = this.closedIntervals++;
      const parts = this.open.get(interval) ?? [emptyBucket(interval * this.intervalMs, this.intervalMs)];
      this.store.push(mergeBuckets(parts));
      this.open.delete(interval);
      this.age();
    }
  }

  /** Moves what is no longer recent, and was told to whoever asks for it. */
  private age(): void {
    const newestMs = (this.lastInterval + 1) * this.intervalMs;
    const recentMs = Math.min(newestMs - SHARP_BEFORE_MS, this.toldMs);
    for (
      let next = this.nextOfPast();
      next !== undefined && next.startMs < recentMs;
      next = this.nextOfPast()
    ) {
      this.past.take(this.isSharp(next));
      this.past.thin();
    }
  }

  private nextOfPast(): StoredBucket | undefined {
    return this.store.at(this.past.length);
  }

  private isSharp({ startMs }: StoredBucket): boolean {
    return this.sharp.some(({ fromMs, toMs }) => startMs > fromMs && startMs < toMs);
  }
}

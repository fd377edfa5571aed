import { readFileSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { highestOf, IntervalCounts, type SparseHistogram } from '../histogram.js';
import type { ThreadFacts } from '../result/generator.js';

/**
 * Collections of garbage are watched until so many were seen. Node makes 5 KB for each that it tells of, and they are old at
 * once (`deprecate` in its observerCallback gives closures prototypes of their own, which makes maps): at 2.5 collections a second
 * that was most of what made a worker grow.
 */
const MOST_WATCHED = 200;

/**
 * What the thread that makes it costs, and what keeps it waiting, from begin() to end(). To be made, begun and ended in
 * that thread; made early, so that all of its code has run when the load begins.
 */
export class ThreadHealth {
  private readonly delays = new IntervalCounts();
  private maxDelayUs = Number.NEGATIVE_INFINITY;
  private gcCount = 0;
  private gcTotalMs = 0;
  private gcMaxMs = 0;
  private gcWatchedMs = 0;
  /** Since when collections are watched; NaN while they are not. */
  private watchingSinceMs = Number.NaN;
  /** How many more are watched. */
  private watchesLeft = 0;
  private beganMs = Number.POSITIVE_INFINITY;
  private before: SchedulerTimes | undefined;
  private ended: ThreadFacts | undefined;
  private readonly collections = new PerformanceObserver((list) => this.collected(list.getEntries()));

  constructor(private readonly name: string) {
    this.begin();
  }

  /** Forgets what was before: the load begins. */
  begin(): void {
    this.delays.take();
    this.maxDelayUs = Number.NEGATIVE_INFINITY;
    this.unwatch();
    this.gcCount = 0;
    this.gcTotalMs = 0;
    this.gcMaxMs = 0;
    this.gcWatchedMs = 0;
    this.beganMs = performance.now();
    this.watch();
    this.before = schedulerTimes();
  }

  /** Something is about to happen: what it leaves to collect is to be known. */
  mark(): void {
    if (this.ended === undefined) {
      this.watch();
    }
  }

  /** A tick of the thread came this much after its time. */
  late(byUs: number): void {
    this.delays.record(byUs);
    if (byUs > this.maxDelayUs) {
      this.maxDelayUs = byUs;
    }
  }

  /** The load is over; what comes later does not count, and further calls give the same. */
  end(): ThreadFacts {
    if (this.ended === undefined) {
      this.unwatch();
      this.ended = this.facts();
    }
    return this.ended;
  }

  private facts(): ThreadFacts {
    const { before } = this;
    const now = schedulerTimes();
    const known = before !== undefined && now !== undefined;
    const delays = this.delays.take();
    const measured = delays.length > 0;
    return {
      name: this.name,
      cpuMs: known ? (now.cpuNs - before.cpuNs) / 1e6 : null,
      waitedForCpuMs: known ? (now.waitedNs - before.waitedNs) / 1e6 : null,
      delayP50Us: percentileOf(delays, 0.5),
      delayP99Us: percentileOf(delays, 0.99),
      delayMaxUs: measured ? Math.max(0, Math.round(this.maxDelayUs)) : null,
      gcCount: this.gcCount,
      gcTotalMs: this.gcTotalMs,
      gcMaxMs: this.gcMaxMs,
      gcWatchedMs: this.gcWatchedMs,
    };
  }

  private watch(): void {
    this.watchesLeft = MOST_WATCHED;
    if (Number.isNaN(this.watchingSinceMs)) {
      this.watchingSinceMs = performance.now();
      this.collections.observe({ entryTypes: ['gc'] });
    }
  }

  private unwatch(): void {
    if (!Number.isNaN(this.watchingSinceMs)) {
      this.count(this.collections.takeRecords());
      this.collections.disconnect();
      this.gcWatchedMs += performance.now() - this.watchingSinceMs;
      this.watchingSinceMs = Number.NaN;
    }
  }

  private collected(entries: readonly Collection[]): void {
    this.count(entries);
    this.watchesLeft -= entries.length;
    if (this.watchesLeft <= 0) {
      this.unwatch();
    }
  }

  private count(entries: readonly Collection[]): void {
    for (const { startTime, duration } of entries) {
      if (startTime >= this.beganMs) {
        this.gcCount++;
        this.gcTotalMs += duration;
        this.gcMaxMs = Math.max(this.gcMaxMs, duration);
      }
    }
  }
}

interface Collection {
  readonly startTime: number;
  readonly duration: number;
}

interface SchedulerTimes {
  readonly cpuNs: number;
  /** Ready to run, and not running. */
  readonly waitedNs: number;
}

/**
 * Linux: time on a core, time on the run queue, number of turns. It speaks of the thread that opens the file, so it must be
 * read synchronously: Node's asynchronous reads are done by other threads.
 */
const SCHEDSTAT = '/proc/thread-self/schedstat';

function schedulerTimes(): SchedulerTimes | undefined {
  try {
    return parseSchedstat(readFileSync(SCHEDSTAT, 'utf8'));
  } catch {
    return undefined; // another system, or a container that hides it
  }
}

/** `31416926 271828 42`; undefined for anything else, and where the kernel does not count, which shows as zeros. */
export function parseSchedstat(text: string): SchedulerTimes | undefined {
  const match = /^(\d+) (\d+) (\d+)\n?$/.exec(text);
  const [, cpu, waited] = match ?? [];
  if (cpu === undefined || waited === undefined || Number(cpu) === 0) {
    return undefined;
  }
  return { cpuNs: Number(cpu), waitedNs: Number(waited) };
}

/** The value that this share of the counted ones does not exceed; null when none was counted. */
export function percentileOf(sparse: SparseHistogram, share: number): number | null {
  const pairs: { readonly bucket: number; readonly count: number }[] = [];
  let total = 0;
  for (let i = 0; i < sparse.length; i += 2) {
    const count = sparse[i + 1] as number;
    pairs.push({ bucket: sparse[i] as number, count });
    total += count;
  }
  pairs.sort((a, b) => a.bucket - b.bucket);
  let left = Math.max(1, Math.ceil(share * total));
  for (const { bucket, count } of pairs) {
    left -= count;
    if (left <= 0) {
      return highestOf(bucket);
    }
  }
  return null;
}

import type { Bucket } from '../analysis/recording.js';
import { pack, unpack } from './packed-bucket.js';

/** What can be known of a bucket without unpacking it. */
export interface StoredBucket {
  readonly startMs: number;
  readonly widthMs: number;
  /** What it takes in memory. */
  readonly bytes: number;
  /** The same for buckets in which the same was served, and the same failed. */
  readonly course: string;
}

interface Entry extends StoredBucket {
  /** Where its bytes begin in the block. */
  from: number;
}

/** Any value but 0: memory of zeros is not given before it is used. */
const NOTHING = 255;

/** Of holes; more is worth moving all that lies behind them. */
const MOST_HOLES = 512 * 1024;

/**
 * Buckets in order of time, packed, in one block of memory: as objects of their own they would all get old before they are joined,
 * and old garbage lies about for long. Replacing leaves holes, which are closed when they have become many.
 */
export class BucketStore {
  private readonly entries: Entry[] = [];
  private block: Uint8Array;
  /** What lies behind it in the block is free. */
  private end = 0;
  /** Without the holes. */
  private used = 0;

  /**
   * @param bytes to begin with. They are written once, so that the system gives the memory now: what a run of hours takes is to be
   * there, or to be refused, when it begins.
   */
  constructor(bytes: number) {
    this.block = new Uint8Array(bytes).fill(NOTHING);
  }

  get length(): number {
    return this.entries.length;
  }

  /** Of the memory that it holds, used or not. */
  get blockBytes(): number {
    return this.block.length;
  }

  at(index: number): StoredBucket | undefined {
    return this.entries[index];
  }

  /** @param from index of the first one, @param to behind the last one */
  read(from: number, to = this.length): Bucket[] {
    return this.entries
      .slice(from, to)
      .map((entry) => unpack(this.block.subarray(entry.from, entry.from + entry.bytes)));
  }

  push(bucket: Bucket): void {
    this.entries.push(this.write(bucket));
  }

  /** Puts one in the place of several. */
  replace(index: number, count: number, bucket: Bucket): void {
    for (const { bytes } of this.entries.splice(index, count)) {
      this.used -= bytes;
    }
    this.entries.splice(index, 0, this.write(bucket));
    if (this.end - this.used > MOST_HOLES) {
      this.closeHoles();
    }
  }

  private write(bucket: Bucket): Entry {
    const packed = pack(bucket);
    if (this.end + packed.length > this.block.length) {
      const larger = new Uint8Array(2 * this.block.length + packed.length);
      larger.set(this.block);
      this.block = larger;
    }
    this.block.set(packed, this.end);
    const from = this.end;
    this.end += packed.length;
    this.used += packed.length;
    const { startMs, widthMs } = bucket;
    return { startMs, widthMs, bytes: packed.length, course: courseOf(bucket), from };
  }

  private closeHoles(): void {
    let end = 0;
    for (const entry of [...this.entries].sort((one, other) => one.from - other.from)) {
      this.block.copyWithin(end, entry.from, entry.from + entry.bytes);
      entry.from = end;
      end += entry.bytes;
    }
    this.end = end;
  }
}

function courseOf({ scripts, errors }: Bucket): string {
  const served = scripts.filter(({ firstAckUs }) => firstAckUs >= 0).map(({ script }) => String(script));
  const failed = errors.map(({ script, outcome, code }) => `${script} ${outcome} ${code}`);
  return [...new Set([...served, ...failed])].sort().join();
}

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
  chunk: Chunk;
  /** Where its bytes begin in the chunk. */
  from: number;
}

/** Memory for some hundred buckets, filled from its begin on. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** What lies behind it is free. */
  end: number;
  /** Of those that were not replaced. */
  usedBytes: number;
  readonly entries: Set<Entry>;
}

const CHUNK_BYTES = 2 ** 20;

/** To move so much of a chunk takes some 0.1 ms. */
const LEAST_USED = 0.75;

/** Any value but 0: memory of zeros is not given before it is used. */
const NOTHING = 255;

/**
 * Buckets in order of time, packed, in chunks of memory that are used again and again: as objects of their own they would all get
 * old before they are joined, and old garbage lies about for long. Replacing leaves holes; a chunk of which no more than three
 * quarters are left is emptied into the one that is being filled.
 */
export class BucketStore {
  private readonly entries: Entry[] = [];
  private readonly empty: Chunk[] = [];
  private filling: Chunk;
  /** How many chunks there are. */
  private chunks = 0;

  /**
   * @param bytes to begin with. They are written once, so that the system gives the memory now: a run of hours that takes no more is
   * to have it, or to be refused it, when it begins.
   */
  constructor(bytes: number) {
    this.filling = this.newChunk(CHUNK_BYTES);
    while (this.memoryBytes < bytes) {
      this.empty.push(this.newChunk(CHUNK_BYTES));
    }
  }

  get length(): number {
    return this.entries.length;
  }

  /** What it holds, used or not; larger buckets than a chunk left out. */
  get memoryBytes(): number {
    return this.chunks * CHUNK_BYTES;
  }

  at(index: number): StoredBucket | undefined {
    return this.entries[index];
  }

  /** @param from index of the first one, @param to behind the last one */
  read(from: number, to = this.length): Bucket[] {
    return this.entries.slice(from, to).map((entry) => unpack(bytesOf(entry)));
  }

  push(bucket: Bucket): void {
    this.entries.push(this.write(bucket));
  }

  /** Puts one in the place of several. */
  replace(index: number, count: number, bucket: Bucket): void {
    const entry = this.write(bucket);
    for (const replaced of this.entries.splice(index, count, entry)) {
      this.forget(replaced);
    }
  }

  private write(bucket: Bucket): Entry {
    const { startMs, widthMs } = bucket;
    const packed = pack(bucket);
    const entry = {
      startMs,
      widthMs,
      bytes: packed.length,
      course: courseOf(bucket),
      chunk: this.filling,
      from: 0,
    };
    this.place(entry, packed);
    return entry;
  }

  /** Gives an entry its place behind all others. */
  private place(entry: Entry, packed: Uint8Array): void {
    const before = this.filling;
    if (before.bytes.length - before.end < packed.length) {
      this.filling =
        (packed.length > CHUNK_BYTES ? undefined : this.empty.pop()) ?? this.newChunk(packed.length);
    }
    const chunk = this.filling;
    chunk.bytes.set(packed, chunk.end);
    entry.chunk = chunk;
    entry.from = chunk.end;
    chunk.end += packed.length;
    chunk.usedBytes += packed.length;
    chunk.entries.add(entry);
    this.tidy(before);
  }

  private forget(entry: Entry): void {
    const { chunk } = entry;
    chunk.entries.delete(entry);
    chunk.usedBytes -= entry.bytes;
    this.tidy(chunk);
  }

  private tidy(chunk: Chunk): void {
    if (chunk !== this.filling && chunk.usedBytes <= LEAST_USED * chunk.end) {
      this.vacate(chunk);
    }
  }

  private vacate(chunk: Chunk): void {
    for (const entry of chunk.entries) {
      this.place(entry, bytesOf(entry));
    }
    chunk.entries.clear();
    chunk.end = 0;
    chunk.usedBytes = 0;
    if (chunk.bytes.length === CHUNK_BYTES) {
      this.empty.push(chunk);
    }
  }

  private newChunk(bytes: number): Chunk {
    this.chunks += bytes > CHUNK_BYTES ? 0 : 1;
    return {
      bytes: new Uint8Array(Math.max(bytes, CHUNK_BYTES)).fill(NOTHING),
      end: 0,
      usedBytes: 0,
      entries: new Set(),
    };
  }
}

function bytesOf({ chunk, from, bytes }: Entry): Uint8Array {
  return chunk.bytes.subarray(from, from + bytes);
}

function courseOf({ scripts, errors }: Bucket): string {
  const served = scripts.filter(({ firstAckUs }) => firstAckUs >= 0).map(({ script }) => String(script));
  const failed = errors.map(({ script, outcome, code }) => `${script} ${outcome} ${code}`);
  return [...new Set([...served, ...failed])].sort().join();
}

import { mergeBuckets } from '../analysis/buckets.js';
import type { Bucket } from '../analysis/recording.js';
import { type PackedBucket, pack, unpack } from './packed-bucket.js';

/**
 * What may be joined takes no more than this, whatever the length of the run: nearly all of it is histograms, packed 1 to 6 KB
 * for a bucket of 100 ms and twice that for one of many seconds.
 */
const MOST_BYTES = 4 * 2 ** 20;

/** From so many times that on, what differs is joined, too: where something fails now and then all the time, it is no event. */
const ALL_FROM = 4;

/** No joined bucket is wider, so that an hour has still a course. */
const WIDEST_MS = 60_000;

/** Of each call: a pair may take half a millisecond, and the probes are on this thread. */
const JOINS_AT_ONCE = 4;
const LOOKS_AT_ONCE = 500;

/** What a bucket takes without its histograms, as an order of magnitude. */
const BARE_BUCKET_BYTES = 1000;

interface Entry {
  readonly packed: PackedBucket;
  readonly bytes: number;
  /** Never joined with another. */
  readonly isKept: boolean;
}

/**
 * The older buckets of a timeline. Where there are too many, neighbours that are alike are joined, the oldest first, and all of
 * them before any gets wider again. What is kept stays as it is and does not count: its memory is the price of a resolution
 * that was asked for.
 */
export class Past {
  private readonly entries: Entry[] = [];
  /** Of all that may be joined, about. */
  private bytes = 0;
  /** Buckets are joined up to this width. */
  private widthMs = 0;
  /** Where the walk over the entries goes on. */
  private at = 0;

  constructor(private readonly mostBytes = MOST_BYTES) {}

  /** @param bucket behind all others */
  push(bucket: PackedBucket, isKept: boolean): void {
    const entry = entryOf(bucket, isKept);
    this.entries.push(entry);
    this.bytes += isKept ? 0 : entry.bytes;
    this.widthMs = Math.max(this.widthMs, bucket.bare.widthMs);
  }

  get buckets(): readonly PackedBucket[] {
    return this.entries.map(({ packed }) => packed);
  }

  /** Joins some, if there are too many; to be called for each bucket that is pushed. */
  thin(): void {
    let joins = 0;
    for (let looks = 0; this.bytes > this.mostBytes && looks < LOOKS_AT_ONCE; looks++) {
      const entry = this.entries[this.at];
      const next = this.entries[this.at + 1];
      if (entry === undefined || next === undefined) {
        this.endWalk();
        continue;
      }
      if (this.mayJoin(entry, next)) {
        this.join(mergeBuckets([unpack(entry.packed), unpack(next.packed)]));
        joins++;
      }
      this.at++;
      if (joins === JOINS_AT_ONCE) {
        return;
      }
    }
  }

  /** All were looked at, and it is still too much. */
  private endWalk(): void {
    this.widthMs = Math.min(WIDEST_MS, 2 * this.widthMs);
    this.at = 0;
  }

  private mayJoin(entry: Entry, next: Entry): boolean {
    const { bare: one } = entry.packed;
    const { bare: other } = next.packed;
    return (
      !entry.isKept &&
      !next.isKept &&
      one.widthMs === other.widthMs &&
      2 * one.widthMs <= this.widthMs &&
      (areAlike(one, other) || this.bytes > ALL_FROM * this.mostBytes)
    );
  }

  private join(bucket: Bucket): void {
    const joined = entryOf(pack(bucket), false);
    for (const { bytes } of this.entries.splice(this.at, 2, joined)) {
      this.bytes -= bytes;
    }
    this.bytes += joined.bytes;
  }
}

/** Of both the same was served, and the same failed: so an outage that nobody marked keeps its begin and its end. */
function areAlike(one: Bucket, other: Bucket): boolean {
  return courseOf(one) === courseOf(other);
}

function courseOf({ scripts, errors }: Bucket): string {
  const served = scripts.filter(({ firstAckUs }) => firstAckUs >= 0).map(({ script }) => String(script));
  const failed = errors.map(({ script, outcome, code }) => `${script} ${outcome} ${code}`);
  return [...new Set([...served, ...failed])].sort().join();
}

function entryOf(packed: PackedBucket, isKept: boolean): Entry {
  return { packed, bytes: BARE_BUCKET_BYTES + packed.histograms.length, isKept };
}

import { mergeBuckets } from '../analysis/buckets.js';
import type { BucketStore, StoredBucket } from './bucket-store.js';

/**
 * What may be joined takes no more than this, whatever the length of the run: of a bucket of 100 ms with 2,000 transactions 5 to
 * 6 KB, twice that of one of many seconds.
 */
export const MOST_BYTES = 4 * 2 ** 20;

/** From so many times that on, what differs is joined, too: where something fails now and then all the time, it is no event. */
const ALL_FROM = 4;

/** No joined bucket is wider, so that an hour has still a course. */
const WIDEST_MS = 60_000;

/** Of each call: a pair takes some 0.4 ms, and the probes are on this thread. */
const JOINS_AT_ONCE = 4;
const LOOKS_AT_ONCE = 500;

/**
 * The older buckets of a timeline: the first ones of its store. Where there are too many, neighbours that are alike are joined, the
 * oldest first, and all of them before any gets wider again. What is kept stays as it is and does not count: its memory is the price
 * of a resolution that was asked for.
 */
export class Past {
  /** Of each bucket whether it is never joined with another. */
  private readonly isKept: boolean[] = [];
  /** Of all that may be joined. */
  private bytes = 0;
  /** Buckets are joined up to this width. */
  private widthMs = 0;
  /** Where the walk over the buckets goes on. */
  private walked = 0;

  constructor(
    private readonly store: BucketStore,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  /** How many buckets of the store belong to it. */
  get length(): number {
    return this.isKept.length;
  }

  /** The first bucket of the store behind it belongs to it from now on. */
  take(isKept: boolean): void {
    const bucket = this.bucketAt(this.length);
    this.isKept.push(isKept);
    this.bytes += isKept ? 0 : bucket.bytes;
    this.widthMs = Math.max(this.widthMs, bucket.widthMs);
  }

  /** Joins some, if there are too many; to be called for each bucket that is taken. */
  thin(): void {
    let joins = 0;
    for (let looks = 0; this.bytes > this.mostBytes && looks < LOOKS_AT_ONCE; looks++) {
      if (this.walked + 1 >= this.length) {
        this.endWalk();
        continue;
      }
      if (this.mayJoin(this.walked)) {
        this.join(this.walked);
        joins++;
      }
      this.walked++;
      if (joins === JOINS_AT_ONCE) {
        return;
      }
    }
  }

  /** All were looked at, and it is still too much. */
  private endWalk(): void {
    this.widthMs = Math.min(WIDEST_MS, 2 * this.widthMs);
    this.walked = 0;
  }

  /** With the one behind it. */
  private mayJoin(index: number): boolean {
    const one = this.bucketAt(index);
    const other = this.bucketAt(index + 1);
    return (
      this.isKept[index] === false &&
      this.isKept[index + 1] === false &&
      one.widthMs === other.widthMs &&
      2 * one.widthMs <= this.widthMs &&
      // So an outage that nobody marked keeps its begin and its end.
      (one.course === other.course || this.bytes > ALL_FROM * this.mostBytes)
    );
  }

  private join(index: number): void {
    this.bytes -= this.bucketAt(index).bytes + this.bucketAt(index + 1).bytes;
    this.store.replace(index, 2, mergeBuckets(this.store.read(index, index + 2)));
    this.isKept.splice(index, 1);
    this.bytes += this.bucketAt(index).bytes;
  }

  private bucketAt(index: number): StoredBucket {
    const bucket = this.store.at(index);
    if (bucket === undefined) {
      throw new RangeError(`no bucket ${index} in the store`);
    }
    return bucket;
  }
}

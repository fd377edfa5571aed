import type { Bucket } from '../analysis/recording.js';
import { BUCKETS, NO_COUNTS, type SparseHistogram } from '../histogram.js';

/**
 * A bucket that waits for the end of the run as bytes: all of it but its histograms as JSON, its length before it; then the
 * histograms one behind the other, in a quarter of their bytes: how many pairs, then each by its index's distance to the one before,
 * and its count.
 * @returns to be copied before the next call
 */
export function pack(bucket: Bucket): Uint8Array {
  const histograms: SparseHistogram[] = [];
  const bare = withHistograms(bucket, (histogram) => {
    histograms.push(histogram);
    return NO_COUNTS;
  });
  const bytes = new ByteWriter();
  bytes.text(JSON.stringify(bare));
  for (const histogram of histograms) {
    writeHistogram(bytes, histogram);
  }
  return bytes.written;
}

/** The same counts; the pairs of a histogram may have another order than before. */
export function unpack(packed: Uint8Array): Bucket {
  const bytes = new ByteReader(packed);
  const bare = JSON.parse(bytes.text()) as Bucket;
  return withHistograms(bare, () => readHistogram(bytes));
}

/** A copy in which each histogram is replaced, in an order that depends on nothing but how many scripts and heartbeats there are. */
function withHistograms(bucket: Bucket, replace: (histogram: SparseHistogram) => SparseHistogram): Bucket {
  return {
    ...bucket,
    scripts: bucket.scripts.map((script) => ({
      ...script,
      punctual: replace(script.punctual),
      delayedService: replace(script.delayedService),
      delayedResponse: replace(script.delayedResponse),
      lag: replace(script.lag),
    })),
    heartbeats: bucket.heartbeats.map((heartbeat) => ({ ...heartbeat, ageUs: replace(heartbeat.ageUs) })),
    connects: { ...bucket.connects, latency: replace(bucket.connects.latency) },
  };
}

function writeHistogram(bytes: ByteWriter, histogram: SparseHistogram): void {
  const length = histogram.length / 2;
  for (let i = 0; i < length; i++) {
    const index = histogram[2 * i] as number;
    indices[i] = index;
    countOf[index] = histogram[2 * i + 1] as number;
  }
  const ascending = indices.subarray(0, length).sort();
  bytes.number(length);
  let before = 0;
  // Not by an iterator, which is paid for with an object for each number.
  for (let i = 0; i < length; i++) {
    const index = ascending[i] as number;
    bytes.number(index - before);
    bytes.number(countOf[index] as number);
    before = index;
  }
}

/** Of one histogram, while it is packed. */
const indices = new Uint32Array(BUCKETS);
const countOf = new Uint32Array(BUCKETS);

function readHistogram(bytes: ByteReader): SparseHistogram {
  const length = bytes.number();
  if (length === 0) {
    return NO_COUNTS;
  }
  const histogram = new Uint32Array(2 * length);
  let index = 0;
  for (let i = 0; i < histogram.length; i += 2) {
    index += bytes.number();
    histogram[i] = index;
    histogram[i + 1] = bytes.number();
  }
  return histogram;
}

/** Of a number below 2^32, 7 bits a byte. */
const MOST_NUMBER_BYTES = 5;
const CONTINUES = 0x80;

/** Where all buckets are packed: most of what grows grows once. */
let scratch = Buffer.alloc(16_384);

/** Numbers of 0 … 2^32 - 1, seven bits a byte, the lowest first, and texts. One at a time. */
class ByteWriter {
  private length = 0;

  number(value: number): void {
    this.makeRoom(MOST_NUMBER_BYTES);
    let rest = value;
    while (rest >= CONTINUES) {
      scratch[this.length++] = (rest & (CONTINUES - 1)) | CONTINUES;
      rest >>>= 7;
    }
    scratch[this.length++] = rest;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.number(length);
    this.makeRoom(length);
    this.length += scratch.write(value, this.length);
  }

  get written(): Uint8Array {
    return scratch.subarray(0, this.length);
  }

  private makeRoom(bytes: number): void {
    if (scratch.length - this.length < bytes) {
      const larger = Buffer.alloc(2 * scratch.length + bytes);
      larger.set(scratch);
      scratch = larger;
    }
  }
}

class ByteReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  number(): number {
    let value = 0;
    // Powers by ** would make most numbers objects.
    for (let unit = 1; ; unit *= CONTINUES) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) {
        throw new RangeError('a packed bucket ends too early');
      }
      value += (byte & (CONTINUES - 1)) * unit;
      if (byte < CONTINUES) {
        return value;
      }
    }
  }

  text(): string {
    const length = this.number();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
}

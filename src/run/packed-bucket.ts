import type { Bucket } from '../analysis/recording.js';
import { BUCKETS, NO_COUNTS, type SparseHistogram } from '../histogram.js';

/** A bucket that waits for the end of the run: its histograms in a quarter of their bytes. */
export interface PackedBucket {
  /** All of it but its histograms, which are empty. */
  readonly bare: Bucket;
  /** Its histograms one behind the other: how many pairs, then each by its index's distance to the one before, and its count. */
  readonly histograms: Uint8Array;
}

export function pack(bucket: Bucket): PackedBucket {
  const numbers = new NumberWriter();
  const bare = withHistograms(bucket, (histogram) => {
    writeHistogram(numbers, histogram);
    return NO_COUNTS;
  });
  return { bare, histograms: numbers.take() };
}

/** The same counts; the pairs of a histogram may have another order than before. */
export function unpack({ bare, histograms }: PackedBucket): Bucket {
  const numbers = new NumberReader(histograms);
  return withHistograms(bare, () => readHistogram(numbers));
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

function writeHistogram(numbers: NumberWriter, histogram: SparseHistogram): void {
  const pairs = ascending(histogram);
  numbers.write(pairs.length);
  let before = 0;
  for (const pair of pairs) {
    const index = Math.floor(pair / 2 ** 32);
    numbers.write(index - before);
    numbers.write(pair % 2 ** 32);
    before = index;
  }
}

/** Of one histogram, while it is packed. */
const allPairs = new Float64Array(BUCKETS);

/** @returns bucket index in the upper, count in the lower 32 bits; to be read before the next call */
function ascending(histogram: SparseHistogram): Float64Array {
  const pairs = allPairs.subarray(0, histogram.length / 2);
  for (let i = 0; i < pairs.length; i++) {
    pairs[i] = (histogram[2 * i] as number) * 2 ** 32 + (histogram[2 * i + 1] as number);
  }
  return pairs.sort();
}

function readHistogram(numbers: NumberReader): SparseHistogram {
  const length = numbers.read();
  if (length === 0) {
    return NO_COUNTS;
  }
  const histogram = new Uint32Array(2 * length);
  let index = 0;
  for (let i = 0; i < histogram.length; i += 2) {
    index += numbers.read();
    histogram[i] = index;
    histogram[i + 1] = numbers.read();
  }
  return histogram;
}

/** Of a number below 2^32, 7 bits a byte. */
const MOST_NUMBER_BYTES = 5;
const CONTINUES = 0x80;

/** Where all buckets are packed: most of what grows grows once. */
let scratch = new Uint8Array(16_384);

/** Numbers of 0 … 2^32 - 1, seven bits a byte, the lowest first. One at a time. */
class NumberWriter {
  private length = 0;

  write(value: number): void {
    if (scratch.length - this.length < MOST_NUMBER_BYTES) {
      const larger = new Uint8Array(2 * scratch.length);
      larger.set(scratch);
      scratch = larger;
    }
    let rest = value;
    while (rest >= CONTINUES) {
      scratch[this.length++] = (rest & (CONTINUES - 1)) | CONTINUES;
      rest >>>= 7;
    }
    scratch[this.length++] = rest;
  }

  take(): Uint8Array {
    return scratch.slice(0, this.length);
  }
}

class NumberReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  read(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) {
        throw new RangeError('a packed bucket ends too early');
      }
      value += (byte & (CONTINUES - 1)) * 2 ** shift;
      if (byte < CONTINUES) {
        return value;
      }
    }
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { codeOf, messageOf } from '../errors.js';
import { SIGNIFICANT_DIGITS } from '../histogram.js';
import type { NamedResult } from '../result/named.js';
import { RESPONSE_FILE } from '../result/store.js';
import { type Span, TOLERANCE_MS } from './steady.js';

/** Response times of what was acknowledged in one second, of all scripts together. */
export interface LatencySecond {
  /** Indexes of the histogram's buckets (see histogram.ts) that hold anything, ascending. */
  readonly buckets: Uint32Array;
  /** How many latencies lie in each of them and all below it. */
  readonly upTo: Float64Array;
}

export type LatencySeconds =
  /** By span, in the order of time. */
  | { readonly parts: readonly (readonly LatencySecond[])[] }
  /** Why there are none, one sentence. */
  | { readonly missing: string };

/** The seconds that lie wholly in the spans, in the order of time, from the log beside the result. */
export async function latencySeconds(
  { directory, result }: NamedResult,
  spans: readonly Span[],
): Promise<LatencySeconds> {
  if (directory === null) {
    return { missing: 'its response times by the second were not kept' };
  }
  const file = join(directory, RESPONSE_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'is not there' : `cannot be read (${messageOf(error)})`;
    return { missing: `${file} ${why}, which holds the response times by the second` };
  }
  try {
    const startedMs = Date.parse(result.run.startedAt);
    return { parts: parseLatencyLog(text, startedMs, spans) };
  } catch (error) {
    return { missing: `${file} cannot be read (${messageOf(error)})` };
  }
}

/**
 * The same of a log in its text. Not by hdr-histogram-js, which takes a second for a log of one hour and gives
 * histograms of 24,000 counts each.
 * @param startedMs when the run began, since the epoch: a log of another run is none of this result
 * @throws Error when it is no such log
 */
export function parseLatencyLog(
  text: string,
  startedMs: number,
  spans: readonly Span[],
): readonly (readonly LatencySecond[])[] {
  const started = /^#\[StartTime: ([\d.]+) /m.exec(text)?.[1];
  if (started === undefined || Math.abs(Number(started) * 1000 - startedMs) > 1) {
    throw new Error('it is the log of another run');
  }
  const parts = spans.map(() => new Map<number, Map<number, number>>());
  for (const { fromMs, toMs, payload } of linesOf(text)) {
    const at = spans.findIndex((span) => fromMs >= span.fromMs - EDGE_MS && toMs <= span.toMs + EDGE_MS);
    const part = parts[at];
    if (part !== undefined) {
      const counts = part.get(fromMs) ?? new Map<number, number>();
      part.set(fromMs, counts);
      addCounts(payload, counts);
    }
  }
  return parts.map((part) => [...part].sort(([a], [b]) => a - b).map(([, counts]) => secondOf(counts)));
}

/** Instants in the log have three decimals of a second. */
const EDGE_MS = 0.5 + TOLERANCE_MS;

interface Line {
  readonly fromMs: number;
  readonly toMs: number;
  readonly payload: string;
}

const LINE = /^(?:Tag=[^,\n]*,)?([\d.]+),([\d.]+),[\d.]+,([\w+/=]+)\r?$/gm;

function* linesOf(text: string): Generator<Line> {
  for (const [, from, length, payload = ''] of text.matchAll(LINE)) {
    const fromMs = Math.round(Number(from) * 1000);
    yield { fromMs, toMs: fromMs + Math.round(Number(length) * 1000), payload };
  }
}

/** Cookies and head of HdrHistogram's format V2, which has words of any length. */
const COMPRESSED_COOKIE = 0x1c849304;
const COOKIE = 0x1c849303;
/** The second digit of a cookie is the size of a word, which V2 does not look at. */
const COOKIE_MASK = 0xffffff0f;
const HEAD_BYTES = 40;

function addCounts(payload: string, counts: Map<number, number>): void {
  const packed = Buffer.from(payload, 'base64');
  check(packed.length > 8 && isCookie(packed.readUInt32BE(0), COMPRESSED_COOKIE));
  const bytes = inflateSync(packed.subarray(8));
  check(bytes.length >= HEAD_BYTES && isCookie(bytes.readUInt32BE(0), COOKIE));
  // With other digits or another lowest value, indexes are not those of our own buckets.
  check(bytes.readInt32BE(12) === SIGNIFICANT_DIGITS && bytes.readBigInt64BE(16) === 1n);
  const end = HEAD_BYTES + bytes.readUInt32BE(4);
  check(end <= bytes.length);
  let index = 0;
  let at = HEAD_BYTES;
  while (at < end) {
    let word = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      word += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80 && at < end);
    // Zigzag: odd words are negative, and say how many buckets are empty.
    if (word % 2 === 1) {
      index += (word + 1) / 2;
    } else {
      if (word > 0) {
        counts.set(index, (counts.get(index) ?? 0) + word / 2);
      }
      index++;
    }
  }
}

function isCookie(word: number, cookie: number): boolean {
  return (word & COOKIE_MASK) >>> 0 === (cookie & COOKIE_MASK) >>> 0;
}

function check(holds: boolean): void {
  if (!holds) {
    throw new Error('it is no log of pgha-bench');
  }
}

function secondOf(counts: ReadonlyMap<number, number>): LatencySecond {
  const buckets = Uint32Array.from(counts.keys()).sort();
  const upTo = new Float64Array(buckets.length);
  let sum = 0;
  for (const [index, bucket] of buckets.entries()) {
    sum += counts.get(bucket) ?? 0;
    upTo[index] = sum;
  }
  return { buckets, upTo };
}

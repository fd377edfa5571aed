import { build, type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { HIGHEST_US, lowestOf, SIGNIFICANT_DIGITS } from '../histogram.js';
import type { ScriptFrame } from '../load/frame.js';
import type { HistogramLogs } from '../result/store.js';
import { endOf } from './buckets.js';
import { LatencySum } from './latency.js';
import type { Bucket, Recording } from './recording.js';
import { addLag, addResponse, addService } from './totals.js';

/** The logs of a run. */
export function histogramLogs(recording: Recording, startedAt: string): HistogramLogs {
  return {
    service: histogramLog(recording, 'service', startedAt),
    response: histogramLog(recording, 'response', startedAt),
    lag: recording.plan.pace.kind === 'open' ? histogramLog(recording, 'lag', startedAt) : null,
  };
}

export type LatencyKind = 'service' | 'response' | 'lag';

const KINDS = {
  service: { title: 'service time of acknowledged transactions', add: addService },
  response: { title: 'response time of acknowledged transactions', add: addResponse },
  lag: { title: 'schedule lag of transactions', add: addLag },
} as const;

const INTERVAL_MS = 1000;
/** Interval_Max is written in ms; the histograms themselves are in µs. */
const MAX_UNIT_RATIO = 1000;

/**
 * Latencies as a standard HdrHistogram log, version 1.3: one line for each script and second in which it has any
 * (longer where the recording is coarser), tagged with the script's name. Values are µs.
 * @param startedAt ISO 8601 instant of the start of the run
 */
export function histogramLog(recording: Recording, kind: LatencyKind, startedAt: string): string {
  const lines: string[] = [];
  const writer = new HistogramLogWriter((text) => lines.push(text));
  const startMs = Date.parse(startedAt);
  const { title, add } = KINDS[kind];
  writer.outputComment(`[pgha-bench: ${title} in microseconds]`);
  writer.outputLogFormatVersion();
  // Not outputStartTime(): it leaves an empty line behind, which not every reader skips.
  writer.outputComment(
    `[StartTime: ${(startMs / 1000).toFixed(3)} (seconds since epoch), ${new Date(startMs).toISOString()}]`,
  );
  writer.outputLegend();
  const tags = tagsOf(recording);
  const sum = new LatencySum();
  const histogram = emptyHistogram();
  for (const group of bySecond(recording.buckets)) {
    for (const [script, tag] of tags.entries()) {
      sum.clear();
      for (const frame of framesOf(group, script)) {
        add(sum, frame);
      }
      if (sum.count > 0) {
        fill(histogram, sum);
        histogram.tag = tag;
        const [from, to] = spanOf(group);
        writer.outputIntervalHistogram(histogram, from / 1000, to / 1000, MAX_UNIT_RATIO);
      }
    }
  }
  return lines.join('');
}

/** Script names as tags, by script: a tag holds no comma or white space, and is not shared. */
function tagsOf({ plan }: Recording): string[] {
  const tags: string[] = [];
  for (const { name } of plan.workload.scripts) {
    const tag = name.replaceAll(/[\s,]+/g, '_') || 'script';
    tags.push(tags.includes(tag) ? `${tag}#${tags.length}` : tag);
  }
  return tags;
}

function* bySecond(buckets: readonly Bucket[]): Generator<readonly Bucket[]> {
  let group: Bucket[] = [];
  for (const bucket of buckets) {
    const [first] = group;
    if (first !== undefined && endOf(bucket) - first.startMs > INTERVAL_MS + 1e-6) {
      yield group;
      group = [];
    }
    group.push(bucket);
  }
  if (group.length > 0) {
    yield group;
  }
}

function framesOf(group: readonly Bucket[], script: number): ScriptFrame[] {
  return group.flatMap((bucket) => bucket.scripts.filter((frame) => frame.script === script));
}

function spanOf(group: readonly Bucket[]): [number, number] {
  const first = group[0] as Bucket;
  return [first.startMs, endOf(group.at(-1) as Bucket)];
}

function emptyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 64,
  });
}

function fill(histogram: Histogram, sum: LatencySum): void {
  histogram.reset();
  const sparse = sum.sparse();
  for (let i = 0; i < sparse.length; i += 2) {
    const lowest = lowestOf(sparse[i] as number);
    // The longest latency is known exactly; it lies in the last bucket, and readers show it as Interval_Max.
    const value = i + 2 < sparse.length ? lowest : Math.max(lowest, sum.maxUs);
    histogram.recordValueWithCount(value, sparse[i + 1] as number);
  }
}

import { LatencySum } from '../analysis/latency.js';
import type { Bucket } from '../analysis/recording.js';
import { acknowledged, addResponse, outcomesOf, ratePerSecond } from '../analysis/totals.js';
import { formatCount, formatRate } from '../units.js';
import { inAscii } from './terminal/ascii.js';
import { cut, plain, type Style, styleOf, type TerminalOptions } from './terminal/text.js';
import { widthOf } from './terminal/width.js';

/** How a run stands, as of the last second whose frames are all there. */
export interface Progress {
  readonly elapsedMs: number;
  /** Null when a number of transactions ends the load. */
  readonly durationMs: number | null;
  /** The buckets of that second. */
  readonly latest: readonly Bucket[];
  /** By Patroni; '' when nobody leads, null when that is not known. */
  readonly leader: string | null;
  /** Null, or absent, where the faults are done once. */
  readonly round?: { readonly now: number; readonly of: number } | null;
}

/** One line for one second, never wider than the terminal: `12 / 40 s   1,360 tps   p99 96.1 ms   leader n1   57P01 64`. */
export function formatProgress(progress: Progress, options: TerminalOptions): string {
  const style = styleOf(options);
  const parts = [
    elapsed(progress),
    ...roundParts(progress),
    throughput(progress, style),
    latency(progress, style),
  ];
  if (progress.leader !== null) {
    const room = style.columns - widthOf(parts.join(GAP)) - GAP.length;
    parts.push(leaderPart(progress.leader, room, style));
  }
  const room = style.columns - widthOf(parts.join(GAP)) - GAP.length;
  const failed = fitting(errorParts(progress.latest), room);
  if (failed !== '') {
    parts.push(style.paint(failed, 'red'));
  }
  const { skipped } = outcomesOf(progress.latest);
  const text = `skipped ${formatCount(skipped)}`;
  if (skipped > 0 && widthOf([...parts, text].join(GAP)) <= style.columns) {
    parts.push(style.paint(text, 'yellow'));
  }
  const line = parts.join(GAP);
  return style.unicode ? line : inAscii(line);
}

const GAP = '   ';

/** As many as there is room for: the rare is left out. */
function fitting(errors: readonly string[], width: number): string {
  let text = '';
  for (const error of errors) {
    const longer = text === '' ? `failed: ${error}` : `${text}, ${error}`;
    if (longer.length > width) {
      break;
    }
    text = longer;
  }
  return text;
}

function elapsed({ elapsedMs, durationMs }: Progress): string {
  const seconds = String(Math.round(elapsedMs / 1000));
  if (durationMs === null) {
    return `${seconds} s`;
  }
  const total = String(Math.round(durationMs / 1000));
  return `${seconds.padStart(total.length)} / ${total} s`;
}

/** `round  3/10`; nothing before the first one. */
function roundParts({ round }: Progress): string[] {
  if (round === null || round === undefined || round.now < 1) {
    return [];
  }
  const of = String(round.of);
  return [`round ${String(round.now).padStart(of.length)}/${of}`];
}

function throughput({ latest }: Progress, style: Style): string {
  const millis = latest.reduce((sum, bucket) => sum + bucket.widthMs, 0);
  const acks = acknowledged(outcomesOf(latest));
  const text = `${formatRate(ratePerSecond(acks, millis))} tps`.padStart(10);
  return style.paint(text, acks > 0 ? 'green' : 'red');
}

/** One for all lines: it takes 280 KB, and there is a line each second. */
const sum = new LatencySum();

function latency({ latest }: Progress, style: Style): string {
  sum.clear();
  for (const bucket of latest) {
    for (const frame of bucket.scripts) {
      addResponse(sum, frame);
    }
  }
  const [p99] = sum.percentiles([990]) ?? [];
  return `p99 ${style.micros(p99).padStart(7)}`;
}

function leaderPart(leader: string, width: number, style: Style): string {
  return leader === '' ? style.paint('no leader', 'red') : cut(`leader ${plain(leader)}`, width, style);
}

/** `57P01 64`, the most frequent first. */
function errorParts(latest: readonly Bucket[]): string[] {
  const counts = new Map<string, number>();
  for (const bucket of latest) {
    for (const error of bucket.errors) {
      counts.set(error.code, (counts.get(error.code) ?? 0) + error.count);
    }
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([code, count]) => `${plain(code)} ${formatCount(count)}`);
}

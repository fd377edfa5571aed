import { median } from 'simple-statistics';
import type { Result, Timeline } from '../result/result.js';

/** A part of the run, ms since its start. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Where the load was steady: before the fault of each valid round, or, where no fault was done, the whole run without its
 * start. Empty where it never was.
 */
export function steadySpans(result: Result): readonly Span[] {
  const isDone = ({ fault }: { readonly fault: number }) =>
    (result.faults[fault]?.askedAtMs ?? null) !== null;
  const rounds = result.analysis.rounds.filter(isDone);
  return rounds.length > 0
    ? rounds.flatMap(({ invalid, phases }) =>
        invalid === null && phases.before !== null ? [phases.before] : [],
      )
    : withoutStart(result.timeline);
}

/** Acknowledgements of all ports together in one second, or a little more where the buckets do not fit. */
export interface Second {
  readonly acks: number;
  readonly lengthMs: number;
}

/** The whole seconds of each span, in the order of time. */
export function secondsOf(timeline: Timeline, spans: readonly Span[]): readonly (readonly Second[])[] {
  return spans.map((span) => secondsIn(timeline, span));
}

function secondsIn(timeline: Timeline, { fromMs, toMs }: Span): readonly Second[] {
  const seconds: Second[] = [];
  let acks = 0;
  let lengthMs = 0;
  for (const [index, startMs] of timeline.startMs.entries()) {
    const widthMs = timeline.widthMs[index] ?? 0;
    if (startMs < fromMs - TOLERANCE_MS || startMs + widthMs > toMs + TOLERANCE_MS) {
      continue;
    }
    acks += acksIn(timeline, index);
    lengthMs += widthMs;
    if (lengthMs >= SECOND_MS - TOLERANCE_MS) {
      seconds.push({ acks, lengthMs });
      acks = 0;
      lengthMs = 0;
    }
  }
  return seconds;
}

const SECOND_MS = 1000;
/** Edges of buckets are sums of floating point numbers. */
export const TOLERANCE_MS = 1e-6;

function acksIn({ outcomes }: Timeline, index: number): number {
  let acks = 0;
  for (const columns of Object.values(outcomes)) {
    acks += (columns.ack?.[index] ?? 0) + (columns.ack_unreplicated?.[index] ?? 0);
  }
  return acks;
}

/** As the analysis does before a first fault: up to the end of the first second that holds 90 % of what the second half does. */
const SHARE = 0.9;

function withoutStart(timeline: Timeline): readonly Span[] {
  const whole = { fromMs: 0, toMs: Infinity };
  const rates = secondsIn(timeline, whole).map(({ acks, lengthMs }) => acks / lengthMs);
  const half = rates.slice(rates.length >> 1);
  if (half.length === 0) {
    return [];
  }
  const usual = median(half);
  const first = rates.findIndex((rate) => rate >= SHARE * usual);
  return usual > 0 ? [{ fromMs: endOfSecond(timeline, first), toMs: Infinity }] : [];
}

function endOfSecond({ startMs, widthMs }: Timeline, second: number): number {
  const edges = startMs.map((start, index) => start + (widthMs[index] ?? 0));
  const least = (second + 1) * SECOND_MS;
  return edges.find((edge) => edge >= least - TOLERANCE_MS) ?? Infinity;
}

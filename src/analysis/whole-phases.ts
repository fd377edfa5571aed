import type { Analysis, PhaseFacts, PhaseTotals, RoundAnalysis } from '../result/result.js';
import { endOf } from './buckets.js';
import { LatencySum } from './latency.js';
import type { Bucket, Recording } from './recording.js';
import { acknowledged, addResponse, outcomesOf, ratePerSecond } from './totals.js';

/** Before, during and after over all valid rounds together; a phase that no round has is null. */
export function wholePhasesOf({ buckets }: Recording, rounds: readonly RoundAnalysis[]): Analysis['phases'] {
  const valid = rounds.filter(({ invalid }) => invalid === null);
  const whole = (phase: keyof Analysis['phases']) =>
    totalsOf(
      buckets,
      valid.flatMap(({ phases }) => phases[phase] ?? []),
    );
  return { before: whole('before'), during: whole('during'), after: whole('after') };
}

function totalsOf(buckets: readonly Bucket[], parts: readonly PhaseFacts[]): PhaseTotals | null {
  if (parts.length === 0) {
    return null;
  }
  const own = buckets.filter((bucket) => parts.some((part) => lies(bucket, part)));
  const lengthMs = own.reduce((sum, { widthMs }) => sum + widthMs, 0);
  const outcomes = outcomesOf(own);
  const response = new LatencySum();
  for (const bucket of own) {
    for (const frame of bucket.scripts) {
      addResponse(response, frame);
    }
  }
  return {
    lengthMs,
    tps: ratePerSecond(acknowledged(outcomes), lengthMs),
    outcomes,
    response: response.summary(),
    spectrum: response.spectrum(),
  };
}

/** Phases lie on the edges of buckets, which are sums of floating point numbers. */
const TOLERANCE_MS = 1e-6;

function lies(bucket: Bucket, { fromMs, toMs }: PhaseFacts): boolean {
  return bucket.startMs >= fromMs - TOLERANCE_MS && endOf(bucket) <= toMs + TOLERANCE_MS;
}

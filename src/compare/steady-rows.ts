import type { NamedResult } from '../result/named.js';
import type { LatencySummary } from '../result/result.js';
import { LEAST_SECONDS, ratioBetween, type Sampled, wholeOf } from './bootstrap.js';
import type { ComparisonRow, Contrast, Figure, Metric } from './comparison.js';
import { latencySeconds } from './latency-log.js';
import { kindsOf } from './round-values.js';
import { percentileOf, throughputOf } from './sampled.js';
import { secondsOf, steadySpans } from './steady.js';
import { countText } from './words.js';

/** What one result has of its steady seconds: each figure, or why it has none. */
export interface SteadySeconds {
  readonly tps: Sampled | Missing;
  readonly latency_p50: Sampled | Missing;
  readonly latency_p99: Sampled | Missing;
  /** Where it is told, but not by the second. */
  readonly response: LatencySummary | null;
}

interface Missing {
  readonly missing: string;
}

/** Reads the log of the response times beside the result. */
export async function steadySeconds(named: NamedResult): Promise<SteadySeconds> {
  const { result } = named;
  const spans = steadySpans(result);
  const seconds = secondsOf(result.timeline, spans);
  const hasAny = seconds.some((part) => part.some(({ acks }) => acks > 0));
  const response = kindsOf(result).length > 0 ? (result.analysis.phases.before?.response ?? null) : null;
  if (!hasAny) {
    const none = { missing: 'it has no whole second of steady load' };
    return { tps: none, latency_p50: none, latency_p99: none, response };
  }
  const tps = throughputOf(seconds);
  const latencies = await latencySeconds(named, spans);
  if ('missing' in latencies) {
    return { tps, latency_p50: latencies, latency_p99: latencies, response };
  }
  const { parts } = latencies;
  if (!parts.some((part) => part.length > 0)) {
    const none = { missing: 'it has no response time in a steady second' };
    return { tps, latency_p50: none, latency_p99: none, response };
  }
  return { tps, latency_p50: percentileOf(parts, 50), latency_p99: percentileOf(parts, 99), response };
}

/**
 * Throughput and latency of the steady load: before the faults, or of the whole run where there were none.
 * @param results the base first; `seconds` of each in the same order
 */
export function steadyRows(
  results: readonly NamedResult[],
  seconds: readonly SteadySeconds[],
): readonly ComparisonRow[] {
  const names = results.map(({ name }) => name);
  return METRICS.map(({ metric, title, unit, better, summary }) => {
    const all = seconds.map((each, index) => [names[index] ?? '', each[metric]] as const);
    const [base, ...candidates] = all;
    return {
      metric,
      title,
      over: 'steady',
      fault: null,
      unit,
      better,
      figures: seconds.map((each) =>
        figureOf(each[metric], summary === null ? undefined : each.response?.[summary]),
      ),
      contrasts: candidates.flatMap((candidate) =>
        base === undefined ? [] : contrastOf(base, candidate, better),
      ),
    };
  });
}

interface SteadyMetric {
  readonly metric: Metric & keyof SteadySeconds;
  readonly title: string;
  readonly unit: 'tps' | 'us';
  readonly better: 'lower' | 'higher';
  readonly summary: 'p50Us' | 'p99Us' | null;
}

const METRICS: readonly SteadyMetric[] = [
  { metric: 'tps', title: 'throughput', unit: 'tps', better: 'higher', summary: null },
  { metric: 'latency_p50', title: 'latency p50', unit: 'us', better: 'lower', summary: 'p50Us' },
  { metric: 'latency_p99', title: 'latency p99', unit: 'us', better: 'lower', summary: 'p99Us' },
];

/** @param told the figure without its seconds, where the result has it */
function figureOf(sampled: Sampled | Missing, told: number | undefined): Figure {
  if ('missing' in sampled) {
    const missing = told === undefined ? sampled.missing : null;
    return { value: told ?? null, missing, of: null, values: null };
  }
  const of = { count: sampled.each.length, of: 'seconds' } as const;
  return { value: wholeOf(sampled), missing: null, of, values: null };
}

function contrastOf(
  [baseName, base]: readonly [string, Sampled | Missing],
  [candidateName, candidate]: readonly [string, Sampled | Missing],
  better: 'lower' | 'higher',
): Contrast {
  if ('missing' in base) {
    return untold(baseName, base);
  }
  if ('missing' in candidate) {
    return untold(candidateName, candidate);
  }
  const { verdict, difference, needed } = ratioBetween(base, candidate, better);
  const seconds = `${base.each.length} and ${countText(candidate.each.length, 'second')}`;
  return {
    verdict,
    difference,
    p: null,
    needed: needed === null ? null : { count: needed, of: 'seconds' },
    text:
      needed === null
        ? `Block bootstrap over ${seconds} of steady load.`
        : `${seconds} of steady load say too little of how it varies; it takes ${LEAST_SECONDS} of each.`,
  };
}

function untold(name: string, { missing }: Missing): Contrast {
  return { verdict: 'no_verdict', difference: null, p: null, needed: null, text: `${name}: ${missing}.` };
}

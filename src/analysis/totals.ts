import type { ScriptFrame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { LatencySummary, ScriptTotals, Totals } from '../result/result.js';
import { LatencySum } from './latency.js';
import type { Bucket, Recording } from './recording.js';

export type OutcomeCounts = Record<Outcome, number>;

/** The whole run: counts, rates and latencies of all buckets. */
export function totalsOf(recording: Recording): Totals {
  const { buckets, elapsedMs, plan } = recording;
  const outcomes = outcomesOf(buckets);
  return {
    scripts: plan.workload.scripts.map((_, script) => scriptTotals(plan, script, recording)),
    outcomes,
    tps: ratePerSecond(acknowledged(outcomes), elapsedMs),
    ...latenciesOf(buckets),
    connects: connectsOf(buckets),
  };
}

function scriptTotals(plan: Plan, script: number, { buckets, elapsedMs }: Recording): ScriptTotals {
  const own = (frame: ScriptFrame) => frame.script === script;
  const outcomes = outcomesOf(buckets, own);
  return {
    name: plan.workload.scripts[script]?.name ?? String(script),
    route: plan.workload.scripts[script]?.route ?? 'rw',
    outcomes,
    tps: ratePerSecond(acknowledged(outcomes), elapsedMs),
    ...latenciesOf(buckets, own),
  };
}

/** Attempts by how they ended. */
export function outcomesOf(
  buckets: readonly Bucket[],
  wanted: (frame: ScriptFrame) => boolean = everyScript,
): OutcomeCounts {
  const counts = new Float64Array(OUTCOMES.length);
  for (const bucket of buckets) {
    for (const frame of bucket.scripts) {
      if (wanted(frame)) {
        addTo(counts, frame.outcomes);
      }
    }
  }
  return countsByOutcome(counts);
}

/** What the clients were told is committed: `ack_unreplicated` is, on one node. */
export function acknowledged(outcomes: Readonly<OutcomeCounts>): number {
  return outcomes.ack + outcomes.ack_unreplicated;
}

export function ratePerSecond(count: number, millis: number): number {
  return millis > 0 ? (count * 1000) / millis : 0;
}

/** Service and response time; null when nothing was acknowledged. */
export function latenciesOf(
  buckets: readonly Bucket[],
  wanted: (frame: ScriptFrame) => boolean = everyScript,
): { service: LatencySummary | null; response: LatencySummary | null } {
  const service = new LatencySum();
  const response = new LatencySum();
  for (const bucket of buckets) {
    for (const frame of bucket.scripts) {
      if (wanted(frame)) {
        addService(service, frame);
        addResponse(response, frame);
      }
    }
  }
  return { service: service.summary(), response: response.summary() };
}

export function addService(sum: LatencySum, frame: ScriptFrame): void {
  sum.add(frame.punctual, frame.maxServiceUs);
  sum.add(frame.delayedService, frame.maxServiceUs);
}

/** A punctual transaction's response time is its service time. */
export function addResponse(sum: LatencySum, frame: ScriptFrame): void {
  sum.add(frame.punctual, frame.maxResponseUs);
  sum.add(frame.delayedResponse, frame.maxResponseUs);
}

function connectsOf(buckets: readonly Bucket[]): Totals['connects'] {
  const latency = new LatencySum();
  let attempts = 0;
  let successes = 0;
  for (const { connects } of buckets) {
    attempts += connects.attempts;
    successes += connects.successes;
    latency.add(connects.latency);
  }
  return { attempts, successes, latency: latency.summary() };
}

function everyScript(): boolean {
  return true;
}

function addTo(counts: Float64Array, outcomes: readonly number[]): void {
  for (let i = 0; i < counts.length; i++) {
    counts[i] = (counts[i] as number) + (outcomes[i] ?? 0);
  }
}

function countsByOutcome(counts: Float64Array): OutcomeCounts {
  const byOutcome: Partial<OutcomeCounts> = {};
  for (const [index, outcome] of OUTCOMES.entries()) {
    byOutcome[outcome] = counts[index] ?? 0;
  }
  return byOutcome as OutcomeCounts;
}

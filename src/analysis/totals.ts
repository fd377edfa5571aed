import { COMMAND_FIGURES, type ScriptFrame } from '../load/frame.js';
import type { Route } from '../plan/target.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { CommandTotals, LatencySummary, PaceTotals, ScriptTotals, Totals } from '../result/result.js';
import { sumOfFigures } from './buckets.js';
import { LatencySum } from './latency.js';
import type { Bucket, Recording } from './recording.js';

export type OutcomeCounts = Record<Outcome, number>;

/** The whole run: counts, rates and latencies of all buckets. */
export function totalsOf(recording: Recording): Totals {
  const { scripts } = recording.plan.workload;
  const whole = commonTotals(recording, everyScript);
  // The only script has done everything: that is not added up again.
  const common = (wanted: (frame: ScriptFrame) => boolean) =>
    scripts.length === 1 ? whole : commonTotals(recording, wanted);
  return {
    scripts: scripts.map((_, script) => scriptTotals(recording, script, common)),
    ports: routesOf(recording).map((route) => ({
      route,
      ...common((frame) => scripts[frame.script]?.route === route),
    })),
    ...whole,
    connects: connectsOf(recording.buckets),
    spectra: spectraOf(recording.buckets),
  };
}

type CommonTotals = PaceTotals & Pick<Totals, 'outcomes' | 'tps' | 'service' | 'response'>;

function scriptTotals(
  recording: Recording,
  script: number,
  common: (wanted: (frame: ScriptFrame) => boolean) => CommonTotals,
): ScriptTotals {
  const { name = String(script), route = 'rw' } = recording.plan.workload.scripts[script] ?? {};
  return {
    name,
    route,
    ...common((frame) => frame.script === script),
    commands: recording.plan.perCommand ? commandTotals(recording, script) : null,
  };
}

/** Ports that the load uses, rw first. */
export function routesOf({ plan }: Recording): Route[] {
  const used = plan.workload.scripts.filter(({ weight }) => weight > 0);
  return (['rw', 'ro'] as const).filter((route) => used.some((script) => script.route === route));
}

/** What the whole run, a port and a script have figures for alike. */
function commonTotals(recording: Recording, wanted: (frame: ScriptFrame) => boolean): CommonTotals {
  const { buckets, elapsedMs } = recording;
  const outcomes = outcomesOf(buckets, wanted);
  return {
    outcomes,
    tps: ratePerSecond(acknowledged(outcomes), elapsedMs),
    ...latenciesOf(buckets, wanted),
    ...paceOf(recording, wanted),
  };
}

function paceOf({ buckets, plan }: Recording, wanted: (frame: ScriptFrame) => boolean): PaceTotals {
  const lag = new LatencySum();
  let late = 0;
  let retried = 0;
  let retries = 0;
  for (const bucket of buckets) {
    for (const frame of bucket.scripts) {
      if (wanted(frame)) {
        addLag(lag, frame);
        late += frame.late;
        retried += frame.retried;
        retries += frame.retries;
      }
    }
  }
  return {
    late: plan.latencyLimitMs === null ? null : late,
    retried,
    retries,
    lag: plan.pace.kind === 'open' ? lag.summary() : null,
  };
}

function commandTotals({ buckets, commands }: Recording, script: number): CommandTotals[] {
  const own = buckets.flatMap((bucket) => bucket.scripts.filter((frame) => frame.script === script));
  const figures = sumOfFigures(own.map((frame) => frame.commands));
  return (commands[script] ?? []).map(({ line, text }, index) => {
    const at = index * COMMAND_FIGURES.length;
    const [count = 0, sumUs = 0, failures = 0] = figures.slice(at, at + COMMAND_FIGURES.length);
    return { line, text, count, meanUs: count > 0 ? sumUs / count : null, failures };
  });
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

function spectraOf(buckets: readonly Bucket[]): Totals['spectra'] {
  const service = new LatencySum();
  const response = new LatencySum();
  for (const bucket of buckets) {
    for (const frame of bucket.scripts) {
      addService(service, frame);
      addResponse(response, frame);
    }
  }
  return { service: service.spectrum(), response: response.spectrum() };
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

/** From the intended start to the first attempt, of what was begun at all. */
export function addLag(sum: LatencySum, frame: ScriptFrame): void {
  sum.add(frame.lag, frame.maxLagUs);
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

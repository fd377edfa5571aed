import { OUTCOMES } from '../postgres/outcome.js';
import type { CapacityFacts } from '../result/generator.js';
import type { StatementCount } from '../workload/statement-count.js';
import type { Bucket, Recording } from './recording.js';

/** CPU of a worker for a transaction of n statements: `transactionUs` + n × `statementUs`. */
export interface WorkerCost {
  readonly transactionUs: number;
  readonly statementUs: number;
}

/** What is known of this machine's workers before a run. */
export type KnownCost =
  | { readonly calibratedAt: string; readonly cost: WorkerCost }
  /** A sentence. */
  | { readonly missing: string };

/** What a run's load is judged by. */
export interface CapacityContext {
  readonly known: KnownCost;
  /** Of each script, in the order of the plan. */
  readonly statements: readonly StatementCount[];
  /** Of this machine. */
  readonly cores: number;
}

/** From this share of what the workers can do on, they may be what limits. */
const NEAR = 0.8;

export function costUs({ transactionUs, statementUs }: WorkerCost, statements: number): number {
  return transactionUs + statementUs * statements;
}

/**
 * How near the load came to what its workers can do. What ran is counted, not what the weights of the scripts promise:
 * clients that serve one port run more of what is answered faster.
 */
export function capacityOf(
  { plan, buckets }: Pick<Recording, 'plan' | 'buckets'>,
  { known, statements, cores }: CapacityContext,
): CapacityFacts {
  if ('missing' in known) {
    return unknown(null, known.missing);
  }
  const { calibratedAt, cost } = known;
  const counts = acknowledgedByScript(buckets, plan.workload.scripts.length);
  const reason = otherwiseDear(plan) ?? uncounted(plan, statements, counts);
  if (reason !== undefined) {
    return unknown(calibratedAt, reason);
  }
  const costs = statements.map((each) => ('count' in each ? costUs(cost, each.count) : 0));
  const workers = Math.min(plan.workers, plan.clients, cores);
  const share = medianCores(secondsOf(buckets, costs)) / workers;
  const acknowledged = counts.reduce((sum, count) => sum + count, 0);
  const meanUs = workUs(counts, costs) / acknowledged;
  return { calibratedAt, tps: (1e6 * workers) / meanUs, share, limited: share >= NEAR, missing: null };
}

function unknown(calibratedAt: string | null, missing: string): CapacityFacts {
  return { calibratedAt, tps: null, share: null, limited: false, missing };
}

/** Loads that cost a worker something else beside their statements. */
function otherwiseDear({ target, transactionsPerConnection }: Recording['plan']): string | undefined {
  if (transactionsPerConnection > 0) {
    return 'What the workers can do is not known for a load that connects anew again and again.';
  }
  const endpoints = [target.rw, ...(target.ro === undefined ? [] : [target.ro])];
  return endpoints.some(({ sslMode }) => sslMode !== 'disable')
    ? 'What the workers can do is not known for connections with TLS: calibrate measures without.'
    : undefined;
}

function uncounted(
  { workload }: Recording['plan'],
  statements: readonly StatementCount[],
  counts: readonly number[],
): string | undefined {
  if (counts.every((count) => count === 0)) {
    return 'Nothing was acknowledged.';
  }
  for (const [index, count] of counts.entries()) {
    const own = statements[index];
    if (count > 0 && own !== undefined && 'missing' in own) {
      const name = workload.scripts[index]?.name ?? String(index);
      return `What the workers can do is not known: the script ${name} ${own.missing}.`;
    }
  }
  return undefined;
}

const ACKNOWLEDGED = [OUTCOMES.indexOf('ack'), OUTCOMES.indexOf('ack_unreplicated')];

function acknowledgedByScript(buckets: readonly Bucket[], scripts: number): number[] {
  const counts = new Array<number>(scripts).fill(0);
  for (const bucket of buckets) {
    addAcknowledged(counts, bucket);
  }
  return counts;
}

function addAcknowledged(counts: number[], { scripts }: Bucket): void {
  for (const { script, outcomes } of scripts) {
    const own = ACKNOWLEDGED.reduce((sum, outcome) => sum + (outcomes[outcome] ?? 0), 0);
    counts[script] = (counts[script] ?? 0) + own;
  }
}

function workUs(counts: readonly number[], costs: readonly number[]): number {
  return counts.reduce((sum, count, script) => sum + count * (costs[script] ?? 0), 0);
}

const SECOND_MS = 1000;

/** A second, or a longer bucket. */
interface Span {
  readonly widthMs: number;
  /** That its acknowledged work takes. */
  readonly cores: number;
}

/** Of those in which anything was acknowledged; the last one may be shorter. */
function secondsOf(buckets: readonly Bucket[], costs: readonly number[]): readonly Span[] {
  const seconds: Span[] = [];
  let widthMs = 0;
  let counts: number[] = [];
  for (const [index, bucket] of buckets.entries()) {
    addAcknowledged(counts, bucket);
    widthMs += bucket.widthMs;
    const isLast = index === buckets.length - 1;
    if (widthMs >= SECOND_MS || (isLast && seconds.length === 0)) {
      const work = workUs(counts, costs);
      seconds.push(...(work > 0 ? [{ widthMs, cores: work / (1000 * widthMs) }] : []));
      widthMs = 0;
      counts = [];
    }
  }
  return seconds;
}

/** Half of the time had no more than this. */
function medianCores(spans: readonly Span[]): number {
  const sorted = spans.toSorted((a, b) => a.cores - b.cores);
  let leftMs = spans.reduce((sum, { widthMs }) => sum + widthMs, 0) / 2;
  for (const { widthMs, cores } of sorted) {
    leftMs -= widthMs;
    if (leftMs <= 0) {
      return cores;
    }
  }
  return 0;
}

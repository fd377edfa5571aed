import type { Downtime } from '../result/downtime.js';
import type { Result, RoundAnalysis } from '../result/result.js';
import { lostOf } from '../result/uncovered.js';

/** The parts of a result that its headline is made of: what must be read of it to be listed. */
export type HeadlineParts = Pick<Result, 'run' | 'plan' | 'totals' | 'analysis' | 'commits' | 'gates'>;

/** What a result is known by, and its few figures that are looked at first. */
export interface Headline {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly status: Result['run']['status'];
  readonly label: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly workload: string;
  /** Kinds of fault, `cut-replication+kill-node`; null without one. */
  readonly fault: string | null;
  /** Rounds that were done and say something of the fault. */
  readonly rounds: number;
  readonly tps: number;
  /** Response time; null when nothing was acknowledged. */
  readonly p99Us: number | null;
  readonly writeDowntime: HeadlineDowntime;
  readonly readDowntime: HeadlineDowntime;
  /** Acknowledged commits that are lost; null where nobody looked, or could, or where some leave no trace and none was found. */
  readonly lost: number | null;
  /** Null where none was asked for. */
  readonly gates: { readonly passed: number; readonly failed: number } | null;
}

export type HeadlineDowntime =
  /** `of` one round, over several the `median`, and over rounds of different faults the `longest`. */
  | {
      readonly kind: 'away';
      readonly ms: number;
      readonly of: 'round' | 'median' | 'longest';
      /** False when it had not ended when the round did: it is at least so long. */
      readonly over: boolean;
    }
  /** Looked for, and none seen. */
  | { readonly kind: 'none_seen' }
  /** A fault was done, and it could not be measured. */
  | { readonly kind: 'not_measured' }
  | { readonly kind: 'no_fault' };

export function headlineOf({ run, plan, totals, analysis, commits, gates }: HeadlineParts): Headline {
  const passed = gates.filter((gate) => gate.passed).length;
  const kinds = [...new Set(plan.faults.map(({ kind }) => kind))];
  return {
    startedAt: run.startedAt,
    status: run.status,
    label: plan.label ?? null,
    tags: plan.tags,
    workload: plan.workload.name,
    fault: kinds.length === 0 ? null : kinds.join('+'),
    rounds: validRounds(analysis).length,
    tps: totals.tps,
    p99Us: totals.response?.p99Us ?? null,
    writeDowntime: downtimeOf(analysis, 'write'),
    readDowntime: downtimeOf(analysis, 'read'),
    lost: commits === null ? null : lostOf(commits),
    gates: gates.length === 0 ? null : { passed, failed: gates.length - passed },
  };
}

function downtimeOf(analysis: Result['analysis'], what: 'write' | 'read'): HeadlineDowntime {
  if (analysis.rounds.length === 0) {
    return { kind: 'no_fault' };
  }
  const told = validRounds(analysis).flatMap((round) => round[`${what}Downtime`] ?? []);
  if (told.length === 0) {
    return { kind: 'not_measured' };
  }
  const [summary, ...others] = analysis.summaries;
  const median = summary?.[`${what}DowntimeMs`]?.median ?? 0;
  // Where most rounds had none, the longest tells more than a median of nothing.
  if (others.length > 0 || analysis.rounds.length === 1 || median === 0) {
    return longestOf(told, analysis.rounds.length);
  }
  const over = told.every(({ outage, toMs }) => !outage || toMs !== null);
  return { kind: 'away', ms: median, of: 'median', over };
}

function longestOf(told: readonly Downtime[], rounds: number): HeadlineDowntime {
  const outages = told.filter(({ outage }) => outage);
  const [longest] = outages.sort((a, b) => b.durationMs - a.durationMs);
  if (longest === undefined) {
    return { kind: 'none_seen' };
  }
  const { durationMs, toMs } = longest;
  return { kind: 'away', ms: durationMs, of: rounds > 1 ? 'longest' : 'round', over: toMs !== null };
}

function validRounds({ rounds }: Result['analysis']): readonly RoundAnalysis[] {
  return rounds.filter(({ invalid }) => invalid === null);
}

import type { Pace, Stage } from '../plan/plan.js';

/*
 * How many transactions an open pace meant to begin, by the clock of the run: its stages begin at instant 0, and the
 * last rate goes on behind the last of them.
 */

/** Whether the plan asks for more at one time than at another: then throughput alone says nothing. */
export function isUneven(pace: Pace): boolean {
  const rates = pace.kind === 'open' ? pace.stages.flatMap(({ fromTps, toTps }) => [fromTps, toTps]) : [];
  return rates.some((rate) => rate !== rates[0]);
}

/** Transactions that were to begin in [fromMs, toMs); 0 for a closed pace, which has no plan. */
export function plannedIn(pace: Pace, fromMs: number, toMs: number): number {
  return pace.kind === 'closed' ? 0 : plannedUntil(pace.stages, toMs) - plannedUntil(pace.stages, fromMs);
}

function plannedUntil(stages: readonly Stage[], atMs: number): number {
  let planned = 0;
  let leftMs = Math.max(0, atMs);
  for (const { durationMs, fromTps, toTps } of stages) {
    const lengthMs = durationMs ?? Infinity;
    const ownMs = Math.min(leftMs, lengthMs);
    if (ownMs === 0) {
      continue;
    }
    // A stage without an end has one rate.
    const lastTps =
      ownMs < Infinity && lengthMs < Infinity ? rateAt(ownMs / lengthMs, fromTps, toTps) : fromTps;
    planned += (ownMs * (fromTps + lastTps)) / 2000;
    leftMs -= ownMs;
  }
  return planned + (leftMs * (stages.at(-1)?.toTps ?? 0)) / 1000;
}

function rateAt(share: number, fromTps: number, toTps: number): number {
  return fromTps + (toTps - fromTps) * share;
}

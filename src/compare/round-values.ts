import { splitBrainWatch } from '../analysis/split-brain-watch.js';
import type { Downtime } from '../result/downtime.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';

/** A figure over the valid rounds of one kind of fault. */
export interface RoundValues {
  /** In the order of time. */
  readonly values: readonly number[];
  /** Which round each is of, from 1 in the order of the result: those that were invalid or not done are counted, too. */
  readonly rounds: readonly number[];
  /** So many of these were not over when their round ended, and count up to there: the truth is more. */
  readonly open: number;
  /** So many valid rounds have no value. */
  readonly untold: number;
  /** What lies closer together cannot be told apart, in the unit of the values; null where nothing bounds it. */
  readonly resolution: number | null;
}

/** A round of one kind, with what is known of it. */
interface Round {
  readonly round: RoundAnalysis;
  /** From 1, in the order of the result. */
  readonly number: number;
  readonly fault: FaultRecord;
  readonly fromMs: number;
  readonly toMs: number;
  readonly result: Result;
}

interface RoundValue {
  readonly value: number;
  readonly open?: boolean;
  readonly resolution?: number;
}

/** Each gives null for a round of which it cannot tell. */
export const ROUND_FIGURES = {
  write_downtime: ({ round }: Round) => ofDowntime(round.writeDowntime),
  read_downtime: ({ round }: Round) => ofDowntime(round.readDowntime),
  recovery: ofRecovery,
  errors: ofErrors,
} as const satisfies Record<string, (round: Round) => RoundValue | null>;

/** Kinds of faults that were done, in the order of time. */
export function kindsOf(result: Result): readonly string[] {
  return [...new Set(doneRounds(result).map(({ fault }) => fault.kind))];
}

/** @returns null when no round of the kind is valid */
export function roundValues(
  result: Result,
  kind: string,
  figure: keyof typeof ROUND_FIGURES,
): RoundValues | null {
  const rounds = doneRounds(result).filter(
    ({ fault, round }) => fault.kind === kind && round.invalid === null,
  );
  if (rounds.length === 0) {
    return null;
  }
  const told = rounds.flatMap((round): (RoundValue & { readonly number: number })[] => {
    const value = ROUND_FIGURES[figure](round);
    return value === null ? [] : [{ ...value, number: round.number }];
  });
  const resolutions = told.flatMap(({ resolution }) => resolution ?? []);
  return {
    values: told.map(({ value }) => value),
    rounds: told.map(({ number }) => number),
    open: told.filter(({ open }) => open === true).length,
    untold: rounds.length - told.length,
    resolution: resolutions.length === 0 ? null : Math.max(...resolutions),
  };
}

/** The longest time for which two servers took writes, ms; null where nobody would have seen it. */
export function splitBrainMs(result: Result): number | null {
  const overlaps = result.analysis.rounds.flatMap(({ splitBrain }) => splitBrain?.overlapMs ?? []);
  if (overlaps.length > 0) {
    return Math.max(...overlaps);
  }
  return splitBrainWatch(result) === null ? null : 0;
}

function doneRounds(result: Result): readonly Round[] {
  const asked = result.faults.flatMap(({ askedAtMs }) => askedAtMs ?? []);
  return result.analysis.rounds.flatMap((round, index) => {
    const fault = result.faults[round.fault];
    const fromMs = fault?.askedAtMs ?? null;
    if (fault === undefined || fromMs === null) {
      return [];
    }
    const next = asked.filter((atMs) => atMs > fromMs);
    const toMs = Math.min(result.run.elapsedMs, ...next);
    return [{ round, number: index + 1, fault, fromMs, toMs, result }];
  });
}

/** None that was seen counts as 0, as in a result's summaries. */
function ofDowntime(downtime: Downtime | null): RoundValue | null {
  if (downtime === null || !downtime.outage) {
    return downtime === null ? null : { value: 0 };
  }
  const { toMs, durationMs, resolutionMs } = downtime;
  return { value: durationMs, open: toMs === null, resolution: resolutionMs };
}

/** Until throughput was at 90 % for 3 s. */
function ofRecovery({ round: { phases }, fromMs, toMs }: Round): RoundValue | null {
  if (phases.before === null) {
    return null;
  }
  if (phases.during === null) {
    return { value: 0 };
  }
  return phases.after === null
    ? { value: toMs - fromMs, open: true }
    : { value: phases.after.fromMs - fromMs };
}

/** Attempts of the load that failed, from the bucket on that holds the fault; the last round has what the load ended with. */
function ofErrors({ fromMs, toMs, result: { timeline, run } }: Round): RoundValue {
  const untilMs = toMs < run.elapsedMs ? toMs : Infinity;
  let value = 0;
  for (const column of Object.values(timeline.errors)) {
    for (const [index, count] of column.entries()) {
      const startMs = timeline.startMs[index] ?? 0;
      const endMs = startMs + (timeline.widthMs[index] ?? 0);
      value += endMs > fromMs && endMs <= untilMs ? count : 0;
    }
  }
  return { value };
}

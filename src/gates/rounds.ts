import { medianOf } from '../analysis/spread.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';
import type { Statistic } from './expression.js';
import { isMissing, type Metric, type Missing, type Reading, type RoundValues } from './metric.js';

/** A round that counts. */
export interface ValidRound {
  readonly round: RoundAnalysis;
  /** Its last fault. */
  readonly fault: FaultRecord;
  /** As the notes of the result name it, `Kill-node 2`. */
  readonly name: string;
  /** ` in round 2`; '' where there is one alone. */
  readonly where: string;
  /** Valid or not; null for the first. */
  readonly before: RoundAnalysis | null;
}

export interface ValidRounds {
  /** At least one. */
  readonly rounds: readonly ValidRound[];
  /** `over 5 valid of 6 rounds`; '' where there was one alone. */
  readonly detail: string;
}

/**
 * The valid rounds of a run, at least one.
 * @param kind of fault; null for all
 */
export function validRounds(result: Result, kind: string | null): ValidRounds | Missing {
  return countedRounds(result, kind, 'valid');
}

/**
 * The same of all rounds whose fault was done, valid or not: for what is too much whatever else was at work, since a
 * round may be invalid because of it.
 */
export function doneRounds(result: Result, kind: string | null): ValidRounds | Missing {
  return countedRounds(result, kind, 'done');
}

const COUNTS: Readonly<Record<'valid' | 'done', (round: ValidRound) => boolean>> = {
  valid: ({ round }) => round.invalid === null,
  done: ({ fault }) => fault.askedAtMs !== null,
};

function countedRounds(
  result: Result,
  kind: string | null,
  word: keyof typeof COUNTS,
): ValidRounds | Missing {
  const told = result.analysis.rounds.map((round, index) => toldRound(result, round, index));
  if (told.length === 0) {
    return { missing: 'the run had no fault' };
  }
  const own = kind === null ? told : told.filter(({ fault }) => kindsOf(result, fault).includes(kind));
  if (own.length === 0) {
    return { missing: `the run had no ${kind}` };
  }
  const rounds = own.filter(COUNTS[word]);
  if (rounds.length === 0) {
    const [first] = own;
    const why = first?.round.invalid ?? 'not known why';
    const verb = word === 'valid' ? 'is' : 'was';
    const none = own.length === 1 ? `the round ${verb} not ${word}` : `no round ${verb} ${word}`;
    return { missing: `${none}: ${why}` };
  }
  const all = own.length;
  const over =
    rounds.length === all ? `over ${all} rounds` : `over ${rounds.length} ${word} of ${all} rounds`;
  return { rounds, detail: all === 1 ? '' : over };
}

function toldRound(result: Result, round: RoundAnalysis, index: number): ValidRound {
  const several = result.analysis.rounds.length > 1;
  const fault = result.faults[round.fault] as FaultRecord;
  const kind = fault.kind.charAt(0).toUpperCase() + fault.kind.slice(1);
  return {
    round,
    fault,
    name: several ? `${kind} ${index + 1}` : kind,
    where: several ? ` in round ${index + 1}` : '',
    before: result.analysis.rounds[index - 1] ?? null,
  };
}

/**
 * The kinds of the faults that were done together in a round.
 * @param fault any of them
 */
export function kindsOf({ faults }: Result, fault: FaultRecord): readonly string[] {
  return faults.filter(({ round }) => round === fault.round).map(({ kind }) => kind);
}

/** Why there is no figure, since there is none of this round. */
export function missingIn({ where }: ValidRound, why: string): Missing {
  return { missing: where === '' ? why : `${where.trim()}, ${why}` };
}

/**
 * Why the analysis has no such figure of a round: the note that says so, or a sentence without a reason.
 * @param what `write downtime was not measured`
 */
export function noted({ notes }: Result, { name }: ValidRound, what: string): string {
  const head = `${name}: ${what}: `;
  const note = notes.find((each) => each.startsWith(head));
  return note === undefined ? what : note.slice(head.length).replace(/\.$/, '');
}

/**
 * What one round has: a value; or none since it was not measured; or none since it never ended. Where service never came
 * back, no gate holds, whatever the other rounds had; what was only slower than the round was long (`late`) counts as
 * longer than any other, so that a median may still be told.
 */
export type RoundValue =
  | number
  | { readonly missing: string }
  | { readonly never: string }
  | { readonly late: string };

/** Statistics over rounds. */
export const ROUND_STATISTICS = ['min', 'median', 'mean', 'p90', 'p95', 'p99', 'max'] as const;

interface RoundMetric extends Pick<Metric, 'name' | 'group' | 'unit' | 'meaning'> {
  readonly of: (round: ValidRound, result: Result) => RoundValue;
  /** Which rounds count; the valid ones when absent. */
  readonly rounds?: typeof validRounds;
  /** Up to what the value is known, in its unit; null, or absent, where nothing bounds it. */
  readonly resolution?: (round: ValidRound) => number | null;
}

/** A metric that each round has a value of; without a statistic it is the worst. */
export function roundMetric({
  of,
  rounds = validRounds,
  resolution = () => null,
  ...named
}: RoundMetric): Metric {
  const values = (result: Result, part: string | null) =>
    valuesOf(result, rounds(result, part), of, resolution);
  const ranked = (told: ReturnType<typeof values>): RoundValues =>
    isMissing(told) || told.late === null ? told : { missing: told.late, never: true };
  return {
    ...named,
    better: 'less',
    statistics: ROUND_STATISTICS,
    usual: 'max',
    phases: false,
    part: 'fault',
    read: (result, { part, statistic }) => statisticOf(values(result, part), statistic ?? 'max'),
    perRound: (result, part) => ranked(values(result, part)),
  };
}

interface Told {
  /** Infinity for one that was late. */
  readonly values: readonly number[];
  /** The worst of all; null where nothing bounds it. */
  readonly resolution: number | null;
  readonly detail: string;
  /** What is said of the first that was late; null where none was. */
  readonly late: string | null;
}

/** One round without a value is enough for none: it may have been the worst. */
function valuesOf(
  result: Result,
  counted: ValidRounds | Missing,
  of: RoundMetric['of'],
  resolution: (round: ValidRound) => number | null,
): Told | Missing {
  if (isMissing(counted)) {
    return counted;
  }
  const values: number[] = [];
  let late: string | null = null;
  for (const round of counted.rounds) {
    const value = of(round, result);
    if (typeof value === 'number') {
      values.push(value);
    } else if ('late' in value) {
      values.push(Infinity);
      late ??= `${value.late}${round.where}`;
    } else {
      return 'never' in value
        ? { missing: `${value.never}${round.where}`, never: true }
        : missingIn(round, value.missing);
    }
  }
  const resolutions = counted.rounds.flatMap((round) => resolution(round) ?? []);
  return {
    values,
    resolution: resolutions.length === 0 ? null : Math.max(...resolutions),
    detail: counted.detail,
    late,
  };
}

function statisticOf(told: Told | Missing, statistic: Statistic): Reading {
  if (isMissing(told)) {
    return told;
  }
  const value = roundStatistic(told.values, statistic);
  return value === Infinity
    ? { missing: told.late ?? 'it never ended', never: true }
    : { value, detail: told.detail };
}

/**
 * Percentiles are nearest-rank: a value that some round had; of few rounds, the higher ones are the worst round.
 * @param values at least one
 */
export function roundStatistic(values: readonly number[], statistic: Statistic): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, index))] as number;
  const ranked = (percent: number) => at(Math.ceil((sorted.length * percent) / 100) - 1);
  switch (statistic) {
    case 'min':
      return at(0);
    case 'median':
      return medianOf(sorted);
    case 'mean':
      return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    case 'p90':
      return ranked(90);
    case 'p95':
      return ranked(95);
    case 'p99':
      return ranked(99);
    default:
      return at(sorted.length - 1);
  }
}

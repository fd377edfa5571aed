import type { GateUnit } from '../result/gate.js';
import type { Result } from '../result/result.js';
import type { Phase, Statistic } from './expression.js';

/** Something that a result may have a figure of, and what a gate may be made on. */
export interface Metric {
  /** `write_downtime` */
  readonly name: string;
  /** Heading that lists put it under. */
  readonly group: 'Downtime' | 'Commits' | 'Load' | 'Reads' | 'Run';
  readonly unit: GateUnit;
  /** One line for people, without a full stop. */
  readonly meaning: string;
  readonly better: 'less' | 'more';
  /** Empty for a single figure. */
  readonly statistics: readonly Statistic[];
  /** Which one it is where none is named; null when one has to be named. */
  readonly usual: Statistic | null;
  /** Whether it is known before, during and after the faults, too. */
  readonly phases: boolean;
  /** What may stand in brackets. */
  readonly part: Part | null;
  readonly read: (result: Result, at: Selection) => Reading;
  /** Its value in each valid round, for tests of ranks; null for a metric that has none. */
  readonly perRound: ((result: Result, part: string | null) => RoundValues) | null;
}

/** `code`: of an error; `port`: of the load, rw or ro; `fault`: the rounds of one kind of fault. */
export type Part = 'code' | 'port' | 'fault';

export interface Selection {
  readonly part: string | null;
  /** Null only for a metric without any. */
  readonly statistic: Statistic | null;
  readonly phase: Phase | null;
}

export type Reading =
  | {
      readonly value: number;
      /** What to say behind the value: `over 7 rounds`; '' for nothing. */
      readonly detail: string;
    }
  | Missing;

export interface Missing {
  /** Why there is no figure, a part of a sentence: `the run had no fault`, `writes never came back`. */
  readonly missing: string;
  /** It would be without an end: looked at, and not over. */
  readonly never?: boolean;
}

/** A figure that should be small and stands alone: without statistics, phases or parts. */
export function countMetric(group: Metric['group'], name: string, meaning: string): Omit<Metric, 'read'> {
  return {
    name,
    group,
    unit: 'count',
    meaning,
    better: 'less',
    statistics: [],
    usual: null,
    phases: false,
    part: null,
    perRound: null,
  };
}

/** For sentences. */
export function whyMissing({ missing, never = false }: Missing): string {
  return never ? missing : `not measured: ${missing}`;
}

/** `resolution`: what lies closer together cannot be told apart; null where nothing bounds it. */
export type RoundValues =
  | { readonly values: readonly number[]; readonly resolution: number | null; readonly detail: string }
  | Missing;

export function isMissing(told: object): told is Missing {
  return 'missing' in told;
}

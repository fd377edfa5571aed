import type { NamedResult } from '../result/named.js';

/**
 * Results side by side: what they measured, what of it differs by more than chance, and what else differs that may be
 * the cause. Plain data but for the results themselves, which {@link withoutResults} leaves out.
 */
export interface Comparison {
  readonly base: NamedResult;
  /** At least one. Whatever is listed "by result" has the base first, and then these in their order. */
  readonly candidates: readonly NamedResult[];
  /** One for each metric that any of them has, in the order in which people want to read them. */
  readonly rows: readonly ComparisonRow[];
  /** Why they are not comparable; empty when they are. Where there are some, somebody asked to compare them anyway. */
  readonly findings: readonly Finding[];
  /** Whatever else is not the same in all: the possible causes of what differs in the rows. */
  readonly differences: readonly SettingDifference[];
  /** What a reader of the rows must know, one sentence each. */
  readonly notes: readonly string[];
}

export type Metric =
  | 'write_downtime'
  | 'read_downtime'
  | 'recovery'
  | 'lost'
  | 'indoubt'
  | 'splitbrain'
  | 'tps'
  | 'latency_p50'
  | 'latency_p99'
  | 'errors';

export interface ComparisonRow {
  readonly metric: Metric;
  /** For people, `write downtime`. */
  readonly title: string;
  /** `rounds`: over the rounds of one kind of fault; `run`: told once of a run; `steady`: of the steady load. */
  readonly over: 'rounds' | 'run' | 'steady';
  /** Kind of the fault whose rounds it is taken over; null for the others. */
  readonly fault: string | null;
  /** Of the figures, and of a shift between them. */
  readonly unit: 'ms' | 'us' | 'tps' | 'count';
  readonly better: 'lower' | 'higher';
  /** By result. */
  readonly figures: readonly Figure[];
  /** Of each candidate against the base. */
  readonly contrasts: readonly Contrast[];
}

export interface Figure {
  /** Median over rounds, or the figure itself; null when it was not measured, `missing` says why. */
  readonly value: number | null;
  readonly missing: string | null;
  /** How many values it was made of, and of what; null for one that was counted once. */
  readonly of: Amount | null;
  /** The values over rounds, in the order of time; null where it is no figure over rounds. */
  readonly values: readonly number[] | null;
  /** Which round each of the values is of, from 1 as the tables of its report number them; absent without values. */
  readonly rounds?: readonly number[];
}

export interface Amount {
  readonly count: number;
  readonly of: 'rounds' | 'seconds';
}

/** How a candidate differs from the base. */
export interface Contrast {
  /**
   * `better`, `worse`: by more than chance; `no_difference`: none was shown; `too_few`: no outcome of so few values could
   * show one; `no_verdict`: told, but not judged; `not_measured`: in one of the two it is missing.
   */
  readonly verdict: 'better' | 'worse' | 'no_difference' | 'too_few' | 'no_verdict' | 'not_measured';
  /** Null where there is nothing to subtract. */
  readonly difference: Difference | null;
  /** Of the rank test, two-sided; null where none was made. */
  readonly p: number | null;
  /** How many of each a difference of this size would need; null unless there were too few. */
  readonly needed: Amount | null;
  /** What the verdict rests on, or why there is none: one sentence. */
  readonly text: string;
}

export interface Difference {
  /** `shift`: candidate minus base, in the row's unit; `ratio`: candidate divided by base, 1.1 is 10 % more. */
  readonly kind: 'shift' | 'ratio';
  readonly value: number;
  /** 95 %; null where there is none to give. */
  readonly interval: { readonly from: number; readonly to: number } | null;
}

/** What makes a candidate not comparable with the base. */
export interface Finding {
  /** Name of the result that it is about. */
  readonly name: string;
  /** One word for machines: `workload`, `scale`, `clients`, `pace`, `protocol`, `route`, `fault`, `generator`, `status`, … */
  readonly what: string;
  /** One sentence. */
  readonly text: string;
}

/** Something that is not the same in all results. */
export interface SettingDifference {
  readonly kind: 'setting' | 'version' | 'hardware' | 'plan';
  /** `patroni.ttl`, `postgres`, `cpus`, `duration`. */
  readonly name: string;
  /** By result, for people; null where it is not known. */
  readonly values: readonly (string | null)[];
}

/** The same as plain data: instead of the results, their names and folders. */
export interface PlainComparison extends Omit<Comparison, 'base' | 'candidates'> {
  readonly base: PlainName;
  readonly candidates: readonly PlainName[];
}

export interface PlainName {
  readonly name: string;
  readonly directory: string | null;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

export function withoutResults(comparison: Comparison): PlainComparison {
  const { base, candidates, ...rest } = comparison;
  return { base: plainName(base), candidates: candidates.map(plainName), ...rest };
}

function plainName({ name, directory, result }: NamedResult): PlainName {
  return { name, directory, id: result.run.id, startedAt: result.run.startedAt };
}

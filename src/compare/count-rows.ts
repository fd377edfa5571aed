import type { CommitAudit } from '../result/commits.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { lostOf, whyUncovered } from '../result/uncovered.js';
import type { ComparisonRow, Contrast, Figure, Metric } from './comparison.js';
import { kindsOf, splitBrainMs } from './round-values.js';

/**
 * What is told once of a whole run: lost commits and split brain, of which any is too much, and counts that depend on how
 * often and how long a run was hurt, which are not judged.
 * @param results the base first
 */
export function countRows(results: readonly NamedResult[]): readonly ComparisonRow[] {
  return COUNTS.flatMap((count) => rowOf(results, count) ?? []);
}

interface Count {
  readonly metric: Metric;
  readonly title: string;
  readonly unit: 'ms' | 'count';
  /** Null where it was not measured. */
  readonly of: (result: Result) => number | null;
  readonly missing: (result: Result) => string;
  /** Whether one is too much. */
  readonly isFatal: boolean;
}

const COUNTS: readonly Count[] = [
  {
    metric: 'lost',
    title: 'lost commits',
    unit: 'count',
    of: ({ commits }) => (commits === null ? null : lostOf(commits)),
    missing: ({ commits }) => whyNotAudited(commits),
    isFatal: true,
  },
  {
    metric: 'indoubt',
    title: 'in doubt',
    unit: 'count',
    of: ({ totals }) => totals.outcomes.in_doubt,
    missing: () => '',
    isFatal: false,
  },
  {
    metric: 'splitbrain',
    title: 'split brain',
    unit: 'ms',
    of: (result) => (kindsOf(result).length === 0 ? null : splitBrainMs(result)),
    missing: () => 'nobody watched for two primaries',
    isFatal: true,
  },
  {
    metric: 'errors',
    title: 'errors',
    unit: 'count',
    of: (result) => (kindsOf(result).length === 0 ? errorsIn(result) : null),
    missing: () => 'with faults they are told by round',
    isFatal: false,
  },
];

function whyNotAudited(commits: CommitAudit | null): string {
  if (commits === null) {
    return 'it ran without a ledger';
  }
  return (commits.primary === null ? null : whyUncovered(commits)) ?? 'its commits were not audited';
}

function errorsIn({ errors }: Result): number {
  return errors.reduce((sum, { count }) => sum + count, 0);
}

function rowOf(results: readonly NamedResult[], count: Count): ComparisonRow | null {
  const figures = results.map(({ result }) => figureOf(result, count));
  const [base, ...candidates] = figures;
  if (base === undefined || figures.every(({ value }) => value === null)) {
    return null;
  }
  return {
    metric: count.metric,
    title: count.title,
    over: 'run',
    fault: null,
    unit: count.unit,
    better: 'lower',
    figures,
    contrasts: candidates.map((candidate) => contrastOf(base.value, candidate.value, count)),
  };
}

function figureOf(result: Result, count: Count): Figure {
  const value = count.of(result);
  return { value, missing: value === null ? count.missing(result) : null, of: null, values: null };
}

function contrastOf(base: number | null, candidate: number | null, { isFatal }: Count): Contrast {
  const none = { difference: null, p: null, needed: null };
  if (base === null || candidate === null) {
    return { ...none, verdict: 'not_measured', text: 'In one of the two it was not measured.' };
  }
  const difference = { kind: 'shift', value: candidate - base, interval: null } as const;
  const told = { ...none, difference };
  if (!isFatal) {
    return { ...told, verdict: 'no_verdict', text: 'It depends on the number of faults and is not judged.' };
  }
  if (base > 0 && candidate > 0) {
    return { ...told, verdict: 'no_verdict', text: 'Both had some, which is too much in either.' };
  }
  if (base === candidate) {
    return { ...told, verdict: 'no_difference', text: 'Neither had any.' };
  }
  return candidate > 0
    ? { ...told, verdict: 'worse', text: 'The base had none.' }
    : { ...told, verdict: 'better', text: 'It had none, which does not prove that it cannot.' };
}

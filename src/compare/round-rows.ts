import { median } from 'simple-statistics';
import type { NamedResult } from '../result/named.js';
import { formatMillis } from '../units.js';
import type { ComparisonRow, Contrast, Figure } from './comparison.js';
import { kindsOf, type ROUND_FIGURES, type RoundValues, roundValues } from './round-values.js';
import { resolvedShift, type Shift } from './shift.js';
import { chanceText, countText } from './words.js';

/**
 * Downtimes and the like, over the rounds of each kind of fault: compared by ranks.
 * @param results the base first
 * @param note told what a reader of the rows must know
 */
export function roundRows(
  results: readonly NamedResult[],
  note: (text: string) => void,
): readonly ComparisonRow[] {
  const kinds = [...new Set(results.flatMap(({ result }) => kindsOf(result)))];
  return kinds.flatMap((kind) => METRICS.flatMap((metric) => rowOf(results, kind, metric, note) ?? []));
}

interface RoundMetric {
  readonly metric: keyof typeof ROUND_FIGURES;
  readonly title: string;
  readonly unit: 'ms' | 'count';
  /** What it means that one was not over when its round ended; null for what always is. */
  readonly open: string | null;
}

const METRICS: readonly RoundMetric[] = [
  { metric: 'write_downtime', title: 'write downtime', unit: 'ms', open: 'writes did not come back' },
  { metric: 'read_downtime', title: 'read downtime', unit: 'ms', open: 'reads did not come back' },
  { metric: 'recovery', title: 'steady after', unit: 'ms', open: 'the load was not steady again' },
  { metric: 'errors', title: 'errors', unit: 'count', open: null },
];

function rowOf(
  results: readonly NamedResult[],
  kind: string,
  metric: RoundMetric,
  note: (text: string) => void,
): ComparisonRow | null {
  const all = results.map(({ result }) => roundValues(result, kind, metric.metric));
  const has = all.some((each) => (each?.values.length ?? 0) > 0);
  if (!has) {
    return null;
  }
  for (const [index, each] of all.entries()) {
    noteGaps(results[index]?.name ?? '', kind, metric, each, note);
  }
  const [base = null, ...candidates] = all;
  return {
    metric: metric.metric,
    title: metric.title,
    over: 'rounds',
    fault: kind,
    unit: metric.unit,
    better: 'lower',
    figures: all.map((each) => figureOf(each, kind)),
    contrasts: candidates.map((each) => contrastOf(base, each)),
  };
}

function noteGaps(
  name: string,
  kind: string,
  { title, open }: RoundMetric,
  values: RoundValues | null,
  note: (text: string) => void,
): void {
  const all = (values?.values.length ?? 0) + (values?.untold ?? 0);
  if (values !== null && values.open > 0) {
    note(
      `${name}: in ${values.open} of ${all} rounds of ${kind} ${open}; they count up to the end of the round, and the truth is more.`,
    );
  }
  if (values !== null && values.untold > 0) {
    note(
      `${name}: '${title}' cannot be told of ${values.untold} of ${all} rounds of ${kind}, which are left out.`,
    );
  }
}

function figureOf(values: RoundValues | null, kind: string): Figure {
  if (values === null || values.values.length === 0) {
    const missing = values === null ? `it has no valid round of ${kind}` : 'no round could be told';
    return { value: null, missing, of: null, values: null };
  }
  return {
    value: median([...values.values]),
    missing: null,
    of: { count: values.values.length, of: 'rounds' },
    values: values.values,
    rounds: values.rounds,
  };
}

function contrastOf(base: RoundValues | null, candidate: RoundValues | null): Contrast {
  if (!base?.values.length || !candidate?.values.length) {
    return {
      verdict: 'not_measured',
      difference: null,
      p: null,
      needed: null,
      text: 'In one of the two it was not measured.',
    };
  }
  const shift = resolvedShift(base, candidate, true);
  const counts = { base: base.values.length, candidate: candidate.values.length };
  return {
    verdict: shift.verdict,
    difference: { kind: 'shift', value: shift.shift, interval: shift.interval },
    p: shift.p,
    needed: shift.needed === null ? null : { count: shift.needed, of: 'rounds' },
    text:
      shift.blurredBy === null
        ? textOf(shift, counts)
        : `The shift is within the ${formatMillis(shift.blurredBy)} up to which an outage is known.`,
  };
}

function textOf({ p, needed }: Shift, counts: { readonly base: number; readonly candidate: number }): string {
  const rounds = `${counts.base} and ${countText(counts.candidate, 'round')}`;
  return p === null
    ? `No outcome of ${rounds} could show a difference; ${needed} of each would, in four of five cases, if it is as large as it looks.`
    : `Rank test over ${rounds}, ${chanceText(p)}.`;
}

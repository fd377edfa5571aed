import { resolvedShift } from '../compare/shift.js';
import type { GateOutcome } from '../result/gate.js';
import type { Result } from '../result/result.js';
import { formatMillis } from '../units.js';
import { endingOf, NO_ROUNDS, whyIncomparable } from './baseline.js';
import { type Gate, needsBaseline, type Operator } from './expression.js';
import { isMissing, type Reading, whyMissing } from './metric.js';
import { metricOf, readFigureOf } from './metrics.js';
import { roundStatistic } from './rounds.js';
import { showValue } from './values.js';

/**
 * What becomes of each gate on a result, in the order of the gates. A gate on something that was not measured fails, and
 * so does every gate on a run that was interrupted or broke: it did not measure what was asked of it.
 * @param baseline null without one: gates that need one fail, and so they do beside one that is not comparable
 */
export function judgeGates(
  gates: readonly Gate[],
  result: Result,
  baseline: Result | null,
  { anyway = false }: JudgeOptions = {},
): readonly GateOutcome[] {
  const beside =
    baseline === null
      ? null
      : { ending: endingOf(baseline), incomparable: whyIncomparable(result, baseline), anyway };
  return gates.map((gate) => ofWholeRun(ofBaseline(gate, judged(gate, result, baseline), beside), result));
}

export interface JudgeOptions {
  /** Compare with a baseline that is not comparable, too: the outcomes say why it is not. */
  readonly anyway?: boolean;
}

/**
 * What the comparison with the baseline is worth. A baseline that did not complete is worth nothing, whoever asks for it.
 */
function ofBaseline(gate: Gate, outcome: GateOutcome, beside: Beside | null): GateOutcome {
  if (beside === null || !needsBaseline(gate) || outcome.measured === null) {
    return outcome;
  }
  const { ending, incomparable, anyway } = beside;
  if (ending !== null) {
    return { ...outcome, passed: false, text: `${outcome.text}; the baseline ${ending}` };
  }
  if (incomparable === null) {
    return outcome;
  }
  return anyway
    ? { ...outcome, text: `${outcome.text}; compared anyway, though not comparable: ${incomparable}` }
    : { ...outcome, passed: false, text: `${outcome.text}; not comparable: ${incomparable}` };
}

/** What is known of a result and its baseline as a whole, in words; null for nothing against it. */
interface Beside {
  readonly ending: string | null;
  readonly incomparable: string | null;
  readonly anyway: boolean;
}

function judged(gate: Gate, result: Result, baseline: Result | null): GateOutcome {
  const { condition, figure } = gate;
  if (condition.kind === 'not_worse') {
    return againstRounds(gate, result, baseline);
  }
  const reading = readFigureOf(result, figure);
  if (isMissing(reading)) {
    return failed(gate, whyMissing(reading));
  }
  const measured = reading.value;
  const shown = showValue(measured, metricOf(figure).unit);
  const found = reading.detail === '' ? shown : `${shown} ${reading.detail}`;
  if (condition.kind === 'value') {
    const passed = holds(measured, condition.operator, condition.value);
    return outcome(gate, { passed, measured, limit: condition.value, text: found });
  }
  const reference = referenceOf(gate, condition.of, result, baseline);
  if (isMissing(reference)) {
    return { ...failed(gate, `${found}, but ${reference.missing}`), measured };
  }
  if (reference.value === 0) {
    const where = condition.of === 'before' ? 'before the fault' : 'in the baseline';
    return {
      ...failed(gate, `${found}, but cannot be judged: ${where} it was 0, and there is no share of that`),
      measured,
    };
  }
  // 100 % of a value is that value, to the last bit.
  const limit = reference.value * (condition.percent / 100);
  const passed = holds(measured, condition.operator, limit);
  return outcome(gate, { passed, measured, limit, text: besideText(measured, reference.value, gate) });
}

function referenceOf(
  { figure }: Gate,
  of: 'before' | 'baseline',
  result: Result,
  baseline: Result | null,
): Reading {
  if (of === 'before') {
    const reading = readFigureOf(result, { ...figure, phase: 'before' });
    return isMissing(reading) ? { missing: `before was ${whyMissing(reading)}` } : reading;
  }
  if (baseline === null) {
    return { missing: 'there is no baseline to compare with' };
  }
  const reading = readFigureOf(baseline, figure);
  return isMissing(reading) ? { missing: `the baseline has none: ${reading.missing}` } : reading;
}

function againstRounds(gate: Gate, result: Result, baseline: Result | null): GateOutcome {
  const { figure } = gate;
  const metric = metricOf(figure);
  const own = metric.perRound?.(result, figure.part) ?? NO_ROUNDS;
  if (isMissing(own)) {
    return failed(gate, whyMissing(own));
  }
  const measured = roundStatistic(own.values, 'median');
  const found = showValue(measured, metric.unit);
  if (baseline === null) {
    return { ...failed(gate, `${found}, but there is no baseline to compare with`), measured };
  }
  const base = metric.perRound?.(baseline, figure.part) ?? NO_ROUNDS;
  if (isMissing(base)) {
    return { ...failed(gate, `${found}, but the baseline has none: ${base.missing}`), measured };
  }
  const { verdict, p, needed, blurredBy } = resolvedShift(base, own, metric.better === 'less');
  const was = showValue(roundStatistic(base.values, 'median'), metric.unit);
  const said: Readonly<Record<typeof verdict, string>> = {
    better: `better${chanceText(p)}`,
    no_difference:
      blurredBy === null
        ? 'no difference shown'
        : `no difference shown beyond the ${formatMillis(blurredBy)} up to which an outage is known`,
    worse: `worse${chanceText(p)}`,
    too_few: `too few rounds to say, it takes ${needed ?? 'more'} of each`,
  };
  const passed = verdict === 'better' || verdict === 'no_difference';
  return outcome(gate, { passed, measured, limit: null, text: `${found}, was ${was}: ${said[verdict]}` });
}

function chanceText(p: number | null): string {
  if (p === null) {
    return '';
  }
  return p < 0.001 ? ' (p < 0.001)' : ` (p = ${p.toFixed(3)})`;
}

function ofWholeRun(outcome: GateOutcome, result: Result): GateOutcome {
  const ending = endingOf(result);
  if (ending === null || !outcome.passed) {
    return outcome;
  }
  return { ...outcome, passed: false, text: `${outcome.text}, but the run ${ending}` };
}

type Judgement = Pick<GateOutcome, 'passed' | 'measured' | 'limit' | 'text'>;

function outcome(gate: Gate, judgement: Judgement): GateOutcome {
  const { expression, figure, why } = gate;
  return { expression, ...judgement, unit: metricOf(figure).unit, ...(why === undefined ? {} : { why }) };
}

function failed(gate: Gate, text: string): GateOutcome {
  return outcome(gate, { passed: false, measured: null, limit: limitOf(gate), text });
}

function limitOf({ condition }: Gate): number | null {
  return condition.kind === 'value' ? condition.value : null;
}

/** `1,043 tps, 95.1 % of 1,097 tps`. @param reference not 0 */
function besideText(measured: number, reference: number, { figure }: Gate): string {
  const { unit } = metricOf(figure);
  const share = (100 * measured) / reference;
  return `${showValue(measured, unit)}, ${share.toFixed(1)} % of ${showValue(reference, unit)}`;
}

function holds(measured: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return measured < limit;
    case '<=':
      return measured <= limit;
    case '>':
      return measured > limit;
    case '>=':
      return measured >= limit;
    case '==':
      return measured === limit;
    case '!=':
      return measured !== limit;
  }
}

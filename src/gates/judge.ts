import { shiftBetween } from '../compare/shift.js';
import { UserError } from '../errors.js';
import type { GateOutcome } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { formatMillis } from '../units.js';
import { type Gate, needsBaseline, type Operator, printFigure } from './expression.js';
import { isMissing, type Missing, type Reading, whyMissing } from './metric.js';
import { metricOf, readFigureOf } from './metrics.js';
import { roundStatistic } from './rounds.js';
import { showValue } from './values.js';

/**
 * What becomes of each gate on a result, in the order of the gates. A gate on something that was not measured fails, and
 * so does every gate on a run that was interrupted or broke: it did not measure what was asked of it.
 * @param baseline null without one: gates that need one fail
 */
export function judgeGates(
  gates: readonly Gate[],
  result: Result,
  baseline: Result | null,
): readonly GateOutcome[] {
  return gates.map((gate) => ofWholeRun(judged(gate, result, baseline), result));
}

/**
 * Refuses gates that cannot be judged since there is nothing to compare with.
 * @throws UserError where one needs a baseline and there is none, or none with such a figure
 */
export function checkBaseline(gates: readonly Gate[], baseline: NamedResult | null): void {
  for (const gate of gates.filter(needsBaseline)) {
    if (baseline === null) {
      throw new UserError(
        `The gate '${gate.expression}' compares with a baseline, and none was given.`,
        'Name its result with --baseline.',
      );
    }
    const reading = baselineReading(gate, baseline.result);
    if (isMissing(reading)) {
      throw new UserError(
        `The baseline ${baseline.name} has no ${printFigure(gate.figure)} to compare with: ${reading.missing}.`,
      );
    }
  }
}

function baselineReading({ figure, condition }: Gate, baseline: Result): Reading {
  if (condition.kind !== 'not_worse') {
    return readFigureOf(baseline, figure);
  }
  const values = metricOf(figure).perRound?.(baseline, figure.part) ?? NO_ROUNDS;
  return isMissing(values) ? values : { value: roundStatistic(values.values, 'median'), detail: '' };
}

/** The parser takes no such gate. */
const NO_ROUNDS: Missing = { missing: 'it has no figure of each round' };

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
  const { verdict, p, needed } = shiftBetween(base.values, own.values, metric.better === 'less');
  const was = showValue(roundStatistic(base.values, 'median'), metric.unit);
  const said: Readonly<Record<typeof verdict, string>> = {
    better: `better${chanceText(p)}`,
    no_difference: 'no difference shown',
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

function ofWholeRun(outcome: GateOutcome, { run }: Result): GateOutcome {
  if (run.status === 'completed' || !outcome.passed) {
    return outcome;
  }
  const why =
    run.status === 'interrupted'
      ? `the run was interrupted after ${formatMillis(run.elapsedMs)}`
      : 'the run broke: the target did not come back';
  return { ...outcome, passed: false, text: `${outcome.text}, but ${why}` };
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

/** `1,043 tps, 95.1 % of 1,097 tps`. */
function besideText(measured: number, reference: number, { figure }: Gate): string {
  const { unit } = metricOf(figure);
  const share = (100 * measured) / reference;
  const of = showValue(reference, unit);
  const found = showValue(measured, unit);
  return Number.isFinite(share)
    ? `${found}, ${share.toFixed(1)} % of ${of}`
    : `${found}, and ${of} to compare with`;
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

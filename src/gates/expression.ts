import type { GateUnit } from '../result/gate.js';
import { printValue } from './values.js';

/** A condition on a result, `latency.p99@before < 50ms`, as it was understood. */
export interface Gate {
  /** As it was written. */
  readonly expression: string;
  readonly figure: FigureName;
  readonly condition: Condition;
  /** Why it is asked for, in the words of whoever wrote the file of gates; absent without. */
  readonly why?: string;
}

/** One figure of a result: `latency.p99@before`, `errors[25006].count`. */
export interface FigureName {
  /** As METRICS has it. */
  readonly metric: string;
  /** What stood in brackets: a code, a port, a kind of fault; null for all of them together. */
  readonly part: string | null;
  /** Null where none was named: the metric says what it is then. */
  readonly statistic: Statistic | null;
  /** Null for the whole run. */
  readonly phase: Phase | null;
}

export const STATISTICS = [
  'count',
  'min',
  'median',
  'mean',
  'p50',
  'p90',
  'p95',
  'p99',
  'p99.9',
  'max',
] as const;
export type Statistic = (typeof STATISTICS)[number];

export const PHASES = ['before', 'during', 'after'] as const;
export type Phase = (typeof PHASES)[number];

export const OPERATORS = ['<', '<=', '>', '>=', '==', '!='] as const;
export type Operator = (typeof OPERATORS)[number];

export type Condition =
  /** `value` is in the unit of the metric. */
  | { readonly kind: 'value'; readonly operator: Operator; readonly value: number }
  /** Against the same figure before the fault, or of the baseline. */
  | {
      readonly kind: 'share';
      readonly operator: Operator;
      readonly percent: number;
      readonly of: 'before' | 'baseline';
    }
  /** Against the baseline by a test of ranks over the rounds. */
  | { readonly kind: 'not_worse' };

/** Whether it can be judged only beside another result. */
export function needsBaseline({ condition }: Gate): boolean {
  return condition.kind === 'not_worse' || (condition.kind === 'share' && condition.of === 'baseline');
}

/** In a form that is parsed to the same again. */
export function printGate({ figure, condition }: Pick<Gate, 'figure' | 'condition'>, unit: GateUnit): string {
  return `${printFigure(figure)} ${conditionText(condition, unit)}`;
}

export function printFigure({ metric, part, statistic, phase }: FigureName): string {
  const inBrackets = part === null ? '' : `[${part}]`;
  const behindDot = statistic === null ? '' : `.${statistic}`;
  return `${metric}${inBrackets}${behindDot}${phase === null ? '' : `@${phase}`}`;
}

function conditionText(condition: Condition, unit: GateUnit): string {
  switch (condition.kind) {
    case 'value':
      return `${condition.operator} ${printValue(condition.value, unit)}`;
    case 'share':
      return `${condition.operator} ${condition.percent}% of ${condition.of}`;
    case 'not_worse':
      return 'not worse';
  }
}

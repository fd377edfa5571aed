import { showValue } from '../../gates/values.js';
import type { GateOutcome } from '../../result/gate.js';
import { cut, plain, type Style, wrap } from './text.js';
import { padEnd, widthOf } from './width.js';

/** What became of the conditions that the run was asked to meet; nothing without any. */
export function gateLines(gates: readonly GateOutcome[], style: Style): string[] {
  return gates.length === 0
    ? []
    : [`${style.paint('Gates', 'bold')}  ${gateCountText(gates, style)}`, ...outcomeLines(gates, style)];
}

/** `all 5 passed`, `2 of 5 failed`. */
export function gateCountText(gates: readonly GateOutcome[], style: Style): string {
  const failed = gates.filter(({ passed }) => !passed).length;
  if (failed > 0) {
    return style.paint(`${failed} of ${gates.length} failed`, 'red', 'bold');
  }
  return style.paint(gates.length === 1 ? 'passed' : `all ${gates.length} passed`, 'green', 'bold');
}

/** Widest expression that values are still lined up behind. */
const WIDEST = 44;
const MARGIN = 2;

/** One line for each gate, its value behind it, and under one that failed what is to be said. */
export function outcomeLines(gates: readonly GateOutcome[], style: Style): string[] {
  const widths = gates.map(({ expression }) => widthOf(plain(expression)));
  const width = Math.min(WIDEST, Math.max(...widths));
  return gates.flatMap((gate) => linesOf(gate, width, style));
}

function linesOf(gate: GateOutcome, width: number, style: Style): string[] {
  const { passed, measured, unit } = gate;
  const mark = passed ? style.paint(style.unicode ? '✓' : '+', 'green') : failMark(style);
  const head = `${' '.repeat(MARGIN)}${mark} `;
  const expression = cut(plain(gate.expression), style.columns - widthOf(head), style);
  const value = style.letters(measured === null ? style.dash : showValue(measured, unit));
  const text = style.letters(plain(gate.text));
  const line = `${head}${padEnd(expression, width)}  `;
  const whole = widthOf(line) + widthOf(text) <= style.columns;
  if (passed) {
    // What is said besides the value may be left out: it is well.
    return [fitting(line, whole ? text : value, style)];
  }
  // What was measured says why it failed; what was not needs its reason.
  const isTold = measured !== null && whole;
  const shown = style.paint(isTold ? text : value, 'red', 'bold');
  const reason = isTold || text === value ? [] : [text];
  const below = [...reason, ...(gate.why === undefined ? [] : [style.paint(plain(gate.why), 'dim')])];
  return [
    fitting(line, shown, style),
    ...below
      .flatMap((each) => wrap(each, style.columns - 3 * MARGIN))
      .map((each) => `${' '.repeat(3 * MARGIN)}${each}`),
  ];
}

function failMark(style: Style): string {
  return style.paint(style.unicode ? '✗' : 'x', 'red', 'bold');
}

/** Where an expression is so long that nothing fits behind it, the value stands on the next line. */
function fitting(line: string, value: string, style: Style): string {
  return widthOf(line) + widthOf(value) <= style.columns
    ? `${line}${value}`
    : `${line.trimEnd()}\n${' '.repeat(3 * MARGIN)}${value}`;
}

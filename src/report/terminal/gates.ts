import type { GateOutcome } from '../../result/gate.js';
import { labelled, plain, type Style } from './text.js';

/** What became of each gate, a line for each; nothing without gates. */
export function gateLines(gates: readonly GateOutcome[], style: Style): string[] {
  if (gates.length === 0) {
    return [];
  }
  const failed = gates.filter(({ passed }) => !passed).length;
  const count =
    failed === 0
      ? style.paint(gates.length === 1 ? 'passed' : `all ${gates.length} passed`, 'green')
      : style.paint(`${failed} of ${gates.length} failed`, 'red', 'bold');
  return [`${style.paint('Gates', 'bold')}  ${count}`, ...gates.flatMap((gate) => linesOf(gate, style))];
}

/** Columns of the mark and what stands around it. */
const MARK = 4;

function linesOf({ expression, passed, text, why }: GateOutcome, style: Style): string[] {
  const sign = passed
    ? style.paint(style.unicode ? '✓' : '+', 'green')
    : style.paint(style.unicode ? '✗' : 'x', 'red');
  const lines = labelled(`  ${sign} `, `${plain(expression)}: ${plain(text)}`, MARK, style);
  // Whoever sees it fail wants to know what for it was asked.
  const reason = passed || why === undefined ? [] : labelled('', style.paint(plain(why), 'dim'), MARK, style);
  return [...lines, ...reason];
}

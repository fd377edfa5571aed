import type { GateOutcome } from '../result/gate.js';

/** `all 5 gates passed`, `2 of 5 gates failed`, `no gates`. */
export function gateTotals(gates: readonly GateOutcome[]): string {
  const failed = gates.filter(({ passed }) => !passed).length;
  const all = gates.length;
  if (all === 0) {
    return 'no gates';
  }
  if (failed > 0) {
    return `${failed} of ${all} gate${all === 1 ? '' : 's'} failed`;
  }
  return all === 1 ? 'the gate passed' : `all ${all} gates passed`;
}

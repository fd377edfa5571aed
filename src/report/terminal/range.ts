import type { Range } from '../../result/round.js';
import type { Style } from './text.js';

/** `20.0 s to 32.0 s`, `at most 2.00 s`, `at least 20.0 s`; '' for a range that says nothing. */
export function rangeInWords({ minMs, maxMs }: Range, style: Style): string {
  if (maxMs === null) {
    return minMs > 0 ? `at least ${style.millis(minMs)}` : '';
  }
  return minMs > 0 ? `${style.millis(minMs)} to ${style.millis(maxMs)}` : `at most ${style.millis(maxMs)}`;
}

/** The same for a cell of a table: `20.0 s – 32.0 s`, `≤ 2.00 s`, `≥ 20.0 s`. */
export function rangeInCell({ minMs, maxMs }: Range, style: Style): string {
  const atLeast = style.unicode ? '≥' : '>=';
  if (maxMs === null) {
    return minMs > 0 ? `${atLeast} ${style.millis(minMs)}` : '';
  }
  if (minMs === 0) {
    return `${style.atMost} ${style.millis(maxMs)}`;
  }
  const [least = '', unit] = style.millis(minMs).split(' ');
  const most = style.millis(maxMs);
  // The unit is said once where both have it.
  return `${most.endsWith(` ${unit}`) ? least : `${least} ${unit}`} ${style.dash} ${most}`;
}

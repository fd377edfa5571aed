import { formatCount, formatMicros, formatMillis, formatRate } from '../units.js';
import type { ComparisonRow } from './comparison.js';

/** A figure with its unit. */
export function figureText(value: number, unit: ComparisonRow['unit']): string {
  switch (unit) {
    case 'ms':
      return value < 0 ? `-${formatMillis(-value)}` : formatMillis(value);
    case 'us':
      return value < 0 ? `-${formatMicros(-value)}` : formatMicros(value);
    case 'tps':
      return formatRate(value);
    case 'count':
      return formatCount(value);
  }
}

/** `p = 0.012`, `p < 0.001`. */
export function chanceText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** `7 rounds`, `1 round`. */
export function countText(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

import type { ComparisonRow, Contrast, Difference } from '../compare/comparison.js';
import { formatCount, formatDuration, formatMicros, formatRate } from '../units.js';

/** Verdicts in words, the same wherever a comparison is shown. */
export const VERDICTS: Readonly<Record<Contrast['verdict'], string>> = {
  better: 'better',
  worse: 'worse',
  no_difference: 'no difference shown',
  too_few: 'too few to say',
  no_verdict: 'not judged',
  not_measured: 'not measured',
};

type Unit = ComparisonRow['unit'];

/** A figure with its unit; a downtime of nothing is `none`. */
export function figureText(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return value === 0 ? 'none' : formatMicros(value * 1000);
    case 'us':
      return formatMicros(value);
    case 'tps':
      return formatRate(value);
    case 'count':
      return value % 1 === 0 ? formatCount(value) : formatRate(value);
  }
}

/** `-4.40 s`, `+12 %`; `0` for none. */
export function differenceText(difference: Difference, unit: Unit): string {
  if (difference.kind === 'ratio') {
    return `${percentOf(difference.value)} %`;
  }
  const { value } = difference;
  return value === 0 ? '0' : `${value < 0 ? '-' : '+'}${figureText(Math.abs(value), unit)}`;
}

/** `-5.27 to -3.83 s`, `-3.5 to +25 %`: one unit for both, that of the one that is further from 0. Null without any. */
export function intervalText({ kind, interval }: Difference, unit: Unit): string | null {
  if (interval === null) {
    return null;
  }
  const { from, to } = interval;
  if (kind === 'ratio') {
    return `${percentOf(from, 0)} to ${percentOf(to, 0)} %`;
  }
  if (from === 0 && to === 0) {
    return '0';
  }
  if (unit === 'count') {
    return `${signed(from, from % 1 === 0 ? 0 : 1)} to ${signed(to, to % 1 === 0 ? 0 : 1)}`;
  }
  const { scale, name } = scaleOf(Math.max(Math.abs(from), Math.abs(to)), unit);
  return `${signed(from / scale)} to ${signed(to / scale)}${name === '' ? '' : ` ${name}`}`;
}

/** `needs 6 rounds`, `needs 30 s`; null where there were enough. */
export function neededText({ needed }: Contrast): string | null {
  if (needed === null) {
    return null;
  }
  return needed.of === 'rounds'
    ? `needs ${formatCount(needed.count)} rounds`
    : `needs ${formatDuration(needed.count * 1000)}`;
}

/** What a ratio is more or less than the base. */
function percentOf(ratio: number, ofTens = 1): string {
  const percent = (ratio - 1) * 100;
  return signed(percent, Math.abs(percent) < 9.95 ? 1 : ofTens);
}

/** Three significant digits at most, as small as they must be told apart from the other end of an interval. */
function signed(value: number, most = 2): string {
  const size = Math.abs(value);
  let decimals = 0;
  if (size < 9.995) {
    decimals = most;
  } else if (size < 99.95) {
    decimals = Math.min(1, most);
  }
  const text = size >= 999.5 ? formatCount(size) : size.toFixed(decimals);
  if (Number(text.replaceAll(',', '')) === 0) {
    return '0';
  }
  return `${value < 0 ? '-' : '+'}${text}`;
}

function scaleOf(largest: number, unit: Unit): { readonly scale: number; readonly name: string } {
  if (unit === 'tps' || unit === 'count') {
    return { scale: 1, name: '' };
  }
  const perMs = unit === 'ms' ? 1 : 1000;
  const millis = largest / perMs;
  if (millis >= 999.5) {
    return { scale: 1000 * perMs, name: 's' };
  }
  return millis >= 0.9995 ? { scale: perMs, name: 'ms' } : { scale: perMs / 1000, name: 'µs' };
}

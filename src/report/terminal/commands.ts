import type { CommandTotals, Result } from '../../result/result.js';
import { formatCount } from '../../units.js';
import { fitted, plain, type Style, table } from './text.js';

/** Each command of each script with its own mean, where the plan asked for that. */
export function commandLines({ totals }: Result, style: Style): string[] {
  const measured = totals.scripts.filter(({ commands }) => commands !== null && commands.length > 0);
  if (measured.length === 0) {
    return [];
  }
  const head = HEAD.map((name) => style.paint(name, 'dim'));
  const rows = measured.map(({ commands }) => (commands ?? []).map((command) => rowOf(command, style)));
  // One table for all, so that the columns of one script stand under those of the other.
  const aligned = table(fitted([head, ...rows.flat()], HEAD.length - 1, style), ALIGNS);
  const lines = [style.paint('Commands', 'bold'), aligned[0] ?? ''];
  let next = 1;
  for (const [index, { name }] of measured.entries()) {
    if (totals.scripts.length > 1) {
      lines.push(`  ${style.paint(plain(name), 'cyan')}`);
    }
    const end = next + (rows[index] ?? []).length;
    lines.push(...aligned.slice(next, end));
    next = end;
  }
  return lines;
}

const HEAD = ['mean ms', 'count', 'failed', 'command'];
const ALIGNS = ['right', 'right', 'right', 'left'] as const;

/** Three decimals, as pgbench has them: an expression takes some µs, a commit some ms. */
function rowOf({ meanUs, count, failures, text }: CommandTotals, style: Style): string[] {
  const mean = meanUs === null ? style.dash : (meanUs / 1000).toFixed(3);
  return [mean, formatCount(count), formatCount(failures), plain(text)];
}

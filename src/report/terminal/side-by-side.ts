import type { NamedResult } from '../../result/named.js';
import { type FigureRow, figureRows } from '../side-by-side.js';
import { cut, plain, type Style, table } from './text.js';
import { widthOf } from './width.js';

/** The figures of several results beside each other; as many tables below each other as their columns need. */
export function sideBySideLines(results: readonly NamedResult[], style: Style): string[] {
  const rows = figureRows(results);
  const names: FigureRow = { name: '', values: results.map(({ name }) => name) };
  const label = Math.max(...rows.map(({ name }) => widthOf(name)));
  const cells = [names, ...rows].map(({ name, values }) => [
    name,
    ...values.map((value) => cut(style.letters(plain(value ?? style.dash)), MOST, style)),
  ]);
  const lines: string[] = [style.paint('Side by side', 'bold')];
  for (const [index, columns] of fittingColumns(cells, style.columns - label - GAP).entries()) {
    const chosen = cells.map((row, at) => [
      row[0] ?? '',
      ...columns.map((column) => style.paint(row[column] ?? '', ...(at === 0 ? (['dim'] as const) : []))),
    ]);
    lines.push(...(index === 0 ? [] : ['']), ...table(chosen, ['left', ...columns.map(() => RIGHT)]));
  }
  return lines;
}

const RIGHT = 'right' as const;
const GAP = 2;
/** A longer name tells no more. */
const MOST = 32;

/** Indices of columns that stand in one table, at least one each. */
function fittingColumns(cells: readonly (readonly string[])[], room: number): number[][] {
  const groups: number[][] = [];
  let left = 0;
  for (let column = 1; column < (cells[0]?.length ?? 0); column++) {
    const width = GAP + Math.max(...cells.map((row) => widthOf(row[column] ?? '')));
    const group = groups.at(-1);
    if (group === undefined || width > left) {
      groups.push([column]);
      left = room - width;
    } else {
      group.push(column);
      left -= width;
    }
  }
  return groups;
}

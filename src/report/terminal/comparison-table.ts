import type { Comparison, ComparisonRow, Contrast, Figure } from '../../compare/comparison.js';
import { differenceText, figureText, intervalText, neededText, VERDICTS } from '../comparison-words.js';
import { fitted, plain, type Style, table, wrap } from './text.js';
import { widthOf } from './width.js';

/** One table of all rows, in groups; with several candidates, or where a line would be too long, a line for each run. */
export function tableLines(comparison: Comparison, style: Style): string[] {
  const wide = comparison.candidates.length === 1 ? wideTable(comparison, style) : null;
  const fits = wide?.lines.every((line) => widthOf(line) <= style.columns);
  const { lines, above } = wide !== null && fits ? wide : longTable(comparison, style);
  const [head = '', ...rest] = lines;
  const body = rest.flatMap((line, index) => [...(above[index] ?? []), line]);
  return [head, ...body, '', ...wrap(LEGEND, style.columns).map((line) => style.paint(line, 'dim'))];
}

const LEGEND =
  'Differences are candidate minus base, with 95 % intervals: over rounds the Hodges–Lehmann shift and a rank test, over steady seconds a ratio by block bootstrap.';

interface Table {
  /** The head first. */
  readonly lines: readonly string[];
  /** Of each line but the head: what stands above it. */
  readonly above: readonly (readonly string[])[];
}

/** A line for each row. */
function wideTable({ base, candidates, rows }: Comparison, style: Style): Table {
  const cells = rows.map(({ figures, contrasts, unit, title }) => {
    const [of, than] = figures;
    const values = [of, than].map((figure) => figureCell(figure, unit, style));
    return [title, ...values, ...contrastCells(contrasts[0], unit, style)];
  });
  const room = Math.max(MOST_HEAD, ...cells.flatMap((row) => row.slice(1, 3)).map(widthOf));
  const names = [base, ...candidates].map(({ name }) => plain(name));
  const heads = names.every((name) => widthOf(name) <= room) ? names : ['base', 'new'];
  const head = ['', ...heads, 'differs', 'interval', 'verdict'];
  return {
    lines: aligned([head, ...cells], ['left', 'right', 'right', 'right', 'left', 'left'], style),
    above: groupsOf(rows, style),
  };
}

/** Longer names would push the verdict out of the line; they stand above the table. */
const MOST_HEAD = 7;

/** The title of each row, and below it a line for each run. */
function longTable({ base, candidates, rows }: Comparison, style: Style): Table {
  const names = [base, ...candidates].map(({ name }) => plain(name));
  const groups = groupsOf(rows, style);
  const cells: string[][] = [];
  const above: (readonly string[])[] = [];
  for (const [at, { figures, contrasts, unit, title }] of rows.entries()) {
    for (const [index, figure] of figures.entries()) {
      const contrast = index === 0 ? ['', '', ''] : contrastCells(contrasts[index - 1], unit, style);
      cells.push([names[index] ?? '', figureCell(figure, unit, style), ...contrast]);
      above.push(index === 0 ? [...(groups[at] ?? []), title] : []);
    }
  }
  const head = HEAD.map((cell) => style.paint(cell, 'dim'));
  const fitting = fitted([head, ...cells], 0, style);
  return { lines: table(fitting, ['left', 'right', 'right', 'left', 'left']), above };
}

const HEAD = ['', '', 'differs', 'interval', 'verdict'];

function groupsOf(rows: readonly ComparisonRow[], style: Style): readonly (readonly string[])[] {
  const isSame = (a: ComparisonRow, b: ComparisonRow | undefined) =>
    a.over === b?.over && a.fault === b.fault;
  return rows.map((row, index) =>
    isSame(row, rows[index - 1]) ? [] : ['', style.paint(groupOf(row), 'bold')],
  );
}

/** With the counts of its first row. */
function groupOf({ over, fault, figures }: ComparisonRow): string {
  const counts = figures.map(({ of }) => String(of?.count ?? '?'));
  const all = counts.length < 2 ? counts.join('') : `${counts.slice(0, -1).join(', ')} and ${counts.at(-1)}`;
  switch (over) {
    case 'rounds': {
      const kind = plain(fault ?? '');
      return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}: medians over ${all} rounds`;
    }
    case 'run':
      return 'Whole run';
    case 'steady':
      return `Steady load: ${all} s`;
  }
}

function figureCell(figure: Figure | undefined, unit: ComparisonRow['unit'], style: Style): string {
  const value = figure?.value ?? null;
  return value === null ? '?' : style.letters(figureText(value, unit));
}

/** Difference, interval, verdict. */
function contrastCells(
  contrast: Contrast | undefined,
  unit: ComparisonRow['unit'],
  style: Style,
): readonly [string, string, string] {
  if (contrast === undefined) {
    return ['', '', ''];
  }
  const { difference, verdict } = contrast;
  const interval = difference === null ? null : intervalText(difference, unit);
  return [
    difference === null ? style.dash : style.letters(differenceText(difference, unit)),
    style.letters(neededText(contrast) ?? interval ?? ''),
    style.paint(VERDICTS[verdict], ...INKS[verdict]),
  ];
}

const INKS = {
  better: ['green', 'bold'],
  worse: ['red', 'bold'],
  no_difference: ['dim'],
  too_few: ['yellow'],
  no_verdict: [],
  not_measured: ['yellow'],
} as const;

/** Without the margin that tables have elsewhere: this one needs the whole line. */
function aligned(
  rows: readonly (readonly string[])[],
  aligns: readonly ('left' | 'right')[],
  style: Style,
): string[] {
  const [head = [], ...rest] = rows;
  const dim = head.map((cell) => style.paint(cell, 'dim'));
  return table([dim, ...rest], aligns).map((line) => line.slice(MARGIN));
}

const MARGIN = 2;

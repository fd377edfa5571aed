import { formatCount, formatMillis, formatRate } from '../units.js';
import type { Headline, HeadlineDowntime } from './headline.js';
import { inAscii } from './terminal/ascii.js';
import { cut, labelled, plain, type Style, styleOf, type TerminalOptions, table } from './terminal/text.js';
import { widthOf } from './terminal/width.js';

/** A folder that is listed: a result, or what looks like one and why it cannot be read. */
export type Listed =
  | { readonly directory: string; readonly headline: Headline }
  | { readonly directory: string; readonly damaged: string };

/** A line for each result with its folder under it, in the given order, at most `columns` wide. */
export function renderListing(list: readonly Listed[], options: TerminalOptions): string {
  const style = styleOf(options);
  const whole = list.flatMap((each) => ('headline' in each ? [each.headline] : []));
  const rows = whole.length === 0 ? [] : rowsOf(whole, style);
  const lines = rows.slice(0, 1);
  let row = 0;
  for (const each of list) {
    if ('headline' in each) {
      row++;
      lines.push(rows[row] ?? '', ...placeLines(each.directory, each.headline, style));
    } else {
      const damaged = plain(`${each.directory} is damaged: ${each.damaged}`);
      lines.push(...labelled('  ', damaged, 2, style).map((line) => style.paint(line, 'yellow')));
    }
  }
  const text = `${lines.join('\n')}\n`;
  return style.unicode ? text : inAscii(text);
}

/** Where it lies, as it is named to other commands, and its tags. */
function placeLines(directory: string, { tags }: Headline, style: Style): string[] {
  const words = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  return labelled('    ', plain([directory, ...words].join('  ')), 4, style).map((line) =>
    style.paint(line, 'dim'),
  );
}

interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** A name, which is cut where the line is too long. */
  readonly isName?: true;
  readonly cell: (headline: Headline, style: Style) => string;
}

/** `11-28 18:41`; the day alone where they are not of one year: the names of the folders tell more. */
function timeColumn(list: readonly Headline[]): Column {
  const isOneYear = new Set(list.map(({ startedAt }) => startedAt.slice(0, 4))).size === 1;
  const at = ({ startedAt }: Headline) =>
    isOneYear ? startedAt.slice(5, 16).replace('T', ' ') : startedAt.slice(0, 10);
  return { head: 'time (UTC)', align: 'left', cell: at };
}

const LABEL: Column = {
  head: 'label',
  align: 'left',
  isName: true,
  cell: ({ label }, { dash }) => plain(label ?? '') || dash,
};

const GATE: Column = {
  head: 'gate',
  align: 'left',
  cell: ({ gates }, { dash, paint }) => {
    if (gates === null) {
      return dash;
    }
    return gates.failed > 0 ? paint('FAIL', 'red', 'bold') : 'ok';
  },
};

const FIGURES: readonly Column[] = [
  { head: 'workload', align: 'left', isName: true, cell: ({ workload }) => plain(workload) },
  { head: 'fault', align: 'left', isName: true, cell: ({ fault }) => plain(fault ?? '') || 'none' },
  { head: 'tps', align: 'right', cell: rateCell },
  { head: 'p99', align: 'right', cell: ({ p99Us }, { micros }) => micros(p99Us) },
  {
    head: 'downtime',
    align: 'right',
    cell: ({ writeDowntime }, style) => downtimeCell(writeDowntime, style),
  },
  { head: 'lost', align: 'right', cell: lostCell },
];

/** Label and gate only where there is one. */
function columnsFor(list: readonly Headline[]): readonly Column[] {
  return [
    timeColumn(list),
    ...(list.some(({ label }) => label !== null) ? [LABEL] : []),
    ...FIGURES,
    ...(list.some(({ gates }) => gates !== null) ? [GATE] : []),
  ];
}

const GAP = 2;

/** The longest names give way first, until the lines fit. */
function rowsOf(list: readonly Headline[], style: Style): string[] {
  const columns = columnsFor(list);
  const cells = [
    columns.map(({ head }) => head),
    ...list.map((headline) => columns.map(({ cell }) => cell(headline, style))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))));
  const names = columns.flatMap(({ isName }, at) => (isName ? [at] : []));
  let excess = widths.reduce((sum, width) => sum + width + GAP, 0) - style.columns;
  for (; excess > 0; excess--) {
    const longest = names.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0] ?? 0;
    widths[longest] = Math.max(1, (widths[longest] ?? 0) - 1);
  }
  const short = cells.map((row, index) =>
    row.map((cell, at) => {
      const text = names.includes(at) ? cut(cell, widths[at] ?? 0, style) : cell;
      return index === 0 ? style.paint(text, 'dim') : text;
    }),
  );
  return table(
    short,
    columns.map(({ align }) => align),
  );
}

/** One that did not come to its end has no figure of a whole run. */
function rateCell({ status, tps }: Headline, { paint }: Style): string {
  switch (status) {
    case 'completed':
      return formatRate(tps);
    case 'broken':
      return paint('broken', 'red');
    case 'interrupted':
      return paint('stopped', 'yellow');
  }
}

function lostCell({ lost }: Headline, { paint }: Style): string {
  if (lost === null) {
    return '?';
  }
  return lost > 0 ? paint(formatCount(lost), 'red', 'bold') : '0';
}

function downtimeCell(downtime: HeadlineDowntime, style: Style): string {
  if (downtime.kind !== 'away') {
    return downtime.kind === 'not_measured' ? '?' : style.dash;
  }
  return `${downtime.over ? '' : '> '}${style.letters(formatMillis(downtime.ms))}`;
}

import { stripVTControlCharacters, styleText } from 'node:util';
import { formatCount, formatMicros } from '../../units.js';
import { headOf, padEnd, padStart, widthOf } from './width.js';

/** How the terminal is to be written to. */
export interface TerminalOptions {
  readonly columns: number;
  /** Whether colours may be used; the caller knows about NO_COLOR and whether it is a terminal at all. */
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/** As a terminal is that nothing is known of. */
export const FILE: TerminalOptions = { columns: 80, color: false, unicode: true };

type Ink = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

/** Characters and colours that the options allow. */
export interface Style {
  readonly columns: number;
  readonly unicode: boolean;
  paint(text: string, ...inks: readonly Ink[]): string;
  /** Between parts of a line. */
  readonly dot: string;
  readonly rule: string;
  readonly dash: string;
  readonly arrow: string;
  readonly atMost: string;
  /** A text with figures, in the letters that the terminal has. */
  letters(text: string): string;
  /** Latency from µs; a dash where there is none. */
  micros(value: number | null | undefined): string;
  /** A measured time from ms. */
  millis(value: number): string;
}

export function styleOf({ columns, color, unicode }: TerminalOptions): Style {
  const dash = unicode ? '–' : '-';
  // µ is the only letter of a figure that is not ASCII.
  const letters = (text: string) => (unicode ? text : text.replace('µ', 'u'));
  return {
    columns,
    unicode,
    // The caller has decided: styleText would look at this process's own stdout again.
    paint: (text, ...inks) =>
      color && text !== '' ? styleText([...inks], text, { validateStream: false }) : text,
    dot: unicode ? ' · ' : ', ',
    rule: unicode ? '─' : '-',
    dash,
    arrow: unicode ? '→' : '->',
    atMost: unicode ? '≤' : '<=',
    letters,
    micros: (value) => (value === null || value === undefined ? dash : letters(formatMicros(value))),
    millis: (value) => letters(formatMicros(value * 1000)),
  };
}

/** What came from outside, a server's message or a name, without the power to move the cursor. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** The same of several lines, which stay lines with their indents: the end of a log, a stack. */
export function plainLines(text: string): string {
  return text
    .split('\n')
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${plain(line)}`)
    .join('\n');
}

/** Breaks at spaces; a word that is longer than the line is broken anywhere, for some scripts have no spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => piecesOf(each, width))) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/** One with colours stays whole: a cut would lie in the middle of one. */
function piecesOf(word: string, width: number): string[] {
  if (widthOf(word) <= width || stripVTControlCharacters(word) !== word) {
    return [word];
  }
  const pieces: string[] = [];
  for (let rest = word; rest !== ''; rest = rest.slice(pieces.at(-1)?.length)) {
    pieces.push(headOf(rest, Math.max(width, 2)) || rest);
  }
  return pieces;
}

/** A paragraph behind a label that is padded to `width` columns; further lines stand under the first. */
export function labelled(label: string, text: string, width: number, style: Style): string[] {
  return wrap(text, style.columns - width).map((line, index) => {
    const margin = index === 0 ? padEnd(label, width) : ' '.repeat(width);
    return `${margin}${line}`.trimEnd();
  });
}

/** Columns of the labels of a section. */
const LABEL = 18;

/** A line of a section behind its label; without one, it goes on with the line above. */
export function entry(label: string, text: string, style: Style): string[] {
  return labelled(`  ${style.paint(label.padEnd(LABEL - 2), 'dim')}`, text, LABEL, style);
}

/** Joins parts with dots to lines that fit, breaking between parts only. */
export function flow(parts: readonly string[], width: number, style: Style): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + widthOf(style.dot) + widthOf(part) <= width) {
      lines[lines.length - 1] = `${last}${style.dot}${part}`;
    } else {
      lines.push(part);
    }
  }
  return lines;
}

/** @param text without colours */
export function cut(text: string, width: number, style: Pick<Style, 'unicode'>): string {
  if (widthOf(text) <= width) {
    return text;
  }
  const ellipsis = style.unicode ? '…' : '~';
  return `${headOf(text, width - 1)}${ellipsis}`;
}

/** `1 client`, `64 clients`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** An instant on the axis of the run: `20.312 s`, the same number of digits for all so that they can be compared. */
export function instant(atMs: number): string {
  return `${(atMs / 1000).toFixed(3)} s`;
}

/** An instant after another one, or before it: `+1.931 s`. */
export function since(atMs: number, fromMs: number): string {
  return `${atMs < fromMs ? '-' : '+'}${instant(Math.abs(atMs - fromMs))}`;
}

/** The rows of a table with one column cut to what the others leave of the line. */
export function fitted(rows: readonly (readonly string[])[], column: number, style: Style): string[][] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => widthOf(row[index] ?? ''))));
  const others = widths.reduce((sum, width, index) => sum + GAP + (index === column ? 0 : width), 0);
  const room = Math.max(LEAST_ROOM, style.columns - others);
  // Cells with colours are heads, which are short.
  return rows.map((row) =>
    row.map((cell, index) => (index === column && widthOf(cell) > room ? cut(cell, room, style) : cell)),
  );
}

/** In front of each column. */
const GAP = 2;
/** A column that is narrower tells nothing. */
const LEAST_ROOM = 8;

/** Aligned columns without borders, two spaces in front and between. */
export function table(rows: readonly (readonly string[])[], aligns: readonly ('left' | 'right')[]): string[] {
  const widths = aligns.map((_, index) => Math.max(0, ...rows.map((row) => widthOf(row[index] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const pad = aligns[index] === 'right' ? padStart : padEnd;
        return ' '.repeat(GAP) + pad(cell, widths[index] ?? 0);
      })
      .join('')
      .trimEnd(),
  );
}

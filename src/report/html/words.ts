import { type Style, styleOf } from '../terminal/text.js';
import { type Child, fragment, h, type Markup } from './element.js';

/*
 * The sections of the terminal's report are labels and sentences; here they are told in the same words. What the
 * terminal paints is marked by characters that no text of a result can hold, since `plain` takes private ones out.
 */

const OPEN = '\uE000';
const CLOSE = '\uE001';
const COLUMNS_WITHOUT_END = Number.MAX_SAFE_INTEGER;

/** How the terminal's sections are written for a page: without an end of the line, inks as marks. */
export const PAGE_STYLE: Style = {
  ...styleOf({ columns: COLUMNS_WITHOUT_END, color: false, unicode: true }),
  paint: (text, ...inks) => (text === '' ? text : `${OPEN}${inks.join(' ')}${OPEN}${text}${CLOSE}`),
};

/** The same without any mark, for texts that are no markup. */
export const BARE_STYLE: Style = styleOf({ columns: COLUMNS_WITHOUT_END, color: false, unicode: true });

/** What stands behind one label of a section: one or more sentences. */
export interface Entry {
  readonly label: string;
  readonly texts: readonly string[];
}

/** Label and texts of the lines that `entry` of the terminal made with {@link PAGE_STYLE}; others are left out. */
export function entriesOf(lines: readonly string[]): Entry[] {
  const entries: { label: string; texts: string[] }[] = [];
  for (const line of lines) {
    const [, name, text] = ENTRY.exec(line) ?? [];
    if (name === undefined || text === undefined) {
      continue;
    }
    const label = name.trim();
    const last = entries.at(-1);
    if (label === '' && last !== undefined) {
      last.texts.push(text.trim());
    } else {
      entries.push({ label, texts: [text.trim()] });
    }
  }
  return entries;
}

const ENTRY = new RegExp(`^ {2}${OPEN}dim${OPEN}([^${OPEN}${CLOSE}]*)${CLOSE}(.*)$`, 's');

/** A list of labels and what stands behind them; nothing for none. */
export function definitions(entries: readonly Entry[], className = 'facts'): Markup {
  if (entries.length === 0) {
    return fragment();
  }
  return h(
    'dl',
    { class: className },
    entries.map(({ label, texts }) => [
      h('dt', {}, sentenceCase(label)),
      h(
        'dd',
        {},
        texts.map((text) => h('span', { class: 'line' }, ...inked(text))),
      ),
    ]),
  );
}

/** A text with marks as spans: inks that say good or bad keep their meaning, others are dropped. */
export function inked(text: string): Child[] {
  const children: Child[] = [];
  let rest = text;
  for (let found = MARKED.exec(rest); found !== null; found = MARKED.exec(rest)) {
    const [whole, inks = '', inner = ''] = found;
    children.push(unmarked(rest.slice(0, found.index)), h('span', { class: classOf(inks) }, inner));
    rest = rest.slice(found.index + whole.length);
  }
  children.push(unmarked(rest));
  return children;
}

function unmarked(text: string): string {
  return text.replaceAll(LEFT_MARKS, '');
}

const MARKED = new RegExp(`${OPEN}([^${OPEN}]*)${OPEN}([^${OPEN}${CLOSE}]*)${CLOSE}`);
const LEFT_MARKS = new RegExp(`[${OPEN}${CLOSE}]`, 'g');

const CLASSES: Readonly<Record<string, string>> = {
  red: 'bad',
  green: 'good',
  yellow: 'doubt',
  magenta: 'doubt',
  dim: 'dim',
  bold: 'strong',
};

function classOf(inks: string): string | null {
  const classes = inks.split(' ').flatMap((ink) => CLASSES[ink] ?? []);
  return classes.length === 0 ? null : classes.join(' ');
}

export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One row of a table of figures. */
export interface TableShape {
  readonly caption: Child;
  readonly head: readonly string[];
  /** For each column; a figure stands at the right. */
  readonly kinds: readonly ('text' | 'figure')[];
  readonly rows: readonly (readonly Child[])[];
  readonly className?: string;
}

/** A table whose first column names its rows, in a frame that scrolls sideways on a narrow screen. */
export function table({ caption, head, kinds, rows, className }: TableShape): Markup {
  const kind = (index: number) => (kinds[index] === 'figure' ? 'figure' : null);
  return h(
    'div',
    { class: 'table-frame' },
    h(
      'table',
      { class: className },
      h('caption', {}, h('span', { class: 'caption' }, caption)),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((name, index) => h('th', { scope: 'col', class: kind(index) }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell, index) =>
              index === 0
                ? h('th', { scope: 'row', class: kind(0) }, cell)
                : h('td', { class: kind(index) }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

import { plain } from '../terminal/text.js';

/*
 * Texts from the target and the user in Markdown that GitHub, GitLab or a wiki renders: they may make no markup, break no
 * table, call nobody by @name, and link to nothing.
 */

/** A name or a value as code, in which nothing is markup; a dash for nothing. */
export function code(text: string): string {
  const line = plain(text);
  if (line === '') {
    return '–';
  }
  const runs = [...line.matchAll(/`+/g)].map(([run]) => run.length);
  const fence = '`'.repeat(1 + Math.max(0, ...runs));
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** A sentence as running text. */
export function prose(text: string): string {
  return plain(text)
    .replaceAll(MARKUP, '\\$&')
    .replaceAll(LIST, '\\$&')
    .replaceAll(NUMBERED, '$1\\$2')
    .replaceAll(REFERENCE, `$&${NOTHING}`)
    .replaceAll(LINK, (link) => `${link[0]}${NOTHING}${link.slice(1)}`);
}

const MARKUP = /[\\`*_~[\]<>&$^{}]/g;
/** At the beginning of a line only. */
const LIST = /^[#+\-=:]/g;
const NUMBERED = /^(\d+)([.)])(?=\s|$)/g;
/** Of a person, an issue, a change: what stands behind them is taken for a name. */
const REFERENCE = /[@#!%](?=\w)/g;
const LINK = /\b(?:www\.|\w+:\/\/|mailto:)/gi;
/** A space of no width: a backslash does not help against what is looked for in the rendered text. */
const NOTHING = '\u200b';

/** @param rows of cells that are Markdown already, but for the bars in them; the first row is the head */
export function markdownTable(
  rows: readonly (readonly string[])[],
  aligns: readonly ('left' | 'right')[],
): string[] {
  const [head = '', ...body] = rows.map((row) => `| ${row.map(cell).join(' | ')} |`);
  const rule = `| ${aligns.map((align) => (align === 'right' ? '--:' : ':--')).join(' | ')} |`;
  return [head, rule, ...body];
}

/** Renderers disagree on a backslash in front of an escaped bar. */
function cell(text: string): string {
  return text.replaceAll('\\|', '\\ |').replaceAll('|', '\\|');
}

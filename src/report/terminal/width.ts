import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

/**
 * Columns that a text takes on a terminal, colours not counted: two for East Asian wide characters and emoji, none for
 * what combines with the character before. Characters of ambiguous width count as one, as terminals show them unless
 * told otherwise.
 */
export function widthOf(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (isAscii(bare)) {
    return bare.length;
  }
  let width = 0;
  for (const { segment } of SEGMENTER.segment(bare)) {
    width += clusterWidth(segment);
  }
  return width;
}

/** What a reader takes for its characters: a letter with its accents, an emoji of several code points. */
export function clustersOf(text: string): string[] {
  return isAscii(text) ? [...text] : Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** As much of the beginning as takes at most so many columns. @param text without colours */
export function headOf(text: string, width: number): string {
  let head = '';
  let taken = 0;
  for (const cluster of clustersOf(text)) {
    taken += widthOf(cluster);
    if (taken > width) {
      break;
    }
    head += cluster;
  }
  return head;
}

/** The same of a text that may have colours; they end with it. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) {
    return text;
  }
  let clipped = '';
  let left = width;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  for (const piece of text.split(/(\u001b\[[\d;]*m)/)) {
    const isColor = piece.startsWith('\u001b');
    const shown = isColor ? piece : headOf(piece, left);
    clipped += shown;
    left -= isColor ? 0 : widthOf(shown);
    if (shown !== piece) {
      break;
    }
  }
  return clipped.includes('\u001b') ? `${clipped}\u001b[0m` : clipped;
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

// The same in every locale: the boundaries of characters do not depend on it.
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The first one decides the width; what has none of its own is left out. */
const SHOWN =
  /[^\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Surrogate}]/u;
const SPACING_MARKS = /\p{Spacing_Mark}|[\uff9e\uff9f]/gu;
// biome-ignore lint/complexity/useRegexLiterals: the compiler's target does not know this flag yet, which Node does
const EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');

function clusterWidth(cluster: string): number {
  const at = cluster.search(SHOWN);
  if (at < 0) {
    return 0;
  }
  if (EMOJI.test(cluster)) {
    return 2;
  }
  const own = eastAsianWidth(cluster.codePointAt(at) ?? 0);
  return own + (cluster.slice(at + 1).match(SPACING_MARKS)?.length ?? 0);
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

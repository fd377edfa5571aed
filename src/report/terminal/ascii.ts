import { clustersOf, widthOf } from './width.js';

/**
 * A text for a terminal that shows nothing but ASCII: every character by as many columns as it took, so that what was
 * aligned stays aligned.
 */
export function inAscii(text: string): string {
  return text.replaceAll(BEYOND, (run) => clustersOf(run).map(lookalike).join(''));
}

/** With the letter in front, which an accent may belong to. */
const BEYOND = /[ -~]?[^\p{ASCII}]+/gu;

/** Signs of sentences that the analysis and the observers wrote, by one letter each. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '–': '-',
  '−': '-',
  '…': '~',
  '→': '>',
  '≤': '<',
  '≥': '>',
  '±': '~',
  '×': 'x',
  '·': ',',
  µ: 'u',
};

function lookalike(cluster: string): string {
  const width = widthOf(cluster);
  // `é` without its accent; one that is no letter then is not known.
  const letter = LOOKALIKES[cluster] ?? cluster.normalize('NFD').replaceAll(/\p{M}/gu, '');
  return /^[ -~]+$/.test(letter) && letter.length === width ? letter : '?'.repeat(width);
}

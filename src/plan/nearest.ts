/**
 * The word that was most likely meant, undefined when none is near: for messages about a typo. Half of a word may be
 * another one, for of two short words anything is near; numbers are not typed wrongly but are wrong.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (!/[a-z]/i.test(word)) {
    return undefined;
  }
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = candidate.startsWith(word) && word.length > 2 ? 1 : editDistance(word, candidate);
    const letters = Math.min(lengthOf(word), lengthOf(candidate));
    if (distance < bestDistance && 2 * distance <= letters) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean 'x'?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` Did you mean '${meant}'?`;
}

/** Without the dashes in front of an option. */
function lengthOf(word: string): number {
  return word.replace(/^-+/, '').length;
}

/** Insertions, deletions and replacements from one word to the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

import type { Finding } from '../finding.js';

/** Joins what is wrong in the same words in several files, with all of their places. */
export function joinAlike(findings: readonly Finding[]): readonly Finding[] {
  const joined = new Map<string, Finding>();
  for (const finding of findings) {
    const { subject, ...words } = finding;
    const key = JSON.stringify(words);
    const before = joined.get(key);
    const subjects = [before?.subject ?? [], subject ?? []].flat();
    joined.set(key, { ...finding, subject: subjects.length === 0 ? null : subjects.join(', ') });
  }
  return [...joined.values()];
}

import type { Result } from '../../result/result.js';
import { type VerdictPart, verdictOf } from '../verdict.js';
import { flow, type Style } from './text.js';

/** What came of it in a line, for who reads nothing else; nothing when no fault was done and nothing limited it. */
export function verdictLines(result: Result, style: Style): string[] {
  const parts = verdictOf(result).map((part) => painted(part, style));
  return parts.length === 0 ? [] : flow(parts, style.columns, style);
}

const INKS = { good: 'green', bad: 'red', doubt: 'yellow' } as const;

function painted({ text, detail, tone, strong }: VerdictPart, style: Style): string {
  const letters = style.letters(text);
  if (tone === null) {
    return letters + style.letters(detail);
  }
  const lead = strong ? style.paint(letters, INKS[tone], 'bold') : style.paint(letters, INKS[tone]);
  return lead + style.letters(detail);
}

import type { UserError } from '../errors.js';
import { complaint, onOneLine } from './complaint.js';

/** Letters of what is left that a message quotes. */
const QUOTED = 30;

/** In quotes, cut where it is long; `nothing` for an empty one. */
export function quoted(word: string): string {
  if (word === '') {
    return 'nothing';
  }
  const signs = onOneLine(word);
  return `'${signs.length > QUOTED ? `${signs.slice(0, QUOTED).join('')}…` : signs.join('')}'`;
}

/** A text that is read from left to right, and knows where it stands when something is wrong. */
export class Scanner {
  private position = 0;

  constructor(readonly text: string) {}

  get at(): number {
    return this.position;
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** What comes next, for a message: a word, cut where it is long; `nothing` at the end. */
  get next(): string {
    return quoted(/^\S*/.exec(this.text.slice(this.position))?.[0] ?? '');
  }

  skipSpace(): void {
    this.take(/\s*/);
  }

  /** Takes what the pattern matches here, and nothing where it does not. */
  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'yu');
    sticky.lastIndex = this.position;
    const match = sticky.exec(this.text);
    if (match === null) {
      return undefined;
    }
    this.position += match[0].length;
    return match[0];
  }

  /** @param at where the caret stands; here without it */
  complain(problem: string, at = this.position): UserError {
    return complaint(this.text, at, problem);
  }
}

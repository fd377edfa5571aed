import { UserError } from '../errors.js';

/** Columns of the excerpt that a complaint shows. */
const EXCERPT = 76;

/**
 * What is wrong with an expression, with a caret under the place.
 * @param at index in the expression
 */
export function complaint(expression: string, at: number, problem: string): UserError {
  // One sign for each code point, so that the caret stands where it should whatever was typed.
  const signs = [...expression].map((sign) => (/[\p{C}\p{Zl}\p{Zp}\s]/u.test(sign) ? ' ' : sign));
  const column = [...expression.slice(0, at)].length;
  const from = column < EXCERPT ? 0 : column - EXCERPT / 2;
  const excerpt = signs
    .slice(from, from + EXCERPT)
    .join('')
    .trimEnd();
  return new UserError(`${problem}\n  ${excerpt}\n  ${' '.repeat(column - from)}^`);
}

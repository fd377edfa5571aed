import { UserError } from '../errors.js';

/** Columns of the excerpt that a complaint shows. */
const EXCERPT = 76;

/**
 * What is wrong with an expression, with a caret under the place; of an empty one, just what is wrong.
 * @param at index in the expression
 */
export function complaint(expression: string, at: number, problem: string): UserError {
  const signs = onOneLine(expression);
  if (signs.every((sign) => sign === ' ')) {
    return new UserError(problem);
  }
  const column = [...expression.slice(0, at)].length;
  const from = column < EXCERPT ? 0 : column - EXCERPT / 2;
  const excerpt = signs
    .slice(from, from + EXCERPT)
    .join('')
    .trimEnd();
  return new UserError(`${problem}\n  ${excerpt}\n  ${' '.repeat(column - from)}^`);
}

/** Its code points, without the power to break a line: a caret under it stands where it should, whatever was typed. */
export function onOneLine(text: string): string[] {
  return [...text].map((sign) => (/[\p{C}\p{Zl}\p{Zp}\s]/u.test(sign) ? ' ' : sign));
}

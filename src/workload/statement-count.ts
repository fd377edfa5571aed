import type { Program } from './program.js';

/** How many statements a transaction of a script sends one after the other; `missing` where that depends, a part of a sentence. */
export type StatementCount = { readonly count: number } | { readonly missing: string };

/** What a transaction of the program sends, as far as it is the same in each. */
export function statementCount({ steps }: Pick<Program, 'steps'>): StatementCount {
  let count = 0;
  for (const step of steps) {
    switch (step.op) {
      case 'sql':
      case 'sql_of':
      case 'store':
        count++;
        break;
      case 'function':
        return { missing: 'is a function' };
      case 'branch':
      case 'jump':
        return { missing: 'has branches' };
      case 'pipeline':
        return { missing: 'sends its statements together' };
      case 'shell':
        return { missing: 'runs commands' };
      case 'compute':
      case 'sleep':
        break;
    }
  }
  return count === 0 ? { missing: 'sends nothing' } : { count };
}

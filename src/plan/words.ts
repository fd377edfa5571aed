import { UserError } from '../errors.js';
import { didYouMean } from './nearest.js';

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

/**
 * What is on or off, in the words of pgbench's and of sysbench's users.
 * @param flag whose value it is, `--skip-trx`
 * @throws UserError
 */
export function parseSwitch(text: string, flag: string): boolean {
  const value = WORDS.get(text.toLowerCase());
  if (value === undefined) {
    throw new UserError(`${flag}: expected on or off, found '${text}'.`);
  }
  return value;
}

/** One of a few words. @throws UserError that lists them */
export function choice<Word extends string>(text: string, flag: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) {
    const listed = words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
    throw new UserError(`${flag}: expected ${listed}, found '${text}'.${didYouMean(text, words)}`);
  }
  return word;
}

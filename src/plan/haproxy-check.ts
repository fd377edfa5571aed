import { UserError } from '../errors.js';
import { didYouMean } from './nearest.js';

const WORDS = ['inter', 'fastinter', 'downinter', 'rise', 'fall', 'timeout_check'] as const;
type Word = (typeof WORDS)[number];

const EXAMPLE = "'inter 3s fall 3 rise 2'";

/**
 * How HAProxy checks its servers, which it tells nobody: in the words of its own configuration, so that the line can be
 * taken from there.
 * @param text `inter 3s fastinter 1s downinter 1s fall 3 rise 2 timeout check 5s`, any of them; also `inter=3s,fall=3`
 * @param flag what gave it, for messages
 * @returns settings by the names that a result gives them, `haproxy.inter`
 * @throws UserError
 */
export function parseHaproxyCheck(
  text: string,
  flag = '--haproxy-check',
): Readonly<Record<string, string | number>> {
  const words = text
    .replace(/\btimeout\s+check\b/g, 'timeout_check') // The one that has two words, of a line of its own.
    .split(/[\s,=]+/)
    .filter((word) => word !== '');
  const settings: Record<string, string | number> = {};
  for (let i = 0; i < words.length; i += 2) {
    const name = wordOf(words[i] ?? '', flag);
    settings[`haproxy.${name}`] = settingOf(name, words[i + 1] ?? '', flag);
  }
  if (words.length === 0) {
    throw new UserError(`${flag}: expected words of HAProxy's server line, ${EXAMPLE}, found none.`);
  }
  return settings;
}

function wordOf(text: string, flag: string): Word {
  const word = WORDS.find((candidate) => candidate === text);
  if (word === undefined) {
    throw new UserError(
      `${flag}: expected ${WORDS.join(', ').replace('_', ' ')}, each with its value, ${EXAMPLE}, found '${text}'.${didYouMean(text, WORDS)}`,
    );
  }
  return word;
}

function settingOf(name: Word, text: string, flag: string): string | number {
  if (name === 'rise' || name === 'fall') {
    if (!/^[1-9]\d{0,3}$/.test(text)) {
      throw new UserError(`${flag}: expected a number of checks behind ${name}, found '${text}'.`);
    }
    return Number(text);
  }
  if (!/^[1-9]\d*(us|ms|s|m|h|d)?$/.test(text)) {
    throw new UserError(`${flag}: expected a time behind ${name}, such as 500ms or 3s, found '${text}'.`);
  }
  return text;
}

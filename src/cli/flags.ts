import type { Options } from 'yargs';
import type { Flags } from '../api/flags.js';
import type { WorkloadOption } from '../api/workloads.js';
import { UserError } from '../errors.js';

/** What yargs needs to parse and explain them. */
export function yargsOptions(flags: Flags): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { group, describe, alias, hidden = false }]) => [
      name,
      { group, describe, hidden, ...(alias === undefined ? {} : { alias }) },
    ]),
  );
}

/**
 * Brings what users of pgbench and sysbench type into the one form that yargs cannot take for anything else,
 * `--name=value`: letters that stand together (`-rl`, `-c8`), a value behind its option (`-f -`), switches, and other
 * words for an option. Words that no flag explains stay as they are.
 * @throws UserError for an unknown letter behind known ones
 * @param own options of workloads, which are the command's as well
 */
export function spellOut(
  words: readonly string[],
  flags: Flags,
  own: readonly WorkloadOption[] = [],
): readonly string[] {
  const known = new Spellings(flags, own);
  const spelled: string[] = [];
  let next = 0;
  const take = (): string | undefined => words[next++];
  for (let word = take(); word !== undefined; word = take()) {
    const following = words[next];
    const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
    const parts =
      long === null ? known.letters(word, following) : known.long(long[1] ?? '', long[2], following);
    if (parts === undefined) {
      spelled.push(word);
      continue;
    }
    spelled.push(...parts.words);
    next += parts.tookNext ? 1 : 0;
  }
  return spelled;
}

interface Spelled {
  readonly words: readonly string[];
  /** Whether the word behind is its value. */
  readonly tookNext: boolean;
}

interface Meaning {
  readonly name: string;
  readonly isSwitch: boolean;
}

/** What each name and letter means. */
class Spellings {
  private readonly names = new Map<string, Meaning>();
  private readonly byLetter = new Map<string, Meaning>();

  constructor(flags: Flags, own: readonly WorkloadOption[]) {
    // The command's flags last: where a workload has the same word for something, the command's meaning holds.
    for (const { name, alias, type } of own) {
      this.learn({ name, isSwitch: type === 'boolean' }, [name], alias);
    }
    for (const [name, { alias, also = [], isSwitch = false }] of Object.entries(flags)) {
      this.learn({ name, isSwitch }, [name, ...also], alias);
    }
  }

  private learn(meaning: Meaning, names: readonly string[], letter: string | undefined): void {
    for (const name of names) {
      this.names.set(name.replaceAll('_', '-'), meaning);
    }
    if (letter !== undefined) {
      this.byLetter.set(letter, meaning);
    }
  }

  long(name: string, value: string | undefined, following: string | undefined): Spelled | undefined {
    const meaning = this.names.get(name.replaceAll('_', '-'));
    if (meaning === undefined) {
      return undefined;
    }
    if (value !== undefined) {
      return { words: [`--${meaning.name}=${value}`], tookNext: false };
    }
    const tookNext = meaning.isSwitch ? isSwitchWord(following) : isValue(following);
    const otherwise = meaning.isSwitch ? 'true' : '';
    return { words: [`--${meaning.name}=${tookNext ? following : otherwise}`], tookNext };
  }

  /** `-rl`, `-c8`, `-c 8`: a letter that takes a value has the rest of the word, or the next one. */
  letters(word: string, following: string | undefined): Spelled | undefined {
    if (!/^-[A-Za-z]/.test(word)) {
      return undefined;
    }
    const words: string[] = [];
    for (let at = 1; at < word.length; at++) {
      const meaning = this.byLetter.get(word[at] ?? '');
      if (meaning === undefined) {
        if (at > 1) {
          throw new UserError(`There is no option -${word[at]} in '${word}'.`);
        }
        // As a whole: what its letters mean is not known.
        return undefined;
      }
      if (meaning.isSwitch) {
        words.push(`--${meaning.name}=true`);
        continue;
      }
      const rest = word.slice(at + 1).replace(/^=/, '');
      const tookNext = rest === '' && isValue(following);
      words.push(`--${meaning.name}=${tookNext ? following : rest}`);
      return { words, tookNext };
    }
    return { words, tookNext: false };
  }
}

/** A word that begins as an option does is forgotten value's neighbour; `-` is a file and `-1` a number. */
function isValue(word: string | undefined): word is string {
  return word !== undefined && !/^--?[A-Za-z]/.test(word);
}

function isSwitchWord(word: string | undefined): boolean {
  return word !== undefined && ['on', 'off', 'true', 'false'].includes(word);
}

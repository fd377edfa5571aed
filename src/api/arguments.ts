import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { findOption, isOptionOf, type OptionCommand } from '../workload/options.js';
import type { Workload } from '../workload/workload.js';
import type { Flags } from './flags.js';

/**
 * What a command is given, by the long names of its options: texts, never numbers, so that one place decides what `1e3`
 * means; `true` for a bare switch, a list where one came several times.
 */
export type Arguments = Readonly<Record<string, unknown>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that a command is given, whoever gives it: the command line, or a program through the library. */
export interface Given {
  readonly args: Arguments;
  /** What an address leaves out comes from PGUSER and the like, and the password of Patroni's API from here alone. */
  readonly env: Environment;
  /** Base directory of all labs' state; undefined for the usual one. */
  readonly stateDir?: string | undefined;
  /** Where a file of targets is looked for first; the working directory when absent. */
  readonly directory?: string | undefined;
}

/**
 * The text of an option, undefined when it was not given.
 * @throws UserError when it was given more than once (one of them would silently win), or without a value
 */
export function once(args: Arguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined) {
    return undefined;
  }
  if (Array.isArray(value)) {
    throw new UserError(`--${name}: expected once, found ${value.length} times.`);
  }
  if (value === '' || typeof value === 'boolean') {
    throw new UserError(`--${name}: expected a value behind it.`);
  }
  return String(value);
}

/** The texts of an option that may be given more than once. @throws UserError when one is without a value */
export function each(args: Arguments, name: string): readonly string[] {
  const values: readonly unknown[] = [args[name] ?? []].flat();
  return values.map((value) => once({ [name]: value }, name) ?? '');
}

/**
 * What was given to the workloads, by the names of their options.
 * @param flags of the command, which are not the workloads'
 * @throws UserError where neither a workload nor the command has such an option, or it is another command's
 */
export function workloadOptions(
  args: Arguments,
  workloads: readonly Workload[],
  flags: Flags,
  command: OptionCommand,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const word of othersThan(flags, args)) {
    const options = workloads.flatMap((workload) => findOption(workload, word) ?? []);
    const option = options.find((candidate) => isOptionOf(candidate, command));
    if (option === undefined) {
      throw options.length === 0
        ? unknownOption(word, workloads, flags, command)
        : misplaced(word, workloads, command);
    }
    if (Object.hasOwn(given, option.name)) {
      throw new UserError(`--${option.name}: expected once, found it twice.`);
    }
    const isBareSwitch = option.type === 'boolean' && args[word] === true;
    given[option.name] = isBareSwitch ? 'true' : (once(args, word) ?? '');
  }
  return given;
}

/** The words that no flag explains: options of a workload, or of nothing. */
export function othersThan(flags: Flags, args: Arguments): readonly string[] {
  const known = new Set<string>();
  for (const [name, { alias }] of Object.entries(flags)) {
    known.add(name);
    known.add(alias ?? name);
  }
  return Object.keys(args).filter((name) => !known.has(name));
}

/** For an option that neither the workloads nor the command have. */
export function unknownOption(
  word: string,
  workloads: readonly Workload[],
  flags: Flags,
  command: OptionCommand,
): UserError {
  const flag = word.length === 1 ? `-${word}` : `--${word}`;
  const own = workloads.flatMap(({ options }) =>
    options.filter((option) => isOptionOf(option, command)).map(({ name }) => name),
  );
  const names = workloads.map(({ name }) => name).join(', ');
  const words = Object.entries(flags).flatMap(([name, { also = [] }]) => [name, ...also]);
  const near = didYouMean(
    flag,
    [...own, ...words].map((name) => `--${name}`),
  );
  return new UserError(
    `${names} ${workloads.length > 1 ? 'have' : 'has'} no option ${flag}.${near}`,
    `See 'pgha-bench ${command} --help' and 'pgha-bench workloads show ${workloads[0]?.name}'.`,
  );
}

function misplaced(word: string, workloads: readonly Workload[], command: OptionCommand): UserError {
  const other = command === 'init' ? 'run' : 'init';
  const why =
    other === 'init'
      ? `it says how tables are made. Leave it out, or make them so with 'pgha-bench init ${workloads[0]?.name}'.`
      : 'it says how they are run. Leave it out.';
  return new UserError(`--${word} is an option of ${other} only: ${why}`);
}

import type { Options } from 'yargs';
import { UserError } from '../errors.js';

/** What a command is called with: words behind flags, never numbers, so that one place decides what `1e3` means. */
export type Arguments = Readonly<Record<string, unknown>>;

/** yargs settings that {@link once} and {@link otherOptions} rely on. */
export const PARSER = { 'parse-numbers': false, 'camel-case-expansion': false, 'boolean-negation': false };

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

/** Options that the command does not know itself: those of its workload. */
export function otherOptions(
  args: Arguments,
  known: Readonly<Record<string, Options>>,
): Record<string, string> {
  const names = new Set(['_', '$0', 'workload', 'help', 'h', 'version', 'debug']);
  for (const [name, option] of Object.entries(known)) {
    names.add(name);
    for (const alias of [option.alias ?? []].flat()) {
      names.add(alias);
    }
  }
  const others: Record<string, string> = {};
  for (const name of Object.keys(args)) {
    if (!names.has(name)) {
      others[name] = args[name] === true ? 'true' : (once(args, name) ?? '');
    }
  }
  return others;
}

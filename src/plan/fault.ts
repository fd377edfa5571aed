import { UserError } from '../errors.js';
import { parseDuration } from '../units.js';
import { type FaultPart, type FaultWords, readFault } from './fault-words.js';
import { didYouMean } from './nearest.js';
import type { FaultPlan } from './plan.js';

/** A fault as the parser needs to know it; see faults/fault.ts. */
export interface FaultKind {
  readonly kind: string;
  readonly options: readonly FaultOptionKind[];
}

export interface FaultOptionKind {
  readonly name: string;
  /** It may stand without its name, `freeze-node:10s`. */
  readonly isFirst?: true;
  readonly type?: 'duration';
  readonly required?: true;
  /** The only words that it may be. */
  readonly choices?: readonly string[];
  /** It stands for options of any name, `config:ttl=20,loop_wait=5`. */
  readonly any?: true;
}

/**
 * All `--fault` of a run, in the order of their times; those of one time stay in the order given. `none` stands alone.
 * @param durationMs null for a run that ends with a number of transactions: its middle is not known
 * @param usualMs time of a fault without one; null for the middle of the run
 * @throws UserError
 */
export function parseFaults(
  texts: readonly string[],
  kinds: readonly FaultKind[],
  durationMs: number | null,
  usualMs: number | null = null,
): readonly FaultPlan[] {
  if (texts.includes('none') && texts.length > 1) {
    throw new UserError(
      `--fault: expected none alone, found it beside ${texts.length - 1} more.`,
      'Leave it out.',
    );
  }
  const plans = texts.flatMap((text) => parseFault(text, kinds, durationMs, usualMs) ?? []);
  return plans.sort((a, b) => a.atMs - b.atMs);
}

/**
 * `none`, or `KIND[:option=value,…][@TIME]`; without a time the fault comes in the middle of the run. A value with a
 * comma, an @ or a quote in it stands in quotes, `exec:'sleep 1, @here'@20s`.
 * @param durationMs null for a run that ends with a number of transactions: its middle is not known
 * @throws UserError on an unknown kind or option, and on a time that is not within the run
 */
export function parseFault(
  text: string,
  kinds: readonly FaultKind[],
  durationMs: number | null,
  usualMs: number | null = null,
): FaultPlan | undefined {
  if (text === 'none') {
    return undefined;
  }
  const words = readFault(text);
  const { kind } = words;
  const known = kinds.find((candidate) => candidate.kind === kind);
  if (known === undefined) {
    throw unknownKind(kind, kinds);
  }
  return { kind, atMs: timeOf(words.time, kind, durationMs, usualMs), options: optionsOf(words, known) };
}

/** The list of all is longer than a line, once there are many. */
const MOST_LISTED = 5;

function unknownKind(kind: string, kinds: readonly FaultKind[]): UserError {
  const names = [...kinds.map((candidate) => candidate.kind), 'none'];
  const expected =
    names.length <= MOST_LISTED ? listOf(names) : "one that 'pgha-bench faults' lists, or none";
  return new UserError(`--fault: expected ${expected}, found '${kind}'.${didYouMean(kind, names)}`);
}

function timeOf(
  text: string | undefined,
  kind: string,
  durationMs: number | null,
  usualMs: number | null,
): number {
  if (text === undefined) {
    if (usualMs !== null) {
      return usualMs;
    }
    if (durationMs === null) {
      throw new UserError(
        `--fault: the middle of a run that ends with a number of transactions is not known; expected ${kind}@TIME, found no time.`,
        `Use ${kind}@20s, or a --duration.`,
      );
    }
    return durationMs / 2;
  }
  const atMs = parseDuration(text, '--fault time');
  if (durationMs !== null && atMs >= durationMs) {
    throw new UserError(
      `--fault: the time must lie within the run of ${durationMs / 1000}s, found '${text}'.`,
      'Use an earlier time or a longer --duration.',
    );
  }
  return atMs;
}

function optionsOf({ parts }: FaultWords, fault: FaultKind): Readonly<Record<string, string>> {
  const options = new Map<string, string>();
  for (const [index, part] of parts.entries()) {
    const { name, value } = named(part, index, fault);
    if (options.has(name)) {
      throw new UserError(`--fault: expected ${name} once, found it twice.`);
    }
    checkValue(optionNamed(name, fault), name, value, fault);
    options.set(name, value);
  }
  for (const option of fault.options) {
    if (option.required === true && !isGiven(option, options, fault)) {
      throw new UserError(
        `--fault: ${fault.kind} needs ${wordOf(option)}, found none.`,
        `Use ${fault.kind}:${exampleOf(option)}.`,
      );
    }
  }
  return Object.fromEntries(options);
}

/** What stands alone is the value of the option that may; the name of an option is not, its value was forgotten. */
function named(part: FaultPart, index: number, fault: FaultKind): { name: string; value: string } {
  const { name, value, isQuoted } = part;
  if (name !== null) {
    return { name, value };
  }
  const first = fault.options.find((option) => option.isFirst === true);
  const isName = !isQuoted && fault.options.some((option) => option.name === value);
  if (index > 0 || first === undefined || isName) {
    return { name: value, value: '' };
  }
  return { name: first.name, value };
}

function optionNamed(name: string, fault: FaultKind): FaultOptionKind {
  const known = fault.options.filter((option) => option.any !== true);
  const names = known.map((option) => option.name);
  const option =
    known.find((candidate) => candidate.name === name) ?? fault.options.find(({ any }) => any === true);
  if (option === undefined) {
    const has = names.length === 0 ? 'has no options' : `has ${listOf(names)}`;
    throw new UserError(`--fault: ${fault.kind} ${has}, found '${name}'.${didYouMean(name, names)}`);
  }
  return option;
}

function checkValue(option: FaultOptionKind, name: string, value: string, { kind }: FaultKind): void {
  if (value === '') {
    throw new UserError(`--fault: expected a value, ${kind}:${name}=VALUE, found '${name}'.`);
  }
  if (option.type === 'duration' && parseDuration(value, `--fault ${kind}: ${name}`) === 0) {
    throw new UserError(`--fault ${kind}: ${name}: expected more than nothing, found '${value}'.`);
  }
  const { choices } = option;
  if (choices !== undefined && !choices.includes(value)) {
    throw new UserError(
      `--fault ${kind}: ${name}: expected ${listOf(choices)}, found '${value}'.${didYouMean(value, choices)}`,
    );
  }
}

function isGiven(option: FaultOptionKind, options: ReadonlyMap<string, string>, fault: FaultKind): boolean {
  return option.any === true
    ? [...options.keys()].some((name) => optionNamed(name, fault) === option)
    : options.has(option.name);
}

function wordOf(option: FaultOptionKind): string {
  return option.any === true ? 'at least one option' : option.name;
}

function exampleOf({ name, isFirst, any }: FaultOptionKind): string {
  if (any === true) {
    return `${name}=VALUE`;
  }
  return isFirst === true ? `'${name.toUpperCase()}'` : `${name}=VALUE`;
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

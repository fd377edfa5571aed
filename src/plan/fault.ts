import { UserError } from '../errors.js';
import { parseDuration } from '../units.js';
import { didYouMean } from './nearest.js';
import type { FaultPlan } from './plan.js';

/** A fault as the parser needs to know it; see faults/fault.ts. */
export interface FaultKind {
  readonly kind: string;
  readonly options: readonly { readonly name: string }[];
}

/**
 * `none`, or `KIND[:option=value,…][@TIME]`; without a time the fault comes in the middle of the run.
 * @param durationMs null for a run that ends with a number of transactions: its middle is not known
 * @throws UserError on an unknown kind or option, and on a time that is not within the run
 */
export function parseFault(
  text: string,
  kinds: readonly FaultKind[],
  durationMs: number | null,
): FaultPlan | undefined {
  if (text === 'none') {
    return undefined;
  }
  const match = /^([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(text);
  if (match === null) {
    throw new UserError(
      `--fault: expected KIND[:option=value]@TIME, such as switchover@20s, found '${text}'.`,
    );
  }
  const [, kind = '', optionText, timeText] = match;
  const known = kinds.find((candidate) => candidate.kind === kind);
  if (known === undefined) {
    const names = [...kinds.map((candidate) => candidate.kind), 'none'];
    throw new UserError(`--fault: expected ${listOf(names)}, found '${kind}'.${didYouMean(kind, names)}`);
  }
  return { kind, atMs: timeOf(timeText, kind, durationMs), options: parseOptions(optionText, known) };
}

/** Several, in the order of time. @param otherwiseMs for one without a time; null for the middle of the run */
export function parseFaults(
  texts: readonly string[],
  kinds: readonly FaultKind[],
  durationMs: number | null,
  otherwiseMs: number | null = null,
): readonly FaultPlan[] {
  void otherwiseMs;
  return texts.flatMap((text) => parseFault(text, kinds, durationMs) ?? []).sort((a, b) => a.atMs - b.atMs);
}

function timeOf(text: string | undefined, kind: string, durationMs: number | null): number {
  if (text === undefined) {
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

function parseOptions(text: string | undefined, fault: FaultKind): Record<string, string> {
  const options: Record<string, string> = {};
  for (const part of text === undefined ? [] : text.split(',')) {
    const [name = '', value] = part.split('=', 2);
    const names = fault.options.map((option) => option.name);
    if (!names.includes(name)) {
      const known = names.length === 0 ? 'has no options' : `has ${listOf(names)}`;
      throw new UserError(`--fault: ${fault.kind} ${known}, found '${name}'.${didYouMean(name, names)}`);
    }
    if (value === undefined || value === '') {
      throw new UserError(`--fault: expected a value, ${fault.kind}:${name}=VALUE, found '${part}'.`);
    }
    if (options[name] !== undefined) {
      throw new UserError(`--fault: expected ${name} once, found it twice.`);
    }
    options[name] = value;
  }
  return options;
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

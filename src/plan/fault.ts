import { UserError } from '../errors.js';
import { parseDuration } from '../units.js';
import { didYouMean } from './nearest.js';
import type { FaultPlan } from './plan.js';

/** A fault as the parser needs to know it; see faults/fault.ts. */
export interface FaultKind {
  readonly kind: string;
  readonly options: readonly string[];
}

/**
 * `none`, or `KIND[:option=value,…][@TIME]`; without a time the fault comes in the middle of the run.
 * @throws UserError on an unknown kind or option, and on a time that is not within the run
 */
export function parseFault(
  text: string,
  kinds: readonly FaultKind[],
  durationMs: number,
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
  const atMs = timeText === undefined ? durationMs / 2 : parseDuration(timeText, '--fault time');
  if (atMs >= durationMs) {
    throw new UserError(
      `--fault: the time must lie within the run of ${durationMs / 1000}s, found '${timeText}'.`,
      'Use an earlier time or a longer --duration.',
    );
  }
  return { kind, atMs, options: parseOptions(optionText, known) };
}

function parseOptions(text: string | undefined, fault: FaultKind): Record<string, string> {
  const options: Record<string, string> = {};
  for (const part of text === undefined ? [] : text.split(',')) {
    const [name = '', value] = part.split('=', 2);
    if (!fault.options.includes(name)) {
      const known = fault.options.length === 0 ? 'has no options' : `has ${listOf(fault.options)}`;
      throw new UserError(
        `--fault: ${fault.kind} ${known}, found '${name}'.${didYouMean(name, fault.options)}`,
      );
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

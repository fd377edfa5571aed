import { UserError } from '../errors.js';

/** One of the things that a run was asked to run, as far as the words tell. */
export interface Selection {
  /** `workload`: a built-in or a file of one's own; `builtin`: a script of pgbench's, as -b names it; `script`: a file with one. */
  readonly kind: 'workload' | 'builtin' | 'script';
  readonly name: string;
  readonly weight: number;
  /** The option that named it, for messages. */
  readonly flag: string;
}

/** An option that says what to run, and the text behind it. */
export interface Choice {
  readonly option: SelectionOption;
  readonly text: string;
}

/** `workload` is the word without an option, too. */
export const SELECTION_OPTIONS = [
  'workload',
  'mix',
  'builtin',
  'file',
  'select-only',
  'simple-update',
] as const;

export type SelectionOption = (typeof SELECTION_OPTIONS)[number];

/** An int in pgbench. */
const MOST_WEIGHT = 2 ** 31 - 1;

/**
 * What to run, in the order in which it was named: the scripts of a run are numbered, and chosen, in this order.
 * @throws UserError when nothing was named, and on a weight that is none
 */
export function readSelections(choices: readonly Choice[]): readonly Selection[] {
  if (choices.length === 0) {
    throw new UserError(
      'Expected something to run, found nothing.',
      "Name a workload, such as 'run tpcb', or a script: -f FILE, -b NAME; 'pgha-bench workloads' lists them.",
    );
  }
  return choices.flatMap(({ option, text }) => selectionsOf(option, text));
}

function selectionsOf(option: SelectionOption, text: string): readonly Selection[] {
  const flag = `--${option}`;
  switch (option) {
    case 'workload':
      return [{ kind: 'workload', flag, ...weighted(text, flag) }];
    case 'builtin':
      return [{ kind: 'builtin', flag, ...weighted(text, flag) }];
    case 'file':
      return [{ kind: 'script', flag, ...weighted(text, flag) }];
    case 'mix':
      return text
        .split(',')
        .map((part) => ({ kind: 'workload', flag, ...weighted(part.trim(), flag) }) as const);
    case 'select-only':
    case 'simple-update':
      return [{ kind: 'builtin', flag, name: option, weight: 1 }];
  }
}

/** `NAME` or `NAME@WEIGHT`; an @ in front of a slash belongs to a path. */
function weighted(text: string, flag: string): { readonly name: string; readonly weight: number } {
  const at = text.lastIndexOf('@');
  if (at < 0 || text.includes('/', at)) {
    return { name: nameOf(text, text, flag), weight: 1 };
  }
  const weight = text.slice(at + 1);
  if (!/^\d+$/.test(weight) || Number(weight) > MOST_WEIGHT) {
    throw new UserError(
      `${flag}: expected a weight of 0 to ${MOST_WEIGHT} behind the @, found '${text}'.`,
      'Write NAME@WEIGHT, such as tpcb@3.',
    );
  }
  return { name: nameOf(text.slice(0, at), text, flag), weight: Number(weight) };
}

function nameOf(name: string, text: string, flag: string): string {
  if (name === '') {
    throw new UserError(`${flag}: expected NAME@WEIGHT, such as tpcb@3, found '${text}'.`);
  }
  return name;
}

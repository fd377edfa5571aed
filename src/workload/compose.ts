import { UserError } from '../errors.js';
import type { Selection } from '../plan/selection.js';
import { isFileName, loadWorkloadFile, readScript, scriptWorkload } from './load-file.js';
import { findPgbenchScript, findWorkload } from './registry.js';
import type { Workload } from './workload.js';

/** What a run runs: workloads, and how often each among the others. */
export interface Composition {
  /** The names of all, `tpcb+select-only`. */
  readonly name: string;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly workload: Workload;
  readonly weight: number;
  /** How it is named to a command: `tpcb`, `--workload ./mine.js`. */
  readonly words: string;
  /** The module it was loaded from, as the user named it, for messages. */
  readonly file?: string;
}

/** As many as pgbench takes. */
const MOST_SCRIPTS = 128;

/** The name stands in the name of a folder, too. */
const LONGEST_NAME = 100;

/**
 * Loads what was selected, in this order.
 * @param readStdin the whole of the standard input, for the script `-`
 * @throws UserError for what there is not, a file with something wrong in it, and a load of nothing
 */
export async function compose(
  selections: readonly Selection[],
  readStdin: () => Promise<string>,
): Promise<Composition> {
  if (selections.filter(({ kind, name }) => kind === 'script' && name === '-').length > 1) {
    throw new UserError('--file: expected - once, for the standard input can be read once only.');
  }
  const parts: Part[] = [];
  for (const selection of selections) {
    parts.push({ ...(await load(selection, readStdin)), weight: selection.weight });
  }
  const scripts = parts.flatMap((part) =>
    part.workload.scripts.map(({ weight }) => ({ weight: weight * part.weight })),
  );
  if (scripts.length > MOST_SCRIPTS) {
    throw new UserError(`A run takes at most ${MOST_SCRIPTS} scripts, found ${scripts.length}.`);
  }
  if (scripts.every(({ weight }) => weight === 0)) {
    throw new UserError(
      'The scripts have a weight of 0 in total, so that none of them would run.',
      'Give at least one of them a weight of more: NAME@1.',
    );
  }
  return { name: joined(parts.map(({ workload }) => workload.name)), parts };
}

/** One workload as it is named to init, cleanup and show. */
export async function loadWorkload(name: string): Promise<Omit<Part, 'weight'>> {
  if (isFileName(name)) {
    return { workload: await loadWorkloadFile(name), words: `--workload ${name}`, file: name };
  }
  const workload = await findWorkload(name);
  return { workload, words: workload.name };
}

async function load(
  { kind, name, flag }: Selection,
  readStdin: () => Promise<string>,
): Promise<Omit<Part, 'weight'>> {
  switch (kind) {
    case 'workload':
      return loadWorkload(name);
    case 'builtin': {
      const workload = await findPgbenchScript(name);
      return { workload, words: workload.name };
    }
    case 'script': {
      if (/\.[cm]?[jt]s$/.test(name)) {
        throw new UserError(
          `${flag}: expected a script in pgbench's language, found the module '${name}'.`,
          `Use --workload ${name}.`,
        );
      }
      const text = name === '-' ? await readStdin() : await readScript(name);
      return { workload: scriptWorkload(name, text), words: `--file ${name}` };
    }
  }
}

function joined(names: readonly string[]): string {
  const all = names.join('+');
  if (all.length <= LONGEST_NAME) {
    return all;
  }
  let text = '';
  let shown = 0;
  for (const name of names) {
    if (text.length + name.length > LONGEST_NAME - 20) {
      break;
    }
    text += `${name}+`;
    shown++;
  }
  return `${text}${names.length - shown}-more`;
}

import { UserError } from '../errors.js';
import { parseSwitch } from '../plan/words.js';
import { loadWorkload, type Part } from '../workload/compose.js';
import { noSchema } from '../workload/no-schema.js';
import { sameName } from '../workload/options.js';
import { parseOptions } from '../workload/registry.js';
import type { OptionValues, Workload } from '../workload/workload.js';
import { type Given, once, workloadOptions } from './arguments.js';
import type { Flag, Flags } from './flags.js';
import { INERT_TABLE_FLAGS } from './inert-flags.js';
import { TABLE_FLAGS } from './table-flags.js';
import { tableCommand } from './table-work.js';
import { type ResolvedTarget, resolveTarget } from './target.js';

/** A workload by the words that the user has for it. */
export type NamedWorkload = Omit<Part, 'weight'>;

/** What init and cleanup are asked to do. */
export interface TableOrder {
  readonly named: NamedWorkload;
  /** Options of the workload as they were given. */
  readonly given: OptionValues;
  readonly target: ResolvedTarget;
  readonly force: boolean;
}

/** The command of an order, with everything but its target. */
export function lineOf(command: 'init' | 'cleanup', { named, given, force }: TableOrder): string {
  return tableCommand(command, named, given, ...(force ? ['--force'] : []));
}

/**
 * @param names of workloads, of which there must be one
 * @throws UserError for what is wrong in it, and for a workload that has no tables
 */
export async function readTableOrder(
  given: Given,
  names: readonly string[],
  command: 'init' | 'cleanup',
): Promise<TableOrder> {
  const named = await namedWorkload(names, command);
  const { workload } = named;
  if (workload.schema === noSchema) {
    throw new UserError(
      `${workload.name} says nothing of its tables, so that there is nothing to ${command}.`,
    );
  }
  const { args } = given;
  const options = workloadOptions(args, [workload], flagsBeside(workload), 'init');
  parseOptions(workload, options);
  const force = once(args, 'force');
  const target = await resolveTarget(given);
  if (target === undefined) {
    throw new UserError(
      `${command} needs a target, and no lab is up.`,
      "Start one with 'pgha-bench lab up', or give --rw URI.",
    );
  }
  return { named, given: options, target, force: force !== undefined && parseSwitch(force, '--force') };
}

/** The options of the command, without those that the workload has for something of its own. */
function flagsBeside({ options }: Workload): Flags {
  return Object.fromEntries(
    Object.entries<Flag>(TABLE_FLAGS).filter(
      ([flag]) =>
        !(Object.hasOwn(INERT_TABLE_FLAGS, flag) && options.some(({ name }) => sameName(name, flag))),
    ),
  );
}

async function namedWorkload(names: readonly string[], command: string): Promise<NamedWorkload> {
  const [name, other] = names;
  if (name === undefined) {
    throw new UserError(
      `Expected the name of a workload behind '${command}', such as tpcb.`,
      "'pgha-bench workloads' lists them.",
    );
  }
  if (other !== undefined) {
    throw new UserError(`Expected one workload behind '${command}', found ${name} and ${other}.`);
  }
  return loadWorkload(name);
}

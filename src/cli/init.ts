import type pg from 'pg';
import { type Arguments, NAME, once, workloadOptions } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { type Flag, type Flags, hidden } from '../api/flags.js';
import { INERT_TABLE_FLAGS } from '../api/inert-flags.js';
import { tableCommand, workOnTables } from '../api/table-work.js';
import { givenTarget, isTargetGiven, labTarget, type ResolvedTarget, TARGET_FLAGS } from '../api/target.js';
import { UserError } from '../errors.js';
import { hostPort } from '../plan/target.js';
import { parseSwitch } from '../plan/words.js';
import { loadWorkload, type Part } from '../workload/compose.js';
import { noSchema } from '../workload/no-schema.js';
import { sameName } from '../workload/options.js';
import { parseOptions } from '../workload/registry.js';
import type { OptionValues, Workload } from '../workload/workload.js';
import { Interrupt } from './interrupt.js';
import { ProgressBar } from './progress-bar.js';

/** Options of init and of cleanup. */
export const TABLE_FLAGS = {
  workload: { group: 'Options:', describe: 'NAME, as an option: tpcb, or ./mine.js' },
  ...TARGET_FLAGS,
  // Understood, for the line is the one of the run; tables are made at the read-write endpoint alone.
  ...hidden(TARGET_FLAGS, ['ro', 'patroni', 'haproxy']),
  ...INERT_TABLE_FLAGS,
  force: {
    isSwitch: true,
    group: 'Options:',
    describe: 'do it to tables that this tool did not make, too',
  },
} as const satisfies Flags;

/** A workload by the words that the user has for it. */
export type NamedWorkload = Omit<Part, 'weight'>;

/** `pgha-bench init WORKLOAD`: makes and loads the tables. @returns the exit code */
export async function init(args: Arguments): Promise<number> {
  const order = await readTableOrder(args, 'init');
  const left = `The tables may be incomplete: '${lineOf('init', order)}' makes them anew.\n`;
  return interruptible(left, (signal) => prepare(order, signal));
}

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

/** @throws UserError for what is wrong in it, and for a workload that has no tables */
export async function readTableOrder(args: Arguments, command: 'init' | 'cleanup'): Promise<TableOrder> {
  const named = await namedWorkload(args, command);
  const { workload } = named;
  if (workload.schema === noSchema) {
    throw new UserError(
      `${workload.name} says nothing of its tables, so that there is nothing to ${command}.`,
    );
  }
  const given = workloadOptions(args, [workload], flagsBeside(workload), 'init');
  parseOptions(workload, given);
  const force = once(args, 'force');
  const target = isTargetGiven(args) ? await givenTarget(args) : await labTarget(args);
  if (target === undefined) {
    throw new UserError(
      `${command} needs a target, and no lab is up.`,
      "Start one with 'pgha-bench lab up', or give --rw URI.",
    );
  }
  return { named, given, target, force: force !== undefined && parseSwitch(force, '--force') };
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

async function namedWorkload(args: Arguments, command: string): Promise<NamedWorkload> {
  const names = [args[NAME], once(args, 'workload')].filter((name) => name !== undefined);
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
  return loadWorkload(String(name));
}

/** @param left told when it is interrupted, for what stays behind */
export async function interruptible(
  left: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const interrupt = new Interrupt(() => left);
  try {
    await work(interrupt.signal);
    return EXIT.ok;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write(left);
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    interrupt.release();
  }
}

/**
 * Makes and loads the tables of a workload, with a progress bar.
 * @throws UserError when others made those that are there, when the server refuses, and when it is aborted
 */
export async function prepare(order: TableOrder, signal?: AbortSignal): Promise<void> {
  const work = { command: 'init', purpose: 'make the tables', line: lineOf('init', order) } as const;
  await workOnTables(order.target, work, signal, (sql) => makeTables(sql, order));
}

async function makeTables(sql: pg.Client, order: TableOrder): Promise<void> {
  const { named, given, target, force } = order;
  const { workload } = named;
  const { rw } = target.target;
  const options = parseOptions(workload, given);
  const state = await workload.schema.check(sql, options);
  if (state.kind !== 'missing' && state.made === 'elsewhere' && !force) {
    throw new UserError(
      `${hostPort(rw)} has tables of ${workload.name} in database '${rw.database}' that pgha-bench did not make.`,
      `Run with them as they are, or replace them with '${lineOf('init', { ...order, force: true })}'.`,
    );
  }
  const bar = new ProgressBar(process.stderr);
  try {
    await workload.schema.prepare(sql, options, (step) => bar.show(step));
  } finally {
    bar.end();
  }
}

import type { Options } from 'yargs';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { hostPort } from '../plan/target.js';
import { openClient } from '../postgres/connect.js';
import { findWorkload, parseOptions } from '../workload/registry.js';
import type { OptionValues, Workload } from '../workload/workload.js';
import { type Arguments, otherOptions } from './arguments.js';
import { ProgressBar } from './progress-bar.js';
import { givenTarget, isTargetGiven, labTarget, type ResolvedTarget, TARGET_OPTIONS } from './target.js';

export const INIT_OPTIONS = {
  ...TARGET_OPTIONS,
  force: { type: 'boolean', describe: 'replace tables that this tool did not make' },
} as const satisfies Record<string, Options>;

/** `pgha-bench init WORKLOAD`: makes and loads the tables. @returns the exit code */
export async function init(args: Arguments): Promise<number> {
  const workload = await findWorkload(String(args['workload']));
  const options = parseOptions(workload, workloadOptions(args, workload, INIT_OPTIONS));
  const target = isTargetGiven(args) ? await givenTarget(args) : await labTarget(args);
  if (target === undefined) {
    throw new UserError(
      'init needs a target, and no lab is up.',
      "Start one with 'pgha-bench lab up', or give --rw URI.",
    );
  }
  await prepare(target, workload, options, args['force'] === true);
  return 0;
}

/** Makes and loads the tables of a workload, with a progress bar. @throws UserError when others made those that are there */
export async function prepare(
  { target, secrets }: ResolvedTarget,
  workload: Workload,
  options: OptionValues,
  force: boolean,
): Promise<void> {
  const sql = await openClient(target.rw, secrets.rwPassword, 'init');
  try {
    const state = await workload.schema.check(sql, options);
    if (state.kind !== 'missing' && state.made === 'elsewhere' && !force) {
      throw new UserError(
        `${hostPort(target.rw)} has tables of ${workload.name} in database '${target.rw.database}' that pgha-bench did not make.`,
        `Run with them as they are, or replace them with 'pgha-bench init ${workload.name} --force'.`,
      );
    }
    const bar = new ProgressBar(process.stderr);
    await workload.schema.prepare(sql, options, (step) => bar.show(step));
    bar.end();
  } finally {
    await sql.end();
  }
}

/** What was given to the workload, refused where neither the workload nor the command has such an option. */
export function workloadOptions(
  args: Arguments,
  workload: Workload,
  command: Readonly<Record<string, Options>>,
): Record<string, string> {
  const given = otherOptions(args, command);
  const own = workload.options.map((option) => option.name);
  for (const name of Object.keys(given)) {
    if (!own.includes(name)) {
      const flag = name.length === 1 ? `-${name}` : `--${name}`;
      const known = [...own, ...Object.keys(command)].map((each) => `--${each}`);
      throw new UserError(`${workload.name} has no option ${flag}.${didYouMean(flag, known)}`, 'See --help.');
    }
  }
  return given;
}

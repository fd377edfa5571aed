import { randomInt } from 'node:crypto';
import { access, constants, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { messageOf, UserError } from '../errors.js';
import { FAULTS } from '../faults/registry.js';
import type { LogPlan, WorkloadPlan } from '../plan/plan.js';
import { type Choice, readSelections } from '../plan/selection.js';
import { type RunSettings, readSettings } from '../plan/settings.js';
import { prepareResultDirectory, type ResultDirectory } from '../result/store.js';
import { type Composition, compose } from '../workload/compose.js';
import { hasText, parseDefinitions, runOptions, sameName } from '../workload/options.js';
import type { OptionValues } from '../workload/workload.js';
import { planWorkload } from '../workload/workload-plan.js';
import { type Arguments, each, type Given, once, unknownOption, workloadOptions } from './arguments.js';
import type { Flag } from './flags.js';
import { checkInert } from './inert-flags.js';
import { expectRoomForFiles } from './room-for-files.js';
import { RUN_FLAGS } from './run-flags.js';
import { type RunGates, readRunGates } from './run-gates.js';
import { readTargetSettings, type TargetSettings, textOf } from './target-settings.js';

/** What a run is given. */
export interface RunGiven extends Given {
  /** What to run, in the order in which it was named. */
  readonly choices: readonly Choice[];
  /** For the script `-`. @throws UserError where there is no standard input to read */
  readonly readStdin: () => Promise<string>;
}

/** What a run was asked to do, as far as it is known before the target is looked at. */
export interface RunOrder {
  readonly input: RunGiven;
  /** Which target was meant, and what was said of it. */
  readonly target: TargetSettings;
  readonly settings: RunSettings;
  readonly composition: Composition;
  /** Options of the workloads as they were given. */
  readonly given: OptionValues;
  /** Of -D. */
  readonly variables: Readonly<Record<string, string>>;
  readonly gates: RunGates;
  readonly place: ResultDirectory;
}

/** @throws UserError for whatever is wrong in what was given, and in the scripts */
export async function readRunOrder(input: RunGiven): Promise<RunOrder> {
  const { args, choices, readStdin, env } = input;
  const gates = await readRunGates(args);
  const composition = await compose(readSelections(choices), readStdin);
  refuseHiddenOptions(composition);
  checkInert((name) => once(args, name));
  const target = await readTargetSettings(input);
  const settings = readSettings({
    text: (name) => (name === 'allow-fault' ? textOf(target, name) : once(args, name)),
    env,
    faultTexts: each(args, 'fault'),
    tagTexts: each(args, 'tag'),
    faults: FAULTS,
    cores: availableParallelism(),
    randomSeed: () => randomInt(2 ** 31),
  });
  const given = givenOptions(args, composition, settings.clients);
  const variables = parseDefinitions(each(args, 'define'));
  // What is wrong in a script is told before anything is connected to, let alone started.
  const workload = await workloadOf({ settings, composition, given, variables }, {}, true);
  expectRoomForFiles({
    ...settings,
    workload,
    connections: settings.readSplit ? 'per-script' : 'per-client',
  });
  await checkLogFolder(settings.log);
  const place = await prepareResultDirectory({ out: once(args, 'out') });
  return { input, target, settings, composition, given, variables, gates, place };
}

/**
 * The workload of the run, as far as it is known.
 * @param decided options that the tables decide
 * @param readOnly whether the target has a read-only endpoint
 * @throws UserError for what is wrong in a script
 */
export function workloadOf(
  {
    settings,
    composition,
    given,
    variables,
  }: Pick<RunOrder, 'settings' | 'composition' | 'given' | 'variables'>,
  decided: OptionValues,
  readOnly: boolean,
): Promise<WorkloadPlan> {
  const options = runOptions(composition, given, decided);
  const { protocol, seed, route } = settings;
  return planWorkload(composition, { options, variables, protocol, seed, route, readOnly });
}

/** The files themselves are made by the threads of the load, when it would be too late. */
async function checkLogFolder(log: LogPlan | null): Promise<void> {
  if (log === null) {
    return;
  }
  const folder = dirname(resolve(log.prefix));
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new UserError(`--log-prefix: expected a path in a directory, found the file ${folder}.`);
    }
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof UserError
      ? error
      : new UserError(
          `--log-prefix: no file can be made in ${folder}: ${messageOf(error)}.`,
          'Name another place for the log.',
        );
  }
}

/** Options of `run` that are handed to workloads, as pgbench's users know them for both. */
const SHARED = ['scale', 'no-vacuum'] as const;

function givenOptions(args: Arguments, composition: Composition, clients: number): OptionValues {
  const workloads = composition.parts.map(({ workload }) => workload);
  const has = (name: string) =>
    workloads.some(({ options }) => options.some((option) => option.name === name));
  const given: Record<string, string> = workloadOptions(args, workloads, RUN_FLAGS, 'run');
  for (const name of SHARED) {
    const text = once(args, name);
    if (text === undefined) {
      continue;
    }
    if (has(name) || (name === 'scale' && hasText(composition))) {
      given[name] = text;
    } else if (name === 'scale') {
      throw unknownOption(name, workloads, RUN_FLAGS, 'run');
    }
  }
  // sysbench's word for clients, which some tables are made for.
  return has('threads') ? { ...given, threads: String(clients) } : given;
}

/** An option of a user's file that has the name of one of `run` could never be given. */
function refuseHiddenOptions({ parts }: Composition): void {
  for (const { workload, words } of parts) {
    if (!words.startsWith('--workload')) {
      continue;
    }
    for (const { name } of workload.options) {
      const taken = Object.entries<Flag>(RUN_FLAGS).some(([flag, { also = [] }]) =>
        [flag, ...also].some((word) => sameName(word, name)),
      );
      if (taken && !SHARED.some((shared) => sameName(shared, name))) {
        throw new UserError(
          `${workload.name}: its option '${name}' has the name of an option of run.`,
          'Call it otherwise.',
        );
      }
    }
  }
}

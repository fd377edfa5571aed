import { UserError } from '../errors.js';
import { parseInteger } from '../units.js';
import type { Composition } from './compose.js';
import { isVariableName } from './program.js';
import { parseOptions } from './registry.js';
import type { OptionValues, Workload, WorkloadOption } from './workload.js';

/** Which command an option is for: one of `init` is no option of a run, and the other way round. */
export type OptionCommand = NonNullable<WorkloadOption['command']>;

/** Names with `-` and with `_` are the same, as in sysbench. */
export function sameName(a: string, b: string): boolean {
  return a.replaceAll('_', '-') === b.replaceAll('_', '-');
}

/** The option that a word on the command line means, `table_size`, or one letter. */
export function findOption(workload: Workload, word: string): WorkloadOption | undefined {
  return workload.options.find(({ name, alias }) => sameName(name, word) || alias === word);
}

/** Whether a command has the option. */
export function isOptionOf(option: WorkloadOption, command: OptionCommand): boolean {
  return option.command === undefined || option.command === command;
}

/** Of what was given, what this workload takes, by the names of its options. */
export function givenTo(workload: Workload, given: OptionValues): OptionValues {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => workload.options.some((option) => option.name === name)),
  );
}

/** Whether any of the scripts can use the variable `scale`, whether tables have one or not. */
export function hasText({ parts }: Composition): boolean {
  return parts.some(({ workload }) => workload.scripts.some((script) => 'text' in script));
}

/** They say what pgbench does before a load, and nothing of the load; where that is the usual, no plan need have them. */
const OF_VACUUM: readonly string[] = ['no-vacuum', 'vacuum-all'];

/**
 * The options of all workloads of a run, in one: given, decided by the tables, or by default.
 * @param decided what the tables of each schema decide
 * @throws UserError when two workloads take one option differently
 */
export function runOptions(
  composition: Composition,
  given: OptionValues,
  decided: OptionValues = {},
): OptionValues {
  const options = new Map<string, OptionValues[string]>();
  const owners = new Map<string, string>();
  for (const { workload } of composition.parts) {
    const own = parseOptions(workload, givenTo(workload, given));
    for (const option of workload.options) {
      const { name } = option;
      // An option may be called as something that every object has.
      const value = Object.hasOwn(decided, name) ? decided[name] : own[name];
      const isUsual = value === false && OF_VACUUM.includes(name);
      if (!isOptionOf(option, 'run') || value === undefined || isUsual) {
        continue;
      }
      const other = options.get(name);
      if (other !== undefined && other !== value) {
        throw new UserError(
          `--${name}: ${owners.get(name)} has ${other} by default and ${workload.name} has ${value}.`,
          `Say which it shall be for both: --${name} ${other}.`,
        );
      }
      options.set(name, value);
      owners.set(name, workload.name);
    }
  }
  if (hasText(composition) && !options.has('scale')) {
    options.set('scale', scaleOf(given['scale']));
  }
  return Object.fromEntries(options);
}

/** Of scripts whose tables say nothing of it: as in pgbench it is what -s says, else 1. */
function scaleOf(given: OptionValues[string] | undefined): number {
  return parseInteger(String(given ?? 1), '--scale', { min: 1 });
}

/** Variables of -D, `name=value`; the last of a name counts, as in pgbench. @throws UserError */
export function parseDefinitions(definitions: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    definitions.map((text) => {
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
      if (!text.includes('=')) {
        throw new UserError(`--define: expected NAME=VALUE, such as -D branch=3, found '${text}'.`);
      }
      if (!isVariableName(name)) {
        throw new UserError(
          `--define: expected a name of letters, digits and _, no digit first, found '${name}'.`,
        );
      }
      return [name, value];
    }),
  );
}

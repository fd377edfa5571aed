import type pg from 'pg';
import { UserError } from '../errors.js';
import { hostPort, type Target } from '../plan/target.js';
import type { Composition, Part } from '../workload/compose.js';
import { noSchema } from '../workload/no-schema.js';
import { givenTo } from '../workload/options.js';
import { parseOptions } from '../workload/registry.js';
import type { OptionValues, Schema } from '../workload/workload.js';
import type { RunOrder } from './run-order.js';
import { tableCommand } from './table-work.js';

/** The tables of a run: those of each schema once, however many of its workloads share them. */
export function schemasOf({ parts }: Composition): readonly Part[] {
  const seen = new Set<Schema>();
  return parts.filter(({ workload: { schema } }) => {
    const isNew = schema !== noSchema && !seen.has(schema);
    seen.add(schema);
    return isNew;
  });
}

/**
 * Whether all tables are as their workloads need them.
 * @returns the options that they decide
 * @throws UserError that names the command which makes them
 */
export async function tableOptions(
  sql: pg.ClientBase,
  composition: Composition,
  given: OptionValues,
  { rw }: Target,
): Promise<OptionValues> {
  const where = `${hostPort(rw)}, database '${rw.database}',`;
  const decided = new Map<string, OptionValues[string]>();
  for (const part of schemasOf(composition)) {
    for (const [name, value] of Object.entries(await checkTables(sql, part, given, where))) {
      const other = decided.get(name);
      if (other !== undefined && other !== value) {
        throw new UserError(
          `--${name}: ${where} has tables of ${name} ${other} and of ${name} ${value} for the workloads of ${composition.name}.`,
          'Make them alike with init, or run them one by one.',
        );
      }
      decided.set(name, value);
    }
  }
  return Object.fromEntries(decided);
}

async function checkTables(
  sql: pg.ClientBase,
  part: Part,
  given: OptionValues,
  where: string,
): Promise<OptionValues> {
  const { workload } = part;
  const own = givenTo(workload, given);
  const state = await workload.schema.check(sql, parseOptions(workload, own));
  const mend = `Make them with '${initCommand(part, own)}' and the same target.`;
  switch (state.kind) {
    case 'ready':
      refuseOther(own, state.options, where);
      return state.options;
    case 'missing':
      throw new UserError(`${where} has no tables for ${workload.name}.`, mend);
    case 'unfit':
      throw new UserError(`${where} has tables that do not fit ${workload.name}: ${state.problem}`, mend);
  }
}

/** With the options that make the tables as they were asked for; the size is the one that has to be thought of. */
function initCommand(part: Part, own: OptionValues): string {
  const hasScale = part.workload.options.some(({ name }) => name === 'scale');
  const size = hasScale && !Object.hasOwn(own, 'scale') ? ['--scale N'] : [];
  return tableCommand('init', part, own, ...size);
}

/** What the tables decide cannot be asked for otherwise. */
function refuseOther(own: OptionValues, found: OptionValues, where: string): void {
  for (const [name, value] of Object.entries(found)) {
    if (Object.hasOwn(own, name) && String(own[name]) !== String(value)) {
      throw new UserError(
        `--${name}: ${where} has tables of ${name} ${value}, found ${own[name]}.`,
        `Leave --${name} out, or make other tables with init.`,
      );
    }
  }
}

/**
 * What belongs before each load, such as pgbench's vacuum, which its own --no-vacuum leaves out.
 * @param sql a client without a limit of time
 * @param options of the run, with those that the tables decide
 */
export async function beforeRun(
  sql: pg.ClientBase,
  { composition, given }: Pick<RunOrder, 'composition' | 'given'>,
  options: OptionValues,
): Promise<void> {
  for (const { workload } of schemasOf(composition)) {
    const own = parseOptions(workload, givenTo(workload, given));
    await workload.schema.beforeRun?.(sql, { ...own, ...givenTo(workload, options) });
  }
}

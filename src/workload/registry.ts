import { readdir } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { parseSwitch } from '../plan/words.js';
import { parseInteger, parseNumber } from '../units.js';
import { noSchema } from './no-schema.js';
import { PGBENCH_OPTIONS, pgbenchSchema } from './pgbench/schema.js';
import { BULK_OPTIONS, OLTP_OPTIONS } from './sysbench/options.js';
import { bulkSchema, insertSchema, selectSchema, sysbenchSchema } from './sysbench/schema.js';
import type {
  OptionValues,
  Schema,
  SchemaName,
  Workload,
  WorkloadDefinition,
  WorkloadOption,
} from './workload.js';

/** Beside the sources and beside what is built from them, so the same in both. */
const FOLDER = new URL('../../workloads/', import.meta.url);

const SCHEMAS: Readonly<
  Record<SchemaName, { readonly schema: Schema; readonly options: readonly WorkloadOption[] }>
> = {
  none: { schema: noSchema, options: [] },
  pgbench: { schema: pgbenchSchema, options: PGBENCH_OPTIONS },
  sysbench: { schema: sysbenchSchema, options: OLTP_OPTIONS },
  'sysbench-bulk': { schema: bulkSchema, options: BULK_OPTIONS },
  'sysbench-insert': { schema: insertSchema, options: OLTP_OPTIONS },
  'sysbench-select': { schema: selectSchema, options: OLTP_OPTIONS },
};

/** The built-in workloads by name. */
export async function listWorkloads(): Promise<readonly Workload[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.js')).sort();
  return Promise.all(
    files.map(async (file) => {
      const { href } = new URL(file, FOLDER);
      const module: { default: WorkloadDefinition } = await import(href);
      return resolveWorkload(module.default, href);
    }),
  );
}

/** @throws UserError that lists what there is */
export async function findWorkload(name: string): Promise<Workload> {
  const workloads = await listWorkloads();
  const found = workloads.find((workload) => workload.name === name || workload.aliases.includes(name));
  if (found === undefined) {
    const names = workloads.map((workload) => workload.name);
    throw new UserError(
      `There is no workload '${name}'.${didYouMean(name, [...names, ...workloads.flatMap(({ aliases }) => aliases)])}`,
      `There are ${names.join(', ')}.`,
    );
  }
  return found;
}

/**
 * One of pgbench's own scripts, by as much of its name as tells it from the others: `tpcb`, `se`.
 * @throws UserError that lists them
 */
export async function findPgbenchScript(prefix: string): Promise<Workload> {
  const scripts = await listPgbenchScripts();
  const found = scripts.filter(({ name, aliases }) =>
    [name, ...aliases].some((each) => each.startsWith(prefix)),
  );
  const [workload] = found;
  if (workload === undefined || found.length > 1) {
    const problem =
      workload === undefined ? 'is none of pgbench' : `may be ${found.map(({ name }) => name).join(' or ')}`;
    throw new UserError(
      `--builtin: '${prefix}' ${problem}.`,
      `There are ${scripts.map(({ name }) => name).join(', ')}; others are named without -b.`,
    );
  }
  return workload;
}

/** What pgbench has built in. */
export async function listPgbenchScripts(): Promise<readonly Workload[]> {
  return (await listWorkloads()).filter(
    ({ schema, scripts }) => schema === pgbenchSchema && scripts.every((script) => 'text' in script),
  );
}

/**
 * Puts the schema that a definition names into its place, with the options of it.
 * @param file that it is from, for messages
 * @throws UserError for a schema that there is not
 */
export function resolveWorkload(
  definition: WorkloadDefinition,
  url: string | null = null,
  file?: string,
): Workload {
  const { name, aliases = [], summary, options = [], schema, scripts } = definition;
  const named = typeof schema === 'string' ? namedSchema(schema, name, file) : { schema, options: [] };
  return {
    name,
    aliases,
    summary,
    options: [...named.options, ...options],
    schema: named.schema,
    scripts,
    url,
  };
}

/** What a schema is called; `its own` for one of a user's file. */
export function schemaName(schema: Schema): SchemaName | 'its own' {
  for (const name of Object.keys(SCHEMAS) as SchemaName[]) {
    if (SCHEMAS[name].schema === schema) {
      return name;
    }
  }
  return 'its own';
}

/** A definition may be a user's file, which no compiler has seen. */
function namedSchema(
  schema: SchemaName,
  workload: string,
  file: string | undefined,
): NonNullable<(typeof SCHEMAS)[SchemaName]> {
  const known = Object.hasOwn(SCHEMAS, schema) ? SCHEMAS[schema] : undefined;
  if (known === undefined) {
    throw new UserError(
      `${file === undefined ? '' : `${file}: `}The workload ${workload} names the schema '${schema}', which there is not.`,
      `There is ${Object.keys(SCHEMAS).join(', ')}.`,
    );
  }
  return known;
}

/**
 * All options of a workload, those that were given checked, the others at their defaults.
 *
 * @param given by name, as text from the command line or of the type of the option
 * @throws UserError for one that the workload does not have, or a value that it does not take
 */
export function parseOptions(
  workload: Pick<Workload, 'name' | 'options'>,
  given: OptionValues,
): OptionValues {
  for (const name of Object.keys(given)) {
    if (!workload.options.some((option) => option.name === name)) {
      const names = workload.options.map((option) => option.name);
      throw new UserError(
        `The workload ${workload.name} has no option --${name}.${didYouMean(name, names)}`,
        names.length === 0 ? 'It has none.' : `It has ${names.map((known) => `--${known}`).join(', ')}.`,
      );
    }
  }
  return Object.fromEntries(
    workload.options.map((option) => {
      // An option may be called as something that every object has.
      const value = Object.hasOwn(given, option.name) ? given[option.name] : undefined;
      return [option.name, value === undefined ? option.default : parseOption(option, value)];
    }),
  );
}

function parseOption(option: WorkloadOption, value: number | string | boolean): number | string | boolean {
  switch (option.type) {
    case 'number':
      return numberOf(option, String(value));
    case 'boolean':
      // An option without a value behind it is on.
      return value === '' || parseSwitch(String(value), `--${option.name}`);
    case 'string':
      return parseWord(option, String(value));
  }
}

function parseWord({ name, values }: WorkloadOption, word: string): string {
  if (values !== undefined && !values.includes(word)) {
    throw new UserError(
      `--${name}: expected one of ${values.join(', ')}, found '${word}'.${didYouMean(word, values)}`,
    );
  }
  return word;
}

/** By the same rules as the numbers of `run`. */
function numberOf(option: WorkloadOption, text: string): number {
  const parse = option.integer === true ? parseInteger : parseNumber;
  return parse(text, `--${option.name}`, option);
}

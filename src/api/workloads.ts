import type { Route } from '../plan/target.js';
import { compilePrograms } from '../workload/compile.js';
import { loadWorkload } from '../workload/compose.js';
import * as registry from '../workload/registry.js';
import type { Script, Workload, WorkloadOption } from '../workload/workload.js';

export type { WorkloadOption } from '../workload/workload.js';

/** What can be run, and what is to be known of it. */
export interface WorkloadDescription {
  readonly name: string;
  /** Other words for it. */
  readonly aliases: readonly string[];
  /** One line; '' for a script of one's own. */
  readonly summary: string;
  /** Name of the tables that it runs on, `pgbench`. */
  readonly tables: string;
  readonly options: readonly WorkloadOption[];
  readonly scripts: readonly ScriptDescription[];
}

export interface ScriptDescription {
  readonly name: string;
  /** Share of this script among all of the workload; 0 = never. */
  readonly weight: number;
  readonly route: Route;
  readonly source: ScriptSource;
}

/** What a script is written as. */
export type ScriptSource =
  /** In pgbench's language. */
  | { readonly kind: 'text'; readonly text: string }
  /** A function of a workload file, as it stands there. */
  | { readonly kind: 'function'; readonly text: string; readonly writes: boolean }
  /** An event of sysbench: the groups of its statements. */
  | { readonly kind: 'event'; readonly groups: readonly string[] };

/** The built-in workloads, by name. */
export async function listWorkloads(): Promise<readonly WorkloadDescription[]> {
  return (await registry.listWorkloads()).map(described);
}

/**
 * A workload by its name, or by the path of its file.
 * @throws UserError when there is none, and for whatever is wrong in the file
 */
export async function describeWorkload(name: string): Promise<WorkloadDescription> {
  return described((await loadWorkload(name)).workload);
}

/** What pgbench has built in. */
export async function listPgbenchScripts(): Promise<readonly WorkloadDescription[]> {
  return (await registry.listPgbenchScripts()).map(described);
}

/** One of them, by as much of its name as tells it from the others. @throws UserError that lists them */
export async function describePgbenchScript(prefix: string): Promise<WorkloadDescription> {
  return described(await registry.findPgbenchScript(prefix));
}

/**
 * The statements that an event of sysbench sends, each once, with the workload's options as they are by default.
 * @param groups as its description has them
 */
export async function statementsOf(
  workload: Pick<WorkloadDescription, 'name' | 'options'>,
  script: Pick<ScriptDescription, 'name'>,
  groups: readonly string[],
): Promise<readonly string[]> {
  const { name } = script;
  const [program] = await compilePrograms([{ name, source: { kind: 'event', groups } }], {
    protocol: 'prepared',
    options: registry.parseOptions(workload, {}),
    variables: {},
    seed: 0,
  });
  return [...new Set(program?.statements.map(({ text }) => text))];
}

function described({ name, aliases, summary, schema, options, scripts }: Workload): WorkloadDescription {
  return {
    name,
    aliases,
    summary,
    tables: registry.schemaName(schema),
    options,
    scripts: scripts.map((script) => {
      const { name: title, weight, route } = script;
      return { name: title, weight, route, source: sourceOf(script) };
    }),
  };
}

function sourceOf(script: Script): ScriptSource {
  if ('text' in script) {
    return { kind: 'text', text: script.text };
  }
  if ('run' in script) {
    return { kind: 'function', text: String(script.run), writes: script.writes };
  }
  return { kind: 'event', groups: script.event };
}

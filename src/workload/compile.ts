import type { LedgerMode, Protocol, ScriptPlan, WorkloadPlan } from '../plan/plan.js';
import { type LedgerUse, withLedger } from './ledger-steps.js';
import { type CompiledScript, compileScripts } from './pgbench/compile.js';
import type { Program } from './program.js';
import { buildEvent } from './sysbench/event.js';
import { Slots } from './variables.js';
import type { OptionValues, WorkloadDefinition } from './workload.js';

/** What the programs of a run are made for. */
export interface CompileContext extends Pick<WorkloadPlan, 'options' | 'variables'> {
  readonly protocol: Protocol;
  readonly seed: number;
  /** Whether commits leave tokens; absent for not. */
  readonly ledger?: LedgerMode;
}

/** Without its route, a script counts as one that goes to the primary. */
export type CompiledFrom = Pick<ScriptPlan, 'name' | 'source'> & Partial<Pick<ScriptPlan, 'route'>>;

/** A program of a run. */
export interface RunProgram extends CompiledScript {
  readonly tokens: LedgerUse;
}

/**
 * The programs of all scripts of a run, in their order, whatever each is written as. They share their variables, so
 * that all have the same slots.
 *
 * @throws ScriptError for whatever is wrong in a script
 */
export async function compilePrograms(
  scripts: readonly CompiledFrom[],
  context: CompileContext,
): Promise<readonly RunProgram[]> {
  const { protocol, options, seed, ledger: mode = 'off' } = context;
  const slots = new Slots();
  const texts = scripts.flatMap(({ name, source }) =>
    source.kind === 'text' ? [{ name, text: source.text }] : [],
  );
  // Together, for a script may use what another one sets.
  const compiled = compileScripts(texts, {
    protocol,
    variables: [...variablesOf(context).keys()],
    slots,
  }).values();
  const programs: CompiledScript[] = [];
  for (const { name, source } of scripts) {
    switch (source.kind) {
      case 'text':
        programs.push(next(compiled));
        break;
      case 'event':
        programs.push(buildEvent(source.groups, { scriptName: name, options, protocol, slots, seed }));
        break;
      case 'function':
        programs.push(await functionProgram(source.url, source.script));
        break;
    }
  }
  const withTokens = programs.map((program, index) =>
    withLedger(program, { mode, slots, protocol, route: scripts[index]?.route }),
  );
  return withTokens.map(({ program, use }) => ({ ...program, slots: slots.names, tokens: use }));
}

/**
 * The variables that are set before the first transaction: the options of the workloads, `--range-size` as
 * `range_size`, and above them what the user set with -D, as text.
 */
export function variablesOf({
  options,
  variables,
}: Pick<WorkloadPlan, 'options' | 'variables'>): ReadonlyMap<string, OptionValues[string]> {
  const given = Object.entries(options).map(([name, value]) => [name.replaceAll('-', '_'), value] as const);
  return new Map([...given, ...Object.entries(variables)]);
}

function next(compiled: Iterator<CompiledScript>): CompiledScript {
  const { value, done } = compiled.next();
  if (done === true) {
    throw new Error('A script went in and did not come out.');
  }
  return value;
}

/** Functions cannot be sent to a thread, so that each loads the file anew. */
async function functionProgram(url: string, name: string): Promise<CompiledScript> {
  const module: { readonly default: WorkloadDefinition } = await import(url);
  const script = module.default.scripts.find((candidate) => candidate.name === name);
  if (script === undefined || !('run' in script)) {
    throw new Error(`${url} has no function '${name}' any more.`);
  }
  const program: Program = {
    slots: [],
    statements: [],
    steps: [{ op: 'function', run: script.run }],
    commands: [{ step: 0, line: 0, text: script.name }],
  };
  return { ...program, writes: script.writes };
}

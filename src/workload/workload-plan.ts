import { UserError } from '../errors.js';
import type { Protocol, ScriptOrigin, ScriptPlan, WorkloadPlan } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { compilePrograms } from './compile.js';
import type { Composition, Part } from './compose.js';
import type { CompiledScript } from './pgbench/compile.js';
import type { OptionValues, Script, Workload } from './workload.js';

/** What a workload's plan is made for. */
export interface PlanContext {
  readonly options: OptionValues;
  /** Of -D. */
  readonly variables: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
  readonly seed: number;
  /** Of all scripts; undefined when each goes where it says. */
  readonly route: Route | undefined;
  /** Whether the target has a read-only endpoint. */
  readonly readOnly: boolean;
}

/**
 * The workload of a run: its scripts compiled once, to learn what is wrong with them and whether they write.
 * @throws ScriptError, UserError for a script that cannot be run like this
 */
export async function planWorkload(
  { name, parts }: Composition,
  { options, variables, protocol, seed, route, readOnly }: PlanContext,
): Promise<WorkloadPlan> {
  if (route === 'ro' && !readOnly) {
    throw new UserError('--route: the target has no read-only endpoint.', 'Add --ro URI, or leave it out.');
  }
  const scripts = uniquelyNamed(
    parts.flatMap((part, index) => sourcesOf(part.workload, weightsOf(parts)[index] ?? [])),
  );
  const programs = await compilePrograms(inFiles(scripts, parts), { options, variables, protocol, seed });
  return {
    name,
    options,
    usualOptions: usualOptions(options, parts),
    variables,
    scripts: scripts.map((script, index): ScriptPlan => {
      const writes = programs[index]?.writes ?? true;
      if (route === 'ro') {
        refuseWriter(script, programs[index]);
      }
      const wanted = route ?? script.route;
      return { ...script, route: wanted === 'ro' && !readOnly ? 'rw' : wanted, writes };
    }),
  };
}

/** Named as an error in one of them has to name it: by the file, too, where a user's module has it. */
function inFiles(scripts: readonly Planned[], parts: readonly Part[]): readonly Planned[] {
  const files = parts.flatMap(({ workload, file }) => workload.scripts.map((script) => ({ script, file })));
  return scripts.map((planned, index) => {
    const { script, file } = files[index] ?? {};
    return file === undefined || script?.name === file
      ? planned
      : { ...planned, name: `${file}, script ${script?.name}` };
  });
}

function usualOptions(options: OptionValues, parts: readonly Part[]): string[] {
  const all = parts.flatMap(({ workload }) => workload.options);
  return Object.keys(options).filter((name) => {
    const own = all.filter((option) => option.name === name);
    return own.length > 0 && own.every((option) => option.default === options[name]);
  });
}

type Planned = Omit<ScriptPlan, 'writes'>;

function sourcesOf({ scripts, url }: Workload, weights: readonly number[]): readonly Planned[] {
  return scripts.map((script, index) => ({
    name: script.name,
    weight: weights[index] ?? 0,
    route: script.route,
    source: originOf(script, url),
  }));
}

function originOf(script: Script, url: string | null): ScriptOrigin {
  if ('text' in script) {
    return { kind: 'text', text: script.text };
  }
  if ('event' in script) {
    return { kind: 'event', groups: script.event };
  }
  return { kind: 'function', url: url ?? '', script: script.name };
}

/**
 * The weights of the scripts of each part: a part's share of the run is its own weight, whatever the weights within it
 * add up to. They stay whole numbers, and those that the user gave where each part has one script: pgbench's choice
 * of the next script depends on them and not on their ratio alone.
 */
export function weightsOf(parts: readonly Part[]): readonly (readonly number[])[] {
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only.weight === 1) {
    return [only.workload.scripts.map(({ weight }) => weight)];
  }
  const totals = parts.map(({ workload }) => totalOf(workload));
  const common = totals.reduce(leastCommonMultiple, 1);
  return parts.map(({ workload, weight }, index) => {
    const total = totals[index] ?? 1;
    return workload.scripts.map((script) => {
      const within = workload.scripts.length === 1 ? Math.min(script.weight, 1) : script.weight;
      const value = weight * within * (common / total);
      if (!Number.isSafeInteger(value)) {
        throw new UserError(`The weights of ${workload.name} are too large to be mixed with the others.`);
      }
      return value;
    });
  });
}

function totalOf({ scripts }: Workload): number {
  return scripts.length === 1
    ? 1
    : Math.max(
        1,
        scripts.reduce((sum, { weight }) => sum + weight, 0),
      );
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) {
    [divisor, rest] = [rest, divisor % rest];
  }
  return (a / divisor) * b;
}

/** `tpcb`, `tpcb#2`: results tell scripts apart by their names. */
function uniquelyNamed(scripts: readonly Planned[]): readonly Planned[] {
  const taken = new Set(scripts.map(({ name }) => name));
  const seen = new Set<string>();
  return scripts.map((script) => {
    if (!seen.has(script.name)) {
      seen.add(script.name);
      return script;
    }
    let number = 2;
    while (taken.has(`${script.name}#${number}`)) {
      number++;
    }
    const name = `${script.name}#${number}`;
    taken.add(name);
    return { ...script, name };
  });
}

/** Statements that no standby takes. A SELECT of a function may write or not, so that it is let through. */
const WRITING =
  /^\s*(insert|update|delete|merge|truncate|create|drop|alter|vacuum|analyze|reindex|cluster)\b/i;

function refuseWriter({ name, source }: Planned, program: CompiledScript | undefined): void {
  const writer = program?.statements.find(({ text }) => WRITING.test(text));
  const isWritingFunction = source.kind === 'function' && program?.writes === true;
  if (writer !== undefined || isWritingFunction) {
    throw new UserError(
      `--route: ${name} writes, which the read-only endpoint refuses.`,
      'Leave --route out, or use --route rw.',
    );
  }
}

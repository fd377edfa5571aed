import type { Plan } from '../plan/plan.js';
import { compileScripts } from '../workload/pgbench/compile.js';
import type { Program, ScriptContext } from '../workload/program.js';
import { seedChain } from '../workload/random/seed-chain.js';
import type { RandomStream } from '../workload/random/stream.js';
import { findWorkload } from '../workload/registry.js';
import { Variables } from '../workload/variables.js';
import type { Workload } from '../workload/workload.js';

/** What a worker's clients run. */
export interface Programs {
  /** In the order of plan.workload.scripts. */
  readonly programs: readonly Program[];
  /** The variables and the random stream of a client of the run; the same seed gives the same to the same client. */
  readonly contextOf: (client: number) => ScriptContext;
  /** Index of the script of the next transaction, by weight. */
  readonly chooseScript: () => number;
}

/** Loads and compiles the plan's scripts, in the thread that will run them: programs are code and cannot be sent. */
export async function loadPrograms(plan: Plan, worker: number): Promise<Programs> {
  const programs = compileFor(plan, await findWorkload(plan.workload.name));
  const [slots] = programs.map((program) => program.slots);
  const chain = seedChain(plan.seed, { clients: plan.clients, threads: plan.workers });
  return {
    programs,
    contextOf: (client) => {
      const variables = new Variables(slots ?? []);
      setInitial(variables, slots ?? [], plan, client, chain.defaultSeed);
      return { clientId: client, clients: plan.clients, variables, random: chain.client(client) };
    },
    chooseScript: chooser(
      plan.workload.scripts.map((script) => script.weight),
      chain.thread(worker).choice,
    ),
  };
}

/** @throws ScriptError for whatever is wrong in a script */
export function compileFor(
  plan: Pick<Plan, 'protocol' | 'workload'>,
  workload: Workload,
): readonly Program[] {
  const sources = plan.workload.scripts.map(({ name }) => {
    const script = workload.scripts.find((candidate) => candidate.name === name);
    if (script === undefined) {
      throw new Error(`The workload ${workload.name} has no script ${name}.`);
    }
    return { name, text: script.text };
  });
  const variables = Object.keys(plan.workload.options);
  return compileScripts(sources, { protocol: plan.protocol, variables });
}

function setInitial(
  variables: Variables,
  slots: readonly string[],
  plan: Plan,
  client: number,
  defaultSeed: bigint,
): void {
  for (const [slot, name] of slots.entries()) {
    const value = plan.workload.options[name];
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      variables.setInteger(slot, value);
    } else if (value !== undefined) {
      variables.setText(slot, String(value));
    } else if (name === 'client_id') {
      variables.setInteger(slot, client);
    } else if (name === 'random_seed') {
      variables.setInteger(slot, plan.seed);
    } else if (name === 'default_seed') {
      variables.setBigInt(slot, defaultSeed);
    }
  }
}

function chooser(weights: readonly number[], stream: RandomStream): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length === 1) {
    return () => 0;
  }
  return () => {
    let left = stream.range(0, total - 1);
    let script = 0;
    for (;;) {
      left -= weights[script] ?? 0;
      if (left < 0 || script === weights.length - 1) {
        return script;
      }
      script++;
    }
  };
}

import type { Plan } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { compilePrograms, variablesOf } from '../workload/compile.js';
import { TOKEN_VARIABLE } from '../workload/ledger-steps.js';
import type { Program, ScriptContext } from '../workload/program.js';
import { seedChain, type ThreadStreams } from '../workload/random/seed-chain.js';
import type { RandomStream } from '../workload/random/stream.js';
import { Variables } from '../workload/variables.js';
import { AckRing } from './ack-ring.js';
import { ClientLedger } from './client-ledger.js';

/** What a worker's clients run. */
export interface Programs {
  /** In the order of plan.workload.scripts. */
  readonly programs: readonly Program[];
  /** The variables and the random stream of a client of the run; the same seed gives the same to the same client. */
  readonly contextOf: (client: number) => ScriptContext;
  /** For clients that serve this port: gives the index of the script of the next transaction, by weight. */
  readonly chooserOf: (route: Route | 'both') => () => number;
  /** Undefined without a ledger. */
  readonly acks: AckRing | undefined;
  /** Of the clients whose context was asked for. */
  readonly ledgers: readonly ClientLedger[];
  /** This worker's own. */
  readonly streams: ThreadStreams;
}

/** Loads and compiles the plan's scripts, in the thread that will run them: programs are code and cannot be sent. */
export async function loadPrograms(plan: Plan, worker: number, runId: string): Promise<Programs> {
  const { scripts, options, variables: given } = plan.workload;
  const { protocol, seed } = plan;
  const programs = await compilePrograms(scripts, {
    protocol,
    options,
    variables: given,
    seed,
    ledger: plan.ledger,
  });
  const slots = programs[0]?.slots ?? [];
  const tokenSlot = slots.indexOf(TOKEN_VARIABLE);
  const acks = tokenSlot < 0 ? undefined : new AckRing();
  const ledgers: ClientLedger[] = [];
  const hasDefaultSeed = given['default_seed'] !== undefined;
  const chain = seedChain(seed, { clients: plan.clients, threads: plan.workers, hasDefaultSeed });
  const streams = chain.thread(worker);
  return {
    programs,
    contextOf: (client) => {
      const variables = new Variables(slots);
      setInitial(variables, slots, plan, client, chain.defaultSeed);
      const context = { clientId: client, clients: plan.clients, variables, random: chain.client(client) };
      if (acks === undefined) {
        return context;
      }
      const ledger = new ClientLedger(runId, client, variables.cell(tokenSlot), acks);
      ledgers.push(ledger);
      return { ...context, ledger };
    },
    acks,
    ledgers,
    chooserOf: (route) =>
      chooser(
        scripts.map((script) => (route === 'both' || script.route === route ? script.weight : 0)),
        streams.choice,
      ),
    streams,
  };
}

/** What the user and the options of the workload set wins over what every run sets. */
function setInitial(
  variables: Variables,
  slots: readonly string[],
  plan: Plan,
  client: number,
  defaultSeed: bigint,
): void {
  const given = variablesOf(plan.workload);
  for (const [slot, name] of slots.entries()) {
    const value = given.get(name);
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      variables.setInteger(slot, value);
    } else if (value !== undefined) {
      variables.setText(slot, String(value));
    } else if (name === 'scale') {
      variables.setInteger(slot, 1);
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
  // pgbench draws nothing where there is nothing to choose.
  if (weights.length === 1) {
    return () => 0;
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = stream.range(0, total - 1);
    let script = 0;
    for (;;) {
      left -= weights[script] ?? 0;
      if (left < 0) {
        return script;
      }
      script++;
    }
  };
}

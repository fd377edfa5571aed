import type { Plan, ScriptPlan } from '../plan/plan.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { PrivateServer } from '../postgres/private-server.fixture.js';
import { compileScripts } from '../workload/pgbench/compile.js';
import type { Program, ScriptFunction } from '../workload/program.js';
import { seedChain } from '../workload/random/seed-chain.js';
import { Slots, Variables } from '../workload/variables.js';
import type { Frame, ScriptFrame } from './frame.js';
import { Group } from './group.js';

/** A variable that a test may change while the load runs, 0 at first. */
const NAP = 'nap';

/** A script of a test: in pgbench's language, or a function. */
export type TestScript = { readonly name: string } & (
  | { readonly text: string }
  | {
      readonly run: ScriptFunction;
      readonly writes: boolean;
      /** Behind the last transaction. */
      readonly closing?: ScriptFunction;
    }
);

/** A plan for one worker against a server, with a closed pace and no limit but what is given. */
export function loadPlan(
  server: Pick<PrivateServer, 'endpoint'>,
  scripts: readonly TestScript[],
  given: Partial<Plan>,
): Plan {
  return {
    target: { kind: 'server', name: 'test', rw: server.endpoint, patroni: [] },
    workload: {
      name: 'test',
      options: {},
      usualOptions: [],
      variables: {},
      scripts: scripts.map(scriptPlan),
    },
    tags: {},
    clients: 1,
    workers: 1,
    protocol: 'prepared',
    connections: 'per-client',
    transactionsPerConnection: 0,
    durationMs: 600_000,
    transactions: null,
    warmupMs: 0,
    pace: { kind: 'closed' },
    latencyLimitMs: null,
    retry: { contention: 'fail', maxTries: 1 },
    perCommand: false,
    log: null,
    intervalMs: 10,
    seed: 1,
    deadlines: { connectMs: 5000, statementMs: 60_000, transactionMs: 60_000 },
    reconnect: { firstMs: 5, capMs: 50, burst: 256 },
    probes: false,
    observers: false,
    directWrites: false,
    ledger: 'off',
    rounds: null,
    faults: [],
    ...given,
  };
}

function scriptPlan(script: TestScript): ScriptPlan {
  const writes = 'text' in script || script.writes;
  const source = { kind: 'text', text: 'text' in script ? script.text : '' } as const;
  return { name: script.name, weight: 1, route: 'rw', writes, source };
}

function programsOf(scripts: readonly TestScript[], protocol: Plan['protocol']): readonly Program[] {
  const texts = scripts.flatMap((script) => ('text' in script ? [script] : []));
  const slots = new Slots();
  const compiled = compileScripts(texts, { protocol, variables: [NAP], slots });
  return scripts.map((script) => {
    if ('text' in script) {
      return compiled[texts.indexOf(script)] as Program;
    }
    const stepsOf = (run: ScriptFunction) => [{ op: 'function', run } as const];
    return {
      slots: slots.names,
      statements: [],
      steps: stepsOf(script.run),
      commands: [{ step: 0, line: 0, text: script.name }],
      ...(script.closing === undefined ? {} : { closing: stepsOf(script.closing) }),
    };
  });
}

/** A group of clients in this thread, and what it recorded. */
export class Load {
  readonly frames: Frame[] = [];
  readonly group: Group;
  /** Resolves when every client has done what it was to do. */
  readonly drained: Promise<void>;
  /** The script of each next transaction; below 0 they take turns. */
  script = -1;
  private readonly naps: Variables[] = [];
  private wanted = 0;
  private reached: (() => void) | undefined;

  constructor(
    server: Pick<PrivateServer, 'endpoint'>,
    scripts: readonly TestScript[],
    given: Partial<Plan> = {},
    more: Partial<Pick<ConstructorParameters<typeof Group>[0], 'log'>> = {},
  ) {
    const plan = loadPlan(server, scripts, given);
    const programs = programsOf(scripts, plan.protocol);
    const slots = programs[0]?.slots ?? [];
    const chain = seedChain(plan.seed, { clients: plan.clients });
    let turn = 0;
    let drained: () => void = () => undefined;
    this.drained = new Promise((resolve) => {
      drained = resolve;
    });
    this.group = new Group({
      plan,
      secrets: {},
      runId: 'test',
      worker: 0,
      firstClient: 0,
      clientCount: plan.clients,
      programs,
      contextOf: (client) => {
        const variables = new Variables(slots);
        this.naps.push(variables);
        variables.setInteger(slots.indexOf(NAP), 0);
        if (slots.includes('client_id')) {
          variables.setInteger(slots.indexOf('client_id'), client);
        }
        return { clientId: client, clients: plan.clients, variables, random: chain.client(client) };
      },
      chooserOf: () => () => (this.script >= 0 ? this.script : turn++ % scripts.length),
      throttle: chain.thread(0).throttle,
      ...more,
      emit: (frame) => {
        this.frames.push(frame);
        if (this.reached !== undefined && this.count('ack') >= this.wanted) {
          this.reached();
        }
      },
      onDrained: drained,
    });
  }

  async begin(): Promise<void> {
    await this.group.open();
    await this.group.start(process.hrtime.bigint());
  }

  async end(): Promise<void> {
    await this.group.finish(2000, { code: 'run_ended', message: '' });
  }

  /** From the start to the last transaction of a load that is limited by their number. */
  async runToEnd(): Promise<void> {
    await this.begin();
    await this.drained;
    await this.end();
  }

  get scriptFrames(): readonly ScriptFrame[] {
    return this.frames.flatMap((frame) => frame.scripts);
  }

  count(outcome: Outcome): number {
    return this.sum((frame) => frame.outcomes[OUTCOMES.indexOf(outcome)] ?? 0);
  }

  sum(read: (frame: ScriptFrame) => number): number {
    return this.scriptFrames.reduce((sum, frame) => sum + read(frame), 0);
  }

  /** Connections that were begun since the start. */
  get connectAttempts(): number {
    return this.frames.reduce((sum, { connects }) => sum + connects.attempts, 0);
  }

  /** Codes of what failed, with their counts. */
  get errors(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { code, count } of this.frames.flatMap((frame) => frame.errors)) {
      counts[code] = (counts[code] ?? 0) + count;
    }
    return counts;
  }

  /** Sets :nap of every client. */
  setNap(nap: number): void {
    for (const variables of this.naps) {
      variables.setInteger(this.group.scripts[0]?.program.slots.indexOf(NAP) ?? -1, nap);
    }
  }

  /** Resolves when there are so many acknowledgements more. */
  async acks(more: number): Promise<void> {
    this.wanted = this.count('ack') + more;
    await new Promise<void>((resolve) => {
      this.reached = resolve;
    });
    this.reached = undefined;
  }
}

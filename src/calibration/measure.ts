import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';
import type { Frame } from '../load/frame.js';
import { Pool } from '../load/pool.js';
import type { FromNullServer } from '../null-server/thread.js';
import type { Plan, Protocol } from '../plan/plan.js';
import { planOf, readSettings } from '../plan/settings.js';
import type { Target } from '../plan/target.js';
import { OUTCOMES } from '../postgres/outcome.js';
import type { ThreadFacts } from '../result/generator.js';
import { compilePrograms } from '../workload/compile.js';
import { loadWorkload } from '../workload/compose.js';
import { runOptions } from '../workload/options.js';
import { statementCount } from '../workload/statement-count.js';
import { planWorkload } from '../workload/workload-plan.js';
import {
  type Calibration,
  costOf,
  type MeasuredLoad,
  type ProtocolCost,
  thisMachine,
} from './calibration.js';

export interface MeasureOptions {
  /** Of each load that is measured, behind its warm-up. */
  readonly durationMs: number;
  /** Told before each of them: `select-only, prepared`. */
  readonly onStep: (load: string) => void;
  readonly signal: AbortSignal;
}

const PROTOCOLS: readonly Protocol[] = ['prepared', 'extended', 'simple'];

/** Of one statement and of seven: a line through both. */
const WORKLOADS = ['select-only', 'tpcb'] as const;

/** So many that the worker always has something to do. */
const CLIENTS = 32;

/** Until its code is compiled as it will stay; who asks for less than that is in a hurry. */
export function warmupMsOf(durationMs: number): number {
  return Math.min(2000, durationMs);
}

/** How many loads measure() runs. */
export const LOADS = PROTOCOLS.length * WORKLOADS.length;

/**
 * What one worker of this machine can do: full loads of one and of seven statements, with each protocol, against a null
 * server in a thread of its own.
 * @throws UserError when that told nothing; the signal's reason when it was aborted
 */
export async function measure(options: MeasureOptions): Promise<Calibration> {
  const server = await NullServerThread.start();
  try {
    const protocols: ProtocolCost[] = [];
    for (const protocol of PROTOCOLS) {
      const [fewer, more] = WORKLOADS;
      const measured = [
        await measureLoad(server.port, fewer, protocol, options),
        await measureLoad(server.port, more, protocol, options),
      ] as const;
      const cost = costOf(measured);
      if (cost === null) {
        throw new UserError(
          `A transaction of ${measured[1].statements} statements came out cheaper than one of ${measured[0].statements}: something else kept the machine busy.`,
          'Calibrate again when it is quiet, or with a longer --duration.',
        );
      }
      protocols.push({ protocol, ...cost, measured });
    }
    const machine = thisMachine();
    return {
      format: 'pgha-bench/calibration',
      version: 1,
      at: new Date().toISOString(),
      machine,
      protocols,
      notes: notesOf(protocols, machine.cores),
    };
  } finally {
    await server.end();
  }
}

class NullServerThread {
  private constructor(
    private readonly thread: Worker,
    readonly port: number,
  ) {}

  static async start(): Promise<NullServerThread> {
    const thread = new Worker(new URL('../null-server/thread.js', import.meta.url));
    const [{ port }] = (await once(thread, 'message')) as [FromNullServer];
    return new NullServerThread(thread, port);
  }

  async end(): Promise<void> {
    await this.thread.terminate();
  }
}

async function measureLoad(
  port: number,
  workload: string,
  protocol: Protocol,
  { durationMs, onStep, signal }: MeasureOptions,
): Promise<MeasuredLoad> {
  signal.throwIfAborted();
  onStep(`${workload}, ${protocol}`);
  const { plan, statements } = await planLoad(port, workload, protocol, durationMs);
  let transactions = 0;
  const pool = new Pool(plan, {}, 'calibrat', (frame) => {
    transactions += acknowledgedIn(frame);
  });
  try {
    await pool.open();
    pool.start(process.hrtime.bigint());
    await Promise.race([sleep(plan.warmupMs + durationMs, undefined, { signal }), pool.failure()]);
    await pool.finish(GRACE_MS, { code: 'run_ended', message: 'The calibration ended.' });
    return measuredLoad({ workload, statements, durationMs, transactions }, pool.threads[0]);
  } catch (error) {
    // The sleep that was aborted has an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    await pool.terminate();
  }
}

const GRACE_MS = 1000;

/** @throws UserError when nothing was acknowledged */
function measuredLoad(
  load: Pick<MeasuredLoad, 'workload' | 'statements' | 'durationMs' | 'transactions'>,
  thread: ThreadFacts | undefined,
): MeasuredLoad {
  const { durationMs, transactions, workload } = load;
  if (transactions === 0) {
    throw new UserError(
      `Nothing of ${workload} was acknowledged in ${durationMs} ms.`,
      'Calibrate with a longer --duration.',
    );
  }
  const { cpuMs = null, waitedForCpuMs = null } = thread ?? {};
  return {
    ...load,
    clients: CLIENTS,
    costUs: (1000 * (cpuMs ?? durationMs)) / transactions,
    busy: cpuMs === null ? null : cpuMs / durationMs,
    waited: waitedForCpuMs === null ? null : waitedForCpuMs / durationMs,
  };
}

async function planLoad(
  port: number,
  name: string,
  protocol: Protocol,
  durationMs: number,
): Promise<{ readonly plan: Plan; readonly statements: number }> {
  const part = await loadWorkload(name);
  const composition = { name, parts: [{ ...part, weight: 1 }] };
  const context = { options: runOptions(composition, {}), variables: {}, protocol, seed: 1 };
  const workload = await planWorkload(composition, { ...context, route: 'rw', readOnly: false });
  const given: Readonly<Record<string, string>> = {
    clients: String(CLIENTS),
    workers: '1',
    protocol,
    duration: `${durationMs}ms`,
    warmup: `${warmupMsOf(durationMs)}ms`,
    probes: 'off',
    observers: 'off',
  };
  const settings = readSettings({
    text: (option) => given[option],
    faultTexts: ['none'],
    tagTexts: [],
    env: {},
    faults: [],
    cores: 1,
    randomSeed: () => context.seed,
  });
  const plan = planOf(settings, targetAt(port), workload, { faults: [], ledger: 'off' });
  const [program] = await compilePrograms(workload.scripts, context);
  const sent = program === undefined ? { missing: 'is not there' } : statementCount(program);
  if ('missing' in sent) {
    throw new Error(`${name} ${sent.missing}`);
  }
  return { plan, statements: sent.count };
}

function targetAt(port: number): Target {
  const rw = { host: '127.0.0.1', port, user: 'any', database: 'any', sslMode: 'disable' } as const;
  return { kind: 'server', name: 'null-server', rw, patroni: [] };
}

const ACK = OUTCOMES.indexOf('ack');

function acknowledgedIn({ scripts }: Frame): number {
  return scripts.reduce((sum, { outcomes }) => sum + (outcomes[ACK] ?? 0), 0);
}

/** Below this the worker waited for the server, and its CPU for a transaction is not that of a full load. */
const LEAST_BUSY = 0.8;
const MOST_WAITED = 0.1;

export function notesOf(protocols: readonly ProtocolCost[], cores: number): string[] {
  const loads = protocols.flatMap(({ measured }) => measured);
  const shares = (of: (load: MeasuredLoad) => number | null) => loads.flatMap((load) => of(load) ?? []);
  const busy = Math.min(...shares((load) => load.busy), 1);
  const waited = Math.max(...shares((load) => load.waited), 0);
  return [
    ...(cores === 1 ? ['There is one core, which the worker shared with the server that answered it.'] : []),
    ...(loads.some((load) => load.busy === null)
      ? ['This system does not tell the CPU of a thread: the time that passed is taken for it.']
      : []),
    ...(cores > 1 && waited > MOST_WAITED
      ? [
          `The machine was not quiet: the worker waited for a core for up to ${percent(waited)} of the time, which makes transactions dearer.`,
        ]
      : []),
    ...(cores > 1 && waited <= MOST_WAITED && busy < LEAST_BUSY
      ? [
          `The worker was busy for as little as ${percent(busy)} of the time: under full load a transaction may be cheaper.`,
        ]
      : []),
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

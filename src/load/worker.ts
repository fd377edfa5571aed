import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import type { ThreadFacts } from '../result/generator.js';
import type { RandomStream } from '../workload/random/stream.js';
import type { Frame } from './frame.js';
import { type ClientSummary, Group } from './group.js';
import type { WorkerLedger } from './ledger-facts.js';
import { loadPrograms, type Programs } from './programs.js';
import { logPath, TransactionLog } from './transaction-log.js';

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly runId: string;
  readonly worker: number;
  readonly firstClient: number;
  readonly clientCount: number;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly originNs: bigint }
  | { readonly kind: 'mark' }
  | { readonly kind: 'finish'; readonly graceMs: number; readonly giveUp: Failure };

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** Every client has done all that it was to do; `done` comes after `finish`, as always. */
  | { readonly kind: 'drained' }
  | {
      readonly kind: 'done';
      readonly clients: readonly ClientSummary[];
      readonly problems: readonly string[];
      /** Null without one. */
      readonly ledger: WorkerLedger | null;
      readonly health: ThreadFacts;
    }
  /** The worker cannot go on; `expected` when the message is for the user. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly expected: boolean;
      readonly stack: string | undefined;
    };

if (parentPort !== null) {
  const port = parentPort;
  const tell = (message: FromWorker) => port.postMessage(message);
  serve(workerData as WorkerStart, port, tell).catch((error: unknown) =>
    tell({
      kind: 'failed',
      message: messageOf(error),
      expected: error instanceof Error && error.name === 'UserError',
      stack: error instanceof Error ? error.stack : undefined,
    }),
  );
}

async function serve(
  start: WorkerStart,
  port: NonNullable<typeof parentPort>,
  tell: (message: FromWorker) => void,
): Promise<void> {
  const loaded = await loadPrograms(start.plan, start.worker, start.runId);
  const { programs, contextOf, chooserOf, streams, acks } = loaded;
  const log = openLog(start, streams.sampling);
  const group = new Group({
    ...start,
    programs,
    contextOf,
    chooserOf,
    throttle: streams.throttle,
    ...(log === undefined ? {} : { log }),
    ...(acks === undefined ? {} : { acks }),
    // Its arrays are copied: with the first buffer that is handed over V8 takes back all code that reads a typed array,
    // and checks from then on, at each read, that the buffer is still there.
    emit: (frame) => tell({ kind: 'frame', frame }),
    onDrained: () => tell({ kind: 'drained' }),
  });
  const messages = new Promise<void>((resolve, reject) => {
    port.on('message', (message: ToWorker) => {
      if (message.kind === 'start') {
        group.start(message.originNs).catch(reject);
      } else if (message.kind === 'mark') {
        group.mark();
      } else {
        group.finish(message.graceMs, message.giveUp).then(resolve, reject);
      }
    });
  });
  await group.open();
  tell({ kind: 'open' });
  await messages;
  tell({
    kind: 'done',
    clients: group.summaries(),
    problems: group.problems,
    ledger: ledgerOf(loaded, group),
    health: group.health.end(),
  });
  port.close();
}

function ledgerOf({ acks, ledgers }: Programs, group: Group): WorkerLedger | null {
  if (acks === undefined) {
    return null;
  }
  return {
    clients: ledgers.map((ledger) => ledger.facts()),
    servers: group.recorder.serverNames,
    acks: acks.columns(group.warmupUs),
    forgot: acks.forgot,
  };
}

function openLog({ plan, worker }: WorkerStart, sampling: RandomStream): TransactionLog | undefined {
  const { log } = plan;
  if (log === null) {
    return undefined;
  }
  return new TransactionLog({
    path: logPath(log.prefix, process.pid, worker),
    samplingRate: log.samplingRate,
    sampling,
    aggregateUs: log.aggregateSeconds === null ? null : log.aggregateSeconds * 1_000_000,
    throttled: plan.pace.kind === 'open',
    latencyLimit: plan.latencyLimitMs !== null,
    retries: plan.retry.maxTries !== 1,
    failuresDetailed: log.failuresDetailed,
  });
}

import type { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import type { ThreadFacts } from '../result/generator.js';
import type { Frame } from './frame.js';
import type { ClientSummary } from './group.js';
import { holdMainThread, startWorker } from './heaps.js';
import type { WorkerLedger } from './ledger-facts.js';
import type { FromWorker, ToWorker, WorkerStart } from './worker.js';

/** The main thread's side of the load: starts the workers, gives each its share, hands on what they record. */
export class Pool {
  private readonly members: Member[];
  /** What a reader of the result must know; complete when finish() has resolved. */
  readonly problems: string[] = [];
  /** One of each worker; empty without a ledger. */
  readonly ledgers: WorkerLedger[] = [];
  /** What each worker cost, in their order; complete when finish() has resolved. */
  readonly threads: ThreadFacts[] = [];

  constructor(plan: Plan, secrets: Secrets, runId: string, onFrame: (frame: Frame) => void) {
    this.members = shares(plan.clients, plan.workers).map(
      (share, worker) =>
        new Member({ plan, secrets, runId, worker, ...share }, onFrame, (message) =>
          this.took(worker, message),
        ),
    );
  }

  private took(worker: number, { problems, ledger, health }: DoneMessage): void {
    this.problems.push(...problems);
    this.threads[worker] = health;
    if (ledger !== null) {
      this.ledgers.push(ledger);
    }
  }

  /** Resolves when every client is connected. @throws UserError when one cannot connect */
  async open(): Promise<void> {
    await Promise.all(this.members.map((member) => member.opened));
    holdMainThread();
  }

  /** @param originNs instant 0 of the run as process.hrtime.bigint() gives it */
  start(originNs: bigint): void {
    for (const member of this.members) {
      member.tell({ kind: 'start', originNs });
    }
  }

  /** A fault is about to be done: clients tell their longest gaps before and behind it apart, and collections of garbage are watched. */
  mark(): void {
    for (const member of this.members) {
      member.tell({ kind: 'mark' });
    }
  }

  /** Rejects when a worker fails while the load runs; never resolves before finish() is called. */
  async failure(): Promise<void> {
    await Promise.all(this.members.map((member) => member.done));
  }

  /** Resolves when no client has anything left to do; never for a load that only time ends. */
  async drained(): Promise<void> {
    await Promise.all(this.members.map((member) => member.drained));
  }

  /** Leaves what is in flight less time, after finish(). */
  hurry(graceMs: number, giveUp: Failure): void {
    for (const member of this.members) {
      member.tell({ kind: 'finish', graceMs, giveUp });
    }
  }

  /** Begins no transaction any more; resolves with what each client did when all have ended. */
  async finish(graceMs: number, giveUp: Failure): Promise<ClientSummary[]> {
    for (const member of this.members) {
      member.tell({ kind: 'finish', graceMs, giveUp });
    }
    const summaries = await Promise.all(this.members.map((member) => member.done));
    return summaries.flat().sort((a, b) => a.client - b.client);
  }

  /** Ends the threads, whatever they do. */
  async terminate(): Promise<void> {
    await Promise.all(this.members.map((member) => member.terminate()));
  }
}

interface Share {
  readonly firstClient: number;
  readonly clientCount: number;
}

/** Clients dealt out as evenly as can be; no worker without a client. */
export function shares(clients: number, workers: number): Share[] {
  const count = Math.min(clients, workers);
  return Array.from({ length: count }, (_, worker) => {
    const firstClient = Math.floor((worker * clients) / count);
    const next = Math.floor(((worker + 1) * clients) / count);
    return { firstClient, clientCount: next - firstClient };
  });
}

type DoneMessage = Extract<FromWorker, { kind: 'done' }>;

class Member {
  readonly opened: Promise<void>;
  readonly drained: Promise<void>;
  readonly done: Promise<readonly ClientSummary[]>;
  private readonly thread: Worker;

  constructor(start: WorkerStart, onFrame: (frame: Frame) => void, onDone: (message: DoneMessage) => void) {
    this.thread = startWorker(new URL('./worker.js', import.meta.url), start);
    let opened: () => void = () => undefined;
    let drained: () => void = () => undefined;
    this.drained = new Promise((resolve) => {
      drained = resolve;
    });
    let openFailed: (error: unknown) => void = () => undefined;
    this.opened = new Promise((resolve, reject) => {
      opened = resolve;
      openFailed = reject;
    });
    this.done = new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        openFailed(error);
        reject(error);
      };
      this.thread.on('error', fail);
      this.thread.on('exit', (code) => fail(new Error(`Worker ${start.worker} ended with code ${code}.`)));
      this.thread.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'open':
            opened();
            break;
          case 'frame':
            onFrame(message.frame);
            break;
          case 'drained':
            drained();
            break;
          case 'done':
            onDone(message);
            resolve(message.clients);
            break;
          case 'failed':
            fail(errorOf(message));
            break;
        }
      });
    });
    // Whoever awaits the one learns of the failure; the other must not be an unhandled rejection.
    this.opened.catch(() => undefined);
    this.done.catch(() => undefined);
  }

  tell(message: ToWorker): void {
    this.thread.postMessage(message);
  }

  async terminate(): Promise<void> {
    await this.thread.terminate();
  }
}

function errorOf(failed: Extract<FromWorker, { kind: 'failed' }>): Error {
  if (failed.expected) {
    return new UserError(failed.message);
  }
  const error = new Error(failed.message);
  error.stack = failed.stack ?? error.stack ?? '';
  return error;
}

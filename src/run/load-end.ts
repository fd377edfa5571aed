import type { RunClock } from '../clock.js';
import type { ClientSummary } from '../load/group.js';
import type { Pool } from '../load/pool.js';
import { pause } from '../observe/poll.js';
import type { Plan } from '../plan/plan.js';

/** How long transactions in flight may take to end after Ctrl-C. */
const INTERRUPT_GRACE_MS = 1000;

/** Timers take no more than 2^31 ms: a load that only its transactions end has 20 days. */
const LONGEST_MS = 20 * 24 * 3_600_000;

const ENDED = { code: 'run_ended', message: 'The run ended before the reply came.' };

/** The load of a run while it goes on. */
export interface Load {
  readonly plan: Pick<Plan, 'durationMs' | 'deadlines'>;
  readonly clock: Pick<RunClock, 'nowMs'>;
  readonly pool: Pick<Pool, 'failure' | 'drained' | 'hurry' | 'finish'>;
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Aborted here as soon as the load is over, when transactions may still be in flight; ends the load, too. */
  readonly ended: AbortController;
  /** What this process had used when the load began. */
  readonly cpuBefore: NodeJS.CpuUsage;
  /** Ends the load when it resolves; null where rounds do not. */
  readonly rounds: Promise<void> | null;
}

/** What the load left behind when it ended. */
export interface LoadEnd {
  readonly clients: readonly ClientSummary[];
  readonly stoppedMs: number;
  readonly cpu: NodeJS.CpuUsage;
}

/**
 * Waits for the end of the load, whichever way it comes (time, transactions, rounds, Ctrl-C), and then until no
 * transaction is in flight any more; Ctrl-C shortens that as well.
 * @throws what a worker fails with
 */
export async function loadEnd(load: Load): Promise<LoadEnd> {
  const { plan, clock, pool, interrupt, ended, rounds } = load;
  // failure() ends by itself only when a worker fails.
  await Promise.race([
    pool.failure(),
    pool.drained(),
    ...(rounds === null ? [] : [rounds]),
    pause((plan.durationMs ?? LONGEST_MS) - clock.nowMs(), AbortSignal.any([interrupt, ended.signal])),
  ]);
  ended.abort();
  const nowMs = clock.nowMs();
  const stoppedMs = Math.min(nowMs, plan.durationMs ?? nowMs);
  const cpu = process.cpuUsage(load.cpuBefore);
  const graceMs = interrupt.aborted ? INTERRUPT_GRACE_MS : plan.deadlines.transactionMs + 1000;
  const hurry = () => pool.hurry(INTERRUPT_GRACE_MS, ENDED);
  interrupt.addEventListener('abort', hurry);
  try {
    return { clients: await pool.finish(graceMs, ENDED), stoppedMs, cpu };
  } finally {
    interrupt.removeEventListener('abort', hurry);
  }
}

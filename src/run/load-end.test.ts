import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientSummary } from '../load/group.js';
import { type Load, type LoadEnd, loadEnd } from './load-end.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TRANSACTION_MS = 5000;
const DEADLINES = { connectMs: 1000, statementMs: 2000, transactionMs: TRANSACTION_MS };

/** Workers that do what they are told, and what they were told. */
class Workers implements Load {
  readonly plan: { durationMs: number | null; deadlines: typeof DEADLINES } = {
    durationMs: 60_000,
    deadlines: DEADLINES,
  };
  readonly did: string[] = [];
  readonly ctrlC = new AbortController();
  readonly interrupt = this.ctrlC.signal;
  readonly ended = new AbortController();
  readonly cpuBefore = process.cpuUsage();
  rounds: Promise<void> | null = null;
  fail: (error: Error) => void = () => undefined;
  drain: () => void = () => undefined;
  /** How long transactions in flight take to end. */
  inFlightMs = 0;
  private readonly startMs = Date.now();
  private readonly failing = new Promise<void>((_, reject) => {
    this.fail = reject;
  });
  private readonly draining = new Promise<void>((resolve) => {
    this.drain = resolve;
  });

  readonly clock = { nowMs: () => Date.now() - this.startMs };

  readonly pool: Load['pool'] = {
    failure: () => this.failing,
    drained: () => this.draining,
    hurry: (graceMs) => this.did.push(`hurry ${graceMs}`),
    finish: async (graceMs) => {
      this.did.push(`finish ${graceMs}${this.ended.signal.aborted ? '' : ' while the load goes on'}`);
      await new Promise((resolve) => setTimeout(resolve, this.inFlightMs));
      return [{ client: 7 } as ClientSummary];
    },
  };
}

/** Lets the time go by and the load end in it. */
async function ending(end: Promise<LoadEnd>, withinMs: number): Promise<LoadEnd> {
  await vi.advanceTimersByTimeAsync(withinMs);
  return end;
}

describe('the end of a load', () => {
  it('comes with its time, and is no later when the timer is', async () => {
    const workers = new Workers();
    const end = loadEnd(workers);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(workers.did).toEqual([]);
    vi.setSystemTime(Date.now() + 30);
    expect(await ending(end, 10)).toMatchObject({ stoppedMs: 60_000, clients: [{ client: 7 }] });
    expect(workers.did).toEqual([`finish ${TRANSACTION_MS + 1000}`]);
  });

  it('comes when no client has anything left to do', async () => {
    const workers = new Workers();
    workers.plan.durationMs = null;
    const end = loadEnd(workers);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(workers.did).toEqual([]);
    workers.drain();
    expect((await ending(end, 10)).stoppedMs).toBe(24 * 3_600_000);
  });

  it('comes with the last round', async () => {
    const workers = new Workers();
    workers.rounds = new Promise((resolve) => setTimeout(resolve, 7000));
    expect((await ending(loadEnd(workers), 7010)).stoppedMs).toBe(7000);
  });

  it('comes with Ctrl-C, and then transactions in flight have a second', async () => {
    const workers = new Workers();
    const end = loadEnd(workers);
    await vi.advanceTimersByTimeAsync(3000);
    workers.ctrlC.abort();
    expect((await ending(end, 10)).stoppedMs).toBe(3000);
    expect(workers.did).toEqual(['finish 1000']);
  });

  it('is hurried by Ctrl-C while transactions are in flight, and not behind them', async () => {
    const workers = new Workers();
    workers.inFlightMs = 4000;
    const end = loadEnd(workers);
    await vi.advanceTimersByTimeAsync(61_000);
    workers.ctrlC.abort();
    await ending(end, 4010);
    expect(workers.did).toEqual([`finish ${TRANSACTION_MS + 1000}`, 'hurry 1000']);

    const calm = new Workers();
    await ending(loadEnd(calm), 60_010);
    calm.ctrlC.abort();
    expect(calm.did).toEqual([`finish ${TRANSACTION_MS + 1000}`]);
  });

  it('is an error when a worker fails', async () => {
    const workers = new Workers();
    const failed = expect(loadEnd(workers)).rejects.toThrow('Worker 1 ended with code 1.');
    workers.fail(new Error('Worker 1 ended with code 1.'));
    await failed;
    expect(workers.did).toEqual([]);
  });
});

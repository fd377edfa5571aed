import { setMaxListeners } from 'node:events';
import { messageOf } from '../errors.js';

/** What is still in flight then, though it was told to end, is left alone. */
const STOP_MS = 1000;

/** From the start of one question to the start of the next, ms. */
export interface Pace {
  readonly calmMs: number;
  /** While something goes on. */
  readonly alertMs: number;
}

/**
 * Asks again and again, one question in flight at a time, until it is stopped: seldom while all is calm, since each
 * question costs the load something, and often while something goes on.
 */
export class Poll {
  private readonly aborted = new AbortController();
  private readonly pace: Pace;
  private loop: Promise<void> | undefined;
  private problem: string | null = null;
  /** By performance.now(). */
  private alertUntilMs = 0;
  /** Ends the pause before the next question; null while there is none. */
  private wake: (() => void) | null = null;

  /**
   * @param pace a slow answer delays the next question; a number is for calm and alert
   * @param ask should not reject: that it did is kept for {@link problems}, and it is asked again
   */
  constructor(
    pace: number | Pace,
    private readonly ask: (signal: AbortSignal) => Promise<void>,
  ) {
    this.pace = typeof pace === 'number' ? { calmMs: pace, alertMs: pace } : pace;
    setMaxListeners(0, this.aborted.signal);
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** Asks often from now on for so long. */
  alert(forMs: number): void {
    const nowMs = performance.now();
    const wasCalm = nowMs > this.alertUntilMs;
    this.alertUntilMs = Math.max(this.alertUntilMs, nowMs + forMs);
    if (wasCalm) {
      this.wake?.();
    }
  }

  /** Tells whoever is asked to end, and waits for that, but not for ever. */
  async stop(): Promise<void> {
    this.aborted.abort();
    const settled = new AbortController();
    const end = this.loop?.then(() => settled.abort());
    await Promise.race([end, pause(STOP_MS, settled.signal)]);
  }

  /** What nobody expected: for the notes of the result, since an observer must not end the run. */
  get problems(): readonly string[] {
    return this.problem === null ? [] : [this.problem];
  }

  private async run(): Promise<void> {
    const { signal } = this.aborted;
    while (!signal.aborted) {
      const askedMs = performance.now();
      try {
        await this.ask(signal);
      } catch (error) {
        this.problem ??= `An observer failed: ${messageOf(error)}.`;
      }
      await this.rest(askedMs);
    }
  }

  /** Until the next question is due, which an alert may make sooner. */
  private async rest(askedMs: number): Promise<void> {
    const { signal } = this.aborted;
    for (;;) {
      const nowMs = performance.now();
      const leftMs = askedMs + (nowMs < this.alertUntilMs ? this.pace.alertMs : this.pace.calmMs) - nowMs;
      if (leftMs <= 0 || signal.aborted) {
        return;
      }
      const woken = new AbortController();
      const stop = () => woken.abort();
      signal.addEventListener('abort', stop);
      this.wake = stop;
      await pause(leftMs, woken.signal);
      this.wake = null;
      signal.removeEventListener('abort', stop);
    }
  }
}

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

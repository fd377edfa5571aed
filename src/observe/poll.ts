import { setMaxListeners } from 'node:events';
import { messageOf } from '../errors.js';

/** What is still in flight then, though it was told to end, is left alone. */
const STOP_MS = 1000;

/** Asks again and again, one question in flight at a time, until it is stopped. */
export class Poll {
  private readonly aborted = new AbortController();
  private loop: Promise<void> | undefined;
  private problem: string | null = null;

  /**
   * @param everyMs from the start of one question to the start of the next; a slow answer delays the next question
   * @param ask should not reject: that it did is kept for {@link problems}, and it is asked again
   */
  constructor(
    private readonly everyMs: number,
    private readonly ask: (signal: AbortSignal) => Promise<void>,
  ) {
    setMaxListeners(0, this.aborted.signal);
  }

  start(): void {
    this.loop ??= this.run();
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
      await pause(this.everyMs - (performance.now() - askedMs), signal);
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

import { setMaxListeners } from 'node:events';

/** Asks again and again, one question in flight at a time, until it is stopped. */
export class Poll {
  private readonly aborted = new AbortController();
  private loop: Promise<void> | undefined;

  /**
   * @param everyMs from the start of one question to the start of the next; a slow answer delays the next question
   * @param ask must not reject
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

  async stop(): Promise<void> {
    this.aborted.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.aborted;
    while (!signal.aborted) {
      const askedMs = performance.now();
      await this.ask(signal);
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

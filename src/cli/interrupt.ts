/**
 * Ctrl-C: the first one asks to stop, the second one ends the process at once.
 * @param second told before the process ends, for what stays behind
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly onSignal = () => {
    if (this.controller.signal.aborted) {
      process.stderr.write(`\n${this.second()}`);
      process.exit(130);
    }
    process.stderr.write('\nStopping; press Ctrl-C again to exit at once.\n');
    this.controller.abort();
  };

  constructor(private readonly second: () => string) {
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  release(): void {
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
  }
}

import { EXIT } from '../api/exit.js';
import { isInterruption } from '../api/interruption.js';
import { UnwrittenResult } from '../api/outcome.js';
import { plainLines } from '../report/terminal/text.js';

/**
 * How a work that threw ends.
 * @returns the exit code when it was interrupted
 * @throws the error, when it was not, and for a bug
 */
export function endOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted && error instanceof UnwrittenResult) {
    process.stderr.write(`pgha-bench: ${plainLines(error.message)}\n`);
  } else if (!isInterruption(error, signal)) {
    throw error;
  }
  return EXIT.interrupted;
}

/** Ctrl-C, the end of a service or CI job, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C: the first one asks to stop, the second one ends the process at once.
 * @param second told before the process ends, for what stays behind
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly onSignal = () => {
    if (this.controller.signal.aborted) {
      process.stderr.write(`\n${this.second()}`);
      process.exit(EXIT.interrupted);
    }
    process.stderr.write('\nStopping; press Ctrl-C again to exit at once.\n');
    this.controller.abort();
  };

  constructor(private readonly second: () => string) {
    for (const signal of SIGNALS) {
      process.on(signal, this.onSignal);
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  release(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.onSignal);
    }
  }
}

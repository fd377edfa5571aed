import { formatProgress, type RunProgress } from '../api/progress.js';
import type { TerminalOptions } from '../report/terminal/text.js';
import type { ProgressView } from './progress.js';

/** The progress of a run: one line that is redrawn on a terminal that can do so, a line a second elsewhere. */
export class ProgressLines implements ProgressView {
  private readonly redraws: boolean;

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly style: TerminalOptions,
  ) {
    this.redraws = out.isTTY && process.env['TERM'] !== 'dumb';
  }

  show(progress: RunProgress): void {
    const line = formatProgress(progress, this.style);
    this.out.write(this.redraws ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Clears the line that was redrawn. */
  end(): void {
    if (this.redraws) {
      this.out.write('\r\x1b[K');
    }
  }
}

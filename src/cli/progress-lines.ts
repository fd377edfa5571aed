import type { RunProgress } from '../api/options.js';
import { formatProgress } from '../report/progress.js';
import type { TerminalOptions } from '../report/terminal/text.js';

/** The progress of a run: one line that is redrawn on a terminal, a line a second elsewhere. */
export class ProgressLines {
  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly style: TerminalOptions,
  ) {}

  show(progress: RunProgress): void {
    const line = formatProgress(progress, this.style);
    this.out.write(this.out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Clears the line that was redrawn. */
  end(): void {
    if (this.out.isTTY) {
      this.out.write('\r\x1b[K');
    }
  }
}

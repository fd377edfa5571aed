import type { PrepareProgress } from '../api/options.js';

const WIDTH = 30;

/** Shows how far a step is: redrawn in place on a terminal, a line for each finished step elsewhere. */
export class ProgressBar {
  private step = '';
  private drawnMs = 0;

  constructor(private readonly out: NodeJS.WriteStream) {}

  show(progress: PrepareProgress): void {
    if (progress.step !== this.step) {
      this.end();
      this.step = progress.step;
      this.drawnMs = 0;
      if (!this.out.isTTY) {
        this.out.write(`${progress.step}\n`);
      }
    }
    const nowMs = performance.now();
    const finished = progress.total > 0 && progress.done >= progress.total;
    if (this.out.isTTY && (finished || nowMs - this.drawnMs > 100)) {
      this.drawnMs = nowMs;
      this.out.write(`\r\x1b[K${barOf(progress)}`);
    }
  }

  /** Leaves the last state on its line. */
  end(): void {
    if (this.step !== '' && this.out.isTTY) {
      this.out.write('\n');
    }
    this.step = '';
  }
}

function barOf({ step, done, total }: PrepareProgress): string {
  if (total === 0) {
    return step;
  }
  const filled = Math.round((WIDTH * done) / total);
  const percent = String(Math.floor((100 * done) / total)).padStart(3);
  return `${step.padEnd(28)} [${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${percent} %`;
}

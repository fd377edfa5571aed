import { advanceLive, type LiveState, type RunProgress, renderLive } from '../api/progress.js';
import type { TerminalOptions } from '../report/terminal/text.js';
import type { ProgressView } from './progress.js';

/** What is needed of a terminal, process.stderr for one. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_BELOW = '\x1b[J';
const ERASE_ALL = '\x1b[H\x1b[2J';

/**
 * The picture of a run, drawn anew in its place each time. The cursor is hidden while it stands and comes back whichever
 * way the process ends. Nothing else may be written to the terminal between show() and end().
 */
export class LiveView implements ProgressView {
  private state: LiveState | null = null;
  /** Lines of the picture that stands; the cursor is at the end of the last one. */
  private height = 0;
  private left = false;
  private readonly redraw = () => {
    // Lines may have been broken anew: where the picture begins is not known any more.
    this.screen.write(ERASE_ALL);
    this.height = 0;
    this.draw();
  };
  private readonly showCursor = () => this.screen.write(SHOW_CURSOR);
  private readonly leave = () => {
    // Somebody writes below it: it stays as it is.
    this.left = true;
    this.release();
  };

  /** @param interrupt aborted when a message was written under the picture, which is not drawn any more from then on */
  constructor(
    private readonly screen: Screen,
    private readonly options: TerminalOptions,
    interrupt: AbortSignal,
  ) {
    interrupt.addEventListener('abort', this.leave, { once: true });
  }

  show(progress: RunProgress): void {
    this.state = advanceLive(this.state, progress);
    if (this.left) {
      return;
    }
    if (this.height === 0) {
      this.screen.write(HIDE_CURSOR);
      this.screen.on('resize', this.redraw);
      process.on('exit', this.showCursor);
    }
    this.draw();
  }

  /** Takes the picture away. */
  end(): void {
    if (this.height > 0) {
      this.screen.write(this.toBegin() + ERASE_BELOW);
    }
    this.release();
  }

  private draw(): void {
    if (this.state === null) {
      return;
    }
    // A line less than there are, for a message under it.
    const { columns = 80, rows = 24 } = this.screen;
    const lines = renderLive(this.state, { ...this.options, columns, rows: Math.max(1, rows - 1) });
    // In one write, so that nobody sees it half drawn.
    this.screen.write(`${this.toBegin()}${ERASE_BELOW}${lines.join('\n')}`);
    this.height = lines.length;
  }

  private toBegin(): string {
    return this.height > 1 ? `\x1b[${this.height - 1}F` : '\r';
  }

  private release(): void {
    this.screen.off('resize', this.redraw);
    process.off('exit', this.showCursor);
    if (this.height > 0) {
      this.showCursor();
    }
    this.height = 0;
  }
}

import type { RunProgress } from '../api/options.js';
import type { TerminalOptions } from '../report/terminal/text.js';
import { LiveView } from './live.js';
import { ProgressLines } from './progress-lines.js';

/** Shows how a run stands while it goes on. */
export interface ProgressView {
  show(progress: RunProgress): void;
  /** Takes away what is redrawn: something else is going to be written. */
  end(): void;
}

/** Smaller than this there is no picture. */
const LEAST = { columns: 40, rows: 8 };

/**
 * A picture where one was asked for and the terminal can show it, else a line.
 * @param interrupt aborted by Ctrl-C
 */
export function progressView(
  live: boolean,
  out: NodeJS.WriteStream,
  terminal: TerminalOptions,
  interrupt: AbortSignal,
): ProgressView {
  const canDraw =
    out.isTTY && process.env['TERM'] !== 'dumb' && out.columns >= LEAST.columns && out.rows >= LEAST.rows;
  return live && canDraw ? new LiveView(out, terminal, interrupt) : new ProgressLines(out, terminal);
}

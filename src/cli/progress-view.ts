import type { TerminalOptions } from '../report/terminal/text.js';
import { LiveView } from './live.js';
import type { ProgressView } from './progress.js';
import { ProgressLines } from './progress-lines.js';

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

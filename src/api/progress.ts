import type { RunProgress } from '../analysis/progress.js';
import * as picture from '../report/live.js';
import { styleOf, type TerminalOptions } from '../report/terminal/text.js';

export type { RunProgress } from '../analysis/progress.js';
export type { LiveState } from '../report/live.js';
export { formatProgress } from '../report/progress.js';

/** What a picture is drawn on. */
export interface LiveOptions extends TerminalOptions {
  /** At most so many lines. */
  readonly rows: number;
}

/**
 * What is known of a run after it has told how it stands.
 * @param state what was known before; null at first
 */
export function advanceLive(state: picture.LiveState | null, progress: RunProgress): picture.LiveState {
  return picture.advance(state, progress);
}

/** The picture that `run --live` draws, as its lines, none wider than `columns`. */
export function renderLive(state: picture.LiveState, { rows, ...terminal }: LiveOptions): readonly string[] {
  return picture.renderLive(state, terminal.columns, rows, styleOf(terminal));
}

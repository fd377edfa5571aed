import { cut, type Style } from './text.js';
import { padStart } from './width.js';

/** Part of the time axis that is drawn. */
export interface View {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What all lanes of a chart share. */
export interface Canvas {
  readonly view: View;
  /** Columns of the axis. */
  readonly width: number;
  readonly style: Style;
}

export const LABEL_WIDTH = 10;

/** The column of an instant; the first or last one for those outside. */
export function columnOf(atMs: number, { view, width }: Canvas): number {
  const share = (atMs - view.fromMs) / (view.toMs - view.fromMs);
  return Math.max(0, Math.min(width - 1, Math.floor(share * width)));
}

/** One line of a chart. */
export function lane(label: string, content: string, style: Style): string {
  return `${style.paint(padStart(cut(label, LABEL_WIDTH, style), LABEL_WIDTH), 'dim')} ${content}`.trimEnd();
}

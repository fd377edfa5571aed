import type { Downtime } from '../../result/downtime.js';
import { type Canvas, columnOf, lane } from './canvas.js';

/** The outages in the view as bars of one lane, with their lengths where there is room; nothing without any. */
export function gapLane(label: string, downtimes: readonly (Downtime | null)[], canvas: Canvas): string[] {
  const { width, style } = canvas;
  const bars = downtimes.flatMap((downtime) => barOf(downtime, canvas)).sort((a, b) => a.from - b.from);
  if (bars.length === 0) {
    return [];
  }
  let line = '';
  let column = 0;
  for (const [index, bar] of bars.entries()) {
    const room = { from: column === 0 ? 0 : column + 1, to: (bars[index + 1]?.from ?? width + 1) - 1 };
    for (const { at, text } of drawn(bar, room, style.unicode ? '━' : '=')) {
      line += ' '.repeat(at - column) + style.paint(text, 'red', 'bold');
      column = at + text.length;
    }
  }
  return [lane(label, line, style)];
}

/** Columns, the last one not included. */
interface Bar {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function barOf(downtime: Downtime | null, canvas: Canvas): Bar[] {
  const { view, width, style } = canvas;
  if (!downtime?.outage) {
    return [];
  }
  const endMs = downtime.toMs ?? downtime.fromMs + downtime.durationMs;
  if (downtime.fromMs >= view.toMs || endMs <= view.fromMs) {
    return [];
  }
  const from = columnOf(downtime.fromMs, canvas);
  const to = Math.min(width, columnOf(Math.min(endMs, view.toMs), canvas) + 1);
  return [{ from, to, text: style.millis(downtime.durationMs) }];
}

interface Placed {
  readonly at: number;
  readonly text: string;
}

/** The bar with its length in it, else behind it, else before it, else without. */
function drawn({ from, to, text }: Bar, room: { from: number; to: number }, filler: string): Placed[] {
  // Two that meet in one column are one bar.
  const start = Math.max(from, room.from === 0 ? 0 : room.from - 1);
  const length = to - start;
  if (length <= 0) {
    return [];
  }
  if (text.length + 4 <= length) {
    return [{ at: start, text: centred(` ${text} `, length, filler) }];
  }
  const bar = { at: start, text: filler.repeat(length) };
  if (to + 1 + text.length <= room.to) {
    return [bar, { at: to + 1, text }];
  }
  const before = start - 1 - text.length;
  return before >= room.from ? [{ at: before, text }, bar] : [bar];
}

function centred(text: string, width: number, filler: string): string {
  const left = Math.floor((width - text.length) / 2);
  return `${filler.repeat(left)}${text}${filler.repeat(width - text.length - left)}`;
}

import type uPlot from 'uplot';
import type { Mark, Phase } from '../data.js';
import { colour, faded } from './colours.js';

const SHADES: Readonly<Record<Phase['name'], readonly [name: string, opacity: number]>> = {
  before: ['before', 0.05],
  during: ['during', 0.09],
  after: ['after', 0.05],
};

/** Phases as shades behind the lines. */
export function shadePhases(u: uPlot, phases: readonly Phase[]): void {
  const { left, width, top, height } = u.bbox;
  const context = u.ctx;
  for (const { name, fromMs, toMs } of phases) {
    const from = Math.max(left, u.valToPos(fromMs, 'x', true));
    const to = Math.min(left + width, u.valToPos(toMs, 'x', true));
    if (to > from) {
      context.fillStyle = faded(...SHADES[name]);
      context.fillRect(from, top, to - from, height);
    }
  }
}

/** Faults as a strong line, what follows from them as thinner ones. */
export const MARK_DASHES: Readonly<Record<Mark['kind'], readonly number[]>> = {
  fault: [],
  undo: [6, 3],
  leader: [2, 3],
  healthy: [1, 3],
};

export function drawMarks(u: uPlot, marks: readonly Mark[]): void {
  const { left, width, top, height } = u.bbox;
  const context = u.ctx;
  context.save();
  for (const { atMs, kind } of marks) {
    const x = Math.round(u.valToPos(atMs, 'x', true)) + 0.5;
    if (x < left || x > left + width) {
      continue;
    }
    context.beginPath();
    context.strokeStyle = colour(`mark-${kind}`);
    context.lineWidth = (kind === 'fault' ? 2 : 1) * devicePixelRatio;
    context.setLineDash(MARK_DASHES[kind].map((dash) => dash * devicePixelRatio));
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
  }
  context.restore();
}

import type { Mark, Phase } from '../data.js';
import { svg } from './dom.js';
import { type Geometry, plotWidth, xOf } from './geometry.js';
import { MARK_DASHES } from './shade.js';
import { tickLabel, tickStep, ticksIn } from './ticks.js';
import type { Window } from './view.js';

const ROW = 17;
const ROWS = 3;
const PHASES_TOP = ROWS * ROW + 4;
const PHASES_HEIGHT = 16;
const TICKS_TOP = PHASES_TOP + PHASES_HEIGHT;
export const RULER_HEIGHT = TICKS_TOP + 20;

/** Of a letter of the ruler's font, on the safe side. */
const LETTER = 6.6;

/** What happened, the phases, and the instants: the head of the axis that all charts share. */
export function drawRuler(
  target: SVGSVGElement,
  content: { readonly marks: readonly Mark[]; readonly phases: readonly Phase[] },
  window: Window,
  geometry: Geometry,
): void {
  target.setAttribute('width', String(geometry.width));
  target.setAttribute('height', String(RULER_HEIGHT));
  target.replaceChildren(
    ...phaseBars(content.phases, window, geometry),
    ...markFlags(content.marks, window, geometry),
    ...tickTexts(window, geometry),
  );
}

function phaseBars(phases: readonly Phase[], window: Window, geometry: Geometry): SVGElement[] {
  return phases.flatMap(({ name, label, fromMs, toMs }) => {
    const from = Math.max(geometry.left, xOf(fromMs, window, geometry));
    const to = Math.min(geometry.left + plotWidth(geometry), xOf(toMs, window, geometry));
    if (to - from < 1) {
      return [];
    }
    const bar = svg('rect', {
      x: from,
      y: PHASES_TOP,
      width: to - from,
      height: PHASES_HEIGHT,
      class: `phase ${name}`,
    });
    const text = svg('text', { x: from + 5, y: PHASES_TOP + 12, class: 'phase-name' }, label);
    return to - from > label.length * LETTER + 8 ? [bar, text] : [bar];
  });
}

/** Faults get their place first; what finds none keeps its line. */
function markFlags(marks: readonly Mark[], window: Window, geometry: Geometry): SVGElement[] {
  const right = geometry.left + plotWidth(geometry);
  const inView = marks
    .map((mark) => ({ mark, x: xOf(mark.atMs, window, geometry) }))
    .filter(({ x }) => x >= geometry.left - 0.5 && x <= right + 0.5);
  const ordered = [
    ...inView.filter(({ mark }) => mark.kind === 'fault'),
    ...inView.filter(({ mark }) => mark.kind !== 'fault'),
  ];
  const taken: { readonly row: number; readonly from: number; readonly to: number }[] = [];
  return ordered.flatMap(({ mark, x }) => {
    const length = mark.text.length * LETTER + 16;
    const isBehind = x + length <= geometry.width;
    const from = isBehind ? x : x - length;
    const to = isBehind ? x + length : x;
    const row = [0, 1, 2].find(
      (each) => !taken.some((other) => other.row === each && other.from < to && other.to > from),
    );
    const line = svg('line', {
      x1: x,
      x2: x,
      y1: (row ?? ROWS - 1) * ROW + 3,
      y2: TICKS_TOP,
      class: `mark ${mark.kind}`,
      'stroke-dasharray': MARK_DASHES[mark.kind].join(' '),
    });
    if (row === undefined) {
      return [line];
    }
    taken.push({ row, from: from - 6, to: to + 4 });
    const text = svg(
      'text',
      {
        x: isBehind ? x + 5 : x - 5,
        y: row * ROW + 14,
        class: `mark-text ${mark.kind}`,
        'text-anchor': isBehind ? 'start' : 'end',
      },
      mark.kind === 'fault' ? `⚡ ${mark.text}` : mark.text,
    );
    return [line, text];
  });
}

function tickTexts(window: Window, geometry: Geometry): SVGElement[] {
  const { fromMs, toMs } = window;
  const step = tickStep(((toMs - fromMs) * 84) / plotWidth(geometry));
  return ticksIn(fromMs, toMs, step).map((at) =>
    svg(
      'text',
      { x: xOf(at, window, geometry), y: TICKS_TOP + 15, class: 'tick', 'text-anchor': 'middle' },
      tickLabel(at, step),
    ),
  );
}

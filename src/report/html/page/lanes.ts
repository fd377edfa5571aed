import { formatMillis } from '../../../units.js';
import type { Lane, LaneGroup, Mark, Span } from '../data.js';
import { unpack } from '../packed.js';
import { el, svg } from './dom.js';
import { type Geometry, plotWidth, xOf } from './geometry.js';
import { MARK_DASHES } from './shade.js';
import { bucketAt, type Window } from './view.js';

const HEIGHT = 20;
const BAR_TOP = 3;
const BAR_HEIGHT = 14;
const LETTER = 6.4;

/** What the lanes of a run have in common with its charts. */
export interface LaneSurroundings {
  readonly marks: readonly Mark[];
  readonly startMs: readonly number[];
  readonly endMs: number;
}

/** One lane on the page. */
export interface DrawnLane {
  readonly group: string;
  readonly label: string;
  readonly draw: (window: Window, geometry: Geometry) => void;
  /** What it says of an instant: `n1`, `UP`, `12.3 ms`. */
  readonly stateAt: (atMs: number) => string;
  /** Shows what it says of the instant at its right; null for none. */
  readonly point: (atMs: number | null) => void;
}

/** Puts the lanes into their frame. */
export function makeLanes(
  frame: HTMLElement,
  groups: readonly LaneGroup[],
  around: LaneSurroundings,
): DrawnLane[] {
  const drawn: DrawnLane[] = [];
  for (const { title, lanes } of groups) {
    const list = el('div', { class: 'lane-group', role: 'group', 'aria-label': title });
    list.append(el('div', { class: 'lane-title' }, title));
    for (const lane of lanes) {
      const made = makeLane(lane, title, around);
      list.append(made.element);
      drawn.push(made.lane);
    }
    frame.append(list);
  }
  return drawn;
}

function makeLane(
  lane: Lane,
  group: string,
  around: LaneSurroundings,
): { element: HTMLElement; lane: DrawnLane } {
  const picture = svg('svg', { role: 'img', height: HEIGHT, 'aria-label': laneInWords(lane, group) });
  const state = el('output', { class: 'lane-state', 'aria-hidden': 'true' });
  const values = lane.kind === 'heights' ? unpack(lane.values) : [];
  const stateAt = (atMs: number) =>
    lane.kind === 'spans'
      ? (spanAt(lane.spans, atMs)?.text ?? '–')
      : formatMillis(values[bucketAt(around.startMs, atMs)] ?? 0);
  return {
    element: el('div', { class: 'lane' }, picture, state),
    lane: {
      group,
      label: lane.label,
      stateAt,
      point: (atMs) => {
        state.textContent = atMs === null ? '' : stateAt(atMs);
      },
      draw: (window, geometry) => {
        const spans =
          lane.kind === 'spans'
            ? lane.spans.map((span) => drawSpan(span, window, geometry, around.endMs))
            : [];
        const heights = heightShapes(values, around, window, geometry);
        picture.setAttribute('width', String(geometry.width));
        picture.replaceChildren(
          ...spans.flatMap((each) => each.shapes),
          ...heights,
          ...markLines(around.marks, window, geometry),
          ...spans.flatMap((each) => each.texts),
          labelOf(lane, geometry),
        );
      },
    },
  };
}

/** Cut to the room that there is: a run may have a long name. */
function labelOf({ label }: Lane, { left }: Geometry): SVGElement {
  const room = Math.floor((left - 10) / LETTER);
  const text = label.length > room ? `${label.slice(0, room - 1)}…` : label;
  const place = { x: left - 8, y: 14, class: 'lane-label', 'text-anchor': 'end' };
  return text === label ? svg('text', place, text) : svg('text', place, text, svg('title', {}, label));
}

/** For who does not see it. Long stories are told by the table of events. */
function laneInWords(lane: Lane, group: string): string {
  const name = `${group}, ${lane.label}`;
  if (lane.kind === 'heights') {
    return `${name}: longest delay of the generator in each bucket`;
  }
  const told = lane.spans
    .slice(0, MOST_TOLD)
    .map(({ text, fromMs }) => `${text} from ${(fromMs / 1000).toFixed(1)} s`);
  const more = lane.spans.length > MOST_TOLD ? ', and more' : '';
  return `${name}: ${told.join(', ')}${more}`;
}

const MOST_TOLD = 8;

function spanAt(spans: readonly Span[], atMs: number): Span | undefined {
  return spans.find(({ fromMs, toMs }) => atMs >= fromMs && (toMs === null || atMs < toMs));
}

interface DrawnSpan {
  readonly shapes: readonly SVGElement[];
  /** Over everything else. */
  readonly texts: readonly SVGElement[];
}

function drawSpan(span: Span, window: Window, geometry: Geometry, endMs: number): DrawnSpan {
  const left = geometry.left;
  const right = left + plotWidth(geometry);
  const toMs = span.toMs ?? endMs;
  const x1 = xOf(span.fromMs, window, geometry);
  const x2 = xOf(toMs, window, geometry);
  if (x2 < left || x1 > right) {
    return { shapes: [], texts: [] };
  }
  const from = Math.max(left, x1);
  const width = Math.max(1.5, Math.min(right, x2) - from);
  const place = { x: from, y: BAR_TOP, width, height: BAR_HEIGHT };
  const shapes: SVGElement[] = [svg('rect', { ...place, class: `span ${span.look}` }, titleOf(span, toMs))];
  if (x1 >= left && x1 <= right) {
    shapes.push(svg('rect', { ...place, width: 2, class: `edge ${span.look}` }));
    shapes.push(...lateShape(span, x1, window, geometry));
  }
  const text = textsOf(span, toMs).find((each) => each.length * LETTER + 8 <= width);
  return {
    shapes,
    texts:
      text === undefined ? [] : [svg('text', { x: from + 5, y: 14, class: `span-text ${span.look}` }, text)],
  };
}

/** What may stand in a span, the longest first. */
function textsOf({ look, text, fromMs }: Span, toMs: number): string[] {
  if (look === 'outage') {
    const length = formatMillis(toMs - fromMs);
    return [`${text} for ${length}`, length];
  }
  const [short = text] = text.split(',');
  return [text, short];
}

/** It began somewhere in here. */
function lateShape(
  { uncertaintyMs, fromMs }: Span,
  x: number,
  window: Window,
  geometry: Geometry,
): SVGElement[] {
  const from = Math.max(geometry.left, xOf(fromMs - uncertaintyMs, window, geometry));
  return x - from < 2
    ? []
    : [svg('rect', { x: from, y: BAR_TOP + BAR_HEIGHT - 3, width: x - from, height: 3, class: 'late' })];
}

function titleOf({ text, fromMs, uncertaintyMs }: Span, toMs: number): SVGTitleElement {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`;
  const late = uncertaintyMs > 0 ? `; seen up to ${formatMillis(uncertaintyMs)} late` : '';
  const length = formatMillis(toMs - fromMs);
  return svg('title', {}, `${text}: ${seconds(fromMs)} to ${seconds(toMs)} (${length})${late}`);
}

function heightShapes(
  values: readonly (number | null)[],
  { startMs, endMs }: LaneSurroundings,
  window: Window,
  geometry: Geometry,
): SVGElement[] {
  const left = geometry.left;
  const width = plotWidth(geometry);
  const columns = new Float64Array(Math.ceil(width));
  const first = bucketAt(startMs, window.fromMs);
  let highest = 0;
  for (let i = first; i < values.length && (startMs[i] ?? 0) < window.toMs; i++) {
    const value = values[i] ?? 0;
    const from = Math.max(0, Math.floor(xOf(startMs[i] ?? 0, window, geometry) - left));
    const to = Math.min(width, Math.ceil(xOf(startMs[i + 1] ?? endMs, window, geometry) - left));
    highest = Math.max(highest, value);
    for (let x = from; x < to; x++) {
      columns[x] = Math.max(columns[x] ?? 0, value);
    }
  }
  if (highest === 0) {
    return [];
  }
  let path = `M${left} ${HEIGHT}`;
  columns.forEach((value, x) => {
    path += `L${left + x} ${(HEIGHT - (value / highest) * (HEIGHT - 2)).toFixed(1)}H${left + x + 1}`;
  });
  return [
    svg('path', { d: `${path}V${HEIGHT}Z`, class: 'height' }),
    svg('text', { x: left + 4, y: 10, class: 'height-scale' }, `up to ${formatMillis(highest)}`),
  ];
}

function markLines(marks: readonly Mark[], window: Window, geometry: Geometry): SVGElement[] {
  const right = geometry.left + plotWidth(geometry);
  return marks.flatMap(({ atMs, kind }) => {
    const x = xOf(atMs, window, geometry);
    return x < geometry.left || x > right
      ? []
      : [
          svg('line', {
            x1: x,
            x2: x,
            y1: 0,
            y2: HEIGHT,
            class: `mark ${kind}`,
            'stroke-dasharray': MARK_DASHES[kind].join(' '),
          }),
        ];
  });
}

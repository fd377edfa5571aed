import type { Route } from '../../plan/target.js';
import type { Outcome } from '../../postgres/outcome.js';
import type { Event, Result } from '../../result/result.js';
import { formatDuration, formatRate } from '../../units.js';
import { type Canvas, columnOf, LABEL_WIDTH, lane, type View } from './canvas.js';
import { gapLane } from './gaps.js';
import { plain, type Style } from './text.js';
import { clustersOf, widthOf } from './width.js';

/** Text rows of the throughput chart; each has eight levels. */
const ROWS = 4;
const BLOCKS = '▁▂▃▄▅▆▇█';
const ASCII_BLOCKS = '.:-=+*%#';

/**
 * Throughput, failures, downtime and who led, drawn over one axis: lines of at most `style.columns` columns.
 */
export function drawTimeline(result: Result, view: View, style: Style): string[] {
  const canvas = { view, width: Math.max(10, style.columns - LABEL_WIDTH - 2), style };
  const lines: string[] = [];
  for (const route of routesOf(result)) {
    lines.push(...throughput(result, route, canvas));
  }
  lines.push(...lostLane('failed', ['aborted', 'in_doubt', 'not_sent'], 'red', { result, canvas }));
  lines.push(...lostLane('skipped', ['skipped'], 'yellow', { result, canvas }));
  const { rounds } = result.analysis;
  lines.push(
    ...gapLane(
      'no writes',
      rounds.map(({ writeDowntime }) => writeDowntime),
      canvas,
    ),
  );
  lines.push(
    ...gapLane(
      'no reads',
      rounds.map(({ readDowntime }) => readDowntime),
      canvas,
    ),
  );
  lines.push(...leaderLane(result, canvas));
  lines.push(...serverLanes(result, canvas));
  const faults = result.faults.flatMap(({ askedAtMs }) => askedAtMs ?? []);
  lines.push(...axis(faults, canvas));
  return lines;
}

function routesOf(result: Result): Route[] {
  return (['rw', 'ro'] as const).filter((route) => result.timeline.outcomes[route] !== undefined);
}

function throughput(result: Result, route: Route, canvas: Canvas): string[] {
  const { style } = canvas;
  const outcomes = result.timeline.outcomes[route] ?? {};
  const acks = result.timeline.startMs.map(
    (_, i) => (outcomes.ack?.[i] ?? 0) + (outcomes.ack_unreplicated?.[i] ?? 0),
  );
  const columns = perSecond(result, acks, canvas);
  const peak = Math.max(0, ...columns);
  if (peak === 0) {
    return [lane('0 tps', '', style)];
  }
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const bars = columns.map((rate) =>
      block(levelOf(rate, peak, ROWS * 8) - row * 8, row === 0 && rate === 0, style),
    );
    lines.push(
      lane(throughputLabel(row, route, peak, result), style.paint(bars.join('').trimEnd(), 'green'), style),
    );
  }
  return lines;
}

/** The peak with its unit at the top, the port under it where there are two, 0 at the bottom. */
function throughputLabel(row: number, route: Route, peak: number, result: Result): string {
  if (row === ROWS - 1) {
    return `${formatRate(peak)} tps`;
  }
  if (row === ROWS - 2 && routesOf(result).length > 1) {
    return route;
  }
  return row === 0 ? '0' : '';
}

/** Eighths of the height, at least one for anything that is not nothing. */
export function levelOf(rate: number, peak: number, levels: number): number {
  return rate > 0 ? Math.max(1, Math.round((rate / peak) * levels)) : 0;
}

/** One cell of a bar that reaches so many eighths into it. */
export function block(level: number, nothing: boolean, style: Style): string {
  if (nothing) {
    return ' ';
  }
  const blocks = style.unicode ? BLOCKS : ASCII_BLOCKS;
  return level <= 0 ? ' ' : (blocks[Math.min(8, level) - 1] as string);
}

/** Attempts that ended so, as one row of bars; nothing where there were none. */
function lostLane(
  label: string,
  wanted: readonly Outcome[],
  ink: 'red' | 'yellow',
  { result, canvas }: { result: Result; canvas: Canvas },
): string[] {
  const { style } = canvas;
  const failed = result.timeline.startMs.map(() => 0);
  for (const route of routesOf(result)) {
    const outcomes = result.timeline.outcomes[route] ?? {};
    for (const outcome of wanted) {
      for (const [i, count] of (outcomes[outcome] ?? []).entries()) {
        failed[i] = (failed[i] ?? 0) + count;
      }
    }
  }
  const columns = perSecond(result, failed, canvas);
  const peak = Math.max(0, ...columns);
  if (peak === 0) {
    return [];
  }
  const bars = columns.map((rate) => block(levelOf(rate, peak, 8), rate === 0, style)).join('');
  return [lane(label, style.paint(bars.trimEnd(), ink), style)];
}

/** Count per second in each column; a bucket that lies in two gives each its share. */
function perSecond(result: Result, counts: readonly number[], { view, width }: Canvas): number[] {
  const { startMs, widthMs } = result.timeline;
  const columnMs = (view.toMs - view.fromMs) / width;
  const columns = new Array<number>(width).fill(0);
  for (const [i, count] of counts.entries()) {
    const from = startMs[i] as number;
    // The last bucket ends with the run.
    const to = Math.max(from + 1e-3, Math.min(from + (widthMs[i] as number), result.run.elapsedMs));
    const first = Math.max(0, Math.floor((from - view.fromMs) / columnMs));
    for (let column = first; count > 0 && column < width; column++) {
      const columnFrom = view.fromMs + column * columnMs;
      const shared = Math.min(to, columnFrom + columnMs) - Math.max(from, columnFrom);
      if (shared <= 0) {
        break;
      }
      columns[column] = (columns[column] as number) + ((count * shared) / (to - from) / columnMs) * 1000;
    }
  }
  return columns;
}

/** Who held the leader key by Patroni: its name from when it was first seen, a line as long as it was. */
function leaderLane(result: Result, canvas: Canvas): string[] {
  const changes = result.events.filter((event) => event.kind === 'leader' || event.kind === 'leader_gone');
  if (changes.length === 0) {
    return [];
  }
  const spans = spansOf(changes, (event) => (event.kind === 'leader' ? (event.to ?? '') : ''));
  return [lane('leader', drawSpans(spans, canvas, 'cyan'), canvas.style)];
}

/** One lane for each server of HAProxy that was up at all, as long as it was. */
function serverLanes(result: Result, canvas: Canvas): string[] {
  const events = result.events.filter(
    (event) => event.layer === 'haproxy' && event.kind.startsWith('server_'),
  );
  const used = new Set<string>(routesOf(result));
  for (const { readDowntime } of result.analysis.rounds) {
    // Only a probe may have asked there, but what it missed must be seen.
    used.add(readDowntime?.outage ? readDowntime.route : 'rw');
  }
  const subjects = [...new Set(events.map((event) => event.subject))].sort(byBackend);
  const lanes: string[] = [];
  for (const subject of subjects) {
    const own = events.filter((event) => event.subject === subject);
    const [backend = ''] = subject.split('/');
    // Backends that the load does not use are left out where they can be told, as a lab names them.
    const unused = ['rw', 'ro'].includes(backend) && !used.has(backend);
    if (!unused && own.some((event) => event.kind === 'server_up')) {
      const spans = spansOf(own, (event) => (event.kind === 'server_up' ? 'UP' : ''));
      lanes.push(lane(plain(subject), drawSpans(spans, canvas, 'yellow'), canvas.style));
    }
  }
  return lanes;
}

/** rw before ro, then by name. */
function byBackend(a: string, b: string): number {
  const rank = (subject: string) => (subject.startsWith('rw/') ? 0 : 1);
  return rank(a) - rank(b) || a.localeCompare(b, 'en');
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** '' while there was none. */
  readonly text: string;
}

function spansOf(changes: readonly Event[], textOf: (event: Event) => string): Span[] {
  return changes.map((event, index) => ({
    fromMs: index === 0 && event.from === null ? 0 : event.atMs,
    toMs: changes[index + 1]?.atMs ?? Infinity,
    text: plain(textOf(event)),
  }));
}

/** Names from when they were first seen, with a line as long as they were. */
export function drawSpans(spans: readonly Span[], canvas: Canvas, ink: 'cyan' | 'yellow'): string {
  const { view, width, style } = canvas;
  const filler = style.unicode ? '─' : '-';
  const cells = new Array<string>(width).fill(' ');
  for (const { fromMs, toMs, text } of spans) {
    if (text === '' || toMs <= view.fromMs || fromMs >= view.toMs) {
      continue;
    }
    const from = columnOf(Math.max(fromMs, view.fromMs), canvas);
    // A span ends before the column in which the next begins, but is never without a trace.
    const to = toMs >= view.toMs ? width : Math.max(from + 1, columnOf(toMs, canvas));
    cells.fill(filler, from, to);
    if (widthOf(text) + 1 <= to - from) {
      write(`${text} `, cells, from);
    }
  }
  return style.paint(cells.join('').trimEnd(), ink);
}

/** A wide character leaves the cell behind its own empty. */
function write(text: string, cells: string[], from: number): void {
  let column = from;
  for (const cluster of clustersOf(text)) {
    const width = widthOf(cluster);
    cells.fill('', column, column + width);
    cells[column] = cluster;
    column += width;
  }
}

/** Ticks at round instants, the faults marked, and the instants under them. */
export function axis(faultsMs: readonly number[], canvas: Canvas): string[] {
  const { view, width, style } = canvas;
  const stepMs = tickStep((view.toMs - view.fromMs) / width);
  const line = new Array<string>(width).fill(style.unicode ? '─' : '-');
  const labels = new Array<string>(width).fill(' ');
  for (let tick = Math.ceil(view.fromMs / stepMs) * stepMs; tick < view.toMs; tick += stepMs) {
    const column = columnOf(tick, canvas);
    line[column] = style.unicode ? '┴' : '+';
    const label = tickLabel(tick, stepMs);
    for (let i = 0; i < label.length && column + label.length <= width; i++) {
      labels[column + i] = label[i] as string;
    }
  }
  for (const atMs of faultsMs) {
    if (atMs >= view.fromMs && atMs < view.toMs) {
      line[columnOf(atMs, canvas)] = style.unicode ? '▲' : '^';
    }
  }
  return [
    lane('', style.paint(line.join(''), 'dim'), style),
    lane('', style.paint(labels.join('').trimEnd(), 'dim'), style),
  ];
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000,
];

/** The smallest round step that leaves room for a label. */
function tickStep(columnMs: number): number {
  return (
    STEPS_MS.find((step) => step >= columnMs * 11) ?? 86_400_000 * Math.ceil((columnMs * 11) / 86_400_000)
  );
}

function tickLabel(tickMs: number, stepMs: number): string {
  if (tickMs === 0) {
    return stepMs < 1000 ? '0 ms' : '0 s';
  }
  // Seconds with a fraction, not `1 s 500 ms`; formatDuration does so.
  return stepMs < 1000 && tickMs < 1000
    ? `${tickMs} ms`
    : formatDuration(tickMs).replace(' min', 'm').replace(' h', 'h');
}

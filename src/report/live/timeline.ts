import { formatRate } from '../../units.js';
import { type Canvas, columnOf, LABEL_WIDTH, lane, type View } from '../terminal/canvas.js';
import { axis, block, drawSpans, levelOf } from '../terminal/chart.js';
import { plain, type Style } from '../terminal/text.js';
import type { LiveState, SpanOfLoad } from './state.js';

/** Throughput, failures and who led until now, growing to the right; faults are marked on the axis. */
export function timelineLines(state: LiveState, columns: number, height: number, style: Style): string[] {
  const width = Math.max(10, columns - LABEL_WIDTH - 1);
  const canvas = { view: viewOf(state, width), width, style };
  return [
    ...state.ports.flatMap(({ route }) => throughputLanes(state, route, height, canvas)),
    failedLane(state, canvas),
    ...leaderLane(state, canvas),
    ...axis(state.faultsMs, canvas),
  ];
}

/** Without a known end, the picture begins with a minute. */
const FIRST_MS = 60_000;

/** The whole run as long as each column is no wider than what is told at once; of a longer one the newest part. */
function viewOf({ durationMs, elapsedMs, spans }: LiveState, width: number): View {
  const last = spans.at(-1);
  const spanMs = last === undefined ? 1000 : Math.max(last.toMs - last.fromMs, 100);
  const mostMs = width * spanMs;
  const wholeMs = durationMs ?? Math.max(FIRST_MS, elapsedMs);
  if (wholeMs <= mostMs) {
    return { fromMs: 0, toMs: wholeMs };
  }
  const fromMs = Math.max(0, elapsedMs - mostMs);
  return { fromMs, toMs: fromMs + mostMs };
}

function throughputLanes(
  { spans, ports }: LiveState,
  route: 'rw' | 'ro',
  height: number,
  canvas: Canvas,
): string[] {
  const { style } = canvas;
  const rates = columnsOf(spans, ({ tps }) => tps[route], canvas);
  const peak = Math.max(0, ...rates.map((rate) => rate ?? 0));
  const rows = ports.length > 1 ? Math.max(1, height / 2) : height;
  return Array.from({ length: rows }, (_, at) => {
    const row = rows - 1 - at;
    const bars = rates.map((rate) =>
      rate === null ? ' ' : block(levelOf(rate, peak, rows * 8) - row * 8, false, style),
    );
    const label = at === 0 ? `${ports.length > 1 ? `${route} ` : ''}${formatRate(peak)}` : '';
    return lane(label, style.paint(bars.join('').trimEnd(), 'green'), style);
  });
}

/** Always there, so that nothing moves when the first one comes. */
function failedLane({ spans }: LiveState, canvas: Canvas): string {
  const { style } = canvas;
  const rates = columnsOf(spans, ({ failed }) => failed, canvas).map((rate) => rate ?? 0);
  const peak = Math.max(0, ...rates);
  const bars = rates.map((rate) => block(levelOf(rate, peak, 8), false, style)).join('');
  return lane('failed', style.paint(bars.trimEnd(), 'red'), style);
}

function leaderLane({ leaders, elapsedMs }: LiveState, canvas: Canvas): string[] {
  const spans = leaders.map(({ fromMs, name }, index) => ({
    fromMs,
    toMs: leaders[index + 1]?.fromMs ?? elapsedMs,
    text: plain(name),
  }));
  return spans.length === 0 ? [] : [lane('leader', drawSpans(spans, canvas, 'cyan'), canvas.style)];
}

/** The highest rate in each column, so that no peak is lost; null where nothing was told. */
function columnsOf(
  spans: readonly SpanOfLoad[],
  of: (span: SpanOfLoad) => number,
  canvas: Canvas,
): (number | null)[] {
  const columns = new Array<number | null>(canvas.width).fill(null);
  for (const span of spans) {
    if (span.toMs <= canvas.view.fromMs || span.fromMs >= canvas.view.toMs) {
      continue;
    }
    const from = columnOf(span.fromMs, canvas);
    const to = Math.max(from, columnOf(span.toMs - 1e-6, canvas));
    for (let column = from; column <= to; column++) {
      columns[column] = Math.max(columns[column] ?? 0, of(span));
    }
  }
  return columns;
}

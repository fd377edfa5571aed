import { formatCount, formatDuration, formatRate } from '../units.js';
import type { LiveState, PortNow } from './live/state.js';
import { timelineLines } from './live/timeline.js';
import { inAscii } from './terminal/ascii.js';
import { counted, flow, instant, plain, type Style, table } from './terminal/text.js';
import { clip, padEnd, widthOf } from './terminal/width.js';

export { advance, type LiveState } from './live/state.js';

/**
 * How a run stands, as a picture of at most so many lines, none wider than `columns`. Where there is no room for all,
 * what tells least is left out.
 */
export function renderLive(state: LiveState, columns: number, rows: number, style: Style): string[] {
  // In the order of the picture; the rank says what is given up last.
  const parts: readonly (readonly [rank: number, lines: readonly string[]])[] = [
    [0, headLines(state, columns, style)],
    [1, portLines(state, style)],
    [4, errorLines(state, columns, style)],
    [2, leaderLines(state, style)],
    [5, serverLines(state, columns, style)],
    [6, probeLines(state, style)],
    [3, ['', ...timelineLines(state, columns, rows >= TALL ? HIGH : LOW, style)]],
  ];
  const kept = new Set<number>();
  let left = rows;
  for (const [rank, lines] of parts.toSorted((a, b) => a[0] - b[0])) {
    if (lines.length <= left) {
      kept.add(rank);
      left -= lines.length;
    }
  }
  const lines = [
    ...parts.flatMap(([rank, own]) => (kept.has(rank) ? own : [])),
    ...changeLines(state, left, style),
  ];
  return lines.map((line) => clip(style.unicode ? line : inAscii(line), columns).trimEnd());
}

/** Rows of a terminal from which on the bars are high. */
const TALL = 22;
const HIGH = 4;
const LOW = 2;
const LABEL = 10;

function entry(label: string, text: string, style: Style): string {
  return `${style.paint(padEnd(label, LABEL), 'dim')}${text}`;
}

/** What runs on the left, how far it is on the right. */
function headLines(
  { plan, elapsedMs, durationMs, round }: LiveState,
  columns: number,
  style: Style,
): string[] {
  const total = durationMs === null ? '' : ` / ${formatDuration(durationMs)}`;
  const rounds = round === null ? '' : `round ${round.now} of ${round.of}   `;
  const far = `${rounds}${formatDuration(1000 * Math.round(elapsedMs / 1000))}${total}`;
  const faults = [...new Set(plan.faults.map(({ kind }) => kind))];
  const parts = [
    ...(plan.label === undefined ? [] : [plan.label]),
    plan.workload.name,
    counted(plan.clients, 'client'),
    ...faults,
  ];
  const [what = ''] = flow(parts.map(plain), columns - widthOf(far) - 2, style);
  const gap = ' '.repeat(Math.max(2, columns - widthOf(what) - widthOf(far)));
  return [`${style.paint(what, 'bold')}${gap}${far}`];
}

const PORT_HEAD = ['', 'tps', 'p50', 'p99', 'max', 'failed'];

/** Nothing was acknowledged for longer than this: it is not the pace of the load. */
const PAUSE_MS = 1500;

function portLines({ ports, elapsedMs }: LiveState, style: Style): string[] {
  const rows = ports.map(({ route, tps, p50Us, p99Us, maxUs, failed }) => [
    PORTS[route],
    style.paint(formatRate(tps), tps > 0 ? 'green' : 'red', 'bold'),
    style.micros(p50Us),
    style.micros(p99Us),
    style.micros(maxUs),
    failed > 0 ? style.paint(formatCount(failed), 'red') : '0',
  ]);
  // As wide as they may get, so that nothing moves.
  const head = PORT_HEAD.map((name, at) => (at === 0 ? ' '.repeat(LABEL - 2) : name.padStart(8)));
  const [first = '', ...lines] = table(
    [head.map((name) => style.paint(name, 'dim')), ...rows],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  );
  return [first, ...lines.map((line, at) => `${line}${pauseOf(ports[at], elapsedMs, style)}`)].map((line) =>
    line.replace(/^ {2}/, ''),
  );
}

const PORTS = { rw: 'rw', ro: 'ro' } as const;

function pauseOf(port: PortNow | undefined, elapsedMs: number, style: Style): string {
  const pauseMs = elapsedMs - (port?.lastAckMs ?? elapsedMs);
  return port?.tps === 0 && pauseMs > PAUSE_MS
    ? style.paint(`   none for ${formatDuration(Math.round(pauseMs / 100) * 100)}`, 'red', 'bold')
    : '';
}

function errorLines({ errors, failedInAll }: LiveState, columns: number, style: Style): string[] {
  const now = errors.map(([code, count]) => `${plain(code)} ${formatCount(count)}`);
  const [most = 'none now'] = flow(now, columns - LABEL - 20, style);
  const text = errors.length > 0 ? style.paint(most, 'red') : most;
  return [entry('errors', `${text}${style.paint(`   ${formatCount(failedInAll)} in all`, 'dim')}`, style)];
}

function leaderLines({ leader, leaders, elapsedMs }: LiveState, style: Style): string[] {
  if (leader === null) {
    return [];
  }
  const sinceMs = Math.max(0, elapsedMs - (leaders.at(-1)?.fromMs ?? 0));
  const since = style.paint(`   for ${formatDuration(Math.round(sinceMs / 1000) * 1000)}`, 'dim');
  const name = leader === '' ? style.paint('none', 'red', 'bold') : style.paint(plain(leader), 'cyan');
  return [entry('leader', name + (leaders.length > 1 ? since : ''), style)];
}

/** One line for each backend. */
function serverLines({ servers }: LiveState, columns: number, style: Style): string[] {
  const backends = new Map<string, string[]>();
  for (const [subject, state] of servers) {
    const [backend = '', ...server] = subject.split('/');
    const ink = state === 'UP' ? 'green' : 'red';
    const text = `${plain(server.join('/'))} ${style.paint(plain(state), ink)}`;
    backends.set(backend, [...(backends.get(backend) ?? []), text]);
  }
  return [...backends]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b, 'en'))
    .slice(0, MOST_BACKENDS)
    .map(([backend, texts], at) => {
      const [shown = ''] = flow(texts.toSorted(), columns - 2 * LABEL, style);
      return entry(at === 0 ? 'HAProxy' : '', `${padEnd(plain(backend), 4)}${shown}`, style);
    });
}

const MOST_BACKENDS = 4;

function rank(backend: string): number {
  return backend === 'rw' ? 0 : 1;
}

function probeLines({ probes }: LiveState, style: Style): string[] {
  const parts = probes.map(({ route, acks, failures }) => {
    const text = `${route} ${formatCount(acks)} of ${formatCount(acks + failures)} answered`;
    return failures > 0 ? style.paint(text, 'red') : text;
  });
  return parts.length === 0 ? [] : [entry('probes', parts.join(style.dot), style)];
}

/** The newest that there is room for, behind an empty line. */
function changeLines({ changes, faultsMs }: LiveState, rows: number, style: Style): string[] {
  const shown = rows > 1 ? changes.slice(1 - rows) : [];
  const lines = shown.map(({ atMs, layer, text }) => {
    const faultMs = faultsMs.filter((fault) => fault <= atMs).at(-1);
    const since = faultMs === undefined ? '' : `+${instant(atMs - faultMs)}`;
    const when = `${instant(atMs).padStart(11)}${since.padStart(12)}`;
    return `${when}  ${style.paint(layer.padEnd(9), 'dim')}${plain(text).replace(/^HAProxy /, '')}`;
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

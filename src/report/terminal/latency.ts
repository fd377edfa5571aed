import { clientsByRoute } from '../../plan/ports.js';
import { OUTCOMES, type Outcome } from '../../postgres/outcome.js';
import type { LatencySummary, Result, ScriptTotals } from '../../result/result.js';
import { formatCount, formatDuration, formatRate } from '../../units.js';
import { cut, fitted, labelled, plain, type Style, table } from './text.js';
import { widthOf } from './width.js';

/** How outcomes are called in reports. */
export const OUTCOME_NAMES: Readonly<Record<Outcome, string>> = {
  ack: 'acknowledged',
  ack_unreplicated: 'acknowledged by one node only',
  aborted: 'aborted',
  in_doubt: 'in doubt',
  not_sent: 'not sent',
  skipped: 'skipped',
};

type Counts = Readonly<Record<Outcome, number>>;

/** Attempts that did not end in an acknowledgement. */
export function failedAttempts(counts: Counts): number {
  return counts.aborted + counts.in_doubt + counts.not_sent;
}

/** Throughput and latency of the whole run. */
export function throughputLines(result: Result, style: Style): string[] {
  const { totals, run } = result;
  const acked = totals.outcomes.ack + totals.outcomes.ack_unreplicated;
  const rate = `  ${style.paint(`${formatRate(totals.tps)} tps`, 'bold', acked > 0 ? 'green' : 'red')}   `;
  const lines = [
    style.paint('Throughput and latency', 'bold'),
    `${rate}${formatCount(acked)} acknowledged in ${style.millis(run.elapsedMs)}`,
    ...labelled('', othersInWords(totals.outcomes), widthOf(rate), style),
    ...paceLines(result).flatMap((text) => labelled('', text, widthOf(rate), style)),
  ];
  const dim = (names: readonly string[]) => names.map((name) => style.paint(name, 'dim'));
  const latencies = latencyRows(result, style);
  if (latencies.length > 0) {
    lines.push('', ...table([dim(LATENCY_HEAD), ...latencies], LATENCY_ALIGNS));
  }
  const ports = portRows(result, style);
  if (ports.length > 0) {
    lines.push('', ...table([dim(PORT_HEAD), ...ports], PORT_ALIGNS));
  }
  const scripts = scriptRows(result, style);
  if (scripts.length > 0) {
    const rows = fitted([dim(SCRIPT_HEAD), ...scripts], 0, style);
    lines.push('', ...table(rows, SCRIPT_ALIGNS));
  }
  return lines;
}

const LATENCY_HEAD = ['', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'];
const LATENCY_ALIGNS = ['left', ...new Array<'right'>(7).fill('right')] as const;
const PORT_HEAD = ['port', 'clients', 'tps', 'p50', 'p99', 'max', 'failed'];
const PORT_ALIGNS = ['left', ...new Array<'right'>(6).fill('right')] as const;
const SCRIPT_HEAD = ['script', 'port', 'tps', 'p50', 'p99', 'max', 'failed'];
const SCRIPT_ALIGNS = ['left', 'left', ...new Array<'right'>(5).fill('right')] as const;

const UNFAILED: ReadonlySet<Outcome> = new Set(['ack', 'skipped']);

/** What else became of the attempts. */
function othersInWords(counts: Counts): string {
  // What was skipped stands with what was late.
  const others = OUTCOMES.filter((outcome) => !UNFAILED.has(outcome) && counts[outcome] > 0);
  if (others.length === 0) {
    return 'nothing failed';
  }
  return others.map((outcome) => `${formatCount(counts[outcome])} ${OUTCOME_NAMES[outcome]}`).join(', ');
}

/** `12 late (above 50 ms), 3 skipped`, and what was tried again. */
function paceLines({ plan, totals }: Result): string[] {
  const { late, retried, retries, outcomes } = totals;
  const lines: string[] = [];
  if (plan.latencyLimitMs !== null && late !== null) {
    const skipped = plan.pace.kind === 'open' ? `, ${formatCount(outcomes.skipped)} skipped` : '';
    lines.push(`${formatCount(late)} late (above ${formatDuration(plan.latencyLimitMs)})${skipped}`);
  }
  if (retried > 0) {
    const times = retries === retried ? '' : `, ${formatCount(retries)} times in all`;
    lines.push(`${formatCount(retried)} retried${times}`);
  }
  return lines;
}

/** Service, response where it differs, and the schedule lag of an open pace. */
function latencyRows({ totals }: Result, style: Style): string[][] {
  const { service, response, lag, connects } = totals;
  const rows: string[][] = [];
  if (service !== null && response !== null && isSame(service, response)) {
    rows.push(latencyRow('latency', service, style));
  } else {
    rows.push(...rowOf('service', service, style), ...rowOf('response', response, style));
  }
  rows.push(...rowOf('lag', lag, style));
  if (connects.successes > 0) {
    rows.push(...rowOf('connect', connects.latency, style));
  }
  return rows;
}

/** One line for each port of two, with how many clients serve it; not where a line for each script says the same. */
function portRows({ plan, totals }: Result, style: Style): string[][] {
  if (totals.ports.length < 2 || totals.scripts.length === totals.ports.length) {
    return [];
  }
  const clients = clientsByRoute(plan);
  return totals.ports.map(({ route, tps, response, outcomes }) => [
    route,
    formatCount(clients[route]),
    ...figuresOf({ tps, response, outcomes }, style),
  ]);
}

/** One line for each script of several: who does what on which port. */
function scriptRows({ totals }: Result, style: Style): string[][] {
  if (totals.scripts.length < 2) {
    return [];
  }
  return totals.scripts.map(({ name, route, tps, outcomes, response }) => [
    cut(plain(name), 24, style),
    route,
    ...figuresOf({ tps, response, outcomes }, style),
  ]);
}

function figuresOf(
  { tps, response, outcomes }: Pick<ScriptTotals, 'tps' | 'response' | 'outcomes'>,
  style: Style,
): string[] {
  return [
    formatRate(tps),
    style.micros(response?.p50Us),
    style.micros(response?.p99Us),
    style.micros(response?.maxUs),
    formatCount(failedAttempts(outcomes)),
  ];
}

function rowOf(name: string, latency: LatencySummary | null, style: Style): string[][] {
  return latency === null ? [] : [latencyRow(name, latency, style)];
}

function isSame(a: LatencySummary, b: LatencySummary): boolean {
  return a.maxUs === b.maxUs && a.p50Us === b.p50Us && a.p99Us === b.p99Us && a.meanUs === b.meanUs;
}

function latencyRow(name: string, latency: LatencySummary, style: Style): string[] {
  const { p50Us, p90Us, p95Us, p99Us, p999Us, maxUs, meanUs } = latency;
  return [name, ...[p50Us, p90Us, p95Us, p99Us, p999Us, maxUs, meanUs].map((us) => style.micros(us))];
}

import { OUTCOMES, type Outcome } from '../../postgres/outcome.js';
import type { LatencySummary, Result } from '../../result/result.js';
import { formatCount, formatRate } from '../../units.js';
import { cut, labelled, plain, type Style, table, widthOf } from './text.js';

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
  ];
  const dim = (names: readonly string[]) => names.map((name) => style.paint(name, 'dim'));
  const latencies = latencyRows(result, style);
  if (latencies.length > 0) {
    lines.push('', ...table([dim(LATENCY_HEAD), ...latencies], LATENCY_ALIGNS));
  }
  const scripts = scriptRows(result, style);
  if (scripts.length > 0) {
    lines.push('', ...table([dim(SCRIPT_HEAD), ...scripts], SCRIPT_ALIGNS));
  }
  return lines;
}

const LATENCY_HEAD = ['', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'];
const LATENCY_ALIGNS = ['left', ...new Array<'right'>(7).fill('right')] as const;
const SCRIPT_HEAD = ['script', 'port', 'tps', 'p50', 'p99', 'max', 'failed'];
const SCRIPT_ALIGNS = ['left', 'left', ...new Array<'right'>(5).fill('right')] as const;

/** What else became of the attempts. */
function othersInWords(counts: Counts): string {
  const others = OUTCOMES.filter((outcome) => outcome !== 'ack' && counts[outcome] > 0);
  if (others.length === 0) {
    return 'nothing failed';
  }
  return others.map((outcome) => `${formatCount(counts[outcome])} ${OUTCOME_NAMES[outcome]}`).join(', ');
}

/** Service, and response where it differs. */
function latencyRows({ totals }: Result, style: Style): string[][] {
  const { service, response, connects } = totals;
  const rows: string[][] = [];
  if (service !== null && response !== null && isSame(service, response)) {
    rows.push(latencyRow('latency', service, style));
  } else {
    rows.push(...rowOf('service', service, style), ...rowOf('response', response, style));
  }
  if (connects.successes > 0) {
    rows.push(...rowOf('connect', connects.latency, style));
  }
  return rows;
}

/** One line for each script of several: who does what on which port. */
function scriptRows({ totals }: Result, style: Style): string[][] {
  if (totals.scripts.length < 2) {
    return [];
  }
  return totals.scripts.map(({ name, route, tps, outcomes, response }) => [
    cut(plain(name), 24, style),
    route,
    formatRate(tps),
    style.micros(response?.p50Us),
    style.micros(response?.p99Us),
    style.micros(response?.maxUs),
    formatCount(failedAttempts(outcomes)),
  ]);
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

import type { Route } from '../plan/target.js';
import { OUTCOMES } from '../postgres/outcome.js';
import type { NamedResult } from '../result/named.js';
import type { Result, Timeline } from '../result/result.js';
import type { ReportFormat } from './format.js';
import { plain } from './terminal/text.js';

/** The timeline for spreadsheets and plots. */
export const CSV: ReportFormat = {
  name: 'csv',
  describe: 'the timeline, a row for each of its buckets',
  extension: 'csv',
  render: (results) => renderCsv(results),
};

/**
 * RFC 4180: a header with the unit of each column, and a row for each bucket; of several results with the name of each
 * in a first column. An empty cell is a figure that there is none of.
 */
export function renderCsv(results: readonly NamedResult[]): string {
  const columns = columnsOf(results.map(({ result }) => result));
  const named = results.length > 1;
  const head = [...(named ? ['result'] : []), ...columns.map(({ name }) => name)];
  const lines = [head.map(textCell).join(',')];
  for (const { name, result } of results) {
    const own = columns.map(({ of }) => of(result.timeline));
    const first = named ? [textCell(name)] : [];
    for (let row = 0; row < result.timeline.startMs.length; row++) {
      lines.push([...first, ...own.map((column) => numberCell(column?.[row]))].join(','));
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A column of the file, found in each timeline: undefined for one that has none of it. */
interface Column {
  readonly name: string;
  readonly of: (timeline: Timeline) => readonly (number | null)[] | undefined;
}

/** Those that any of the results has, so that all rows have the same. */
function columnsOf(results: readonly Result[]): readonly Column[] {
  const timelines = results.map(({ timeline }) => timeline);
  const keysOf = (of: (timeline: Timeline) => object) => [
    ...new Set(timelines.flatMap((timeline) => Object.keys(of(timeline)))),
  ];
  const routes = (['rw', 'ro'] as const).filter((route) =>
    timelines.some(({ outcomes }) => outcomes[route] !== undefined),
  );
  const probed = (['rw', 'ro'] as const).filter((route) =>
    timelines.some(({ probes }) => probes[route] !== undefined),
  );
  return [
    { name: 'start_ms', of: ({ startMs }) => startMs },
    { name: 'width_ms', of: ({ widthMs }) => widthMs },
    ...routes.flatMap(routeColumns),
    { name: 'response_p50_us', of: ({ p50Us }) => p50Us },
    { name: 'response_p90_us', of: ({ p90Us }) => p90Us },
    { name: 'response_p99_us', of: ({ p99Us }) => p99Us },
    { name: 'response_max_us', of: ({ maxUs }) => maxUs },
    ...keysOf(({ errors }) => errors).map((key) => ({
      name: `failed_${key}_count`,
      of: ({ errors, startMs }: Timeline) => errors[key] ?? zeros(startMs),
    })),
    ...keysOf(({ writers }) => writers).map((server) => ({
      name: `writes_by_${server}_count`,
      of: ({ writers, startMs }: Timeline) => writers[server] ?? zeros(startMs),
    })),
    ...probed.flatMap(probeColumns),
    { name: 'connects_count', of: ({ connects }) => connects },
    { name: 'generator_stall_ms', of: ({ stallMs }) => stallMs },
  ];
}

/** An outcome that never came is absent in the timeline: none of it was there. */
function routeColumns(route: Route): Column[] {
  return [
    ...OUTCOMES.map((outcome) => ({
      name: `${route}_${outcome}_count`,
      of: ({ outcomes, startMs }: Timeline) =>
        outcomes[route] === undefined ? undefined : (outcomes[route][outcome] ?? zeros(startMs)),
    })),
    { name: `${route}_first_ack_ms`, of: ({ firstAckMs }) => firstAckMs[route] },
    { name: `${route}_last_ack_ms`, of: ({ lastAckMs }) => lastAckMs[route] },
  ];
}

function probeColumns(route: Route): Column[] {
  return [
    { name: `${route}_probe_ack_count`, of: ({ probes }) => probes[route]?.acks },
    { name: `${route}_probe_failed_count`, of: ({ probes }) => probes[route]?.failures },
  ];
}

function zeros(column: readonly unknown[]): number[] {
  return new Array<number>(column.length).fill(0);
}

function numberCell(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@＝＋－＠]/;

/** A name that comes from outside must not be run by whoever opens the file: it is made a text by a quote in front. */
function textCell(text: string): string {
  const line = plain(text);
  const safe = FORMULA.test(line) ? `'${line}` : line;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

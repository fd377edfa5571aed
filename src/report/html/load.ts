import { clientsByRoute } from '../../plan/ports.js';
import { OUTCOMES } from '../../postgres/outcome.js';
import type {
  CommandTotals,
  LatencySummary,
  PhaseTotals,
  Result,
  ScriptTotals,
} from '../../result/result.js';
import { formatCount, formatMicros, formatRate } from '../../units.js';
import { failedAttempts, OUTCOME_NAMES } from '../terminal/latency.js';
import { plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { sentenceCase, table } from './words.js';

/** How the load went over the whole run: the distribution of its latencies, and its totals by port, script and command. */
export function loadSection(result: Result, id: string): Markup {
  const { totals } = result;
  return h(
    'section',
    { 'aria-labelledby': `${id}-load` },
    h('h2', { id: `${id}-load` }, 'Throughput and latency'),
    totals.spectra.response === null ? null : spectrumFigure(id),
    latencyTable(result),
    totals.ports.length > 1 ? portTable(result) : null,
    totals.scripts.length > 1 ? scriptTable(result) : null,
    commandTables(totals.scripts),
    outcomeTable(result),
  );
}

/** The page draws it; the table below has its figures. */
function spectrumFigure(id: string): Markup {
  return h(
    'figure',
    { class: 'spectrum' },
    h(
      'figcaption',
      {},
      h('strong', {}, 'Latency by percentile'),
      h('span', { class: 'dim' }, ' response time, both axes logarithmic'),
    ),
    h('div', { id: `${id}-spectrum`, class: 'chart' }),
  );
}

const HEAD = ['', 'Count', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'Max', 'Mean'];

function latencyTable({ totals, analysis }: Result): Markup | null {
  const { service, response, lag, connects } = totals;
  const same = JSON.stringify(service) === JSON.stringify(response);
  const phases = (['before', 'during', 'after'] as const).map(
    (name) => [`response, ${name}`, analysis.phases[name]?.response ?? null] as const,
  );
  const rows: readonly (readonly [string, LatencySummary | null])[] = [
    ['response', response],
    ['service', same ? null : service],
    ...phases,
    ['schedule lag', lag],
    ['connect', connects.latency],
  ];
  const shown = rows.flatMap(([name, latency]) => (latency === null ? [] : [latencyRow(name, latency)]));
  return shown.length === 0
    ? null
    : table({
        caption: 'Latency: the whole run, and its phases over all valid rounds',
        head: HEAD,
        kinds: HEAD.map((_, index) => (index === 0 ? 'text' : 'figure')),
        rows: shown,
      });
}

function latencyRow(name: string, latency: LatencySummary): string[] {
  const { p50Us, p90Us, p95Us, p99Us, p999Us, maxUs, meanUs } = latency;
  const times = [p50Us, p90Us, p95Us, p99Us, p999Us, maxUs, meanUs].map((us) => formatMicros(us));
  return [sentenceCase(name), formatCount(latency.count), ...times];
}

function portTable({ plan, totals }: Result): Markup {
  const clients = clientsByRoute(plan);
  return table({
    caption: 'By port',
    head: ['Port', 'Clients', 'tps', 'p50', 'p99', 'Max', 'Failed'],
    kinds: ['text', 'figure', 'figure', 'figure', 'figure', 'figure', 'figure'],
    rows: totals.ports.map((port) => [port.route, formatCount(clients[port.route]), ...figures(port)]),
  });
}

function scriptTable({ totals }: Result): Markup {
  return table({
    caption: 'By script',
    head: ['Script', 'Port', 'tps', 'p50', 'p99', 'Max', 'Failed'],
    kinds: ['text', 'text', 'figure', 'figure', 'figure', 'figure', 'figure'],
    rows: totals.scripts.map((script) => [plain(script.name), script.route, ...figures(script)]),
  });
}

function figures({ tps, response, outcomes }: Pick<ScriptTotals, 'tps' | 'response' | 'outcomes'>): string[] {
  const micros = (us: number | undefined) => (us === undefined ? '–' : formatMicros(us));
  return [
    formatRate(tps),
    micros(response?.p50Us),
    micros(response?.p99Us),
    micros(response?.maxUs),
    formatCount(failedAttempts(outcomes)),
  ];
}

function commandTables(scripts: readonly ScriptTotals[]): Child[] {
  return scripts.flatMap(({ name, commands }) =>
    commands === null || commands.length === 0
      ? []
      : [
          table({
            caption: `Commands of ${plain(name)}`,
            head: ['Command', 'Mean', 'Count', 'Failed'],
            kinds: ['text', 'figure', 'figure', 'figure'],
            rows: commands.map(commandRow),
          }),
        ],
  );
}

function commandRow({ text, meanUs, count, failures }: CommandTotals): Child[] {
  const mean = meanUs === null ? '–' : `${(meanUs / 1000).toFixed(3)} ms`;
  return [h('code', {}, plain(text)), mean, formatCount(count), formatCount(failures)];
}

/** What became of all attempts, in the run and in each phase. */
function outcomeTable({ totals, analysis }: Result): Markup {
  const { before, during, after } = analysis.phases;
  const phases = [
    ['before', before],
    ['during', during],
    ['after', after],
  ] as const;
  const told = phases.flatMap(([name, phase]): (readonly [string, PhaseTotals])[] =>
    phase === null ? [] : [[name, phase]],
  );
  const shown = OUTCOMES.filter((outcome) => totals.outcomes[outcome] > 0 || outcome !== 'skipped');
  return table({
    caption: 'What became of the attempts',
    head: ['Outcome', 'Whole run', ...told.map(([name]) => sentenceCase(name))],
    kinds: ['text', 'figure', ...told.map(() => 'figure' as const)],
    rows: shown.map((outcome) => [
      sentenceCase(OUTCOME_NAMES[outcome]),
      formatCount(totals.outcomes[outcome]),
      ...told.map(([, phase]) => formatCount(phase.outcomes[outcome])),
    ]),
  });
}

import type { Event, PhaseTotals, Result } from '../../result/result.js';
import { formatCount, formatMicros, formatRate } from '../../units.js';
import { isChange } from '../terminal/events.js';
import { instant, plain, since } from '../terminal/text.js';
import type { RunData } from './data.js';
import { type Child, h, type Markup } from './element.js';
import { table } from './words.js';

/** The frames that the page draws the charts and lanes into, with what they show in words. */
export function timelineSection(result: Result, data: RunData): Markup {
  const { id } = data;
  return h(
    'section',
    { 'aria-labelledby': `${id}-timeline-title`, class: 'timeline', id: `${id}-timeline` },
    h('h2', { id: `${id}-timeline-title` }, 'Timeline'),
    h(
      'noscript',
      {},
      h('p', { class: 'warning' }, 'The charts need JavaScript; all tables are there without.'),
    ),
    h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'What part of the run is shown' }),
    h(
      'div',
      { class: 'stack' },
      h('div', { class: 'ruler' }),
      charts(result, data),
      h('div', { class: 'lanes' }),
      h('div', { class: 'scrubber' }),
    ),
    h(
      'p',
      { class: 'keys dim' },
      'A thin bar before a change in a lane: it happened somewhere in there, and was seen at its end.',
    ),
    data.thinned ? h('p', { class: 'keys dim' }, THINNED) : null,
    keys(id),
    h(
      'details',
      { class: 'values' },
      h('summary', {}, h('h3', {}, 'Values as a table')),
      h('div', { class: 'values-table' }),
    ),
    eventDetails(result),
  );
}

const THINNED =
  'This run is long: far from the faults, its buckets were joined. Throughput and errors are means over them, latencies the highest in them.';

function charts(result: Result, data: RunData): Child[] {
  return [
    data.throughput.map(({ name, label }) =>
      chart(
        data,
        `throughput-${name}`,
        'Throughput',
        `${label}, transactions acknowledged per second`,
        throughputInWords(result, name),
      ),
    ),
    data.latency.length === 0
      ? null
      : chart(
          data,
          'latency',
          'Latency',
          data.throughput.length > 1
            ? 'response time of the acknowledged on both ports'
            : 'response time of the acknowledged',
          latencyInWords(result),
        ),
    data.errors.length === 0
      ? h('p', { class: 'dim no-errors' }, 'No attempt failed: there are no errors to draw.')
      : chart(
          data,
          'errors',
          'Errors',
          'failed attempts per second, stacked by class',
          errorsInWords(result, data),
        ),
  ];
}

function chart({ id }: RunData, name: string, title: string, unit: string, summary: string): Markup {
  return h(
    'figure',
    {
      class: `chart-frame ${name}`,
      'aria-labelledby': `${id}-chart-${name}-title`,
      'aria-describedby': `${id}-chart-${name}-text`,
    },
    h(
      'figcaption',
      {},
      h(
        'span',
        { class: 'chart-title' },
        h('strong', { id: `${id}-chart-${name}-title` }, title),
        h('span', { class: 'dim' }, unit),
      ),
      h('span', { class: 'chart-legend' }),
    ),
    h('p', { class: 'unseen', id: `${id}-chart-${name}-text` }, summary),
    h('div', {
      class: 'chart',
      id: `${id}-chart-${name}`,
      role: 'img',
      'aria-label': `${title}. ${summary}`,
    }),
  );
}

/** The phases are not told by port. */
function throughputInWords({ totals, analysis }: Result, route: string): string {
  const port = totals.ports.find((each) => each.route === route);
  const whole =
    port === undefined ? [] : [`${formatRate(port.tps)} transactions per second over the whole run.`];
  const phases =
    totals.ports.length > 1 ? [] : phrases(analysis.phases, ({ tps }) => `${formatRate(tps)} tps`);
  return [...whole, ...phases].join(' ');
}

function latencyInWords({ totals, analysis }: Result): string {
  const { response } = totals;
  const told = (latency: { p50Us: number; p99Us: number; maxUs: number }) =>
    `p50 ${formatMicros(latency.p50Us)}, p99 ${formatMicros(latency.p99Us)}, max ${formatMicros(latency.maxUs)}`;
  const whole = response === null ? [] : [`Whole run: ${told(response)}.`];
  return [
    ...whole,
    ...phrases(analysis.phases, (phase) => (phase.response === null ? null : told(phase.response))),
  ].join(' ');
}

function phrases(
  phases: Result['analysis']['phases'],
  tell: (phase: PhaseTotals) => string | null,
): string[] {
  return (['before', 'during', 'after'] as const).flatMap((name) => {
    const phase = phases[name];
    const told = phase === null ? null : tell(phase);
    return told === null ? [] : [`${name.charAt(0).toUpperCase()}${name.slice(1)}: ${told}.`];
  });
}

function errorsInWords({ timeline }: Result, { errors }: RunData): string {
  const counts = errors.map(({ name, label }) => {
    const count = (timeline.errors[name] ?? []).reduce((sum, each) => sum + each, 0);
    return `${label} ${formatCount(count)}`;
  });
  return `Failed attempts: ${counts.join(', ')}.`;
}

function keys(id: string): Markup {
  const all: readonly (readonly [string, string])[] = [
    ['←  →', 'instant before, after; with Shift ten'],
    ['+  −', 'closer, further'],
    ['PageUp  PageDown', 'earlier, later'],
    ['0', 'whole run'],
    ['1 – 9', 'a round'],
    ['Esc', 'the view that was there at first'],
  ];
  return h(
    'p',
    { class: 'keys dim', id: `${id}-keys` },
    'Drag over a chart to zoom; Ctrl with the wheel, too; a double click shows the whole run. Keys: ',
    all.map(([key, what]) => h('span', { class: 'key-help' }, h('kbd', {}, key), ` ${what}`)),
  );
}

/** More are not read, and make a page of many rounds too long to be sent. */
const MOST_EVENTS = 600;

/** Every change that was seen, with its time since the fault and how exactly that is known. */
function eventDetails(result: Result): Markup | null {
  const changes = result.events.filter(isChange);
  if (changes.length === 0) {
    return null;
  }
  return h(
    'details',
    { class: 'events' },
    h('summary', {}, h('h3', {}, `Events (${formatCount(changes.length)})`)),
    table({
      caption: 'What the observers saw change, and the faults',
      head: ['Seen at', 'Since fault', 'Late by', 'Layer', 'What'],
      kinds: ['figure', 'figure', 'figure', 'text', 'text'],
      rows: changes.slice(0, MOST_EVENTS).map((event) => eventRow(event, result)),
    }),
    changes.length > MOST_EVENTS
      ? h('p', { class: 'dim' }, `and ${formatCount(changes.length - MOST_EVENTS)} more, in result.json.`)
      : null,
  );
}

function eventRow({ atMs, uncertaintyMs, layer, text }: Event, { faults }: Result): string[] {
  const asked = faults.flatMap(({ askedAtMs }) =>
    askedAtMs === null || askedAtMs > atMs ? [] : [askedAtMs],
  );
  const faultMs = asked.at(-1);
  return [
    instant(atMs),
    faultMs === undefined ? '' : since(atMs, faultMs),
    uncertaintyMs > 0 ? `≤ ${instant(uncertaintyMs)}` : '',
    layer,
    plain(text),
  ];
}

import type { Comparison } from '../compare/comparison.js';
import { type Assets, pageAssets } from './html/assets.js';
import {
  differencesSection,
  findingsBox,
  runsTable,
  tableSection,
  verdictStatements,
} from './html/comparison-sections.js';
import { spreadSection } from './html/comparison-spread.js';
import type { OverlayData } from './html/data.js';
import { documentOf } from './html/document.js';
import { h, type Markup } from './html/element.js';
import { overlayOf } from './html/overlay-data.js';
import { plain } from './terminal/text.js';

/**
 * The page of a comparison: what differs by more than chance, the timelines of all runs laid over each other at the
 * instant of the fault, and what else is not the same. One file that needs no network; all text of the results is escaped.
 * @param assets the page's program and style; those of the build unless told otherwise
 * @throws UserError when the page's program was not built
 */
export function renderComparisonHtml(comparison: Comparison, assets: Assets = pageAssets()): string {
  const { base, candidates, notes } = comparison;
  const results = [base, ...candidates];
  const overlay = overlayOf(results, 'overlay');
  const title = `${candidates.map(({ name }) => plain(name)).join(', ')} against ${plain(base.name)}`;
  const parts: readonly (readonly [id: string, name: string, content: Markup | null])[] = [
    ['overlay-title', 'Timelines', overlay === null ? null : overlaySection(overlay)],
    ['table', 'Table', tableSection(comparison)],
    ['spread', 'Rounds', spreadSection(comparison)],
    ['differences', 'Differences', differencesSection(comparison)],
    ['notes', 'Notes', notes.length === 0 ? null : notesSection(notes)],
  ];
  const shown = parts.filter(([, , content]) => content !== null);
  return documentOf(
    {
      title: `${title} – pgha-bench`,
      navigation: h(
        'nav',
        { class: 'sections', 'aria-label': 'Sections' },
        shown.map(([id, name]) => h('a', { href: `#${id}` }, name)),
      ),
      main: [
        h(
          'section',
          { class: 'summary', 'aria-labelledby': 'comparison-title' },
          h('h1', { id: 'comparison-title', class: 'run-title' }, title),
          verdictStatements(comparison),
          findingsBox(comparison),
          runsTable(results),
        ),
        shown.map(([, , content]) => content),
      ],
      data: { runs: [], overlay },
      version: plain(base.result.tool.version),
    },
    assets,
  );
}

const CHARTS = [
  ['rw', 'Throughput', 'read-write port, transactions acknowledged per second'],
  ['ro', 'Throughput', 'read-only port, transactions acknowledged per second'],
  ['p99', 'Latency', '99th percentile of the response time of the acknowledged'],
] as const;

/** The frames that the page draws into. */
function overlaySection({ id, runs }: OverlayData): Markup {
  const used = CHARTS.filter(
    ([name]) => name === 'p99' || runs.some(({ rounds }) => rounds.some((round) => round[name] !== null)),
  );
  return h(
    'section',
    { id, class: 'timeline', 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, 'Timelines, laid over each other at the fault'),
    h(
      'noscript',
      {},
      h('p', { class: 'warning' }, 'The charts need JavaScript; all tables are there without.'),
    ),
    h('div', { class: 'choices', role: 'group', 'aria-label': 'Which round of each run' }),
    h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'What part is shown' }),
    h(
      'div',
      { class: 'stack' },
      h('div', { class: 'ruler' }),
      used.map(([name, title, unit]) => chart(id, name, title, unit)),
      h('div', { class: 'lanes' }),
      h('div', { class: 'scrubber' }),
    ),
    h(
      'p',
      { class: 'keys dim' },
      'At 0 the fault was asked for. Drag over a chart to zoom, a double click shows all. Keys: ← → point, + − zoom, PageUp PageDown move, Esc back.',
    ),
  );
}

function chart(id: string, name: string, title: string, unit: string): Markup {
  return h(
    'figure',
    { class: `chart-frame ${name}`, 'aria-labelledby': `${id}-${name}-title` },
    h(
      'figcaption',
      {},
      h(
        'span',
        { class: 'chart-title' },
        h('strong', { id: `${id}-${name}-title` }, title),
        h('span', { class: 'dim' }, unit),
      ),
      h('span', { class: 'chart-legend' }),
    ),
    h('div', {
      class: 'chart',
      id: `${id}-${name}`,
      role: 'img',
      'aria-label': `${title}, ${unit}: all runs from the fault on. The slider below the charts tells the figures of all at one instant.`,
    }),
  );
}

function notesSection(notes: readonly string[]): Markup {
  return h(
    'section',
    { 'aria-labelledby': 'notes' },
    h('h2', { id: 'notes' }, 'Notes'),
    h(
      'ul',
      {},
      notes.map((note) => h('li', {}, plain(note))),
    ),
  );
}

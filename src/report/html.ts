import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import type { ReportFormat } from './format.js';
import { type Assets, pageAssets } from './html/assets.js';
import { commitsSection } from './html/commits.js';
import { conditionsSection, measurementSection } from './html/conditions.js';
import type { RunData } from './html/data.js';
import { documentOf } from './html/document.js';
import { h, type Markup } from './html/element.js';
import { errorsSection } from './html/errors.js';
import { loadSection } from './html/load.js';
import { roundsSection } from './html/rounds.js';
import { runDataOf } from './html/run-data.js';
import { runTitle, summarySection } from './html/summary.js';
import { timelineSection } from './html/timeline.js';
import { plain } from './terminal/text.js';

/** A page for people, in one file that needs no network. */
export const HTML: ReportFormat = {
  name: 'html',
  describe: 'a page with charts, in one file that works offline',
  extension: 'html',
  render: (results) => renderHtml(results),
};

/**
 * The page of one or several results, one tab for each. All of a result's text is escaped.
 * @param assets the page's program and style; those of the build unless told otherwise
 * @throws UserError when the page's program was not built
 */
export function renderHtml(results: readonly NamedResult[], assets: Assets = pageAssets()): string {
  const several = results.length > 1;
  const parts = results.map((named, index) => {
    const data = runDataOf(named.result, `run${index + 1}`);
    return { named, data, sections: sectionsOf(named.result, data) };
  });
  const [first] = results;
  const name =
    results.length === 1 && first !== undefined ? runTitle(first.result) : `${results.length} runs`;
  const version = first?.result.tool.version ?? '';
  return documentOf(
    {
      title: `${name} – pgha-bench`,
      navigation: several
        ? tabs(
            results,
            parts.map(({ data }) => data),
          )
        : sectionLinks(parts[0]?.sections ?? []),
      main: [
        several ? h('h1', { class: 'unseen' }, name) : null,
        parts.map(({ named, data, sections }) => panelOf(named, data, sections, several)),
      ],
      data: { runs: parts.map(({ data }) => data), overlay: null },
      version: plain(version),
    },
    assets,
  );
}

/** One part of a run's page, that can be linked to. */
interface Section {
  readonly id: string;
  readonly name: string;
  readonly content: Markup;
}

/** Those that the run has something for. */
function sectionsOf(result: Result, data: RunData): Section[] {
  const { id } = data;
  const all: readonly (readonly [part: string, name: string, content: Markup | null])[] = [
    ['timeline-title', 'Timeline', result.run.elapsedMs > 0 ? timelineSection(result, data) : null],
    ['rounds', result.analysis.rounds.length > 1 ? 'Rounds' : 'Fault', roundsSection(result, id)],
    ['commits', 'Commits', commitsSection(result, id)],
    ['errors', 'Errors', errorsSection(result, id)],
    ['load', 'Latency', loadSection(result, id)],
    ['measurement', 'Measurement', measurementSection(result, id)],
    ['conditions', 'Cluster', conditionsSection(result, id)],
  ];
  return all.flatMap(([part, name, content]) =>
    content === null ? [] : [{ id: `${id}-${part}`, name, content }],
  );
}

function panelOf(
  { name, result }: NamedResult,
  { id }: RunData,
  sections: readonly Section[],
  several: boolean,
): Markup {
  const attributes = several ? { role: 'tabpanel', 'aria-labelledby': `${id}-tab`, tabindex: 0 } : {};
  return h(
    'article',
    { id, class: 'run', ...attributes },
    summarySection(result, name, id, several ? 'h2' : 'h1'),
    sections.map(({ content }) => content),
  );
}

/** Links without a program; the page's program makes tabs of them. */
function tabs(results: readonly NamedResult[], runs: readonly RunData[]): Markup {
  return h(
    'nav',
    { class: 'tabs', 'aria-label': 'Runs' },
    h(
      'div',
      { class: 'tab-list' },
      results.map(({ name }, index) => {
        const { id } = runs[index] as RunData;
        return h('a', { href: `#${id}`, id: `${id}-tab` }, plain(name));
      }),
    ),
  );
}

function sectionLinks(sections: readonly Section[]): Markup {
  return h(
    'nav',
    { class: 'sections', 'aria-label': 'Sections' },
    sections.map(({ id, name }) => h('a', { href: `#${id}` }, name)),
  );
}

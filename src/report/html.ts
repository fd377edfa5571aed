import type { NamedResult, ReportFormat } from './format.js';
import { type Assets, pageAssets } from './html/assets.js';
import { commitsSection } from './html/commits.js';
import { conditionsSection, measurementSection } from './html/conditions.js';
import type { RunData } from './html/data.js';
import { documentOf } from './html/document.js';
import { type Child, fragment, h, type Markup } from './html/element.js';
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
  const runs = results.map(({ result }, index) => runDataOf(result, `run${index + 1}`));
  const panels = results.map((named, index) => panelOf(named, runs[index] as RunData, results.length > 1));
  const [first] = results;
  const name =
    results.length === 1 && first !== undefined ? runTitle(first.result) : `${results.length} runs`;
  const version = first?.result.tool.version ?? '';
  return documentOf(
    {
      title: `${name} – pgha-bench`,
      navigation: results.length > 1 ? tabs(results, runs) : sectionLinks(runs[0]),
      main: panels,
      data: { runs, overlay: null },
      version: plain(version),
    },
    assets,
  );
}

function panelOf({ name, result }: NamedResult, data: RunData, several: boolean): Markup {
  const { id } = data;
  const attributes = several ? { role: 'tabpanel', 'aria-labelledby': `${id}-tab`, tabindex: 0 } : {};
  return h(
    'article',
    { id, class: 'run', ...attributes },
    summarySection(result, name, id),
    result.run.elapsedMs > 0 ? timelineSection(result, data) : null,
    roundsSection(result, id),
    commitsSection(result, id),
    errorsSection(result, id),
    loadSection(result, id),
    measurementSection(result, id),
    conditionsSection(result, id),
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

const SECTIONS: readonly (readonly [part: string, name: string])[] = [
  ['timeline-title', 'Timeline'],
  ['rounds', 'Rounds'],
  ['commits', 'Commits'],
  ['errors', 'Errors'],
  ['load', 'Latency'],
  ['measurement', 'Measurement'],
  ['conditions', 'Cluster'],
];

function sectionLinks(run: RunData | undefined): Child {
  return run === undefined
    ? fragment()
    : h(
        'nav',
        { class: 'sections', 'aria-label': 'Sections' },
        SECTIONS.map(([part, name]) => h('a', { href: `#${run.id}-${part}` }, name)),
      );
}

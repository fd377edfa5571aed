import type { Comparison, ComparisonRow, Contrast, Figure } from '../../compare/comparison.js';
import type { NamedResult } from '../../result/named.js';
import { differenceText, figureText, intervalText, neededText, VERDICTS } from '../comparison-words.js';
import { loadParts } from '../terminal/load.js';
import { counted, plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { sign } from './summary.js';
import { BARE_STYLE, sentenceCase, table } from './words.js';

/** What of the rows is better or worse, in a line for each candidate. */
export function verdictStatements({ candidates, rows }: Comparison): Child {
  return candidates.map(({ name }, index) => {
    const titles = (verdict: Contrast['verdict']) =>
      rows.filter(({ contrasts }) => contrasts[index]?.verdict === verdict).map(({ title }) => title);
    const [better, worse, few] = [titles('better'), titles('worse'), titles('too_few')];
    const told = [
      ...statement('better in ', better, 'good'),
      ...statement('worse in ', worse, 'bad'),
      ...statement('too few to say in ', few, 'doubt'),
    ];
    return h(
      'p',
      { class: 'verdict' },
      candidates.length > 1 ? h('span', { class: 'statement neutral' }, `${plain(name)}:`) : null,
      told.length > 0 ? told : h('span', { class: 'statement neutral' }, 'no difference shown'),
    );
  });
}

function statement(lead: string, titles: readonly string[], tone: 'good' | 'bad' | 'doubt'): Markup[] {
  return titles.length === 0
    ? []
    : [h('span', { class: `statement ${tone}` }, sign(tone), h('strong', {}, lead + titles.join(', ')))];
}

/** Before any figure: whoever reads only the table must have seen it. */
export function findingsBox({ findings }: Comparison): Markup | null {
  return findings.length === 0
    ? null
    : h(
        'div',
        { class: 'warning' },
        sign('doubt'),
        'Not comparable, and compared anyway:',
        h(
          'ul',
          {},
          findings.map(({ text }) => h('li', {}, plain(text))),
        ),
      );
}

export function runsTable(results: readonly NamedResult[]): Markup {
  return table({
    caption: 'The runs; what follows is candidate against base',
    head: ['', 'Run', 'Workload', 'Load', 'Rounds', 'Started'],
    kinds: ['text', 'text', 'text', 'text', 'figure', 'text'],
    rows: results.map(({ name, result }, index) => [
      index === 0 ? 'base' : 'candidate',
      plain(name),
      plain(result.plan.workload.name),
      [counted(result.plan.clients, 'client'), ...loadParts(result.plan, BARE_STYLE)].join(', '),
      String(result.analysis.rounds.length),
      `${result.run.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    ]),
  });
}

/** All rows, in groups of what they are taken over. */
export function tableSection(comparison: Comparison): Markup {
  const { base, candidates, rows } = comparison;
  const names = candidates.map(({ name }) => plain(name));
  const groups: { readonly title: string; readonly rows: ComparisonRow[] }[] = [];
  for (const row of rows) {
    const title = groupOf(row);
    const last = groups.at(-1);
    if (last?.title === title) {
      last.rows.push(row);
    } else {
      groups.push({ title, rows: [row] });
    }
  }
  return h(
    'section',
    { 'aria-labelledby': 'table' },
    h('h2', { id: 'table' }, 'What differs'),
    groups.map(({ title, rows: own }) =>
      table({
        caption: title,
        head: [
          '',
          plain(base.name),
          ...names.flatMap((name) => [name, 'Differs by', '95 % interval', 'Verdict']),
        ],
        kinds: ['text', 'figure', ...names.flatMap(() => ['figure', 'figure', 'figure', 'text'] as const)],
        rows: own.map(rowCells),
        className: candidates.length === 1 ? 'comparison two' : 'comparison',
      }),
    ),
    h('p', { class: 'dim' }, LEGEND),
    reasons(comparison),
  );
}

const LEGEND =
  'Differences are candidate minus base: over rounds the Hodges–Lehmann shift and a rank test, over steady seconds a ratio by block bootstrap. “No difference shown” is not “the same”.';

/** With the counts of its first row. */
function groupOf({ over, fault, figures }: ComparisonRow): string {
  const counts = figures.map(({ of }) => String(of?.count ?? '?')).join(', ');
  switch (over) {
    case 'rounds':
      return `${sentenceCase(plain(fault ?? ''))}: medians over ${counts} rounds`;
    case 'run':
      return 'Whole run';
    case 'steady':
      return `Steady load: ${counts} s`;
  }
}

function rowCells({ title, unit, figures, contrasts }: ComparisonRow): Child[] {
  const [base, ...others] = figures;
  return [
    sentenceCase(title),
    figureCell(base, unit),
    ...others.flatMap((figure, index) => [
      figureCell(figure, unit),
      ...contrastCells(contrasts[index], unit),
    ]),
  ];
}

function figureCell(figure: Figure | undefined, unit: ComparisonRow['unit']): Child {
  const value = figure?.value ?? null;
  return value === null
    ? h('span', { class: 'doubt', title: plain(figure?.missing ?? '') }, 'not measured')
    : figureText(value, unit);
}

const TONES = {
  better: 'good',
  worse: 'bad',
  no_difference: null,
  too_few: 'doubt',
  no_verdict: null,
  not_measured: 'doubt',
} as const;

/** Difference, interval, verdict. */
function contrastCells(contrast: Contrast | undefined, unit: ComparisonRow['unit']): Child[] {
  if (contrast === undefined) {
    return ['', '', ''];
  }
  const { difference, verdict } = contrast;
  const interval = difference === null ? null : intervalText(difference, unit);
  const tone = TONES[verdict];
  return [
    difference === null ? '–' : differenceText(difference, unit),
    neededText(contrast) ?? interval ?? '',
    tone === null
      ? h('span', { class: 'dim' }, VERDICTS[verdict])
      : h('strong', { class: tone }, sign(tone), VERDICTS[verdict]),
  ];
}

/** What each verdict rests on, or why there is none. */
function reasons({ rows, candidates }: Comparison): Markup {
  const texts = rows.flatMap(({ title, contrasts }) =>
    contrasts.map(({ text }, index) => {
      const name = candidates.length > 1 ? `, ${plain(candidates[index]?.name ?? '')}` : '';
      return h('li', {}, h('strong', {}, `${sentenceCase(title)}${name}: `), plain(text));
    }),
  );
  return h(
    'details',
    {},
    h('summary', {}, h('h3', {}, 'What each verdict rests on')),
    h('ul', { class: 'reasons' }, texts),
  );
}

/** Whatever else is not the same: the possible causes. */
export function differencesSection({ base, candidates, differences }: Comparison): Markup {
  const names = [base, ...candidates].map(({ name }) => plain(name));
  return h(
    'section',
    { 'aria-labelledby': 'differences' },
    h('h2', { id: 'differences' }, 'Differs, too: possible causes'),
    differences.length === 0
      ? h('p', {}, 'Nothing: settings, versions, hardware and plan are the same.')
      : table({
          caption: 'Settings, versions, hardware and plans that are not the same in all runs',
          head: ['What', 'Kind', ...names],
          kinds: ['text', 'text', ...names.map(() => 'text' as const)],
          rows: differences.map(({ kind, name, values }) => [
            h('code', {}, plain(name)),
            kind,
            ...values.map((value) =>
              value === null ? h('span', { class: 'dim' }, 'not known') : plain(value),
            ),
          ]),
        }),
  );
}

import type { Comparison, ComparisonRow } from '../../compare/comparison.js';
import { figureText } from '../comparison-words.js';
import { plain } from '../terminal/text.js';
import { h, type Markup } from './element.js';
import { dotStrip, stripAxis } from './spread.js';
import { sentenceCase } from './words.js';

/** The values behind each row over rounds: a strip of dots for each run, on one scale. */
export function spreadSection(comparison: Comparison): Markup | null {
  const rows = comparison.rows.filter(
    ({ over, unit, figures }) =>
      over === 'rounds' && unit === 'ms' && figures.some(({ values }) => (values?.length ?? 0) > 0),
  );
  return rows.length === 0
    ? null
    : h(
        'section',
        { 'aria-labelledby': 'spread' },
        h('h2', { id: 'spread' }, 'Round by round'),
        rows.map((row) => spreadFigure(comparison, row)),
      );
}

function spreadFigure(
  { base, candidates }: Comparison,
  { title, fault, unit, figures }: ComparisonRow,
): Markup {
  const all = figures.flatMap(({ values }) => values ?? []);
  const endMs = Math.max(...all) * 1.05 || 1;
  return h(
    'figure',
    { class: 'spread' },
    h('figcaption', {}, h('strong', {}, `${sentenceCase(title)}, ${plain(fault ?? '')}`)),
    [base, ...candidates].map(({ name }, index) => {
      const figure = figures[index];
      const median = figure?.value ?? null;
      const dots = (figure?.values ?? []).map((valueMs, place) => ({
        round: figure?.rounds?.[place] ?? place + 1,
        valueMs,
        valid: true,
      }));
      return dotStrip({
        name: plain(name),
        summary: median === null ? 'not measured' : `median ${figureText(median, unit)}, n ${dots.length}`,
        medianMs: median,
        interval: null,
        dots,
        endMs,
      });
    }),
    stripAxis(endMs),
  );
}

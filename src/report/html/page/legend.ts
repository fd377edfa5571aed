import { colour, hatched } from './colours.js';
import { el, svg } from './dom.js';
import type { LegendLine } from './frame.js';
import { bucketAt } from './view.js';

/** The names of a chart's lines, and what each says of an instant. */
export interface Legend {
  /** @param startMs buckets of the chart; null shows no values */
  readonly show: (startMs: readonly number[] | null, atMs: number) => void;
  readonly inWords: (startMs: readonly number[], atMs: number) => string[];
}

export function makeLegend(target: HTMLElement, lines: readonly LegendLine[]): Legend {
  const values = lines.map(() => el('span', { class: 'legend-value' }));
  target.replaceChildren(
    ...lines.map((line, index) =>
      el(
        'span',
        { class: 'legend-line' },
        sample(line),
        el('span', { class: 'legend-name' }, line.label),
        values[index] ?? '',
      ),
    ),
  );
  return {
    show: (startMs, atMs) => {
      const bucket = startMs === null ? null : bucketAt(startMs, atMs);
      for (const [index, value] of values.entries()) {
        value.textContent = bucket === null ? '' : (lines[index]?.valueAt(bucket) ?? '');
      }
    },
    inWords: (startMs, atMs) =>
      lines.map(({ label, valueAt }) => `${label} ${valueAt(bucketAt(startMs, atMs))}`),
  };
}

/** A piece of the line, or of the hatching. */
function sample(line: LegendLine): Element {
  if (line.hatching !== null) {
    const box = el('span', { class: 'sample box', 'aria-hidden': 'true' });
    box.style.backgroundImage = `url(${hatched(line.colour, line.hatching).toDataURL()})`;
    box.style.borderColor = colour(line.colour);
    return box;
  }
  return svg(
    'svg',
    { class: 'sample', width: 22, height: 10, 'aria-hidden': 'true' },
    svg('line', {
      x1: 0,
      x2: 22,
      y1: 5,
      y2: 5,
      stroke: colour(line.colour),
      'stroke-width': 2,
      'stroke-dasharray': line.dash.join(' '),
    }),
  );
}

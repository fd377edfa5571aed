import { formatMicros, formatRate } from '../../../units.js';
import { el, find } from './dom.js';
import type { RunSeries } from './series.js';
import { bucketAt, type View } from './view.js';

/** More rows than this are not read; the view has to be narrower. */
const MOST_ROWS = 200;

/** What the charts draw of the part that is shown, as a table; made when it is opened. */
export function makeValuesTable(details: HTMLElement, view: View, series: RunSeries): void {
  const target = find(details, '.values-table');
  const fill = () => {
    if (details instanceof HTMLDetailsElement && details.open) {
      target.replaceChildren(...tableOf(view, series));
    }
  };
  details.addEventListener('toggle', fill);
  view.listen({ window: fill });
}

interface Column {
  readonly head: string;
  readonly valueAt: (bucket: number) => string;
}

function tableOf(view: View, series: RunSeries): HTMLElement[] {
  const { startMs } = series;
  const { fromMs, toMs } = view.window;
  const first = bucketAt(startMs, fromMs);
  const last = bucketAt(startMs, toMs - 1e-6);
  const columns = columnsOf(series);
  const shown = Math.min(MOST_ROWS, last - first + 1);
  const rows = Array.from({ length: shown }, (_, index) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row', class: 'figure' }, `${((startMs[first + index] ?? 0) / 1000).toFixed(1)} s`),
      ...columns.map(({ valueAt }) => el('td', { class: 'figure' }, valueAt(first + index))),
    ),
  );
  const head = ['From', ...columns.map((column) => column.head)];
  const caption = `Each bucket from ${(fromMs / 1000).toFixed(1)} s to ${(toMs / 1000).toFixed(1)} s`;
  const cut = last - first + 1 - shown;
  return [
    el(
      'div',
      { class: 'table-frame' },
      el(
        'table',
        {},
        el('caption', {}, el('span', { class: 'caption' }, caption)),
        el(
          'thead',
          {},
          el('tr', {}, ...head.map((name) => el('th', { scope: 'col', class: 'figure' }, name))),
        ),
        el('tbody', {}, ...rows),
      ),
    ),
    ...(cut > 0 ? [el('p', { class: 'dim' }, `and ${cut} more: zoom in to see them.`)] : []),
  ];
}

function columnsOf({ throughput, latency, errors }: RunSeries): Column[] {
  const figure = (value: number | null | undefined, format: (value: number) => string) =>
    value === null || value === undefined ? '–' : format(value);
  return [
    ...throughput.map(({ name, values }) => ({
      head: `${name} tps`,
      valueAt: (bucket: number) => figure(values[bucket], formatRate),
    })),
    ...latency.map(({ name, values }) => ({
      head: name,
      valueAt: (bucket: number) => figure(values[bucket], formatMicros),
    })),
    ...errors.map(({ label, values }) => ({
      head: `${label} /s`,
      valueAt: (bucket: number) => figure(values[bucket], formatRate),
    })),
  ];
}

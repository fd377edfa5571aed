import uPlot from 'uplot';
import { formatMicros } from '../../../units.js';
import type { SpectrumData } from '../data.js';
import { colour } from './colours.js';
import { el } from './dom.js';
import { microsAtTick, onlyPowers } from './frame.js';
import { geometryOf } from './geometry.js';
import { percentOf, rarityOf } from './rarity.js';

const LOOKS: Readonly<Record<string, { readonly colour: string; readonly dash: readonly number[] }>> = {
  'whole run': { colour: 'text', dash: [] },
  'whole run, service time': { colour: 'dim', dash: [2, 3] },
  before: { colour: 'rw', dash: [8, 3] },
  during: { colour: 'ro', dash: [] },
  after: { colour: 'after-line', dash: [4, 3] },
};
const PLAIN = { colour: 'dim', dash: [] } as const;

/** A distribution by percentile as HdrHistogram's plots have it: each step to the right is ten times rarer. */
export function drawSpectrum(target: HTMLElement, spectra: readonly SpectrumData[]): uPlot | null {
  const width = target.clientWidth;
  if (width === 0 || spectra.length === 0) {
    return null;
  }
  const geometry = geometryOf(width);
  const lookOf = (name: string) => LOOKS[name] ?? PLAIN;
  const values = spectra.map(() => el('span', { class: 'legend-value' }));
  const at = el('span', { class: 'legend-value' });
  const { data, positions } = joined(spectra);
  const chart = new uPlot(
    {
      width,
      height: 280,
      legend: { show: false },
      padding: [8, geometry.right, 0, 0],
      scales: {
        x: { time: false, distr: 3, log: 10, range: (_, min, max) => [min ?? 1, max ?? 10] },
        y: {
          distr: 3,
          log: 10,
          range: (_, min, max) => uPlot.rangeLog(Math.max(1, min ?? 1), max ?? 10, 10, true),
        },
      },
      axes: axesOf(geometry.left),
      cursor: {
        y: false,
        drag: { x: false, y: false },
        dataIdx: (u, series, closest) => nearest(u.data[series] ?? [], closest),
        points: { size: 7 },
      },
      series: [
        {},
        ...spectra.map(
          ({ name }): uPlot.Series => ({
            label: name,
            stroke: () => colour(lookOf(name).colour),
            width: name === 'whole run' ? 2 : 1.5,
            dash: [...lookOf(name).dash],
            spanGaps: true,
            points: { show: false },
          }),
        ),
      ],
      hooks: {
        setCursor: [
          (u) => {
            const index = u.cursor.idx;
            const isOn = index !== null && index !== undefined && (u.cursor.left ?? -1) >= 0;
            at.textContent = isOn ? percentOf(positions[index] ?? 1) : '';
            for (const [i, value] of values.entries()) {
              const own = isOn ? nearest(u.data[i + 1] ?? [], index) : null;
              const us = own === null ? null : (u.data[i + 1]?.[own] ?? null);
              value.textContent = us === null ? '' : formatMicros(us);
            }
          },
        ],
      },
    },
    data,
    target,
  );
  target.append(
    el(
      'div',
      { class: 'chart-legend' },
      ...spectra.map(({ name }, index) =>
        el(
          'span',
          { class: 'legend-line' },
          line(lookOf(name)),
          el('span', { class: 'legend-name' }, name),
          values[index] ?? '',
        ),
      ),
      el('span', { class: 'legend-line' }, at),
    ),
  );
  return chart;
}

function line(look: { readonly colour: string; readonly dash: readonly number[] }): Element {
  const sample = el('span', { class: 'sample rule', 'aria-hidden': 'true' });
  sample.style.borderTopColor = colour(look.colour);
  sample.style.borderTopStyle = look.dash.length === 0 ? 'solid' : 'dashed';
  return sample;
}

function joined(spectra: readonly SpectrumData[]): { data: uPlot.AlignedData; positions: number[] } {
  const points = spectra.map(({ percents, valuesUs, count }) => {
    const own = new Map<number, number>();
    for (const [index, percent] of percents.entries()) {
      own.set(rarityOf(percent, count), Math.max(1, valuesUs[index] ?? 1));
    }
    return own;
  });
  const positions = [...new Set(points.flatMap((own) => [...own.keys()]))].sort((a, b) => a - b);
  return {
    data: [positions, ...points.map((own) => positions.map((rarity) => own.get(rarity)))],
    positions,
  };
}

/** The nearest point of this line, since each has its own. */
function nearest(values: ArrayLike<number | null | undefined>, closest: number): number | null {
  for (let away = 0; away < values.length; away++) {
    for (const index of [closest - away, closest + away]) {
      const value = values[index];
      if (value !== null && value !== undefined) {
        return index;
      }
    }
  }
  return null;
}

function axesOf(left: number): uPlot.Axis[] {
  const common: uPlot.Axis = {
    font: '12px system-ui, sans-serif',
    stroke: () => colour('dim'),
    ticks: { show: false },
  };
  const isTick = (rarity: number) => Math.abs(Math.log10(rarity) - Math.round(Math.log10(rarity))) < 1e-6;
  return [
    {
      ...common,
      size: 28,
      grid: { stroke: () => colour('grid'), width: 1, filter: onlyPowers },
      values: (_, splits) =>
        splits.map((split) => (isTick(split) ? (split === 1 ? '0 %' : percentOf(split)) : '')),
      space: 30,
    },
    {
      ...common,
      size: left,
      gap: 6,
      grid: { stroke: () => colour('grid'), width: 1, filter: onlyPowers },
      values: (_, splits) => splits.map((split) => (split === null ? '' : microsAtTick(split))),
    },
  ];
}

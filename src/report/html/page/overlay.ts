import type uPlot from 'uplot';
import { formatMicros, formatRate } from '../../../units.js';
import type { LaneGroup, Outage, OverlayData, OverlayRound } from '../data.js';
import { unpack, unpackSteps } from '../packed.js';
import { colour } from './colours.js';
import { el, find } from './dom.js';
import { aligned, type ChartPlan, type ChartSurroundings, frame, microsAtTick, rateAtTick } from './frame.js';
import type { Column } from './series.js';
import { Stack, type StackContent } from './stack.js';
import { steps } from './steps.js';
import { bucketAt, View } from './view.js';

/** How the runs differ, in colour and dash. */
const RUN_LOOKS: readonly { readonly colour: string; readonly dash: number[] }[] = [
  { colour: 'node0', dash: [] },
  { colour: 'node1', dash: [7, 3] },
  { colour: 'node2', dash: [2, 2] },
  { colour: 'node3', dash: [10, 3, 2, 3] },
  { colour: 'node5', dash: [4, 2, 1, 2, 1, 2] },
  { colour: 'node4', dash: [1, 3] },
];

/** One round of one run, as it is drawn. */
interface Shown {
  readonly name: string;
  readonly round: OverlayRound;
  readonly startMs: readonly number[];
}

/** The runs over each other from the fault on, one small chart for each metric, and a round of each to choose. */
export function makeOverlay(section: HTMLElement, { runs }: OverlayData): Stack {
  const chosen = runs.map(({ first }) => first);
  const all = runs.flatMap(({ rounds }) => rounds);
  const shown = () =>
    runs.flatMap(({ name, rounds }, index): Shown[] => {
      const round = rounds[chosen[index] ?? 0];
      return round === undefined ? [] : [{ name, round, startMs: unpackSteps(round.stepMs, round.fromMs) }];
    });
  const limits = {
    fromMs: Math.min(...all.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...all.map(({ toMs }) => toMs)),
  };
  const overMs = Math.max(...shown().map(({ round }) => round.overMs));
  const first = { fromMs: -5000, toMs: Math.max(10_000, overMs + 3000) };
  const views = [
    { label: 'Around the fault', ...first, round: null, askedAtMs: 0 },
    { label: 'All of it', ...limits, round: null, askedAtMs: 0 },
  ];
  const stack = new Stack(section, new View(limits, first), views, contentOf(shown()));
  makeChoices(find(section, '.choices'), runs, chosen, () => stack.show(contentOf(shown())));
  return stack;
}

function makeChoices(
  target: HTMLElement,
  runs: OverlayData['runs'],
  chosen: number[],
  onChange: () => void,
): void {
  for (const [index, { name, rounds }] of runs.entries()) {
    const select = el('select');
    select.append(
      ...rounds.map(({ label }, round) => {
        const median = rounds.length > 1 && round === chosen[index] ? ' (median)' : '';
        return el('option', { value: round }, `${label}${median}`);
      }),
    );
    select.value = String(chosen[index]);
    select.addEventListener('change', () => {
      chosen[index] = Number(select.value);
      onChange();
    });
    target.append(el('label', {}, el('span', {}, name), select));
  }
}

function contentOf(shown: readonly Shown[]): StackContent {
  const startMs = [...new Set(shown.flatMap((each) => each.startMs))].sort((a, b) => a - b);
  const endMs = Math.max(...shown.map(({ round }) => round.toMs));
  return {
    marks: [{ atMs: 0, kind: 'fault', text: 'fault asked for' }],
    phases: [],
    lanes: lanesOf(shown),
    startMs,
    endMs,
    charts: (around) => [
      ...ratePlans('rw', shown, { startMs, endMs }, around),
      ...ratePlans('ro', shown, { startMs, endMs }, around),
      latencyPlan(shown, { startMs, endMs }, around),
    ],
    instantInWords: (atMs) => `${atMs < 0 ? '−' : '+'}${(Math.abs(atMs) / 1000).toFixed(2)} s`,
  };
}

function lanesOf(shown: readonly Shown[]): LaneGroup[] {
  const group = (title: string, outageOf: (round: OverlayRound) => Outage | null): LaneGroup => ({
    title,
    lanes: shown.map(({ name, round }) => {
      const outage = outageOf(round);
      const span = { text: 'away', look: 'outage', uncertaintyMs: 0 } as const;
      return { kind: 'spans', label: name, spans: outage === null ? [] : [{ ...span, ...outage }] };
    }),
  });
  const groups = [
    group('No writes', ({ noWrites }) => noWrites),
    group('No reads', ({ noReads }) => noReads),
  ];
  return groups.filter(({ lanes }) => lanes.some((lane) => lane.kind === 'spans' && lane.spans.length > 0));
}

interface Axis {
  readonly startMs: readonly number[];
  readonly endMs: number;
}

function ratePlans(
  route: 'rw' | 'ro',
  shown: readonly Shown[],
  axis: Axis,
  around: ChartSurroundings,
): ChartPlan[] {
  if (shown.every(({ round }) => round[route] === null)) {
    return [];
  }
  const columns = shown.map((each) => overAxis(each, unpack(each.round[route] ?? []), axis));
  return [
    plan(
      route,
      shown,
      columns,
      axis,
      frame(around, { min: 0, format: rateAtTick }),
      (value) => `${formatRate(value)} tps`,
    ),
  ];
}

function latencyPlan(shown: readonly Shown[], axis: Axis, around: ChartSurroundings): ChartPlan {
  const columns = shown.map((each) => overAxis(each, unpack(each.round.p99Us), axis));
  return plan('p99', shown, columns, axis, frame(around, { log: true, format: microsAtTick }), formatMicros);
}

/** The values of a round at the edges of the buckets of all of them. */
function overAxis(
  { round, startMs }: Shown,
  values: readonly (number | null)[],
  axis: Axis,
): (number | null)[] {
  return axis.startMs.map((atMs) =>
    atMs < round.fromMs || atMs >= round.toMs ? null : (values[bucketAt(startMs, atMs)] ?? null),
  );
}

function plan(
  name: string,
  shown: readonly Shown[],
  columns: readonly Column['values'][],
  { startMs, endMs }: Axis,
  options: Omit<uPlot.Options, 'width' | 'height' | 'series'>,
  format: (value: number) => string,
): ChartPlan {
  const lookOf = (index: number) => RUN_LOOKS[index % RUN_LOOKS.length] ?? { colour: 'text', dash: [] };
  return {
    name,
    height: 190,
    options: {
      ...options,
      series: [
        {},
        ...shown.map(
          (each, index): uPlot.Series => ({
            label: each.name,
            stroke: () => colour(lookOf(index).colour),
            width: 1.75,
            dash: lookOf(index).dash,
            points: { show: false },
            paths: steps('none'),
          }),
        ),
      ],
    },
    data: aligned(startMs, endMs, columns),
    legend: shown.map((each, index) => ({
      label: each.name,
      colour: lookOf(index).colour,
      dash: lookOf(index).dash,
      hatching: null,
      valueAt: (bucket) => {
        const value = columns[index]?.[bucket] ?? null;
        return value === null ? '–' : format(value);
      },
    })),
  };
}

import type { Downtime } from '../../result/downtime.js';
import type { Result, RoundAnalysis } from '../../result/result.js';
import type { RoundsSummary, Spread } from '../../result/round.js';
import { formatMillis } from '../../units.js';
import { counted, plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { lengthInWords } from './figures.js';
import { sentenceCase } from './words.js';

/** One value of one round. */
export interface Dot {
  readonly round: number;
  readonly valueMs: number;
  readonly valid: boolean;
}

/** For each kind of fault that had more than one round: a strip of dots for each figure. */
export function spreadFigures(result: Result): Child[] {
  return result.analysis.summaries.map((summary) => spreadFigure(result, summary));
}

function spreadFigure(result: Result, summary: RoundsSummary): Markup {
  const own = result.analysis.rounds.flatMap((round, index) =>
    result.faults[round.fault]?.kind === summary.kind ? [{ round, number: index + 1 }] : [],
  );
  const dotsOf = (figureOf: (round: RoundAnalysis) => number | null): Dot[] =>
    own.flatMap(({ round, number }) => {
      const valueMs = figureOf(round);
      return valueMs === null ? [] : [{ round: number, valueMs, valid: round.invalid === null }];
    });
  const strips = [
    {
      name: 'Write downtime',
      spread: summary.writeDowntimeMs,
      dots: dotsOf((round) => awayMs(round.writeDowntime)),
    },
    {
      name: 'Read downtime',
      spread: summary.readDowntimeMs,
      dots: dotsOf((round) => awayMs(round.readDowntime)),
    },
    { name: 'Steady after', spread: summary.steadyAfterMs, dots: dotsOf((round) => steadyMs(result, round)) },
  ].filter(({ spread, dots }) => spread !== null && dots.length > 0);
  if (strips.length === 0) {
    return h('p', {}, `No spread of ${plain(summary.kind)} can be told.`);
  }
  const endMs = Math.max(...strips.flatMap(({ dots }) => dots.map(({ valueMs }) => valueMs))) * 1.05 || 1;
  const rounds = counted(summary.valid + summary.invalid, 'round');
  const invalid = summary.invalid === 0 ? '' : `, ${summary.invalid} of them invalid and left out`;
  return h(
    'figure',
    { class: 'spread' },
    h(
      'figcaption',
      {},
      h('strong', {}, `${sentenceCase(plain(summary.kind))}, ${rounds}${invalid}`),
      h(
        'span',
        { class: 'legend', 'aria-hidden': 'true' },
        h('span', { class: 'key' }, h('i', { class: 'key-dot' }), 'a round'),
        h('span', { class: 'key' }, h('i', { class: 'key-median' }), 'median'),
        h('span', { class: 'key' }, h('i', { class: 'key-interval' }), 'where the median lies (95 %)'),
      ),
    ),
    strips.map(({ name, spread, dots }) =>
      dotStrip({
        name,
        summary: summaryOf(spread),
        medianMs: spread?.median ?? null,
        interval: spread?.interval ?? null,
        dots,
        endMs,
      }),
    ),
    stripAxis(endMs),
  );
}

/** One in which none was seen counts as 0, as in the summary. */
function awayMs(downtime: Downtime | null): number | null {
  if (downtime === null) {
    return null;
  }
  return downtime.outage ? downtime.durationMs : 0;
}

function steadyMs({ faults }: Result, { phases, fault }: RoundAnalysis): number | null {
  const askedMs = faults[fault]?.askedAtMs ?? null;
  return phases.during === null || phases.after === null || askedMs === null
    ? null
    : phases.after.fromMs - askedMs;
}

/** One strip of dots. */
export interface DotStrip {
  readonly name: string;
  /** Its figures in words. */
  readonly summary: string;
  readonly medianMs: number | null;
  /** Where the median lies. */
  readonly interval: { readonly from: number; readonly to: number } | null;
  readonly dots: readonly Dot[];
  /** Right end of the scale. */
  readonly endMs: number;
}

const ROWS = 3;

export function dotStrip({ name, summary, medianMs, interval, dots, endMs }: DotStrip): Markup {
  const x = (valueMs: number) => `${((100 * valueMs) / endMs).toFixed(2)}%`;
  return h(
    'div',
    { class: 'strip' },
    h('div', { class: 'strip-name' }, h('span', {}, name), h('span', { class: 'dim' }, summary)),
    h(
      'svg',
      { role: 'img', 'aria-label': `${name}: ${summary}`, width: '100%', height: 44 },
      h('line', { x1: 0, x2: '100%', y1: 22, y2: 22, class: 'rule' }),
      interval === null
        ? null
        : h('rect', {
            x: x(interval.from),
            width: x(interval.to - interval.from),
            y: 6,
            height: 32,
            class: 'interval',
          }),
      medianMs === null
        ? null
        : h('line', { x1: x(medianMs), x2: x(medianMs), y1: 4, y2: 40, class: 'median' }),
      dots.map((dot, index) => mark(dot, x(dot.valueMs), 12 + 10 * (index % ROWS))),
    ),
  );
}

function summaryOf(spread: Spread | null): string {
  return spread === null
    ? ''
    : `median ${lengthInWords(spread.median)}, ${lengthInWords(spread.min)} to ${lengthInWords(spread.max)}, n ${spread.n}`;
}

/** A round that was disturbed is hollow. */
function mark({ round, valueMs, valid }: Dot, cx: string, cy: number): Markup {
  const title = `Round ${round}: ${lengthInWords(valueMs)}${valid ? '' : ', invalid'}`;
  return h('circle', { cx, cy, r: 4.5, class: valid ? 'dot' : 'dot invalid' }, h('title', {}, title));
}

const TICKS = 4;

export function stripAxis(endMs: number): Markup {
  const rough = endMs / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let at = 0; at <= endMs; at += step) {
    ticks.push(at);
  }
  return h(
    'div',
    { class: 'strip-axis', 'aria-hidden': 'true' },
    ticks.map((at) =>
      h('span', { style: `left:${((100 * at) / endMs).toFixed(2)}%` }, at === 0 ? '0' : formatMillis(at)),
    ),
  );
}

import type { Downtime } from '../../result/downtime.js';
import type { PhaseFacts, PhaseTotals, Result, RoundAnalysis } from '../../result/result.js';
import type { Spread } from '../../result/round.js';
import { formatCount, formatMicros, formatMillis, formatRate } from '../../units.js';
import { rangeInWords } from '../terminal/range.js';
import { counted } from '../terminal/text.js';
import { h, type Markup } from './element.js';
import { BARE_STYLE } from './words.js';

/** One figure of the summary. */
interface Figure {
  readonly label: string;
  readonly value: string;
  readonly tone?: 'good' | 'bad' | 'doubt';
  /** What it takes to read it: its range, what it was before. */
  readonly notes: readonly string[];
}

/** The figures that people ask for first: of the round, or the medians over the rounds. */
export function figuresOf(result: Result): Markup {
  const figures = [...downtimeFigures(result), ...commitFigures(result), ...loadFigures(result)];
  return h(
    'dl',
    { class: 'figures' },
    figures.map(({ label, value, tone, notes }) =>
      h(
        'div',
        { class: 'figure-card' },
        h('dt', {}, label),
        h('dd', { class: tone === undefined ? 'value' : `value ${tone}` }, value),
        notes.map((note) => h('dd', { class: 'note' }, note)),
      ),
    ),
  );
}

function downtimeFigures(result: Result): Figure[] {
  const [summary, ...others] = result.analysis.summaries;
  if (summary !== undefined && others.length === 0) {
    return [
      ...spreadFigure('Write downtime', summary.writeDowntimeMs),
      ...spreadFigure('Read downtime', summary.readDowntimeMs),
      ...spreadFigure('Steady after', summary.steadyAfterMs),
    ];
  }
  const [round, ...more] = result.analysis.rounds;
  const askedAtMs = round === undefined ? null : (result.faults[round.fault]?.askedAtMs ?? null);
  if (round === undefined || more.length > 0 || askedAtMs === null) {
    return [];
  }
  return [
    writeFigure(round),
    downtimeFigure('Read downtime', round.readDowntime),
    ...steadyFigure(round, askedAtMs),
  ];
}

function spreadFigure(label: string, spread: Spread | null): Figure[] {
  if (spread === null) {
    return [];
  }
  const { n, min, median, max, interval } = spread;
  const within =
    interval === null ? [] : [`95 %: ${lengthInWords(interval.from)} to ${lengthInWords(interval.to)}`];
  return [
    {
      label: `${label}, median`,
      value: lengthInWords(median),
      notes: [`${lengthInWords(min)} to ${lengthInWords(max)} in ${counted(n, 'round')}`, ...within],
    },
  ];
}

/** A round in which no outage was seen counts as 0. */
export function lengthInWords(millis: number): string {
  return millis === 0 ? 'none' : formatMillis(millis);
}

function writeFigure(round: RoundAnalysis): Figure {
  const figure = downtimeFigure('Write downtime', round.writeDowntime);
  const range = round.prediction === null ? '' : rangeInWords(round.prediction, BARE_STYLE);
  return range === '' ? figure : { ...figure, notes: [...figure.notes, `settings predict ${range}`] };
}

function downtimeFigure(label: string, downtime: Downtime | null): Figure {
  if (downtime === null) {
    return { label, value: 'not measured', tone: 'doubt', notes: ['see the notes'] };
  }
  const { outage, durationMs, resolutionMs, toMs } = downtime;
  if (!outage) {
    return {
      label,
      value: 'none seen',
      tone: 'good',
      notes: [
        `longest pause ${formatMillis(durationMs)}`,
        `up to ${formatMillis(resolutionMs)} may go unseen`,
      ],
    };
  }
  const value = formatMillis(durationMs);
  return toMs === null
    ? { label, value: `> ${value}`, tone: 'bad', notes: ['not back when the round ended'] }
    : { label, value, tone: 'bad', notes: [trueValue(durationMs, resolutionMs)] };
}

function trueValue(durationMs: number, resolutionMs: number): string {
  return resolutionMs >= durationMs
    ? 'at most'
    : `truly ${formatMillis(durationMs - resolutionMs)} to ${formatMillis(durationMs)}`;
}

/** From the fault until throughput was at 90 % again and stayed there. */
function steadyFigure({ phases }: RoundAnalysis, askedAtMs: number): Figure[] {
  if (phases.during === null) {
    return [];
  }
  return phases.after === null
    ? [{ label: 'Steady again', value: 'never', tone: 'bad', notes: ['throughput stayed below 90 %'] }]
    : [
        {
          label: 'Steady again',
          value: formatMillis(phases.after.fromMs - askedAtMs),
          notes: ['after the fault'],
        },
      ];
}

function commitFigures({ commits, faults }: Result): Figure[] {
  const primary = commits?.primary ?? null;
  if (primary === null) {
    const wasFault = faults.some(({ askedAtMs }) => askedAtMs !== null);
    return wasFault
      ? [{ label: 'Lost commits', value: 'not known', tone: 'doubt', notes: ['not audited'] }]
      : [];
  }
  const { ackedLost, ackedPresent, inDoubtCommitted, inDoubtAbsent } = primary;
  const inDoubt = inDoubtCommitted + inDoubtAbsent;
  return [
    {
      label: 'Lost commits',
      value: formatCount(ackedLost),
      tone: ackedLost > 0 ? 'bad' : 'good',
      notes: [
        `of ${formatCount(ackedLost + ackedPresent)} acknowledged`,
        inDoubt === 0
          ? 'none in doubt'
          : `${formatCount(inDoubt)} in doubt: ${formatCount(inDoubtCommitted)} committed, ${formatCount(inDoubtAbsent)} not`,
      ],
    },
  ];
}

function loadFigures({ totals, analysis }: Result): Figure[] {
  const { before, during, after } = analysis.phases;
  const tps = { label: 'Throughput', value: `${formatRate(totals.tps)} tps` };
  const p99 = totals.response === null ? '–' : formatMicros(totals.response.p99Us);
  if (before === null) {
    return [
      { ...tps, notes: ['over the whole run'] },
      { label: 'p99 response', value: p99, notes: ['over the whole run'] },
    ];
  }
  return [
    {
      label: 'Throughput before',
      value: `${formatRate(before.tps)} tps`,
      notes: [`during ${rateOf(during)}`, `after ${rateOf(after)}`],
    },
    {
      label: 'p99 response before',
      value: latencyOf(before),
      notes: [`during ${latencyOf(during)}`, `after ${latencyOf(after)}`],
    },
  ];
}

function rateOf(phase: PhaseTotals | null): string {
  return phase === null ? '–' : `${formatRate(phase.tps)} tps`;
}

function latencyOf(phase: PhaseTotals | PhaseFacts | null): string {
  const us = phase?.response?.p99Us;
  return us === undefined ? '–' : formatMicros(us);
}

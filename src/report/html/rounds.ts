import type { FaultRecord, PhaseFacts, Result, RoundAnalysis } from '../../result/result.js';
import { formatCount, formatMicros, formatRate } from '../../units.js';
import { downtimesOf } from '../terminal/downtime.js';
import { faultLines, faultName } from '../terminal/fault.js';
import { failedAttempts } from '../terminal/latency.js';
import { consistencyLines, recoveryLines } from '../terminal/recovery.js';
import { downtimeCell, remarksOn } from '../terminal/summary.js';
import { instant, plain } from '../terminal/text.js';
import { unpredictedLines } from '../terminal/unpredicted.js';
import { type Child, h, type Markup } from './element.js';
import { spreadFigures } from './spread.js';
import { waterfall } from './waterfall.js';
import { BARE_STYLE, definitions, entriesOf, PAGE_STYLE, sentenceCase, table } from './words.js';

/** More rounds than this are closed at first. */
const MOST_OPEN = 3;

/** More rounds than this are not all told in full: a page of an hour of them must still go by mail. */
const MOST_DETAILED = 20;
const ALL_THERE = 'All of each round is in result.json, under analysis.rounds.';

/** A round and the fault that it is told from. */
interface Told {
  readonly round: RoundAnalysis;
  readonly fault: FaultRecord;
  readonly name: string;
}

/** All rounds: how they spread, one line for each, and everything of each. */
export function roundsSection(result: Result, id: string): Markup | null {
  const { analysis, faults } = result;
  const several = analysis.rounds.length > 1;
  const told = analysis.rounds.flatMap((round, index): Told[] => {
    const fault = faults[round.fault];
    const number = several ? `Round ${index + 1}: ` : '';
    return fault === undefined ? [] : [{ round, fault, name: `${number}${faultName(fault)}` }];
  });
  if (told.length === 0) {
    return null;
  }
  return h(
    'section',
    { 'aria-labelledby': `${id}-rounds`, class: 'rounds' },
    h('h2', { id: `${id}-rounds` }, several ? 'Rounds' : 'The fault'),
    several ? [spreadFigures(result), roundTable(told)] : null,
    detailedOf(told).map((each) =>
      roundDetails(result, each, `${id}-round${told.indexOf(each) + 1}`, told.length <= MOST_OPEN),
    ),
    told.length > MOST_DETAILED
      ? h(
          'p',
          { class: 'dim' },
          `These are the ${MOST_DETAILED} rounds with the longest write downtime. `,
          ALL_THERE,
        )
      : null,
  );
}

/** Those that say most of what can happen, in the order of time. */
function detailedOf(told: readonly Told[]): readonly Told[] {
  if (told.length <= MOST_DETAILED) {
    return told;
  }
  const length = ({ round: { writeDowntime } }: Told) =>
    writeDowntime?.outage ? writeDowntime.durationMs : 0;
  const longest = new Set(told.toSorted((a, b) => length(b) - length(a)).slice(0, MOST_DETAILED));
  return told.filter((each) => longest.has(each));
}

function roundTable(told: readonly Told[]): Markup {
  return table({
    caption: 'Each round; > is one that was not over when the next fault came or the run ended',
    head: ['Round', 'At', 'Fault', 'No writes', 'No reads', 'Steady after', 'Remarks'],
    kinds: ['figure', 'figure', 'text', 'figure', 'figure', 'figure', 'text'],
    rows: told.map(({ round, fault }, index) => {
      const steadyMs = round.phases.after?.fromMs;
      const { askedAtMs } = fault;
      return [
        String(index + 1),
        askedAtMs === null ? 'not done' : instant(askedAtMs),
        faultName(fault),
        downtimeCell(round.writeDowntime, BARE_STYLE),
        downtimeCell(round.readDowntime, BARE_STYLE),
        steadyMs === undefined || askedAtMs === null ? '–' : BARE_STYLE.millis(steadyMs - askedAtMs),
        h('span', { class: 'doubt' }, remarksOn(round, fault)),
      ];
    }),
  });
}

function roundDetails(result: Result, told: Told, id: string, open: boolean): Markup {
  const { round, fault, name } = told;
  const { askedAtMs } = fault;
  const away = round.writeDowntime?.outage
    ? `, no writes for ${downtimeCell(round.writeDowntime, BARE_STYLE)}`
    : '';
  const at = askedAtMs === null ? 'not done' : `at ${instant(askedAtMs)}${away}`;
  const content: Child[] = [
    round.invalid === null ? null : h('p', { class: 'warning' }, `Invalid: ${plain(round.invalid)}`),
    askedAtMs === null
      ? null
      : [
          waterfall(round.stages, askedAtMs, round.dominated),
          h('h4', {}, 'What the clients lived through'),
          definitions(entriesOf(costLines(result, round))),
          phaseTable(result, round),
        ],
    h('h4', {}, 'What was done'),
    faultsOf(result, fault).map((each) => [
      h('p', { class: 'fault-name' }, faultName(each)),
      definitions(entriesOf(faultLines(each, PAGE_STYLE))),
    ]),
  ];
  return h(
    'details',
    { class: 'round', id, open },
    h('summary', {}, h('h3', {}, sentenceCase(name)), h('span', { class: 'dim' }, at)),
    content,
  );
}

function costLines(result: Result, round: RoundAnalysis): string[] {
  return [
    ...downtimesOf(round, result.faults, PAGE_STYLE),
    ...unpredictedLines(round, PAGE_STYLE),
    ...consistencyLines(result, round, PAGE_STYLE),
    ...recoveryLines(result, round, PAGE_STYLE),
  ];
}

/** The fault, and before it those that only prepared it. */
function faultsOf(result: Result, fault: FaultRecord): FaultRecord[] {
  const own = new Set(result.analysis.rounds.map((each) => each.fault));
  const prepared = result.faults.filter((each, index) => each.round === fault.round && !own.has(index));
  return [...prepared, fault];
}

function phaseTable({ totals }: Result, { phases }: RoundAnalysis): Markup | null {
  if (phases.before === null && phases.during === null && phases.after === null) {
    return null;
  }
  const head = ['Phase', 'From', 'To', 'tps', 'p50', 'p99', 'Max', 'Failed', 'Skipped'];
  // Only a pace with a latency limit skips.
  const shown = totals.outcomes.skipped > 0 ? head.length : head.length - 1;
  return table({
    caption: 'Before, during and after: response times of the acknowledged',
    head: head.slice(0, shown),
    kinds: head.map((_, index) => (index === 0 ? 'text' : 'figure')),
    rows: (['before', 'during', 'after'] as const).map((name) =>
      phaseRow(name, phases[name]).slice(0, shown),
    ),
  });
}

function phaseRow(name: string, phase: PhaseFacts | null): string[] {
  if (phase === null) {
    return [name, ...new Array<string>(8).fill('–')];
  }
  const { response, fromMs, toMs, tps, outcomes } = phase;
  const micros = (value: number | undefined) => (value === undefined ? '–' : formatMicros(value));
  return [
    name,
    `${(fromMs / 1000).toFixed(1)} s`,
    `${(toMs / 1000).toFixed(1)} s`,
    formatRate(tps),
    micros(response?.p50Us),
    micros(response?.p99Us),
    micros(response?.maxUs),
    formatCount(failedAttempts(outcomes)),
    formatCount(outcomes.skipped),
  ];
}

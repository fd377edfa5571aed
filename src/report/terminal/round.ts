import type { FaultRecord, PhaseFacts, Result, RoundAnalysis } from '../../result/result.js';
import { formatCount, formatRate } from '../../units.js';
import { downtimesOf } from './downtime.js';
import { faultLines, faultName } from './fault.js';
import { failedAttempts } from './latency.js';
import { consistencyLines, recoveryLines } from './recovery.js';
import { stageLines } from './stages.js';
import { instant, labelled, plain, type Style, table } from './text.js';
import { unpredictedLines } from './unpredicted.js';

/** One round: what it cost, how it went step by step, what the load was like around it, and what was done. */
export function roundLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  const fault = result.faults[round.fault];
  if (fault === undefined) {
    return [];
  }
  const blocks = [
    costLines(result, round, style),
    fault.askedAtMs === null ? [] : stageLines(round.stages, fault.askedAtMs, round.dominated, style),
    phaseLines(result, round, style),
    doneLines(result, fault, style),
  ].filter((lines) => lines.length > 0);
  return [
    ...titleLines(result, round, fault, style),
    ...blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
  ];
}

function titleLines(result: Result, round: RoundAnalysis, fault: FaultRecord, style: Style): string[] {
  const { rounds } = result.analysis;
  const name = faultName(fault);
  const number = rounds.length > 1 ? ` (${rounds.indexOf(round) + 1} of ${rounds.length})` : '';
  const at = fault.askedAtMs === null ? 'not done' : `at ${instant(fault.askedAtMs)}`;
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}${number} ${at}`;
  const invalid = round.invalid === null ? [] : labelled('  ', `invalid: ${plain(round.invalid)}`, 2, style);
  return [
    ...labelled('', title, 0, style).map((line) => style.paint(line, 'bold')),
    ...invalid.map((line) => style.paint(line, 'yellow', 'bold')),
  ];
}

/** What it cost the clients; nothing for a fault that was not done. */
function costLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  if (result.faults[round.fault]?.askedAtMs === null) {
    return [];
  }
  return [
    ...downtimesOf(round, result.faults, style),
    ...unpredictedLines(round, style),
    ...consistencyLines(result, round, style),
    ...recoveryLines(result, round, style),
  ];
}

function phaseLines({ totals }: Result, { phases }: RoundAnalysis, style: Style): string[] {
  if (phases.before === null && phases.during === null && phases.after === null) {
    return [];
  }
  const head = ['', 'from', 'to', 'tps', 'p50', 'p99', 'max', 'failed', 'skipped'];
  const rows = (['before', 'during', 'after'] as const).map((name) => phaseRow(name, phases[name], style));
  // Only a pace with a latency limit skips.
  const shown = totals.outcomes.skipped > 0 ? head.length : head.length - 1;
  const cells = [head.map((name) => style.paint(name, 'dim')), ...rows].map((row) => row.slice(0, shown));
  return table(cells, ALIGNS.slice(0, shown));
}

const ALIGNS = ['left', ...new Array<'right'>(8).fill('right')] as const;

function phaseRow(name: string, phase: PhaseFacts | null, style: Style): string[] {
  if (phase === null) {
    return [name, ...new Array<string>(8).fill(style.dash)];
  }
  const { response } = phase;
  return [
    name,
    `${(phase.fromMs / 1000).toFixed(1)} s`,
    `${(phase.toMs / 1000).toFixed(1)} s`,
    formatRate(phase.tps),
    style.micros(response?.p50Us),
    style.micros(response?.p99Us),
    style.micros(response?.maxUs),
    formatCount(failedAttempts(phase.outcomes)),
    formatCount(phase.outcomes.skipped),
  ];
}

/** The fault, and before it those that only prepared it. */
function doneLines(result: Result, fault: FaultRecord, style: Style): string[] {
  const own = new Set(result.analysis.rounds.map((each) => each.fault));
  const prepared = result.faults.filter((each, index) => each.round === fault.round && !own.has(index));
  if (prepared.length === 0) {
    return faultLines(fault, style);
  }
  return [...prepared, fault].flatMap((each) => [
    `  ${style.paint(faultName(each), 'cyan')}`,
    ...faultLines(each, style),
  ]);
}

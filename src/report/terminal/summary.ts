import type { Downtime } from '../../result/downtime.js';
import type { FaultRecord, Result, RoundAnalysis } from '../../result/result.js';
import type { RoundsSummary, Spread } from '../../result/round.js';
import { isStalled } from './downtime.js';
import { faultName } from './fault.js';
import { counted, cut, fitted, instant, labelled, plain, type Style, table } from './text.js';

/** More rounds than this would be pages: they are told in a line each. */
const MOST_WHOLE = 3;

/** Whether rounds are told in a line each, instead of a section each. */
export function isLong({ analysis }: Result): boolean {
  return analysis.rounds.length > MOST_WHOLE;
}

/** One section for each kind of fault that was done more than once: the figures over its rounds. */
export function summaryLines(result: Result, style: Style): string[] {
  return result.analysis.summaries.flatMap((summary, index) => [
    ...(index === 0 ? [] : ['']),
    ...kindLines(summary, style),
  ]);
}

const HEAD = ['', 'n', 'min', 'median', 'max', 'median lies in (95 %)'];
const ALIGNS = ['left', 'right', 'right', 'right', 'right', 'left'] as const;

function kindLines(summary: RoundsSummary, style: Style): string[] {
  const kind = plain(summary.kind);
  const rounds = counted(summary.valid + summary.invalid, 'round');
  const invalid =
    summary.invalid === 0 ? '' : style.paint(`, ${summary.invalid} of them invalid and left out`, 'yellow');
  const title = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}, ${rounds}`;
  const rows = [
    spreadRow('write downtime', summary.writeDowntimeMs, style),
    spreadRow('read downtime', summary.readDowntimeMs, style),
    spreadRow('steady after', summary.steadyAfterMs, style),
  ];
  const head = HEAD.map((name) => style.paint(name, 'dim'));
  return [`${style.paint(title, 'bold')}${invalid}`, ...table([head, ...rows], ALIGNS)];
}

function spreadRow(name: string, spread: Spread | null, style: Style): string[] {
  if (spread === null) {
    return [name, '0', style.dash, style.dash, style.dash, style.dash];
  }
  const { n, min, median, max, interval } = spread;
  const within =
    interval === null
      ? style.paint('too few rounds', 'dim')
      : `${style.millis(interval.from)} to ${style.millis(interval.to)}`;
  const middle = style.paint(style.millis(median), 'bold');
  return [name, String(n), style.millis(min), middle, style.millis(max), within];
}

const ROUND_HEAD = ['round', 'at', 'fault', 'no writes', 'no reads', 'steady', 'remarks'];
const ROUND_ALIGNS = ['right', 'right', 'left', 'right', 'right', 'right', 'left'] as const;
const REMARKS = ROUND_HEAD.length - 1;
const FAULT = 2;
const LONGEST_NAME = 24;
/** Why a round is invalid stands under it, behind its number. */
const REASON = 9;

/** One line for each round; everything else of it is in result.json. */
export function shortRoundLines({ analysis, faults }: Result, style: Style): string[] {
  const told = analysis.rounds.flatMap((round) => {
    const fault = faults[round.fault];
    return fault === undefined ? [] : [{ round, fault }];
  });
  const rows = told.map(({ round, fault }, index) => roundRow(round, index, fault, style));
  const head = ROUND_HEAD.map((name) => style.paint(name, 'dim'));
  const cells = fitted(fitted([head, ...rows], REMARKS, style), FAULT, style);
  const [first = '', ...lines] = table(withInk(cells, style), ROUND_ALIGNS);
  return [
    style.paint('Rounds', 'bold'),
    first,
    ...lines.flatMap((line, index) => [line, ...reasonLines(told[index]?.round, style)]),
    style.paint('  All of each round is in result.json, under analysis.rounds.', 'dim'),
  ];
}

function reasonLines(round: RoundAnalysis | undefined, style: Style): string[] {
  const reason = round?.invalid ?? null;
  return reason === null
    ? []
    : labelled('', plain(reason), REASON, style).map((line) => style.paint(line, 'yellow'));
}

function roundRow(round: RoundAnalysis, index: number, fault: FaultRecord, style: Style): string[] {
  const { askedAtMs } = fault;
  const steadyMs = round.phases.after?.fromMs;
  return [
    String(index + 1),
    askedAtMs === null ? 'not done' : instant(askedAtMs),
    cut(faultName(fault), LONGEST_NAME, style),
    downtimeCell(round.writeDowntime, style),
    downtimeCell(round.readDowntime, style),
    steadyMs === undefined || askedAtMs === null ? style.dash : style.millis(steadyMs - askedAtMs),
    remarksOn(round, fault),
  ];
}

/** `>` for one that was not over when the run ended, or the next fault came; a dash where none was seen, `?` where it was not measured. */
export function downtimeCell(downtime: Downtime | null, style: Style): string {
  if (downtime === null || !downtime.outage) {
    return downtime === null ? '?' : style.dash;
  }
  const figure = style.millis(downtime.durationMs);
  return downtime.toMs === null ? `> ${figure}` : figure;
}

export function remarksOn(round: RoundAnalysis, fault: FaultRecord): string {
  const remarks: string[] = [];
  if (round.invalid !== null) {
    remarks.push('invalid');
  }
  if (round.splitBrain !== null) {
    remarks.push('split brain');
  }
  if (fault.undoFailure !== null) {
    remarks.push('not undone');
  }
  if (fault.failure !== null) {
    remarks.push('failed');
  }
  if (round.prediction?.holds === false) {
    remarks.push('unpredicted');
  }
  if (isStalled(round)) {
    remarks.push('stalled');
  }
  return remarks.join(', ');
}

/** Remarks in yellow: only after they are cut, since colours have no width. */
function withInk(rows: readonly (readonly string[])[], style: Style): string[][] {
  return rows.map((row, at) =>
    row.map((cell, column) => (at > 0 && column === REMARKS ? style.paint(cell, 'yellow') : cell)),
  );
}

import type { Downtime } from '../../result/downtime.js';
import type { FaultRecord, Result, RoundAnalysis } from '../../result/result.js';
import type { RoundsSummary } from '../../result/round.js';
import { formatCount } from '../../units.js';
import { isCutByFault } from './downtime.js';
import { counted, flow, plain, type Style } from './text.js';

/** What came of it in a line, for who reads nothing else; nothing when no fault was done. */
export function verdictLines(result: Result, style: Style): string[] {
  const { faults, analysis } = result;
  const rounds = analysis.rounds.filter(({ fault }) => faults[fault]?.askedAtMs !== null);
  if (rounds.length === 0) {
    return [];
  }
  const parts = [
    ...serviceParts(result, rounds, style),
    ...splitBrainParts(rounds, style),
    ...commitParts(result, style),
    ...leftBehindParts(result, style),
  ];
  return flow(parts, style.columns, style);
}

/** Of one round its own figures, of several the median or the longest. */
function serviceParts(result: Result, rounds: readonly RoundAnalysis[], style: Style): string[] {
  const { faults } = result;
  const [first, ...more] = rounds;
  const [summary, ...others] = result.analysis.summaries;
  if (first !== undefined && more.length === 0) {
    return [
      ...(first.invalid === null ? [] : [style.paint('round invalid', 'yellow', 'bold')]),
      awayInWords('writes', first.writeDowntime, faults, style),
      awayInWords('reads', first.readDowntime, faults, style),
    ].filter((part) => part !== '');
  }
  if (summary !== undefined && others.length === 0) {
    return medianParts(summary, style);
  }
  const valid = rounds.filter(({ invalid }) => invalid === null);
  return [
    longestOf(
      'writes',
      valid.map(({ writeDowntime }) => writeDowntime),
      faults,
      style,
    ),
  ]
    .concat(
      longestOf(
        'reads',
        valid.map(({ readDowntime }) => readDowntime),
        faults,
        style,
      ),
    )
    .filter((part) => part !== '');
}

/** '' where it was not measured: the round says so. */
function awayInWords(
  what: 'writes' | 'reads',
  downtime: Downtime | null,
  faults: readonly FaultRecord[],
  style: Style,
): string {
  if (downtime === null) {
    return '';
  }
  if (!downtime.outage) {
    return style.paint(`no outage of ${what} seen`, 'green', 'bold');
  }
  const by = isCutByFault(downtime, faults) ? 'the next fault' : 'the end';
  const open = downtime.toMs === null ? `, and not back by ${by}` : '';
  return style.paint(`no ${what} for ${style.millis(downtime.durationMs)}${open}`, 'red', 'bold');
}

function longestOf(
  what: 'writes' | 'reads',
  all: readonly (Downtime | null)[],
  faults: readonly FaultRecord[],
  style: Style,
): string {
  let longest: Downtime | null = null;
  for (const downtime of all) {
    if (downtime !== null && (longest === null || isWorse(downtime, longest))) {
      longest = downtime;
    }
  }
  const text = awayInWords(what, longest, faults, style);
  return longest?.outage ? `${text} at the longest` : text;
}

function isWorse(one: Downtime, other: Downtime): boolean {
  return one.outage === other.outage ? one.durationMs > other.durationMs : one.outage;
}

function medianParts({ valid, writeDowntimeMs, readDowntimeMs }: RoundsSummary, style: Style): string[] {
  const parts: string[] = [];
  for (const [what, spread] of [
    ['writes', writeDowntimeMs],
    ['reads', readDowntimeMs],
  ] as const) {
    if (spread !== null && spread.max > 0) {
      const figure = style.paint(`no ${what} for ${style.millis(spread.median)}`, 'red', 'bold');
      parts.push(`${figure} (median, max ${style.millis(spread.max)})`);
    }
  }
  return [...parts, `${counted(valid, 'valid round')}`];
}

function splitBrainParts(rounds: readonly RoundAnalysis[], style: Style): string[] {
  const worst = Math.max(0, ...rounds.map(({ splitBrain }) => splitBrain?.overlapMs ?? 0));
  return rounds.some(({ splitBrain }) => splitBrain !== null)
    ? [style.paint(`split brain for ${style.millis(worst)}`, 'red', 'bold')]
    : [];
}

function commitParts({ commits }: Result, style: Style): string[] {
  if (commits === null) {
    return [style.paint('lost commits not looked for', 'yellow')];
  }
  const { primary, invariants } = commits;
  if (primary === null) {
    return [style.paint('whether commits are lost is not known', 'yellow', 'bold')];
  }
  const { ackedLost, ackedPresent, ghosts, duplicates, unexpected } = primary;
  const all = formatCount(ackedLost + ackedPresent);
  const lost =
    ackedLost > 0
      ? style.paint(`${formatCount(ackedLost)} of ${all} acknowledged commits LOST`, 'red', 'bold')
      : style.paint(`none of ${all} acknowledged commits lost`, 'green', 'bold');
  const wrong = ghosts + duplicates + unexpected;
  const broken = invariants.filter(({ holds }) => !holds).length;
  return [
    lost,
    ...(wrong > 0
      ? [style.paint(`${counted(wrong, 'commit')} that should not be there`, 'red', 'bold')]
      : []),
    ...(broken > 0 ? [style.paint(`${counted(broken, 'invariant')} broken`, 'red', 'bold')] : []),
  ];
}

/** What the run has not put right again. */
function leftBehindParts({ faults }: Result, style: Style): string[] {
  const kept = faults.filter(({ undoFailure }) => undoFailure !== null);
  const names = [...new Set(kept.map(({ kind }) => plain(kind)))].join(', ');
  return kept.length === 0 ? [] : [style.paint(`${names} NOT UNDONE`, 'red', 'bold')];
}

import type { Downtime } from '../result/downtime.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';
import type { RoundsSummary } from '../result/round.js';
import { formatCount, formatMillis } from '../units.js';
import { isCutByFault } from './terminal/downtime.js';
import { counted, plain } from './terminal/text.js';

/** One statement of the verdict. */
export interface VerdictPart {
  /** What is said, `no writes for 5.18 s`; safe to be written to a terminal. */
  readonly text: string;
  /** Added to it in smaller words, ` (median, max 5.30 s)`; '' for nothing. */
  readonly detail: string;
  /** `doubt`: it could not be told. Null says nothing of good and bad. */
  readonly tone: 'good' | 'bad' | 'doubt' | null;
  /** Whether it is what a reader came for. */
  readonly strong: boolean;
}

/** What came of it, for who reads nothing else; when no fault was done, nothing but what limited it. */
export function verdictOf(result: Result): readonly VerdictPart[] {
  const { faults, analysis } = result;
  const rounds = analysis.rounds.filter(({ fault }) => faults[fault]?.askedAtMs !== null);
  if (rounds.length === 0) {
    return limitedParts(result);
  }
  return [
    ...serviceParts(result, rounds),
    ...splitBrainParts(rounds),
    ...commitParts(result),
    ...leftBehindParts(result),
    ...limitedParts(result),
  ];
}

/** Of one round its own figures, of several the median or the longest. */
function serviceParts(result: Result, rounds: readonly RoundAnalysis[]): VerdictPart[] {
  const { faults } = result;
  const [first, ...more] = rounds;
  const [summary, ...others] = result.analysis.summaries;
  if (first !== undefined && more.length === 0) {
    return [
      ...(first.invalid === null ? [] : [part('round invalid', 'doubt')]),
      ...awayParts('writes', first.writeDowntime, faults),
      ...awayParts('reads', first.readDowntime, faults),
    ];
  }
  if (summary !== undefined && others.length === 0) {
    return medianParts(summary);
  }
  const valid = rounds.filter(({ invalid }) => invalid === null);
  return [
    ...longestParts(
      'writes',
      valid.map(({ writeDowntime }) => writeDowntime),
      faults,
    ),
    ...longestParts(
      'reads',
      valid.map(({ readDowntime }) => readDowntime),
      faults,
    ),
  ];
}

function part(text: string, tone: VerdictPart['tone'], detail = ''): VerdictPart {
  return { text, detail, tone, strong: true };
}

/** Nothing where it was not measured: the round says so. */
function awayParts(
  what: 'writes' | 'reads',
  downtime: Downtime | null,
  faults: readonly FaultRecord[],
): VerdictPart[] {
  if (downtime === null) {
    return [];
  }
  if (!downtime.outage) {
    return [part(`no outage of ${what} seen`, 'good')];
  }
  const by = isCutByFault(downtime, faults) ? 'the next fault' : 'the end';
  const open = downtime.toMs === null ? `, and not back by ${by}` : '';
  return [part(`no ${what} for ${formatMillis(downtime.durationMs)}${open}`, 'bad')];
}

function longestParts(
  what: 'writes' | 'reads',
  all: readonly (Downtime | null)[],
  faults: readonly FaultRecord[],
): VerdictPart[] {
  let longest: Downtime | null = null;
  for (const downtime of all) {
    if (downtime !== null && (longest === null || isWorse(downtime, longest))) {
      longest = downtime;
    }
  }
  const detail = longest?.outage ? ' at the longest' : '';
  return awayParts(what, longest, faults).map((away) => ({ ...away, detail }));
}

function isWorse(one: Downtime, other: Downtime): boolean {
  return one.outage === other.outage ? one.durationMs > other.durationMs : one.outage;
}

function medianParts({ valid, writeDowntimeMs, readDowntimeMs }: RoundsSummary): VerdictPart[] {
  const parts: VerdictPart[] = [];
  for (const [what, spread] of [
    ['writes', writeDowntimeMs],
    ['reads', readDowntimeMs],
  ] as const) {
    if (spread !== null && spread.max > 0) {
      const most = formatMillis(spread.max);
      parts.push(
        spread.median > 0
          ? part(`no ${what} for ${formatMillis(spread.median)}`, 'bad', ` (median, max ${most})`)
          : part(`no ${what} in some rounds`, 'bad', `, for ${most} at most`),
      );
    }
  }
  return [...parts, { text: counted(valid, 'valid round'), detail: '', tone: null, strong: false }];
}

function splitBrainParts(rounds: readonly RoundAnalysis[]): VerdictPart[] {
  const worst = Math.max(0, ...rounds.map(({ splitBrain }) => splitBrain?.overlapMs ?? 0));
  return rounds.some(({ splitBrain }) => splitBrain !== null)
    ? [part(`split brain for ${formatMillis(worst)}`, 'bad')]
    : [];
}

function commitParts({ commits }: Result): VerdictPart[] {
  if (commits === null) {
    return [{ text: 'lost commits not looked for', detail: '', tone: 'doubt', strong: false }];
  }
  const { primary, invariants } = commits;
  if (primary === null) {
    return [part('whether commits are lost is not known', 'doubt')];
  }
  const { ackedLost, ackedPresent, ghosts, duplicates, unexpected } = primary;
  const all = formatCount(ackedLost + ackedPresent);
  const lost =
    ackedLost > 0
      ? part(`${formatCount(ackedLost)} of ${all} acknowledged commits LOST`, 'bad')
      : part(`none of ${all} acknowledged commits lost`, 'good');
  const wrong = ghosts + duplicates + unexpected;
  const broken = invariants.filter(({ holds }) => !holds).length;
  return [
    lost,
    ...(wrong > 0 ? [part(`${counted(wrong, 'commit')} that should not be there`, 'bad')] : []),
    ...(broken > 0 ? [part(`${counted(broken, 'invariant')} broken`, 'bad')] : []),
  ];
}

/** Its throughput may be that of the workers. */
function limitedParts({ generator }: Result): VerdictPart[] {
  return generator.capacity?.limited === true ? [part('generator limited', 'doubt')] : [];
}

/** What the run has not put right again. */
function leftBehindParts({ faults }: Result): VerdictPart[] {
  const kept = faults.filter(({ undoFailure }) => undoFailure !== null);
  const names = [...new Set(kept.map(({ kind }) => plain(kind)))].join(', ');
  return kept.length === 0 ? [] : [part(`${names} NOT UNDONE`, 'bad')];
}

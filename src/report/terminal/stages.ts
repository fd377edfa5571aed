import type { Stage, StageKind } from '../../result/round.js';
import { rangeInCell } from './range.js';
import { fitted, labelled, plain, type Style, since, table } from './text.js';

/** In words that a reader of PostgreSQL's and HAProxy's logs knows. */
export const STAGE_NAMES: Readonly<Record<StageKind, string>> = {
  leader_key_gone: 'leader key gone',
  leader_key_taken: 'leader key taken',
  promoted: 'promoted',
  proxy_up: 'HAProxy has it up',
  first_connection: 'first connection',
  first_commit: 'first commit',
  steady: 'load steady again',
};

const HEAD = ['step', 'at', 'took', 'predicted', 'late by', 'seen by'];
const ALIGNS = ['left', 'right', 'right', 'left', 'right', 'left'] as const;

/** The steps from the request to a steady load, one under the other, and what was not seen of them. */
export function stageLines(
  stages: readonly Stage[],
  askedMs: number,
  dominated: string | null,
  style: Style,
): string[] {
  const rows = stages.flatMap((stage, index) => stageRow(stage, stages[index - 1], askedMs, style));
  if (rows.length === 0 && dominated === null) {
    return []; // Nothing of a failover was to be seen: why each step was not, nobody asks.
  }
  const lines = dominated === null ? [] : labelled('  ', plain(dominated), 2, style);
  if (rows.length > 0) {
    const head = HEAD.map((name) => style.paint(name, 'dim'));
    lines.push(...table(fitted([head, ...rows], HEAD.length - 1, style), ALIGNS));
  }
  if (stages.some((stage, index) => isUnpredicted(stage, stages[index - 1]))) {
    lines.push(style.paint('  ! not what the settings of the cluster predict', 'yellow'));
  }
  return [...lines, ...missingLines(stages, style)];
}

function stageRow(stage: Stage, before: Stage | undefined, askedMs: number, style: Style): string[][] {
  const { kind, atMs, tookMs, uncertaintyMs, source, predicted } = stage;
  if (atMs === null) {
    return [];
  }
  const range = predicted === null ? '' : rangeInCell(predicted, style);
  const missed = isUnpredicted(stage, before);
  return [
    [
      STAGE_NAMES[kind],
      since(atMs, askedMs),
      tookMs === null ? style.dash : signed(tookMs, style),
      missed ? style.paint(`${range} !`, 'yellow') : range,
      uncertaintyMs > 0 ? style.paint(lateness(uncertaintyMs, style), 'dim') : '',
      source === null ? '' : plain(source.split(' ')[0] ?? ''),
    ],
  ];
}

/** Rounded up, being a bound. */
export function lateness(uncertaintyMs: number, style: Style): string {
  const bound = Math.ceil(uncertaintyMs);
  return `${style.atMost} ${bound < 1000 ? `${bound} ms` : style.millis(bound)}`;
}

export function signed(millis: number, style: Style): string {
  if (Math.abs(millis) < 1) {
    return '0 ms'; // Two who saw the same.
  }
  return millis < 0 ? `-${style.millis(-millis)}` : style.millis(millis);
}

/** Whether what was measured lies outside of what was predicted, by more than is known of both of its ends. */
export function isUnpredicted(
  { tookMs, predicted, uncertaintyMs }: Stage,
  before: Stage | undefined,
): boolean {
  if (tookMs === null || predicted === null) {
    return false;
  }
  const leastMs = tookMs - uncertaintyMs;
  const mostMs = tookMs + (before?.uncertaintyMs ?? 0);
  return mostMs < predicted.minMs || (predicted.maxMs !== null && leastMs > predicted.maxMs);
}

/** Steps that were not seen for the same reason are told together. */
function missingLines(stages: readonly Stage[], style: Style): string[] {
  const byReason = new Map<string, string[]>();
  for (const { kind, atMs, missing } of stages) {
    if (atMs === null) {
      const reason = missing === null ? 'it is not known why' : plain(missing);
      byReason.set(reason, [...(byReason.get(reason) ?? []), STAGE_NAMES[kind]]);
    }
  }
  return [...byReason].flatMap(([reason, names]) =>
    labelled('  ', `not seen: ${names.join(', ')} (${reason})`, 2, style).map((line) =>
      style.paint(line, 'dim'),
    ),
  );
}

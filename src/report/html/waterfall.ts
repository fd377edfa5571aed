import type { Stage } from '../../result/round.js';
import { rangeInCell } from '../terminal/range.js';
import { isUnpredicted, lateness, STAGE_NAMES, signed } from '../terminal/stages.js';
import { plain, since } from '../terminal/text.js';
import { type Child, fragment, h, type Markup } from './element.js';
import { BARE_STYLE, sentenceCase, table } from './words.js';

/** The steps from the request to a steady load as bars under each other, each with what the settings predict for it. */
export function waterfall(stages: readonly Stage[], askedMs: number, dominated: string | null): Markup {
  const seen = stages.filter(({ atMs }) => atMs !== null);
  if (seen.length === 0 && dominated === null) {
    return fragment();
  }
  const endMs = scaleOf(stages, askedMs);
  return fragment(
    h('h4', {}, 'Step by step'),
    dominated === null ? null : h('p', { class: 'dominated' }, plain(dominated)),
    seen.length === 0
      ? null
      : table({
          caption: fragment(
            `Time from the request of the fault to each step, over ${(endMs / 1000).toFixed(1)} s`,
            legend(),
          ),
          head: ['Step', '', 'At', 'Took', 'Predicted', 'Late by', 'Seen by'],
          kinds: ['text', 'text', 'figure', 'figure', 'figure', 'figure', 'text'],
          rows: stages.flatMap((stage, index) => stageRow(stage, stages.slice(0, index), askedMs, endMs)),
          className: 'waterfall',
        }),
    missing(stages),
  );
}

function legend(): Markup {
  return h(
    'span',
    { class: 'legend', 'aria-hidden': 'true' },
    h('span', { class: 'key' }, h('i', { class: 'key-bar' }), 'measured'),
    h('span', { class: 'key' }, h('i', { class: 'key-late' }), 'seen this late at most'),
    h('span', { class: 'key' }, h('i', { class: 'key-predicted' }), 'predicted end, by the settings'),
  );
}

/** Room for all steps, and for what was predicted as long as that does not press the steps together. */
function scaleOf(stages: readonly Stage[], askedMs: number): number {
  let lastMs = 0;
  let predictedMs = 0;
  for (const [index, { atMs, predicted }] of stages.entries()) {
    if (atMs !== null) {
      lastMs = Math.max(lastMs, atMs - askedMs);
      const most = beginOf(stages.slice(0, index), askedMs) + (predicted?.maxMs ?? 0);
      predictedMs = Math.max(predictedMs, most);
    }
  }
  return Math.max(1, lastMs * 1.02, Math.min(predictedMs * 1.02, lastMs * 1.6));
}

/** Where the step began: the end of the last one before it that was seen, ms from the request. */
function beginOf(before: readonly Stage[], askedMs: number): number {
  const last = before.findLast(({ atMs }) => atMs !== null);
  return last === undefined || last.atMs === null ? 0 : last.atMs - askedMs;
}

function stageRow(stage: Stage, before: readonly Stage[], askedMs: number, endMs: number): Child[][] {
  const { kind, atMs, tookMs, uncertaintyMs, source, predicted } = stage;
  if (atMs === null) {
    return [];
  }
  const range = predicted === null ? '' : rangeInCell(predicted, BARE_STYLE);
  const isMissed = isUnpredicted(stage, before.at(-1));
  return [
    [
      sentenceCase(STAGE_NAMES[kind]),
      track(stage, atMs - askedMs, beginOf(before, askedMs), endMs),
      since(atMs, askedMs),
      tookMs === null ? '–' : signed(tookMs, BARE_STYLE),
      isMissed
        ? h('span', { class: 'doubt' }, `${range} !`, h('span', { class: 'unseen' }, ' not as predicted'))
        : range,
      uncertaintyMs > 0 ? lateness(uncertaintyMs, BARE_STYLE) : '',
      source === null ? '' : plain(source),
    ],
  ];
}

/** The bar; its numbers stand in the other cells. */
function track(stage: Stage, atMs: number, beginMs: number, endMs: number): Markup {
  const { uncertaintyMs, predicted } = stage;
  const share = (ms: number) => Math.max(0, Math.min(100, (100 * ms) / endMs));
  const place = (fromMs: number, toMs: number) =>
    `left:${share(fromMs).toFixed(2)}%;width:${(share(toMs) - share(fromMs)).toFixed(2)}%`;
  const fromMs = Math.min(beginMs, atMs);
  const bounded = predicted !== null && (predicted.maxMs !== null || predicted.minMs > 0);
  return h(
    'div',
    { class: 'track', 'aria-hidden': 'true' },
    bounded
      ? h('i', {
          class: predicted.maxMs === null ? 'predicted open' : 'predicted',
          style: place(
            beginMs + predicted.minMs,
            predicted.maxMs === null ? endMs : beginMs + predicted.maxMs,
          ),
        })
      : null,
    h('i', { class: 'bar', style: place(fromMs, atMs) }),
    uncertaintyMs > 0
      ? h('i', { class: 'late', style: place(Math.max(0, atMs - uncertaintyMs), atMs) })
      : null,
  );
}

/** Steps that were not seen for the same reason are told together. */
function missing(stages: readonly Stage[]): Child[] {
  const byReason = new Map<string, string[]>();
  for (const { kind, atMs, missing: why } of stages) {
    if (atMs === null) {
      const reason = why === null ? 'it is not known why' : plain(why);
      byReason.set(reason, [...(byReason.get(reason) ?? []), STAGE_NAMES[kind]]);
    }
  }
  return [...byReason].map(([reason, names]) =>
    h('p', { class: 'dim' }, `Not seen: ${names.join(', ')} (${reason}).`),
  );
}

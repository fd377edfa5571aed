import type { Event, Result } from '../../result/result.js';
import type { View } from './canvas.js';
import { cut, instant, plain, type Style } from './text.js';

/** More events than this hide each other. */
const MOST_EVENTS = 16;
/** The first kinds to leave out when there are more. */
const MINOR_KINDS = ['timeline', 'state', 'role'];

/** What happened in the view, with its time since the fault and how exactly that is known. */
export function eventLines(result: Result, view: View, style: Style): string[] {
  const all = result.events.filter(
    (event) => isChange(event) && event.atMs >= view.fromMs && event.atMs <= view.toMs,
  );
  let shown = all;
  for (const kind of MINOR_KINDS) {
    if (shown.length > MOST_EVENTS) {
      shown = shown.filter((event) => event.kind !== kind);
    }
  }
  shown = shown.slice(0, MOST_EVENTS);
  if (shown.length === 0) {
    return [];
  }
  const lines = [style.paint(HEAD, 'dim'), ...shown.map((event) => eventLine(event, result, style))];
  if (shown.length < all.length) {
    lines.push(style.paint(`  and ${all.length - shown.length} more, in result.json`, 'dim'));
  }
  return lines;
}

/**
 * Not what an observer saw at its first look, and not the answer to a fault, which stands with the fault. A key that was
 * not there before has no value to come from.
 */
export function isChange({ kind, from }: Event): boolean {
  return (from !== null && kind !== 'answered') || kind === 'failover_key' || kind === 'leader_key_taken';
}

const SEEN = 11;
const SINCE = 13;
const LATE = 12;
const LAYER = 11;
const HEAD = `${'seen at'.padStart(SEEN)}${'since fault'.padStart(SINCE)}${'late by'.padStart(LATE)}`;

function eventLine(event: Event, result: Result, style: Style): string {
  const asked = result.faults.map((fault) => fault.askedAtMs).filter((atMs) => atMs !== null);
  const faultMs = asked.filter((atMs) => atMs <= event.atMs).at(-1);
  const since = faultMs === undefined ? '' : `+${instant(event.atMs - faultMs)}`;
  const late = event.uncertaintyMs > 0 ? `${style.atMost} ${instant(event.uncertaintyMs)}` : '';
  const times = `${instant(event.atMs).padStart(SEEN)}${since.padStart(SINCE)}${style.paint(late.padStart(LATE), 'dim')}`;
  const text = plain(event.text).replace(/^HAProxy /, '');
  const layer = style.paint(event.layer.padEnd(LAYER - 2), 'dim');
  return `${times}  ${layer}${cut(text, style.columns - SEEN - SINCE - LATE - LAYER, style)}`;
}

import type { NamedView } from '../data.js';
import { middleOf } from './scrubber.js';
import { bucketAt, type View } from './view.js';

/** Keys of the timeline, wherever in it the focus is. Keys that a control of its own needs are left to it. */
export function listenToKeys(
  section: HTMLElement,
  view: View,
  views: readonly NamedView[],
  buckets: () => readonly number[],
): void {
  const step = (by: number) => {
    const { fromMs, toMs } = view.window;
    const startMs = buckets();
    const bucket = bucketAt(startMs, view.instantMs ?? (fromMs + toMs) / 2) + by;
    const next = Math.max(0, Math.min(startMs.length - 1, bucket));
    view.point(middleOf(startMs, next, view.limits.toMs));
    follow(view);
  };
  const actions: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
    ArrowLeft: ({ shiftKey }) => step(shiftKey ? -10 : -1),
    ArrowRight: ({ shiftKey }) => step(shiftKey ? 10 : 1),
    PageUp: () => view.pan(-0.5),
    PageDown: () => view.pan(0.5),
    '+': () => view.zoom(0.5),
    '=': () => view.zoom(0.5),
    '-': () => view.zoom(2),
    '0': () => view.show(view.limits),
    Escape: () => {
      view.point(null);
      view.show(views[0] ?? view.limits);
    },
  };
  section.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTextual(event.target)) {
      return;
    }
    const named = views.find(({ round }) => String(round) === event.key);
    const action = named === undefined ? actions[event.key] : () => view.show(named);
    if (action !== undefined) {
      event.preventDefault();
      action(event);
    }
  });
}

/** What is pointed at is kept in sight. */
function follow(view: View): void {
  const { fromMs, toMs } = view.window;
  const atMs = view.instantMs ?? fromMs;
  if (atMs < fromMs || atMs > toMs) {
    const half = (toMs - fromMs) / 2;
    view.show({ fromMs: atMs - half, toMs: atMs + half });
  }
}

/** A list to choose from and tables that scroll have their own use of the keys. */
function isTextual(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('select, .table-frame, summary') !== null;
}

import { el } from './dom.js';
import { bucketAt, type View } from './view.js';

/**
 * A slider under the axis that points to an instant: for fingers, for keys, and for who hears the page.
 * @param buckets where they begin, the last one ends with what can be shown
 * @param inWords all that is known of an instant
 */
export function makeScrubber(
  target: HTMLElement,
  view: View,
  buckets: () => readonly number[],
  inWords: (atMs: number) => string,
): { readonly update: () => void } {
  const slider = el('input', { type: 'range', 'aria-label': 'Instant on the timeline', step: 1 });
  const said = el('output', { class: 'unseen', 'aria-live': 'polite' });
  target.append(slider, said);
  slider.addEventListener('input', () =>
    view.point(middleOf(buckets(), Number(slider.value), view.limits.toMs)),
  );
  slider.addEventListener('focus', () => {
    const { fromMs, toMs } = view.window;
    view.point(view.instantMs ?? (fromMs + toMs) / 2);
  });
  slider.addEventListener('blur', () => view.point(null));
  return {
    update: () => {
      const { fromMs, toMs } = view.window;
      const startMs = buckets();
      slider.min = String(bucketAt(startMs, fromMs));
      slider.max = String(bucketAt(startMs, toMs - 1e-6));
      const atMs = view.instantMs;
      if (atMs !== null) {
        slider.value = String(bucketAt(startMs, atMs));
        if (document.activeElement === slider) {
          slider.setAttribute('aria-valuetext', inWords(atMs));
        }
      }
    },
  };
}

/** Of a bucket: its edge would lie between two. */
export function middleOf(startMs: readonly number[], bucket: number, endMs: number): number {
  const from = startMs[bucket] ?? 0;
  return (from + (startMs[bucket + 1] ?? endMs)) / 2;
}

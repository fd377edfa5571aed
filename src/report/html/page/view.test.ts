import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketAt, View } from './view.js';

const LIMITS = { fromMs: 0, toMs: 60_000 };

function view(): View {
  return new View(LIMITS, { fromMs: 20_000, toMs: 40_000 });
}

describe('View', () => {
  it('never shows what lies outside of the run, whatever is asked of it', () => {
    const action = fc.oneof(
      fc.record({ zoom: fc.double({ min: 0.01, max: 100, noNaN: true }) }),
      fc.record({ pan: fc.double({ min: -5, max: 5, noNaN: true }) }),
      fc.record({ point: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const own = view();
        for (const each of actions) {
          if ('zoom' in each) {
            own.zoom(each.zoom);
          } else if ('pan' in each) {
            own.pan(each.pan);
          } else {
            own.point(each.point);
          }
          const { fromMs, toMs } = own.window;
          expect(fromMs).toBeGreaterThanOrEqual(-1e-6);
          expect(toMs).toBeLessThanOrEqual(60_000 + 1e-6);
          expect(toMs - fromMs).toBeGreaterThanOrEqual(500 - 1e-6);
        }
      }),
    );
  });

  it('zooms around the instant that is pointed at', () => {
    const own = view();
    own.point(25_000);
    own.zoom(0.5);
    expect(own.window).toEqual({ fromMs: 22_500, toMs: 32_500 });
    own.point(null);
    own.zoom(2);
    expect(own.window).toEqual({ fromMs: 17_500, toMs: 37_500 });
  });

  it('keeps its length when it meets an end', () => {
    const own = view();
    own.pan(10);
    expect(own.window).toEqual({ fromMs: 40_000, toMs: 60_000 });
    own.pan(-10);
    expect(own.window).toEqual({ fromMs: 0, toMs: 20_000 });
  });

  it('tells those who listen, once for each change', () => {
    const own = view();
    const heard: string[] = [];
    own.listen({ window: () => heard.push('window'), instant: () => heard.push('instant') });
    own.show({ fromMs: 0, toMs: 10_000 });
    own.show({ fromMs: 0, toMs: 10_000 });
    own.point(5);
    own.point(5);
    expect(heard).toEqual(['window', 'instant']);
  });
});

describe('bucketAt', () => {
  it('is the last bucket that begins at the instant or before it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1 }),
        fc.integer({ min: -5, max: 505 }),
        (starts, atMs) => {
          const startMs = starts.toSorted((a, b) => a - b);
          const expected = startMs.findLastIndex((from) => from <= atMs);
          expect(bucketAt(startMs, atMs)).toBe(Math.max(0, expected));
        },
      ),
    );
  });
});

import type { Page } from 'playwright-core';
import type { Result } from '../../../result/result.js';
import type { OnPage } from './main.js';

/* What a page shows, asked of the page, and what it should, taken from the result alone. */

declare global {
  // What the page's program leaves for tests, see page/main.ts.
  var pghaBench: OnPage;
}

export async function windowOf(page: Page): Promise<{ fromMs: number; toMs: number }> {
  return page.evaluate(() => {
    const [timeline] = pghaBench.timelines;
    const { fromMs = 0, toMs = 0 } = timeline?.view.window ?? {};
    return { fromMs, toMs };
  });
}

/** What uPlot was given to draw. */
export async function dataOf(page: Page, chart: string): Promise<(number | null)[][]> {
  return page.evaluate((name) => {
    const data = pghaBench.timelines[0]?.charts.get(name)?.data ?? [];
    return [...data].map((column) => [...column].map((value) => value ?? null));
  }, chart);
}

/** The last bucket ends with the run, unless something came after its last transaction. */
export function endOf({ timeline, run }: Result): number {
  const last = timeline.startMs.at(-1) ?? 0;
  return last < run.elapsedMs ? run.elapsedMs : last + (timeline.widthMs.at(-1) ?? 0);
}

/** Acknowledged per second, from the result alone. */
export function ratesOf(route: 'rw' | 'ro', of: Result): number[] {
  const { startMs, widthMs, outcomes } = of.timeline;
  return startMs.map((_, i) => {
    const acks = (outcomes[route]?.ack?.[i] ?? 0) + (outcomes[route]?.ack_unreplicated?.[i] ?? 0);
    return (acks * 1000) / (widthMs[i] ?? 0);
  });
}

export function bucketAt(atMs: number, of: Result): number {
  return of.timeline.startMs.findLastIndex((from) => from <= atMs);
}

/** Where the axes of a chart lie on the screen, in sight. */
export async function placeOf(page: Page, chart: string): Promise<{ x: number; y: number; width: number }> {
  const over = page.locator(`figure.${chart} .u-over`);
  await over.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
  const box = await over.boundingBox();
  if (box === null) {
    throw new Error(`The chart ${chart} has no place.`);
  }
  return box;
}

/** What the canvas shows of a line at the middle of a bucket: whether the pixel there has the line's colour. */
export async function isDrawnAt(page: Page, chart: string, at: { x: number; y: number }): Promise<boolean> {
  return page.evaluate(
    ([name, { x, y }]) => {
      const u = pghaBench.timelines[0]?.charts.get(name);
      if (u === undefined) {
        throw new Error(`no chart ${name}`);
      }
      const left = Math.round(u.valToPos(x, 'x', true));
      const top = Math.round(u.valToPos(y, 'y', true));
      const probe = document.createElement('canvas').getContext('2d');
      const stroke = u.series[1]?.stroke;
      if (probe === null || typeof stroke !== 'function') {
        throw new Error('no colour');
      }
      probe.fillStyle = String(stroke(u, 1));
      probe.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0] = probe.getImageData(0, 0, 1, 1).data;
      // The line is 1.5 pixels thick: half of one may be mixed with what is behind it.
      const { data } = u.ctx.getImageData(left, top - 2, 1, 5);
      for (let i = 0; i < data.length; i += 4) {
        const away =
          Math.abs((data[i] ?? 0) - r) + Math.abs((data[i + 1] ?? 0) - g) + Math.abs((data[i + 2] ?? 0) - b);
        if (away < 60) {
          return true;
        }
      }
      return false;
    },
    [chart, at] as const,
  );
}

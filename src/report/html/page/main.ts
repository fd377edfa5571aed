import type uPlot from 'uplot';
import type { PageData } from '../data.js';
import { find } from './dom.js';
import { makeOverlay } from './overlay.js';
import { reachScrollers } from './scrolling.js';
import { drawSpectrum } from './spectrum.js';
import type { Stack } from './stack.js';
import { makeTabs } from './tabs.js';
import { watchTheme } from './theme.js';
import { makeTimeline } from './timeline.js';

/** What is on the page, for the console and for tests. */
export interface OnPage {
  readonly timelines: readonly Stack[];
  readonly spectra: Map<string, uPlot>;
  /** Of a comparison. */
  readonly overlay: Stack | null;
}

const data: PageData = JSON.parse(find(document, '#data').textContent ?? '');
const timelines = data.runs.flatMap((run) => {
  const section = document.getElementById(`${run.id}-timeline`);
  return section === null ? [] : [makeTimeline(section, run)];
});
const overlaid = data.overlay === null ? null : document.getElementById(data.overlay.id);
const page: OnPage = {
  timelines,
  spectra: new Map(),
  overlay: data.overlay === null || overlaid === null ? null : makeOverlay(overlaid, data.overlay),
};

function redraw(): void {
  reachScrollers();
  page.overlay?.draw();
  for (const timeline of timelines) {
    timeline.draw();
  }
  for (const { id, spectra } of data.runs) {
    const target = document.getElementById(`${id}-spectrum`);
    page.spectra.get(id)?.destroy();
    target?.replaceChildren();
    const chart = target === null ? null : drawSpectrum(target, spectra);
    if (chart !== null) {
      page.spectra.set(id, chart);
    }
  }
}

Object.assign(globalThis, { pghaBench: page });
makeTabs(redraw);
watchTheme(find(document, 'button.theme'), redraw);

let width = document.documentElement.clientWidth;
addEventListener('resize', () => {
  if (width !== document.documentElement.clientWidth) {
    width = document.documentElement.clientWidth;
    redraw();
  }
});

import uPlot from 'uplot';
import type { NamedView, RunData } from '../data.js';
import {
  type ChartPlan,
  type ChartSurroundings,
  errorsChart,
  latencyChart,
  throughputChart,
} from './charts.js';
import { el, find, svg } from './dom.js';
import { type Geometry, geometryOf, instantAt, plotWidth, xOf } from './geometry.js';
import { listenToKeys } from './keys.js';
import { type DrawnLane, makeLanes } from './lanes.js';
import { type Legend, makeLegend } from './legend.js';
import { drawRuler } from './ruler.js';
import { makeScrubber } from './scrubber.js';
import { type RunSeries, seriesOf } from './series.js';
import { drawMarks, shadePhases } from './shade.js';
import { makeToolbar } from './toolbar.js';
import { makeValuesTable } from './values-table.js';
import { View } from './view.js';

const HEIGHTS: Readonly<Record<string, number>> = { latency: 230, errors: 150 };

/** Charts and lanes of one run over one axis. */
export class RunTimeline {
  readonly view: View;
  /** By name: `throughput-rw`, `throughput-ro`, `latency`, `errors`; empty until it is drawn. */
  readonly charts = new Map<string, uPlot>();
  readonly lanes: readonly DrawnLane[];
  private readonly series: RunSeries;
  private readonly legends: Legend[] = [];
  private readonly ruler = svg('svg', { 'aria-hidden': 'true' });
  private readonly cursor = el('div', { class: 'cursor', hidden: true });
  private readonly stack: HTMLElement;
  private readonly scrubber: ReturnType<typeof makeScrubber>;
  private geometry: Geometry = geometryOf(0);

  constructor(
    private readonly section: HTMLElement,
    private readonly data: RunData,
  ) {
    this.series = seriesOf(data);
    const [first] = data.views;
    const limits = { fromMs: 0, toMs: data.endMs };
    this.view = new View(limits, first ?? limits);
    this.stack = find(section, '.stack');
    this.stack.append(this.cursor);
    find(section, '.ruler').append(this.ruler);
    this.lanes = makeLanes(find(section, '.lanes'), data.lanes, {
      marks: data.marks,
      startMs: this.series.startMs,
      endMs: data.endMs,
    });
    makeToolbar(find(section, '.toolbar'), this.view, data.views);
    this.scrubber = makeScrubber(find(section, '.scrubber'), this.view, this.series.startMs, (atMs) =>
      this.inWords(atMs),
    );
    makeValuesTable(find(section, 'details.values'), this.view, this.series);
    listenToKeys(section, this.view, data.views, this.series.startMs);
    this.listenToLanes();
    this.view.listen({ window: () => this.showWindow(), instant: () => this.showInstant() });
  }

  /** Draws all of it, in the width and the colours that the page has now. */
  draw(): void {
    const width = find(this.stack, '.chart').clientWidth;
    if (width === 0) {
      return; // Behind another tab.
    }
    this.geometry = geometryOf(width);
    this.stack.style.setProperty('--axis-left', `${this.geometry.left}px`);
    this.stack.style.setProperty('--axis-width', `${plotWidth(this.geometry)}px`);
    for (const chart of this.charts.values()) {
      chart.destroy();
    }
    this.charts.clear();
    this.legends.length = 0;
    const { series } = this;
    const around = this.surroundings();
    for (const port of series.throughput) {
      this.add(throughputChart(port, series, around));
    }
    if (series.latency.length > 0) {
      this.add(latencyChart(series, around));
    }
    if (series.errors.length > 0) {
      this.add(errorsChart(series, around));
    }
    this.showWindow();
    this.showInstant();
  }

  private add({ name, options, data, legend }: ChartPlan): void {
    const frame = find(this.section, `figure.${name}`);
    const target = find(frame, '.chart');
    const height = HEIGHTS[name] ?? (this.series.throughput.length > 1 ? 140 : 190);
    const chart = new uPlot({ ...options, width: this.geometry.width, height }, data, target);
    this.charts.set(name, chart);
    this.legends.push(makeLegend(find(frame, '.chart-legend'), legend));
  }

  private surroundings(): ChartSurroundings {
    return {
      geometry: this.geometry,
      window: () => this.view.window,
      under: (u) => shadePhases(u, this.data.phases),
      over: (u) => drawMarks(u, this.data.marks),
      onSelect: (u) => {
        const { left, width } = u.select;
        if (width > 0) {
          const fromMs = u.posToVal(left, 'x');
          const toMs = u.posToVal(left + width, 'x');
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.view.show({ fromMs, toMs });
        }
      },
      onPoint: (atMs) => this.view.point(atMs),
      onDoubleClick: () => this.view.show(this.view.limits),
    };
  }

  private showWindow(): void {
    const { fromMs, toMs } = this.view.window;
    for (const chart of this.charts.values()) {
      chart.setScale('x', { min: fromMs, max: toMs });
    }
    drawRuler(this.ruler, this.data, this.view.window, this.geometry);
    for (const lane of this.lanes) {
      lane.draw(this.view.window, this.geometry);
    }
    this.showInstant();
  }

  private showInstant(): void {
    const atMs = this.view.instantMs;
    const { window } = this.view;
    const isShown = atMs !== null && atMs >= window.fromMs && atMs <= window.toMs;
    this.cursor.hidden = !isShown;
    if (isShown) {
      this.cursor.style.transform = `translateX(${xOf(atMs, window, this.geometry)}px)`;
      this.cursor.dataset['at'] = this.instantInWords(atMs);
      this.cursor.classList.toggle('at-right', atMs > (window.fromMs + window.toMs) / 2);
    }
    for (const legend of this.legends) {
      legend.show(isShown ? this.series.startMs : null, atMs ?? 0);
    }
    for (const lane of this.lanes) {
      lane.point(isShown ? atMs : null);
    }
    this.scrubber.update();
  }

  /** `22.314 s, +2.267 s`: since the start, and since the last fault before it. */
  private instantInWords(atMs: number): string {
    const fault = this.data.marks.findLast((mark) => mark.kind === 'fault' && mark.atMs <= atMs);
    const since = fault === undefined ? '' : `  +${((atMs - fault.atMs) / 1000).toFixed(2)} s`;
    return `${(atMs / 1000).toFixed(2)} s${since}`;
  }

  /** All that charts and lanes say of the instant, for who hears it. */
  private inWords(atMs: number): string {
    const figures = this.legends.flatMap((legend) => legend.inWords(this.series.startMs, atMs));
    const states = this.lanes.map(({ group, label, stateAt }) => `${group} ${label}: ${stateAt(atMs)}`);
    return [this.instantInWords(atMs), ...figures, ...states].join('; ');
  }

  private listenToLanes(): void {
    const lanes = find(this.section, '.lanes');
    const pointTo = (event: MouseEvent) => {
      const x = event.clientX - this.stack.getBoundingClientRect().left;
      const isOnAxis = x >= this.geometry.left && x <= this.geometry.left + plotWidth(this.geometry);
      this.view.point(isOnAxis ? instantAt(x, this.view.window, this.geometry) : null);
    };
    lanes.addEventListener('mousemove', pointTo);
    lanes.addEventListener('click', pointTo);
    lanes.addEventListener('mouseleave', () => this.view.point(null));
    this.stack.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey) {
          event.preventDefault();
          this.view.zoom(event.deltaY > 0 ? 1.25 : 0.8);
        }
      },
      { passive: false },
    );
  }
}

/** The view whose window this is, if it is one of those with a name. */
export function viewNamed(views: readonly NamedView[], view: View): NamedView | undefined {
  const { fromMs, toMs } = view.window;
  return views.find((each) => Math.abs(each.fromMs - fromMs) < 1 && Math.abs(each.toMs - toMs) < 1);
}

import uPlot from 'uplot';
import type { LaneGroup, Mark, NamedView, Phase } from '../data.js';
import { el, find, svg } from './dom.js';
import type { ChartPlan, ChartSurroundings } from './frame.js';
import { type Geometry, geometryOf, instantAt, plotWidth, xOf } from './geometry.js';
import { listenToKeys } from './keys.js';
import { type DrawnLane, makeLanes } from './lanes.js';
import { type Legend, makeLegend } from './legend.js';
import { drawRuler } from './ruler.js';
import { makeScrubber } from './scrubber.js';
import { drawMarks, shadePhases } from './shade.js';
import { makeToolbar } from './toolbar.js';
import type { View } from './view.js';

/** What a stack draws. */
export interface StackContent {
  readonly marks: readonly Mark[];
  readonly phases: readonly Phase[];
  readonly lanes: readonly LaneGroup[];
  /** Where the buckets begin that all charts are drawn over, and where the last one ends. */
  readonly startMs: readonly number[];
  readonly endMs: number;
  readonly charts: (around: ChartSurroundings) => readonly ChartPlan[];
  /** An instant for people, `22.31 s  +2.27 s`. */
  readonly instantInWords: (atMs: number) => string;
}

/** Charts and lanes under each other over one axis: zoomed, moved and pointed at together. */
export class Stack {
  /** By name: `throughput-rw`, `latency`; empty until it is drawn. */
  readonly charts = new Map<string, uPlot>();
  private drawnLanes: readonly DrawnLane[] = [];
  private readonly legends: Legend[] = [];
  private readonly ruler = svg('svg', { 'aria-hidden': 'true' });
  private readonly cursor = el('div', { class: 'cursor', hidden: true });
  private readonly frame: HTMLElement;
  private readonly scrubber: { readonly update: () => void };
  private geometry: Geometry = geometryOf(0);

  /** @param section with the frames that the renderer made, see timeline.ts beside the folder of the page */
  constructor(
    private readonly section: HTMLElement,
    readonly view: View,
    views: readonly NamedView[],
    private content: StackContent,
  ) {
    this.frame = find(section, '.stack');
    this.frame.append(this.cursor);
    find(section, '.ruler').append(this.ruler);
    makeToolbar(find(section, '.toolbar'), view, views);
    const buckets = () => this.content.startMs;
    this.scrubber = makeScrubber(find(section, '.scrubber'), view, buckets, (atMs) => this.inWords(atMs));
    listenToKeys(section, view, views, buckets);
    this.listenToMouse();
    this.fill();
    view.listen({ window: () => this.showWindow(), instant: () => this.showInstant() });
  }

  get lanes(): readonly DrawnLane[] {
    return this.drawnLanes;
  }

  /** Draws something else on the same axis. */
  show(content: StackContent): void {
    this.content = content;
    this.fill();
    this.draw();
  }

  private fill(): void {
    const target = find(this.section, '.lanes');
    target.replaceChildren();
    this.drawnLanes = makeLanes(target, this.content.lanes, this.content);
  }

  /** Draws all of it, in the width and the colours that the page has now. */
  draw(): void {
    const width = find(this.frame, '.chart').clientWidth;
    if (width === 0) {
      return; // Behind another tab.
    }
    this.geometry = geometryOf(width);
    this.frame.style.setProperty('--axis-left', `${this.geometry.left}px`);
    this.frame.style.setProperty('--axis-width', `${plotWidth(this.geometry)}px`);
    for (const chart of this.charts.values()) {
      chart.destroy();
    }
    this.charts.clear();
    this.legends.length = 0;
    for (const plan of this.content.charts(this.surroundings())) {
      this.add(plan);
    }
    this.showWindow();
  }

  private add({ name, height, options, data, legend }: ChartPlan): void {
    const figure = find(this.section, `figure.${name}`);
    const chart = new uPlot({ ...options, width: this.geometry.width, height }, data, find(figure, '.chart'));
    this.charts.set(name, chart);
    this.legends.push(makeLegend(find(figure, '.chart-legend'), legend));
  }

  private surroundings(): ChartSurroundings {
    return {
      geometry: this.geometry,
      window: () => this.view.window,
      under: (u) => shadePhases(u, this.content.phases),
      over: (u) => drawMarks(u, this.content.marks),
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
    drawRuler(this.ruler, this.content, this.view.window, this.geometry);
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
      this.cursor.dataset['at'] = this.content.instantInWords(atMs);
      this.cursor.classList.toggle('at-right', atMs > (window.fromMs + window.toMs) / 2);
    }
    for (const legend of this.legends) {
      legend.show(isShown ? this.content.startMs : null, atMs ?? 0);
    }
    for (const lane of this.lanes) {
      lane.point(isShown ? atMs : null);
    }
    this.scrubber.update();
  }

  /** All that charts and lanes say of the instant, for who hears it. */
  private inWords(atMs: number): string {
    const figures = this.legends.flatMap((legend) => legend.inWords(this.content.startMs, atMs));
    const states = this.lanes.map(({ group, label, stateAt }) => `${group} ${label}: ${stateAt(atMs)}`);
    return [this.content.instantInWords(atMs), ...figures, ...states].join('; ');
  }

  private listenToMouse(): void {
    const lanes = find(this.section, '.lanes');
    const pointTo = (event: MouseEvent) => {
      const x = event.clientX - this.frame.getBoundingClientRect().left;
      const isOnAxis = x >= this.geometry.left && x <= this.geometry.left + plotWidth(this.geometry);
      this.view.point(isOnAxis ? instantAt(x, this.view.window, this.geometry) : null);
    };
    lanes.addEventListener('mousemove', pointTo);
    lanes.addEventListener('click', pointTo);
    lanes.addEventListener('mouseleave', () => this.view.point(null));
    this.frame.addEventListener(
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

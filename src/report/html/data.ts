/*
 * What a page is given to draw: plain data, as JSON in the page. Instants are ms since the start of the run (or since
 * the fault, where runs are laid over each other), latencies µs, rates per second.
 */

/** A column with its runs of the same value folded: `[value, count]` stands for so many of them, see packed.ts. */
export type Packed = readonly (number | null | readonly [value: number | null, count: number])[];

/** The content of the page's data element. */
export interface PageData {
  /** One for each result, in the order of the page. */
  readonly runs: readonly RunData[];
  /** Of a comparison; null on the page of a report. */
  readonly overlay: OverlayData | null;
}

/** The timeline of one run, and its distributions. */
export interface RunData {
  /** Of the ids of this run's elements, `run1`. */
  readonly id: string;
  readonly endMs: number;
  /** Buckets of the columns: how far each begins from the begin of the one before it, the first one from 0. */
  readonly stepMs: Packed;
  /** Whether buckets of the result were joined, see thin.ts. */
  readonly thinned: boolean;
  readonly throughput: readonly Line[];
  /** Of the acknowledged, from the middle outwards: p50, p90, p99, max. Empty when nothing was acknowledged. */
  readonly latency: readonly Line[];
  /** Failed attempts per second, by class, in the order in which they are stacked. */
  readonly errors: readonly Line[];
  readonly lanes: readonly LaneGroup[];
  readonly marks: readonly Mark[];
  readonly phases: readonly Phase[];
  /** The whole run last; the first one is shown at first. */
  readonly views: readonly NamedView[];
  readonly spectra: readonly SpectrumData[];
}

/** One column over the buckets. */
export interface Line {
  /** `rw`, `p99`, `shutdown`. */
  readonly name: string;
  /** For people, `read-write port`. */
  readonly label: string;
  readonly values: Packed;
}

export interface LaneGroup {
  readonly title: string;
  readonly lanes: readonly Lane[];
}

export type Lane = SpanLane | HeightLane;

/** States one after the other. */
export interface SpanLane {
  readonly kind: 'spans';
  readonly label: string;
  readonly spans: readonly Span[];
}

/** A value of each bucket as a height. */
export interface HeightLane {
  readonly kind: 'heights';
  readonly label: string;
  readonly unit: 'ms';
  readonly values: Packed;
}

export interface Span {
  readonly fromMs: number;
  /** Null until the end of the run. */
  readonly toMs: number | null;
  readonly text: string;
  readonly look: Look;
  /** It began in (fromMs - uncertaintyMs, fromMs]; 0 where that is exact. */
  readonly uncertaintyMs: number;
}

/**
 * How a span is drawn: `node0` … `node5` by the node it names, or by what it means. `none` is a state in which there is
 * nobody, `off` one that is not in service.
 */
export type Look = `node${number}` | 'up' | 'off' | 'none' | 'change' | 'outage' | 'plain';

/** Something at one instant, drawn through all charts. */
export interface Mark {
  readonly atMs: number;
  readonly kind: 'fault' | 'undo' | 'leader' | 'healthy';
  readonly text: string;
}

/** Phases do not overlap. */
export interface Phase {
  readonly name: 'before' | 'during' | 'after';
  /** With the number of its round where there are several: `after 1, before 2`. */
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface NamedView {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the round that it shows, from 1, as the tables number them; null for none. */
  readonly round: number | null;
  /** The fault that its instants are told against; null for none. */
  readonly askedAtMs: number | null;
}

export interface SpectrumData {
  readonly name: string;
  /** How many it is taken of: the last point stands for one of so many. */
  readonly count: number;
  readonly percents: readonly number[];
  readonly valuesUs: readonly number[];
}

/** Runs laid over each other, at the instant at which the fault was asked for: that is 0 there. */
export interface OverlayData {
  readonly id: string;
  /** Those that had a fault, the base first. */
  readonly runs: readonly OverlayRun[];
}

export interface OverlayRun {
  readonly name: string;
  /** Index in {@link rounds} of the one that is shown at first: the median by its write downtime. */
  readonly first: number;
  readonly rounds: readonly OverlayRound[];
}

/** One round: columns of buckets, the first of which begins at `fromMs` from the fault, mostly before it. */
export interface OverlayRound {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** When the load was steady again, or as long as it is worth to be looked at. */
  readonly overMs: number;
  /** As in {@link RunData}, the first one from `fromMs`. */
  readonly stepMs: Packed;
  /** Acknowledged per second; null on a port that the run did not use. */
  readonly rw: Packed | null;
  readonly ro: Packed | null;
  readonly p99Us: Packed;
  /** Outages from the fault; null without one. */
  readonly noWrites: Outage | null;
  readonly noReads: Outage | null;
}

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

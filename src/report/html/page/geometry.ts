import type { Window } from './view.js';

/** Where the time axis lies: the same for charts, ruler, lanes and scrubber. Pixels of CSS. */
export interface Geometry {
  /** Of the whole stack, without the legends at its right. */
  readonly width: number;
  /** Of the axis labels at the left. */
  readonly left: number;
  /** Free room at the right of the axis, for the last tick. */
  readonly right: number;
}

const NARROW = 640;

export function geometryOf(width: number): Geometry {
  return width < NARROW ? { width, left: 64, right: 8 } : { width, left: 76, right: 14 };
}

/** Pixels of the axis itself. */
export function plotWidth({ width, left, right }: Geometry): number {
  return Math.max(10, width - left - right);
}

/** From the left edge of the stack. */
export function xOf(atMs: number, { fromMs, toMs }: Window, geometry: Geometry): number {
  return geometry.left + ((atMs - fromMs) / (toMs - fromMs)) * plotWidth(geometry);
}

export function instantAt(x: number, { fromMs, toMs }: Window, geometry: Geometry): number {
  return fromMs + ((x - geometry.left) / plotWidth(geometry)) * (toMs - fromMs);
}

/** A part of the time axis, ms. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Nothing narrower is shown: a few buckets. */
const LEAST_MS = 500;

/** What part of the axis all charts show, and the instant that is pointed at. */
export class View {
  private shown: Window;
  private pointedMs: number | null = null;
  private readonly onWindow: (() => void)[] = [];
  private readonly onInstant: (() => void)[] = [];

  /** @param limits as far as anything can be shown */
  constructor(
    readonly limits: Window,
    first: Window,
  ) {
    this.shown = within(first, limits);
  }

  get window(): Window {
    return this.shown;
  }

  /** Null while nothing is pointed at. */
  get instantMs(): number | null {
    return this.pointedMs;
  }

  listen(to: { readonly window?: () => void; readonly instant?: () => void }): void {
    if (to.window !== undefined) {
      this.onWindow.push(to.window);
    }
    if (to.instant !== undefined) {
      this.onInstant.push(to.instant);
    }
  }

  show(window: Window): void {
    const next = within(window, this.limits);
    if (next.fromMs !== this.shown.fromMs || next.toMs !== this.shown.toMs) {
      this.shown = next;
      call(this.onWindow);
    }
  }

  /** @param factor below 1 is closer; around the instant that is pointed at, or the middle */
  zoom(factor: number, aroundMs = this.pointedMs): void {
    this.show(zoomed(this.shown, factor, aroundMs));
  }

  /** @param share of what is shown; negative is earlier */
  pan(share: number): void {
    const { fromMs, toMs } = this.shown;
    const lengthMs = toMs - fromMs;
    const least = this.limits.fromMs - fromMs;
    const most = this.limits.toMs - toMs;
    const byMs = Math.max(least, Math.min(most, share * lengthMs));
    this.show({ fromMs: fromMs + byMs, toMs: toMs + byMs });
  }

  point(instantMs: number | null): void {
    const next =
      instantMs === null ? null : Math.max(this.limits.fromMs, Math.min(this.limits.toMs, instantMs));
    if (next !== this.pointedMs) {
      this.pointedMs = next;
      call(this.onInstant);
    }
  }
}

function call(listeners: readonly (() => void)[]): void {
  for (const listener of listeners) {
    listener();
  }
}

/** Keeps its length where there is room for it. */
function within({ fromMs, toMs }: Window, limits: Window): Window {
  const room = limits.toMs - limits.fromMs;
  const lengthMs = Math.min(room, Math.max(Math.min(LEAST_MS, room), toMs - fromMs));
  const grown = (lengthMs - (toMs - fromMs)) / 2;
  const from = Math.max(limits.fromMs, Math.min(limits.toMs - lengthMs, fromMs - grown));
  return { fromMs: from, toMs: from + lengthMs };
}

/** The instant that it is zoomed around stays where it is. */
function zoomed({ fromMs, toMs }: Window, factor: number, aroundMs: number | null): Window {
  const isInside = aroundMs !== null && aroundMs >= fromMs && aroundMs <= toMs;
  const centre = isInside ? aroundMs : (fromMs + toMs) / 2;
  return { fromMs: centre - (centre - fromMs) * factor, toMs: centre + (toMs - centre) * factor };
}

/** The bucket that holds the instant: the last one that begins at or before it; the first one before all. */
export function bucketAt(startMs: ArrayLike<number>, atMs: number): number {
  let low = 0;
  let high = startMs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((startMs[middle] ?? 0) <= atMs) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

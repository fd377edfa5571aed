import { performance } from 'node:perf_hooks';
import type { ClockOffset } from '../result/observed.js';

/** PostgreSQL's clock_timestamp() is cut to whole µs. */
const RESOLUTION_MS = 0.001;

/** An offset lies between them, ms. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * This machine's wall clock in epoch ms, which goes on evenly when the system's time is set: what RunClock is to
 * instants of the run. NTP's steering of the rate is in it, a step is not.
 */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * A host's clock against ours, from questions for its time. It told the time at some instant between the question and
 * the answer, so that each round trip bounds the offset, and all of them together bound it more closely than the best
 * one alone: half its round trip to either side. A clock that was set during the run, or drifts, gives bounds that
 * exclude each other; then the answer spans all that was seen.
 *
 * Events are stamped by our clock, when they are observed. The offset is for what others stamped: Patroni's history,
 * lines of logs.
 */
export class ClockOffsetEstimator {
  private current: Bounds | null = null;
  private earlier: Bounds | null = null;

  constructor(private readonly host: string) {}

  /** @param askedMs, answeredMs by {@link wallClockMs}; serverMs epoch ms by the host's clock */
  add(askedMs: number, answeredMs: number, serverMs: number): void {
    const sample = { low: serverMs - answeredMs - RESOLUTION_MS, high: serverMs - askedMs + RESOLUTION_MS };
    if (this.current === null) {
      this.current = sample;
      return;
    }
    const low = Math.max(this.current.low, sample.low);
    const high = Math.min(this.current.high, sample.high);
    if (low <= high) {
      this.current = { low, high };
    } else {
      this.earlier = hull(this.earlier, this.current);
      this.current = sample;
    }
  }

  /** Null while the host has not told its time. */
  offset(): ClockOffset | null {
    if (this.current === null) {
      return null;
    }
    const { low, high } = hull(this.earlier, this.current);
    return { host: this.host, offsetMs: (low + high) / 2, uncertaintyMs: (high - low) / 2 };
  }
}

function hull(one: Bounds | null, other: Bounds): Bounds {
  return one === null ? other : { low: Math.min(one.low, other.low), high: Math.max(one.high, other.high) };
}

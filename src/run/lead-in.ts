import { RunClock } from '../clock.js';
import type { Frame, ProbeFrame, ServerFrame } from '../load/frame.js';
import type { Observed, Series } from '../result/observed.js';
import type { Event } from '../result/result.js';

/**
 * Who looks on begins before instant 0, in the warm-up: what connects and looks for the first time costs the load
 * something, and that is not the load's. Its instants would be negative, so it is given a clock that begins earlier, by
 * whole intervals, and what it tells is moved onto the axis of the run here.
 */
export class LeadIn {
  /** For whoever looks on. */
  readonly clock: RunClock;
  private readonly intervals: number;
  private readonly leadMs: number;

  /** @param clock of the run, whose instant 0 may lie ahead */
  constructor(clock: RunClock, intervalMs: number) {
    this.intervals = Math.max(0, Math.ceil(-clock.nowMs() / intervalMs));
    this.leadMs = this.intervals * intervalMs;
    this.clock = new RunClock(clock.originNs - BigInt(Math.round(this.leadMs * 1e6)));
  }

  /** Undefined for an interval before the run. */
  frame(frame: Frame): Frame | undefined {
    const interval = frame.interval - this.intervals;
    if (interval < 0) {
      return undefined;
    }
    const probes = frame.probes.map((probe) => this.probe(probe));
    const servers = frame.servers.map((server) => this.server(server));
    return { ...frame, interval, probes, servers };
  }

  /** What was so before the run is what it begins with, and no change. */
  event(event: Event): Event {
    const atMs = event.atMs - this.leadMs;
    return atMs >= 0 ? { ...event, atMs } : { ...event, atMs: 0, uncertaintyMs: 0, from: null };
  }

  observed(observed: Observed): Observed {
    return { ...observed, series: observed.series.map((series) => this.series(series)) };
  }

  private probe(probe: ProbeFrame): ProbeFrame {
    return {
      ...probe,
      firstAckUs: this.instant(probe.firstAckUs),
      lastAckUs: this.instant(probe.lastAckUs),
      triedBeforeUs: this.instant(probe.triedBeforeUs),
      firstKeptAckUs: this.instant(probe.firstKeptAckUs),
      keptSinceUs: this.instant(probe.keptSinceUs),
    };
  }

  private server(server: ServerFrame): ServerFrame {
    return {
      ...server,
      firstAckUs: this.instant(server.firstAckUs),
      lastAckUs: this.instant(server.lastAckUs),
    };
  }

  /** -1 is none; before the run is at its beginning. */
  private instant(atUs: number): number {
    return atUs < 0 ? atUs : Math.max(0, atUs - this.leadMs * 1000);
  }

  /** Of what was seen before the run, the last value is the first of the run. */
  private series(series: Series): Series {
    const atMs = series.atMs.map((at) => Math.round((at - this.leadMs) * 10) / 10);
    const first = Math.max(
      0,
      atMs.findLastIndex((at) => at <= 0),
    );
    return {
      ...series,
      atMs: atMs.slice(first).map((at) => Math.max(0, at)),
      values: series.values.slice(first),
    };
  }
}

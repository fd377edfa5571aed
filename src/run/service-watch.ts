import type { Frame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import { ACK, ACK_UNREPLICATED } from '../postgres/outcome.js';

/** Without an acknowledgement for so long the service is taken for away, whether something failed or hangs. */
const SILENCE_MS = 1000;

/** The load begins slower than it goes on. */
const RAMP_UP_SECONDS = 2;
/** Frames of a second may be under way for so long. */
const LATE_SECONDS = 1;
/** As long as the analysis wants it, see analysis/phases.ts. */
const HOLD_SECONDS = 3;
const KEPT_SECONDS = 30;

/**
 * Whether writes are acknowledged while the run goes on, from the frames of the probe of the read-write port; without
 * probes, from those of the load.
 */
export class ServiceWatch {
  /** Since when service has been without a failure, ms; null while it is away. */
  private sinceMs: number | null = null;
  private lastAckMs = Number.NEGATIVE_INFINITY;

  /** Acknowledged transactions of the load by second. */
  private readonly seconds = new Map<number, number>();
  private usualTps = 0;
  /** Of a load that only reads, reads have to tell. */
  private readonly hasWriters: boolean;

  constructor(private readonly plan: Plan) {
    this.hasWriters = plan.workload.scripts.some(({ weight, writes }) => weight > 0 && writes);
  }

  saw(frame: Frame): void {
    this.count(frame);
    const { firstUs, lastUs, failed } = this.plan.probes ? probed(frame) : this.loaded(frame);
    if (failed) {
      this.sinceMs = null;
    }
    if (lastUs < 0) {
      return;
    }
    if (this.sinceMs === null || firstUs / 1000 - this.lastAckMs > SILENCE_MS) {
      // Failures of the same frame may have come before or after.
      this.sinceMs = (failed ? lastUs : firstUs) / 1000;
    }
    this.lastAckMs = Math.max(this.lastAckMs, lastUs / 1000);
  }

  /** For how long writes have been acknowledged without a break, ms; 0 while they are not. */
  servedForMs(nowMs: number, fromMs: number): number {
    if (this.sinceMs === null || nowMs - this.lastAckMs > SILENCE_MS) {
      return 0;
    }
    return Math.max(0, nowMs - Math.max(this.sinceMs, fromMs));
  }

  /** What the load is like now becomes what it is to be like again: the median of its seconds up to here. */
  setUsual(nowMs: number): void {
    const seconds = Array.from(
      { length: Math.floor(nowMs / 1000) },
      (_, second) => this.seconds.get(second) ?? 0,
    );
    const calm = seconds.slice(RAMP_UP_SECONDS).sort((a, b) => a - b);
    this.usualTps = calm[calm.length >> 1] ?? 0;
  }

  /** Whether the last whole seconds held what is usual, up to a tenth; true where nothing is known of that. */
  isAsUsual(nowMs: number): boolean {
    const last = Math.floor(nowMs / 1000) - LATE_SECONDS;
    let acks = 0;
    for (let second = last - HOLD_SECONDS + 1; second <= last; second++) {
      acks += this.seconds.get(second) ?? 0;
    }
    return acks >= 0.9 * HOLD_SECONDS * this.usualTps;
  }

  private count(frame: Frame): void {
    const second = Math.floor((frame.interval * this.plan.intervalMs) / 1000);
    let acks = 0;
    for (const { outcomes } of frame.scripts) {
      acks += (outcomes[ACK] ?? 0) + (outcomes[ACK_UNREPLICATED] ?? 0);
    }
    this.seconds.set(second, (this.seconds.get(second) ?? 0) + acks);
    // The first ones are for setUsual(), the others are soon forgotten.
    if (this.usualTps > 0) {
      this.seconds.delete(second - KEPT_SECONDS);
    }
  }

  private loaded(frame: Frame): Seen {
    let firstUs = -1;
    let lastUs = -1;
    for (const script of frame.scripts) {
      const counts = !this.hasWriters || this.plan.workload.scripts[script.script]?.writes === true;
      const acks = (script.outcomes[ACK] ?? 0) + (script.outcomes[ACK_UNREPLICATED] ?? 0);
      if (counts && acks > 0 && script.firstAckUs >= 0) {
        firstUs = firstUs < 0 ? script.firstAckUs : Math.min(firstUs, script.firstAckUs);
        lastUs = Math.max(lastUs, script.lastAckUs);
      }
    }
    // Failures of the load may be contention: here only silence tells.
    return { firstUs, lastUs, failed: false };
  }
}

interface Seen {
  readonly firstUs: number;
  readonly lastUs: number;
  readonly failed: boolean;
}

function probed(frame: Frame): Seen {
  const probe = frame.probes.find(({ kind, route }) => kind === 'service' && route === 'rw');
  return {
    firstUs: probe?.firstAckUs ?? -1,
    lastUs: probe?.lastAckUs ?? -1,
    failed: (probe?.failures ?? 0) > 0,
  };
}

import type { Frame } from '../load/frame.js';
import type { Route } from '../plan/target.js';

/** Worker number of frames that no worker recorded. */
const NO_WORKER = -1;

/** Turns what a probe lives through into frames, as the recorder of a worker does for its clients. */
export class ProbeRecorder {
  private interval = 0;
  private acks = 0;
  private failures = 0;
  private firstAckUs = -1;
  private lastAckUs = -1;
  private triedBeforeUs = -1;
  private stallUs = 0;

  constructor(
    private readonly route: Route,
    private readonly intervalUs: number,
    private readonly emit: (frame: Frame) => void,
  ) {}

  /** Closes the interval if `nowUs` is behind its end. */
  roll(nowUs: number): void {
    if (nowUs >= (this.interval + 1) * this.intervalUs) {
      this.flush();
      this.interval = Math.floor(nowUs / this.intervalUs);
    }
  }

  /** @param triedBeforeUs see ProbeFrame */
  acknowledged(atUs: number, triedBeforeUs: number): void {
    this.roll(atUs);
    if (this.acks++ === 0) {
      this.firstAckUs = atUs;
      this.triedBeforeUs = triedBeforeUs;
    }
    this.lastAckUs = atUs;
  }

  failed(atUs: number): void {
    this.roll(atUs);
    this.failures++;
  }

  /** The probe's own event loop was late by this much: what it did not see then, nobody refused. */
  stalled(byUs: number): void {
    this.stallUs = Math.max(this.stallUs, byUs);
  }

  flush(): void {
    if (this.acks + this.failures > 0 || this.stallUs > 0) {
      this.emit({
        worker: NO_WORKER,
        interval: this.interval,
        scripts: [],
        errors: [],
        servers: [],
        probes: [
          {
            route: this.route,
            kind: 'service',
            acks: this.acks,
            failures: this.failures,
            firstAckUs: Math.round(this.firstAckUs),
            lastAckUs: Math.round(this.lastAckUs),
            triedBeforeUs: Math.round(this.triedBeforeUs),
            keptAcks: 0,
            firstKeptAckUs: -1,
            lastLsn: -1,
          },
        ],
        heartbeats: [],
        connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
        stallUs: Math.round(this.stallUs),
      });
    }
    this.acks = 0;
    this.failures = 0;
    this.firstAckUs = -1;
    this.lastAckUs = -1;
    this.triedBeforeUs = -1;
    this.stallUs = 0;
  }
}

import type { Frame, ProbeFrame } from '../load/frame.js';
import type { Route } from '../plan/target.js';
import { ObservedFrames, type ObservedPart } from './observed-frames.js';

/** An acknowledgement of a probe. */
export interface ProbeAck {
  readonly atUs: number;
  /** See ProbeFrame. */
  readonly triedBeforeUs: number;
  /** When its connection was made; -1 where it was not there before the trouble, see ProbeFrame. */
  readonly keptSinceUs: number;
  /** Position in the WAL that the server named, bytes; -1 where it named none. */
  readonly lsn: number;
}

/** Turns what a probe lives through into frames. */
export class ProbeRecorder {
  private readonly frames: ObservedFrames;
  private acks = 0;
  private failures = 0;
  private firstAckUs = -1;
  private lastAckUs = -1;
  private triedBeforeUs = -1;
  private keptAcks = 0;
  private firstKeptAckUs = -1;
  private keptSinceUs = -1;
  private lastLsn = -1;
  private stallUs = 0;

  constructor(
    private readonly route: Route,
    private readonly kind: ProbeFrame['kind'],
    intervalUs: number,
    emit: (frame: Frame) => void,
  ) {
    this.frames = new ObservedFrames({ intervalUs, emit, take: () => this.take() });
  }

  /** Closes the interval if `nowUs` is behind its end. */
  roll(nowUs: number): void {
    this.frames.roll(nowUs);
  }

  acknowledged({ atUs, triedBeforeUs, keptSinceUs, lsn }: ProbeAck): void {
    this.roll(atUs);
    if (this.acks++ === 0) {
      this.firstAckUs = atUs;
      this.triedBeforeUs = triedBeforeUs;
    }
    this.lastAckUs = atUs;
    this.lastLsn = Math.max(this.lastLsn, lsn);
    if (keptSinceUs >= 0 && this.keptAcks++ === 0) {
      this.firstKeptAckUs = atUs;
      this.keptSinceUs = keptSinceUs;
    }
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
    this.frames.flush();
  }

  private take(): ObservedPart | undefined {
    if (this.acks + this.failures === 0 && this.stallUs === 0) {
      return undefined;
    }
    const probe: ProbeFrame = {
      route: this.route,
      kind: this.kind,
      acks: this.acks,
      failures: this.failures,
      firstAckUs: Math.round(this.firstAckUs),
      lastAckUs: Math.round(this.lastAckUs),
      triedBeforeUs: Math.round(this.triedBeforeUs),
      keptAcks: this.keptAcks,
      firstKeptAckUs: Math.round(this.firstKeptAckUs),
      keptSinceUs: Math.round(this.keptSinceUs),
      lastLsn: this.lastLsn,
    };
    const part = { probes: [probe], stallUs: Math.round(this.stallUs) };
    this.acks = 0;
    this.failures = 0;
    this.firstAckUs = -1;
    this.lastAckUs = -1;
    this.triedBeforeUs = -1;
    this.keptAcks = 0;
    this.firstKeptAckUs = -1;
    this.keptSinceUs = -1;
    this.lastLsn = -1;
    this.stallUs = 0;
    return part;
  }
}

import type { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Route } from '../plan/target.js';
import type { SessionOptions } from '../postgres/session.js';
import {
  Attempt,
  MOST_ASKED,
  PATIENCE_MS,
  PROBE_CADENCE_MS,
  PROBE_CONNECTIONS,
  probeRequest,
  underWay,
} from './attempt.js';
import type { NewConnections } from './probe.js';
import { ProbeRecorder } from './probe-recorder.js';

/**
 * How often it connects while all is well: a connection with SCRAM costs the server a process and some ms of CPU, and
 * this thread about as many.
 */
export const SPARSE_CADENCE_MS = 1000;

/** So long it looks closely behind a call of dense(), and behind the last failure. */
const DENSE_MS = 2000;

/** A request without an answer is given up after this, and each further one after twice as long, see {@link MOST_ASKED}. */
const FIRST_ASKED_PATIENCE_MS = 1000;

export interface ConnectProbeOptions {
  readonly route: Route;
  readonly session: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  readonly emit: (frame: Frame) => void;
}

/**
 * Asks one endpoint on a new connection each time: what a client without a pool lives through. While the service probe
 * of the same endpoint makes new connections, since it has lost its own, these are taken for this one's: a server that
 * has just come back is not asked twice.
 */
export class ConnectProbe implements NewConnections {
  private readonly recorder: ProbeRecorder;
  private readonly readBuffer = Buffer.allocUnsafeSlow(16 * 1024);
  private readonly request: Buffer;
  private readonly attempts = new Set<Attempt>();
  /** Attempts of the service probe, and when one had been begun before them. */
  private readonly others = new WeakMap<Attempt, number>();
  private lastStartUs = -1;
  private denseUntilUs = 0;
  private askedPatienceUs = FIRST_ASKED_PATIENCE_MS * 1000;
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: ConnectProbeOptions) {
    const { route, intervalMs, emit } = options;
    this.recorder = new ProbeRecorder(route, 'connect', intervalMs * 1000, emit);
    this.request = probeRequest(route);
  }

  start(): void {
    this.ticker = setInterval(() => this.beat(), PROBE_CADENCE_MS);
  }

  stop(): void {
    clearInterval(this.ticker);
    for (const attempt of this.attempts) {
      attempt.close();
    }
    this.attempts.clear();
    this.recorder.flush();
  }

  /** Connects at each beat from now on, until all has been well for a while. */
  dense(): void {
    this.denseUntilUs = this.nowUs() + DENSE_MS * 1000;
  }

  private beat(): void {
    const nowUs = this.nowUs();
    this.recorder.roll(nowUs);
    this.giveUpLate(nowUs);
    // Half a beat less: timers are not exact, and the one before may have been of the other probe.
    const cadenceMs =
      nowUs < this.denseUntilUs ? PROBE_CADENCE_MS / 2 : SPARSE_CADENCE_MS - PROBE_CADENCE_MS / 2;
    if (this.lastStartUs >= 0 && nowUs - this.lastStartUs < cadenceMs * 1000) {
      return;
    }
    const { connecting, asked } = underWay(this.attempts);
    if (connecting < PROBE_CONNECTIONS && asked < MOST_ASKED) {
      this.newAttempt(nowUs);
    }
  }

  private giveUpLate(nowUs: number): void {
    for (const attempt of this.attempts) {
      const takesUs = nowUs - attempt.startUs;
      if (takesUs <= PATIENCE_MS * 1000) {
        continue;
      }
      // It hangs: stay close.
      this.denseUntilUs = nowUs + DENSE_MS * 1000;
      if (attempt.phase === 'asked' && takesUs <= this.askedPatienceUs) {
        continue;
      }
      this.askedPatienceUs *= attempt.phase === 'asked' ? 2 : 1;
      attempt.close();
      this.failed(attempt);
    }
  }

  private newAttempt(nowUs: number): void {
    const attempt = new Attempt(this.options.session, this.readBuffer, this.request, this);
    this.attempts.add(attempt);
    const triedBeforeUs = this.lastStartUs;
    this.lastStartUs = nowUs;
    attempt.begin(nowUs, triedBeforeUs);
  }

  // ---- what attempts tell, its own and those of the service probe

  tried(attempt: Attempt): void {
    this.others.set(attempt, this.lastStartUs);
    this.lastStartUs = attempt.startUs;
  }

  acknowledged(attempt: Attempt): void {
    const triedBeforeUs = this.others.get(attempt) ?? attempt.triedBeforeUs;
    this.recorder.acknowledged({ atUs: this.nowUs(), triedBeforeUs, kept: false, lsn: attempt.lsn });
    this.askedPatienceUs = FIRST_ASKED_PATIENCE_MS * 1000;
    if (this.attempts.delete(attempt)) {
      attempt.close();
    }
  }

  failed(attempt: Attempt): void {
    const nowUs = this.nowUs();
    this.recorder.failed(nowUs);
    this.denseUntilUs = nowUs + DENSE_MS * 1000;
    this.attempts.delete(attempt);
  }

  /** Each connection is closed with its reply, so none is lost without a request. */
  lost(attempt: Attempt): void {
    this.attempts.delete(attempt);
  }

  private nowUs(): number {
    return this.options.clock.nowUs();
  }
}

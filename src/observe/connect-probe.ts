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
  type ProbeRequest,
  probeRequest,
  underWay,
} from './attempt.js';
import type { Beats } from './beats.js';
import type { NewConnections } from './probe.js';
import { ProbeRecorder } from './probe-recorder.js';

/**
 * How often it connects while all is well. A connection with SCRAM costs the server some 10 ms of CPU and this thread 6
 * to 9: once a second on both ports would be 1.5 % of two cores.
 */
const SPARSE_CADENCE_MS = 10_000;

/** So long it looks closely behind a call of dense(), and behind the last failure. */
const DENSE_MS = 2000;

/** A request without an answer is given up after this, and each further one after twice as long, see {@link MOST_ASKED}. */
const FIRST_ASKED_PATIENCE_MS = 1000;

export interface ConnectProbeOptions {
  readonly route: Route;
  readonly session: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  /** At PROBE_CADENCE_MS. */
  readonly beats: Beats;
  /** The first connection is made so long after the start: so that those of two ports do not come together. */
  readonly firstAfterMs: number;
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
  private readonly request: ProbeRequest;
  private readonly attempts = new Set<Attempt>();
  /** Attempts of the service probe, and when one had been begun before them. */
  private readonly others = new WeakMap<Attempt, number>();
  private lastStartUs = -1;
  /** When it connects next, unless it looks closely. */
  private nextUs = 0;
  private denseUntilUs = 0;
  private askedPatienceUs = FIRST_ASKED_PATIENCE_MS * 1000;
  private readonly onBeat = (): void => this.beat();

  constructor(private readonly options: ConnectProbeOptions) {
    const { route, intervalMs, emit } = options;
    this.recorder = new ProbeRecorder(route, 'connect', intervalMs * 1000, emit);
    // Nothing is asked twice on a connection, so there is nothing to prepare.
    this.request = probeRequest(route, 'simple');
  }

  start(): void {
    this.begin();
    this.options.beats.add(this.onBeat);
  }

  /** The run begins, perhaps again: the first connection of it is made now. */
  begin(): void {
    this.nextUs = this.nowUs() + this.options.firstAfterMs * 1000;
  }

  stop(): void {
    this.options.beats.delete(this.onBeat);
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
    // Half a beat: timers are not exact, and the one before may have been the service probe's.
    const justTried = this.lastStartUs >= 0 && nowUs - this.lastStartUs < (PROBE_CADENCE_MS / 2) * 1000;
    if (justTried || (nowUs >= this.denseUntilUs && nowUs < this.nextUs)) {
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
      if (takesUs <= (attempt.phase === 'asked' ? this.askedPatienceUs : attempt.patienceMs * 1000)) {
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
    this.nextUs = nowUs + SPARSE_CADENCE_MS * 1000;
    attempt.begin(nowUs, triedBeforeUs);
  }

  // ---- what attempts tell, its own and those of the service probe

  tried(attempt: Attempt): void {
    this.others.set(attempt, this.lastStartUs);
    this.lastStartUs = attempt.startUs;
  }

  acknowledged(attempt: Attempt): void {
    const triedBeforeUs = this.others.get(attempt) ?? attempt.triedBeforeUs;
    this.recorder.acknowledged({ atUs: this.nowUs(), triedBeforeUs, keptSinceUs: -1, lsn: attempt.lsn });
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

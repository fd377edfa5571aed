import type { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import type { SessionOptions } from '../postgres/session.js';
import {
  Attempt,
  MOST_ASKED,
  PROBE_CADENCE_MS,
  PROBE_CONNECTIONS,
  type ProbeRequest,
  probeRequest,
  underWay,
} from './attempt.js';
import type { Beats } from './beats.js';
import { ProbeRecorder } from './probe-recorder.js';

/**
 * So long the probe waits on its own connection before it tries others beside it: longer than a busy server's commits
 * take, shorter than any failover.
 */
const HANGS_MS = 1000;

/** Who wants to know of new connections that the probe makes while it looks for service; see connect-probe.ts. */
export interface NewConnections {
  /** The probe begins to connect; acknowledged() or failed() follows, if anything does. */
  tried(attempt: Attempt): void;
  acknowledged(attempt: Attempt): void;
  failed(attempt: Attempt): void;
}

export interface ProbeOptions {
  readonly route: Route;
  /** Of the load. */
  readonly protocol: Protocol;
  readonly session: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  /** At PROBE_CADENCE_MS. */
  readonly beats: Beats;
  readonly emit: (frame: Frame) => void;
  readonly newConnections?: NewConnections;
  /** Told at each beat how late it was, µs. */
  readonly onLate?: (byUs: number) => void;
}

/**
 * Asks one endpoint at a fixed cadence, beside the load: on one connection, its home, as long as that is served, and
 * on a new one at each beat when it is lost or hangs. So it does not hang where a client hangs that waits for its one
 * connection, and knows to within a beat when the service was back.
 */
export class Probe {
  private readonly recorder: ProbeRecorder;
  private readonly readBuffer = Buffer.allocUnsafeSlow(16 * 1024);
  private readonly request: ProbeRequest;
  private readonly attempts = new Set<Attempt>();
  private home: Attempt | undefined;
  private homeSinceUs = 0;
  private lastStartUs = -1;
  private lastBeatUs = 0;
  private readonly onBeat = (): void => this.beat();

  constructor(private readonly options: ProbeOptions) {
    const { route, protocol, intervalMs, emit } = options;
    this.recorder = new ProbeRecorder(route, 'service', intervalMs * 1000, emit);
    this.request = probeRequest(route, protocol);
  }

  start(): void {
    this.options.beats.add(this.onBeat);
    this.lastBeatUs = this.nowUs();
    this.home = this.newAttempt(this.lastBeatUs);
    this.home.kept = true;
  }

  stop(): void {
    this.options.beats.delete(this.onBeat);
    for (const attempt of this.attempts) {
      attempt.close();
    }
    this.attempts.clear();
    this.recorder.flush();
  }

  /** Trouble is about to begin: the connection that there is now was there before it. */
  keepHome(): void {
    if (this.home !== undefined) {
      this.home.kept = true;
    }
  }

  private beat(): void {
    const nowUs = this.nowUs();
    const { home } = this;
    const lateUs = nowUs - this.lastBeatUs - PROBE_CADENCE_MS * 1000;
    this.recorder.roll(nowUs);
    this.recorder.stalled(lateUs);
    this.options.onLate?.(lateUs);
    this.lastBeatUs = nowUs;
    this.giveUpLate(nowUs);
    if (home?.phase === 'idle') {
      this.ask(home, nowUs);
    } else if (home === undefined || nowUs - home.startUs > HANGS_MS * 1000) {
      this.keepHome();
      this.tryAnew(nowUs);
    }
  }

  private giveUpLate(nowUs: number): void {
    for (const attempt of this.attempts) {
      const late = attempt.phase === 'connecting' && nowUs - attempt.startUs > attempt.patienceMs * 1000;
      if (late && attempt !== this.home) {
        attempt.close();
        this.failed(attempt);
      }
    }
  }

  private tryAnew(nowUs: number): void {
    const { connecting, asked } = underWay(this.attempts, this.home);
    if (connecting < PROBE_CONNECTIONS && asked < MOST_ASKED) {
      this.newAttempt(nowUs);
    }
  }

  private newAttempt(nowUs: number): Attempt {
    const attempt = new Attempt(this.options.session, this.readBuffer, this.request, this);
    this.attempts.add(attempt);
    this.ask(attempt, nowUs);
    this.options.newConnections?.tried(attempt);
    return attempt;
  }

  private ask(attempt: Attempt, nowUs: number): void {
    const triedBeforeUs = this.lastStartUs;
    this.lastStartUs = nowUs;
    attempt.begin(nowUs, triedBeforeUs);
  }

  // ---- what attempts tell

  acknowledged(attempt: Attempt): void {
    const nowUs = this.nowUs();
    const { home } = this;
    const { triedBeforeUs, kept, lsn } = attempt;
    attempt.madeUs = attempt.fresh ? nowUs : attempt.madeUs;
    const keptSinceUs = kept ? attempt.madeUs : -1;
    this.recorder.acknowledged({ atUs: nowUs, triedBeforeUs, keptSinceUs, lsn });
    if (attempt.fresh) {
      this.options.newConnections?.acknowledged(attempt);
    }
    if (attempt === home) {
      return;
    }
    if (home === undefined || (home.phase !== 'idle' && nowUs - home.startUs > HANGS_MS * 1000)) {
      // The old home may still be answered: until then it counts as one that was asked.
      this.home = attempt;
      this.homeSinceUs = nowUs;
    } else {
      this.drop(attempt);
    }
  }

  failed(attempt: Attempt): void {
    this.recorder.failed(this.nowUs());
    if (attempt.fresh) {
      this.options.newConnections?.failed(attempt);
    }
    // What was begun before there was a home may fail long after, in a proxy's retries: that is no new trouble.
    if (attempt !== this.home && attempt.startUs > this.homeSinceUs) {
      this.keepHome();
    }
    this.lost(attempt);
  }

  /** Gone without having been asked anything. */
  lost(attempt: Attempt): void {
    this.attempts.delete(attempt);
    if (this.home === attempt) {
      this.home = undefined;
    }
  }

  private drop(attempt: Attempt): void {
    attempt.close();
    this.attempts.delete(attempt);
  }

  private nowUs(): number {
    return this.options.clock.nowUs();
  }
}

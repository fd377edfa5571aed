import type { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Route } from '../plan/target.js';
import { queryMessage } from '../postgres/messages.js';
import { Session, type SessionOptions, type SessionOwner } from '../postgres/session.js';
import { ProbeRecorder } from './probe-recorder.js';

/** How often the probe asks. */
export const PROBE_CADENCE_MS = 20;

/**
 * So long the probe waits on its own connection before it tries others beside it: longer than a busy server's commits
 * take, shorter than any failover.
 */
const HANGS_MS = 1000;

/** Connections that are being made at once. Those whose request was sent are few, see {@link MOST_ASKED}. */
export const PROBE_CONNECTIONS = 32;

/** A connection that takes longer to make is given up: it hangs in a proxy or at a frozen host, where another may not. */
const PATIENCE_MS = PROBE_CADENCE_MS * PROBE_CONNECTIONS;

/**
 * Requests that may be under way beside that of the probe's own connection. A backend that waits, for a synchronous
 * standby or for the disk, goes on waiting when its client is gone: each new one would hold one more connection of the
 * server until there are none left for the load. When these are not answered, one more would not be either.
 */
const MOST_ASKED = 2;

/**
 * A commit that needs no table: a logical message in the WAL that no decoder wants. It takes a transaction id, is
 * flushed and waits for synchronous standbys as any commit, and a standby refuses it. Any role may emit one.
 */
const WRITE = queryMessage("SELECT pg_logical_emit_message(true, 'pgha-bench', 'probe')");
const READ = queryMessage('SELECT 1');

export interface ProbeOptions {
  readonly route: Route;
  readonly session: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  readonly emit: (frame: Frame) => void;
}

/**
 * Asks one endpoint at a fixed cadence, beside the load: on one connection, its home, as long as that is served, and
 * on a new one at each beat when it is lost or hangs. So it does not hang where a client hangs that waits for its one
 * connection, and knows to within a beat when the service was back.
 */
export class Probe {
  private readonly recorder: ProbeRecorder;
  private readonly readBuffer = Buffer.allocUnsafeSlow(16 * 1024);
  private readonly request: Buffer;
  private readonly attempts = new Set<Attempt>();
  private home: Attempt | undefined;
  private lastStartUs = -1;
  private lastBeatUs = 0;
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: ProbeOptions) {
    this.recorder = new ProbeRecorder(options.route, options.intervalMs * 1000, options.emit);
    this.request = options.route === 'rw' ? WRITE : READ;
  }

  start(): void {
    this.ticker = setInterval(() => this.beat(), PROBE_CADENCE_MS);
    this.lastBeatUs = this.nowUs();
    this.home = this.newAttempt(this.lastBeatUs);
  }

  stop(): void {
    clearInterval(this.ticker);
    for (const attempt of this.attempts) {
      attempt.close();
    }
    this.attempts.clear();
    this.recorder.flush();
  }

  private beat(): void {
    const nowUs = this.nowUs();
    const { home } = this;
    this.recorder.roll(nowUs);
    this.recorder.stalled(nowUs - this.lastBeatUs - PROBE_CADENCE_MS * 1000);
    this.lastBeatUs = nowUs;
    this.giveUpLate(nowUs);
    if (home?.phase === 'idle') {
      this.ask(home, nowUs);
    } else if (home === undefined || nowUs - home.startUs > HANGS_MS * 1000) {
      this.tryAnew(nowUs);
    }
  }

  private giveUpLate(nowUs: number): void {
    for (const attempt of this.attempts) {
      const late = attempt.phase === 'connecting' && nowUs - attempt.startUs > PATIENCE_MS * 1000;
      if (late && attempt !== this.home) {
        attempt.close();
        this.failed(attempt);
      }
    }
  }

  private tryAnew(nowUs: number): void {
    let connecting = 0;
    let asked = 0;
    for (const attempt of this.attempts) {
      if (attempt !== this.home) {
        connecting += attempt.phase === 'connecting' ? 1 : 0;
        asked += attempt.phase === 'asked' ? 1 : 0;
      }
    }
    if (connecting < PROBE_CONNECTIONS && asked < MOST_ASKED) {
      this.newAttempt(nowUs);
    }
  }

  private newAttempt(nowUs: number): Attempt {
    const attempt = new Attempt(this.options.session, this.readBuffer, this.request, this);
    this.attempts.add(attempt);
    this.ask(attempt, nowUs);
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
    this.recorder.acknowledged(nowUs, attempt.triedBeforeUs);
    if (attempt === home) {
      return;
    }
    if (home === undefined || (home.phase !== 'idle' && nowUs - home.startUs > HANGS_MS * 1000)) {
      // The old home may still be answered: until then it counts as one that was asked.
      this.home = attempt;
    } else {
      this.drop(attempt);
    }
  }

  failed(attempt: Attempt): void {
    this.recorder.failed(this.nowUs());
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

interface AttemptOwner {
  acknowledged(attempt: Attempt): void;
  failed(attempt: Attempt): void;
  lost(attempt: Attempt): void;
}

/** One connection of the probe, and the request on it. */
class Attempt implements SessionOwner {
  phase: 'connecting' | 'asked' | 'idle' = 'connecting';
  startUs = 0;
  triedBeforeUs = -1;
  private readonly session: Session;

  constructor(
    options: SessionOptions,
    readBuffer: Buffer,
    private readonly request: Buffer,
    private readonly owner: AttemptOwner,
  ) {
    this.session = new Session(this, options, readBuffer, 0);
  }

  /** Asks, after connecting where that is still to be done. */
  begin(nowUs: number, triedBeforeUs: number): void {
    this.startUs = nowUs;
    this.triedBeforeUs = triedBeforeUs;
    if (this.session.state === 'closed') {
      this.phase = 'connecting';
      this.session.connect();
    } else {
      this.onConnected();
    }
  }

  /** Says goodbye where nothing is under way, else leaves without a word. */
  close(): void {
    this.session.close();
  }

  onConnected(): void {
    this.phase = 'asked';
    this.session.sendBytes(this.request);
  }

  onReply(): void {
    this.phase = 'idle';
    if (this.session.replies.error === undefined) {
      this.owner.acknowledged(this);
    } else {
      // A standby that took the place of the primary, for one: another connection may lead elsewhere.
      this.session.close();
      this.owner.failed(this);
    }
  }

  onLost(): void {
    if (this.phase === 'idle') {
      this.owner.lost(this);
    } else {
      this.owner.failed(this);
    }
  }
}

import type { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Route } from '../plan/target.js';
import { queryMessage } from '../postgres/messages.js';
import { Session, type SessionOptions, type SessionOwner } from '../postgres/session.js';
import { ProbeRecorder } from './probe-recorder.js';

/** How often the probe asks. */
export const PROBE_CADENCE_MS = 20;

/**
 * So long the connection that was served last is waited for before others are tried beside it: longer than a busy
 * server's commits take, shorter than any failover.
 */
const HANGS_MS = 1000;

/** Connections of the probe at once. */
export const PROBE_CONNECTIONS = 32;

/** An attempt that takes longer has failed: it hangs in a proxy or at a frozen host, while another may be served. */
const PATIENCE_MS = PROBE_CADENCE_MS * PROBE_CONNECTIONS;

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
 * Asks one endpoint at a fixed cadence, beside the load: on one connection as long as it is served, and on a new one
 * at each beat as soon as it is not. So it does not hang where a client hangs that waits for its one connection, and
 * knows to within a beat when the service was back.
 */
export class Probe {
  private readonly recorder: ProbeRecorder;
  private readonly readBuffer = Buffer.allocUnsafeSlow(16 * 1024);
  private readonly request: Buffer;
  private readonly attempts = new Set<Attempt>();
  private serving: Attempt | undefined;
  private lastStartUs = -1;
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: ProbeOptions) {
    this.recorder = new ProbeRecorder(options.route, options.intervalMs * 1000, options.emit);
    this.request = options.route === 'rw' ? WRITE : READ;
  }

  start(): void {
    this.ticker = setInterval(() => this.beat(), PROBE_CADENCE_MS);
    this.beat();
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
    this.recorder.roll(nowUs);
    for (const attempt of this.attempts) {
      const late = attempt.inFlight && nowUs - attempt.startUs > PATIENCE_MS * 1000;
      if (late && attempt !== this.serving) {
        attempt.abandon();
        this.failed(attempt);
      }
    }
    const { serving } = this;
    if (serving !== undefined && !serving.inFlight) {
      this.begin(serving, nowUs);
    } else if (serving === undefined || nowUs - serving.startUs > HANGS_MS * 1000) {
      this.tryAnew(nowUs);
    }
  }

  private tryAnew(nowUs: number): void {
    if (this.attempts.size < PROBE_CONNECTIONS) {
      const attempt = new Attempt(this.options.session, this.readBuffer, this.request, {
        acknowledged: (each) => this.acknowledged(each),
        failed: (each) => this.failed(each),
      });
      this.attempts.add(attempt);
      this.begin(attempt, nowUs);
    }
  }

  private begin(attempt: Attempt, nowUs: number): void {
    const triedBeforeUs = this.lastStartUs;
    this.lastStartUs = nowUs;
    attempt.begin(nowUs, triedBeforeUs);
  }

  private acknowledged(attempt: Attempt): void {
    const nowUs = this.nowUs();
    this.recorder.acknowledged(nowUs, attempt.triedBeforeUs);
    const { serving } = this;
    if (serving === attempt) {
      return;
    }
    if (serving === undefined || serving.inFlight) {
      // It is the one to stay with from now on; what hangs is not waited for any more.
      this.serving = attempt;
      if (serving !== undefined) {
        serving.abandon();
        this.failed(serving);
      }
    } else {
      attempt.close();
      this.attempts.delete(attempt);
    }
  }

  private failed(attempt: Attempt): void {
    this.recorder.failed(this.nowUs());
    this.attempts.delete(attempt);
    if (this.serving === attempt) {
      this.serving = undefined;
    }
  }

  private nowUs(): number {
    return this.options.clock.nowUs();
  }
}

interface AttemptOwner {
  acknowledged(attempt: Attempt): void;
  failed(attempt: Attempt): void;
}

/** One connection of the probe, and the request on it. */
class Attempt implements SessionOwner {
  startUs = 0;
  triedBeforeUs = -1;
  inFlight = false;
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
    this.inFlight = true;
    if (this.session.state === 'closed') {
      this.session.connect();
    } else {
      this.session.sendBytes(this.request);
    }
  }

  abandon(): void {
    this.inFlight = false;
    this.session.abandon();
  }

  close(): void {
    this.inFlight = false;
    this.session.close();
  }

  onConnected(): void {
    this.session.sendBytes(this.request);
  }

  onReply(): void {
    this.inFlight = false;
    if (this.session.replies.error === undefined) {
      this.owner.acknowledged(this);
    } else {
      // A standby that took the place of the primary, for one: another connection may lead elsewhere.
      this.session.close();
      this.owner.failed(this);
    }
  }

  onLost(): void {
    this.inFlight = false;
    this.owner.failed(this);
  }
}

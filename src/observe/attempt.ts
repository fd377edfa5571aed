import type { Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { turnsOf } from '../postgres/dial.js';
import { Session, type SessionOptions, type SessionOwner } from '../postgres/session.js';
import { FirstField, lsnOf } from './first-field.js';
import { ProbeStatement } from './probe-statement.js';

/** How often a probe asks when it looks closely. */
export const PROBE_CADENCE_MS = 20;

/** Connections that are being made at once. Those whose request was sent are few, see {@link MOST_ASKED}. */
export const PROBE_CONNECTIONS = 32;

/**
 * A connection that takes longer to make is given up: it hangs in a proxy or at a frozen host, where another may not. With
 * several addresses each has so long: the one that serves may be slow to answer, or be behind one that is frozen.
 */
export const PATIENCE_MS = PROBE_CADENCE_MS * PROBE_CONNECTIONS;

/**
 * Requests that may be under way on new connections. A backend that waits, for a synchronous standby or for the disk,
 * goes on waiting when its client is gone: each new one would hold one more connection of the server until there are
 * none left for the load. When these are not answered, one more would not be either.
 */
export const MOST_ASKED = 2;

/**
 * A commit that needs no table: a logical message in the WAL that no decoder wants. It takes a transaction id, is
 * flushed and waits for synchronous standbys as any commit, and a standby refuses it. Any role may emit one. It is
 * answered with its position in the WAL.
 */
const WRITE = "SELECT pg_logical_emit_message(true, 'pgha-bench', 'probe')";
const READ = 'SELECT 1';

/** What a probe of an endpoint asks, first on a connection and then. */
export interface ProbeRequest {
  readonly first: Buffer;
  readonly again: Buffer;
}

export function probeRequest(route: Route, protocol: Protocol): ProbeRequest {
  const statement = new ProbeStatement([route === 'rw' ? WRITE : READ], protocol);
  return { first: statement.message(false), again: statement.message(true) };
}

/** The probe that an attempt is made by. */
export interface AttemptOwner {
  acknowledged(attempt: Attempt): void;
  failed(attempt: Attempt): void;
  /** Gone without having been asked anything. */
  lost(attempt: Attempt): void;
}

/** One connection of a probe, and the request on it. */
export class Attempt implements SessionOwner {
  phase: 'connecting' | 'asked' | 'idle' = 'connecting';
  startUs = 0;
  triedBeforeUs = -1;
  /** The request is the first one on its connection. */
  fresh = true;
  /** The connection was there before the last trouble: see ProbeFrame. */
  kept = false;
  /** When its first request was answered, which is when the connection was certainly there. */
  madeUs = -1;
  /** For connecting, over all addresses. */
  readonly patienceMs: number;
  private readonly session: Session;
  private readonly field = new FirstField();

  constructor(
    options: SessionOptions,
    readBuffer: Buffer,
    private readonly request: ProbeRequest,
    private readonly owner: AttemptOwner,
  ) {
    this.patienceMs = PATIENCE_MS * turnsOf(options.endpoint);
    this.session = new Session(this, { ...options, patienceMs: this.patienceMs }, readBuffer, 0);
  }

  /** Position in the WAL that the server answered with, bytes; -1 for none. */
  get lsn(): number {
    return lsnOf(this.field.text);
  }

  /** Asks, after connecting where that is still to be done. */
  begin(nowUs: number, triedBeforeUs: number): void {
    this.startUs = nowUs;
    this.triedBeforeUs = triedBeforeUs;
    if (this.session.state === 'closed') {
      this.phase = 'connecting';
      this.session.connect();
    } else {
      this.fresh = false;
      this.ask();
    }
  }

  /** Says goodbye where nothing is under way, else leaves without a word. */
  close(): void {
    this.session.close();
  }

  onConnected(): void {
    this.session.replies.sink = this.field;
    this.ask();
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

  private ask(): void {
    this.phase = 'asked';
    this.field.clear();
    this.session.send(this.fresh ? this.request.first : this.request.again);
  }
}

/** Attempts that are being connected, and those that were asked. */
export interface UnderWay {
  readonly connecting: number;
  readonly asked: number;
}

/** @param home is not counted */
export function underWay(attempts: Iterable<Attempt>, home?: Attempt): UnderWay {
  let connecting = 0;
  let asked = 0;
  for (const attempt of attempts) {
    if (attempt !== home) {
      connecting += attempt.phase === 'connecting' ? 1 : 0;
      asked += attempt.phase === 'asked' ? 1 : 0;
    }
  }
  return { connecting, asked };
}

import type { RunClock } from '../clock.js';
import { turnsOf } from '../postgres/dial.js';
import type { Failure } from '../postgres/failure.js';
import type { ReplyReader } from '../postgres/replies.js';
import { Session, type SessionOptions, type SessionOwner } from '../postgres/session.js';
import { FirstField } from './first-field.js';
import type { ProbeStatement } from './probe-statement.js';

export interface LaneOptions {
  readonly session: SessionOptions;
  readonly readBuffer: Buffer;
  readonly clock: RunClock;
  /** A connection that takes longer to make is given up; with several addresses each has so long. */
  readonly connectPatienceMs: number;
  /** A request that takes longer is given up, and its connection with it. */
  readonly askPatienceMs: number;
  /** Whether each further request has twice the time of the last one that was given up, up to {@link LONGEST_MS}. */
  readonly growing: boolean;
  /** From the loss of a connection to the next attempt. */
  readonly pauseMs: number;
  readonly onReply: (reply: LaneReply) => void;
  /** A connection or a request failed, or was given up. */
  readonly onFailure?: (failure: Failure) => void;
  readonly onConnected?: () => void;
}

export interface LaneReply {
  /** Of the request, µs since the start of the run. */
  readonly sentUs: number;
  readonly atUs: number;
  readonly error: ReplyReader['error'];
  /** The first field of its row. */
  readonly text: string | undefined;
}

/**
 * A request whose backend waits, for a synchronous standby for one, goes on waiting when its client is gone, and the next
 * one waits as well: so that they do not pile up, the time between two is doubled up to this.
 */
const LONGEST_MS = 16_000;

/** One connection that is made again and again, and one request on it at a time: never in anybody's way. */
export class Lane implements SessionOwner {
  private readonly session: Session;
  private readonly field = new FirstField();
  /** When what is under way began. */
  private sinceUs = 0;
  private againUs = 0;
  /** The server has parsed the statement on this connection; it may have refused to execute it. */
  private parsed = false;
  private askPatienceMs: number;
  private readonly connectPatienceMs: number;

  constructor(private readonly options: LaneOptions) {
    const { session, readBuffer } = options;
    this.connectPatienceMs = options.connectPatienceMs * turnsOf(session.endpoint);
    this.session = new Session(this, { ...session, patienceMs: this.connectPatienceMs }, readBuffer, 0);
    this.askPatienceMs = options.askPatienceMs;
  }

  /** Name of the server as it gives it itself, '' without a connection or when it was not asked. */
  get server(): string {
    return this.session.server;
  }

  /** Connects when it is time to, gives up what takes too long; to be called at each beat. @returns whether it may be asked */
  ready(nowUs: number): boolean {
    const { session, options } = this;
    const takesMs = (nowUs - this.sinceUs) / 1000;
    if (session.state === 'connecting' && takesMs > this.connectPatienceMs) {
      this.giveUp('The connection was not ready in time.');
    } else if (session.state === 'busy' && takesMs > this.askPatienceMs) {
      this.askPatienceMs = options.growing
        ? Math.min(2 * this.askPatienceMs, LONGEST_MS)
        : this.askPatienceMs;
      this.giveUp('The reply did not come in time.');
    } else if (session.state === 'closed' && nowUs >= this.againUs) {
      this.sinceUs = nowUs;
      session.connect();
    }
    return session.state === 'idle';
  }

  /** @param statement always the same one */
  ask(statement: ProbeStatement, nowUs: number, value = 0): void {
    this.sinceUs = nowUs;
    this.field.clear();
    this.session.send(statement.message(this.parsed, value));
  }

  /** Leaves the connection; the next beat but for the pause makes another one. */
  leave(): void {
    this.session.close();
    this.pause();
  }

  close(): void {
    this.session.close();
    this.againUs = Number.POSITIVE_INFINITY;
  }

  onConnected(): void {
    this.session.replies.sink = this.field;
    this.parsed = false;
    this.options.onConnected?.();
  }

  onReply(): void {
    const { error, parsed } = this.session.replies;
    this.parsed ||= parsed > 0;
    this.askPatienceMs = this.options.askPatienceMs;
    this.options.onReply({
      sentUs: this.sinceUs,
      atUs: this.options.clock.nowUs(),
      error,
      text: this.field.text,
    });
  }

  onLost(failure: Failure): void {
    this.pause();
    this.options.onFailure?.(failure);
  }

  private giveUp(message: string): void {
    this.session.abandon();
    this.pause();
    this.options.onFailure?.({ code: 'timeout', message });
  }

  private pause(): void {
    this.againUs = this.options.clock.nowUs() + this.options.pauseMs * 1000;
  }
}

import type { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Protocol } from '../plan/plan.js';
import { READ_ONLY } from '../postgres/failure.js';
import type { SessionOptions } from '../postgres/session.js';
import { Lane, type LaneReply } from './lane.js';
import { ObservedFrames, type ObservedPart } from './observed-frames.js';
import { ProbeStatement } from './probe-statement.js';

/** How often each node is asked to write. */
export const DIRECT_CADENCE_MS = 50;

const CONNECT_PATIENCE_MS = 1000;

/** A node that is frozen may answer when it is thawed: such an acknowledgement is what this is for. */
const ASK_PATIENCE_MS = 60_000;

/** See attempt.ts: a commit that needs no table, and that a standby refuses. */
const WRITE = ["SELECT pg_logical_emit_message(true, 'pgha-bench', 'direct')"];

export interface DirectWriterOptions {
  /** Name of the member, `n1`. */
  readonly member: string;
  /** Of the load. */
  readonly protocol: Protocol;
  readonly session: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  readonly emit: (frame: Frame) => void;
}

/**
 * Writes to one node itself, past the proxy, whatever its role is: a client with an old address, who sees an old primary
 * that still takes writes. It keeps its session on a standby, too, for one that was opened there becomes writable with a
 * promotion.
 */
export class DirectWriter {
  private readonly lane: Lane;
  private readonly statement: ProbeStatement;
  private readonly frames: ObservedFrames;
  private acks = 0;
  private firstAckUs = -1;
  private lastAckUs = -1;
  private ticker: NodeJS.Timeout | undefined;
  /** As it names itself; '' before the first connection. */
  private server = '';
  private lastFailure = '';

  constructor(private readonly options: DirectWriterOptions) {
    const { clock, intervalMs, emit, session, protocol } = options;
    this.statement = new ProbeStatement(WRITE, protocol);
    this.frames = new ObservedFrames({ intervalUs: intervalMs * 1000, emit, take: () => this.take() });
    this.lane = new Lane({
      session: { ...session, identify: true },
      readBuffer: Buffer.allocUnsafeSlow(16 * 1024),
      clock,
      connectPatienceMs: CONNECT_PATIENCE_MS,
      askPatienceMs: ASK_PATIENCE_MS,
      growing: false,
      pauseMs: 0,
      onReply: (reply) => this.replied(reply),
      onConnected: () => {
        this.server = this.lane.server;
      },
      onFailure: ({ code, message }) => {
        this.lastFailure = `${message} (${code})`;
      },
    });
  }

  /** Why it saw nothing at all; undefined when it did. */
  get problem(): string | undefined {
    return this.server !== '' || this.lastFailure === ''
      ? undefined
      : `No direct writer could connect to ${this.options.member}: ${this.lastFailure}`;
  }

  start(): void {
    this.ticker = setInterval(() => this.beat(), DIRECT_CADENCE_MS);
    this.beat();
  }

  stop(): void {
    clearInterval(this.ticker);
    this.lane.close();
    this.frames.flush();
  }

  private beat(): void {
    const nowUs = this.options.clock.nowUs();
    this.frames.roll(nowUs);
    if (this.lane.ready(nowUs)) {
      this.lane.ask(this.statement, nowUs);
    }
  }

  private replied({ error, atUs }: LaneReply): void {
    this.frames.roll(atUs);
    if (error === undefined) {
      this.firstAckUs = this.acks++ === 0 ? atUs : this.firstAckUs;
      this.lastAckUs = atUs;
    } else if (error.code !== READ_ONLY) {
      this.lastFailure = `${error.message} (${error.code})`;
    }
  }

  private take(): ObservedPart | undefined {
    if (this.acks === 0) {
      return undefined;
    }
    const part: ObservedPart = {
      servers: [
        {
          server: this.server,
          route: 'rw',
          writes: true,
          via: 'direct',
          acks: this.acks,
          firstAckUs: Math.round(this.firstAckUs),
          lastAckUs: Math.round(this.lastAckUs),
        },
      ],
    };
    this.acks = 0;
    return part;
  }
}

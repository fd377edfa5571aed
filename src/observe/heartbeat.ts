import type { RunClock } from '../clock.js';
import { IntervalCounts } from '../histogram.js';
import type { Frame, HeartbeatFrame } from '../load/frame.js';
import type { Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { READ_ONLY } from '../postgres/failure.js';
import type { SessionOptions } from '../postgres/session.js';
import { HeartbeatHistory } from './heartbeat-history.js';
import { readStatement, writeStatement } from './heartbeat-table.js';
import { Lane, type LaneOptions, type LaneReply } from './lane.js';
import { ObservedFrames, type ObservedPart } from './observed-frames.js';
import type { ProbeStatement } from './probe-statement.js';

/** How often it is written, and, on average, read on each connection, around a fault and while anything fails. */
export const HEARTBEAT_CADENCE_MS = 100;

/** In calm, every so many times: each request is work for the servers that the load is there to use. */
const CALM_SHARE = 5;

/** Long enough for a failover and the catching up behind it. */
const DENSE_MS = 60_000;

/** Readers, so that more than one replica is seen. */
const READERS = 2;

/** A reader that finds itself on the server of another one connects anew, so often after each loss of its connection. */
const MOST_MOVES = 3;

const PATIENCE_MS = 1000;
const PAUSE_MS = 100;

export interface HeartbeatOptions {
  readonly runId: string;
  /** Of the load. */
  readonly protocol: Protocol;
  /** Of the read-write and of the read-only endpoint. */
  readonly writer: SessionOptions;
  readonly reader: SessionOptions;
  readonly clock: RunClock;
  readonly intervalMs: number;
  readonly emit: (frame: Frame) => void;
}

/**
 * A value that is written through the read-write port at a fixed cadence and read through both ports: how far replicas
 * are behind, as a client sees it, and whether the read-write port ever leads to a node that is behind; by one clock. The
 * row must have been made, see heartbeat-table.ts. What it cannot do it leaves, and goes on.
 */
export class Heartbeat {
  private readonly history = new HeartbeatHistory();
  private readonly recorders: readonly HeartbeatRecorder[];
  private readonly writer: Lane;
  private readonly statement: ProbeStatement;
  private readonly readers: readonly Reader[];
  /** The value of the request that is under way, or the last one. */
  private seq = 0;
  private ticker: NodeJS.Timeout | undefined;
  private beats = 0;
  private denseUntilUs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: HeartbeatOptions) {
    const { clock, intervalMs, emit, runId, protocol } = options;
    const onRw = new HeartbeatRecorder('rw', intervalMs * 1000, emit);
    const onRo = new HeartbeatRecorder('ro', intervalMs * 1000, emit);
    this.recorders = [onRw, onRo];
    this.statement = writeStatement(runId, protocol);
    const lane = {
      readBuffer: Buffer.allocUnsafeSlow(16 * 1024),
      clock,
      connectPatienceMs: PATIENCE_MS,
      askPatienceMs: PATIENCE_MS,
      pauseMs: PAUSE_MS,
      onFailure: () => this.dense(),
    };
    this.writer = new Lane({
      ...lane,
      session: options.writer,
      growing: true,
      onReply: (reply) => this.written(reply),
    });
    const statement = readStatement(runId, protocol);
    const replicas: Reader[] = [];
    const readerOf = (session: SessionOptions, recorder: HeartbeatRecorder, others: readonly Reader[]) =>
      new Reader({
        lane: { ...lane, session: { ...session, identify: true }, growing: false },
        statement,
        history: this.history,
        recorder,
        others,
        paceMs: () => this.paceMs(),
      });
    while (replicas.length < READERS) {
      replicas.push(readerOf(options.reader, onRo, replicas));
    }
    this.readers = [...replicas, readerOf(options.writer, onRw, [])];
  }

  start(): void {
    this.ticker = setInterval(() => this.beat(), HEARTBEAT_CADENCE_MS);
    this.beat();
    for (const reader of this.readers) {
      reader.start();
    }
  }

  stop(): void {
    clearInterval(this.ticker);
    this.writer.close();
    for (const reader of this.readers) {
      reader.stop();
    }
    for (const recorder of this.recorders) {
      recorder.flush();
    }
  }

  /** Looks closely from now on for a while. */
  dense(): void {
    this.denseUntilUs = this.options.clock.nowUs() + DENSE_MS * 1000;
    for (const reader of this.readers) {
      reader.hurry();
    }
  }

  private paceMs(): number {
    const calm = this.options.clock.nowUs() > this.denseUntilUs;
    return HEARTBEAT_CADENCE_MS * (calm ? CALM_SHARE : 1);
  }

  private beat(): void {
    const nowUs = this.options.clock.nowUs();
    for (const recorder of this.recorders) {
      recorder.roll(nowUs);
    }
    if (this.paceMs() > HEARTBEAT_CADENCE_MS && this.beats++ % CALM_SHARE > 0) {
      return;
    }
    if (this.writer.ready(nowUs)) {
      this.writer.ask(this.statement, nowUs, ++this.seq);
    }
  }

  private written({ error, sentUs }: LaneReply): void {
    if (error === undefined) {
      this.history.acknowledged(this.seq, sentUs);
    } else if (error.code === READ_ONLY) {
      this.writer.leave();
    }
  }
}

interface ReaderOptions {
  readonly lane: Omit<LaneOptions, 'onReply'>;
  readonly statement: ProbeStatement;
  readonly history: HeartbeatHistory;
  readonly recorder: HeartbeatRecorder;
  /** Those that should be on other servers; this one may be among them. */
  readonly others: readonly Reader[];
  /** From read to read, on average. */
  readonly paceMs: () => number;
}

/** One session that reads: what it saw before it lost its connection counts, too, for its user remembers it. */
class Reader {
  readonly lane: Lane;
  private acknowledgedWhenSent = 0;
  private lastSeq = -1;
  private moves = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: ReaderOptions) {
    this.lane = new Lane({
      ...options.lane,
      onReply: (reply) => this.replied(reply),
      onConnected: () => this.connected(),
      onFailure: (failure) => {
        this.moves = 0;
        options.lane.onFailure?.(failure);
      },
    });
  }

  start(): void {
    this.beat();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.lane.close();
  }

  /** The pace is closer now. */
  hurry(): void {
    if (!this.stopped && this.timer !== undefined) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.beat(), HEARTBEAT_CADENCE_MS * Math.random());
    }
  }

  private beat(): void {
    const nowUs = this.options.lane.clock.nowUs();
    if (this.lane.ready(nowUs)) {
      this.acknowledgedWhenSent = this.options.history.acknowledgedSeq;
      this.lane.ask(this.options.statement, nowUs);
    }
    if (this.stopped) {
      return;
    }
    // What has just been given up may have set one already: two would go on side by side, and stop() ends only one.
    clearTimeout(this.timer);
    // At a fixed distance from the writes a lag that is shorter would never be seen, or always.
    this.timer = setTimeout(() => this.beat(), this.options.paceMs() * (0.5 + Math.random()));
  }

  private connected(): void {
    const others = this.options.others.filter((reader) => reader !== this);
    if (this.moves < MOST_MOVES && others.some(({ lane }) => lane.server === this.lane.server)) {
      this.moves++;
      this.lane.leave();
    }
  }

  private replied({ error, text, atUs }: LaneReply): void {
    if (error !== undefined) {
      return;
    }
    // No row: this replica has not even replayed that there was one.
    const seq = text === undefined ? -1 : Number(text);
    const acknowledged = this.acknowledgedWhenSent;
    this.options.recorder.read(atUs, {
      ageUs: this.options.history.ageUs(seq, acknowledged, atUs),
      stale: seq < acknowledged,
      nonMonotonic: seq < this.lastSeq,
    });
    this.lastSeq = seq;
  }
}

interface HeartbeatRead {
  readonly ageUs: number;
  readonly stale: boolean;
  readonly nonMonotonic: boolean;
}

class HeartbeatRecorder {
  private readonly frames: ObservedFrames;
  private readonly ages = new IntervalCounts();
  private reads = 0;
  private stale = 0;
  private nonMonotonic = 0;
  private maxAgeUs = 0;

  constructor(
    private readonly route: Route,
    intervalUs: number,
    emit: (frame: Frame) => void,
  ) {
    this.frames = new ObservedFrames({ intervalUs, emit, take: () => this.take() });
  }

  roll(nowUs: number): void {
    this.frames.roll(nowUs);
  }

  flush(): void {
    this.frames.flush();
  }

  read(atUs: number, read: HeartbeatRead): void {
    this.roll(atUs);
    this.reads++;
    this.stale += read.stale ? 1 : 0;
    this.nonMonotonic += read.nonMonotonic ? 1 : 0;
    this.ages.record(read.ageUs);
    this.maxAgeUs = Math.max(this.maxAgeUs, read.ageUs);
  }

  private take(): ObservedPart | undefined {
    if (this.reads === 0) {
      return undefined;
    }
    const heartbeat: HeartbeatFrame = {
      route: this.route,
      reads: this.reads,
      stale: this.stale,
      nonMonotonic: this.nonMonotonic,
      ageUs: this.ages.take(),
      maxAgeUs: Math.round(this.maxAgeUs),
    };
    this.reads = 0;
    this.stale = 0;
    this.nonMonotonic = 0;
    this.maxAgeUs = 0;
    return { heartbeats: [heartbeat] };
  }
}

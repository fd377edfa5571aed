import { IntervalCounts } from '../histogram.js';
import type { Route } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import { ACK, OUTCOMES, type Outcome, SKIPPED } from '../postgres/outcome.js';
import { COMMAND_FIGURES, type ErrorFrame, type Frame, type ScriptFrame, type ServerFrame } from './frame.js';

export interface RecorderOptions {
  readonly worker: number;
  /** Of each script. */
  readonly routes: readonly Route[];
  readonly intervalUs: number;
  /** What ends before this instant is not recorded, and the rest is told from it on: a multiple of the interval. */
  readonly warmupUs: number;
  /** Acknowledged later than this after the intended start is late; Infinity without a limit. */
  readonly latencyLimitUs: number;
  /** How many commands of each script are measured; absent when none is. */
  readonly commands?: readonly number[];
  readonly emit: (frame: Frame) => void;
  /** The warm-up is over: called before anything is recorded that counts; not where there is no warm-up. */
  readonly onWarm?: (nowUs: number) => void;
}

/**
 * Turns what the clients of one worker live through into frames, one for each interval. Recording an acknowledgement
 * allocates nothing; a failure may, for failures are rare or slow.
 */
export class Recorder {
  private interval = 0;
  private intervalEndUs: number;
  private readonly scripts: ScriptRecord[];
  private readonly errors = new Map<string, ErrorRecord>();
  private readonly servers: ServerRecord[] = [];
  private connectAttempts = 0;
  private connectSuccesses = 0;
  private readonly connectLatency = new IntervalCounts();
  private stallUs = 0;

  private readonly intervalUs: number;

  constructor(private readonly options: RecorderOptions) {
    const { routes, latencyLimitUs, commands = [] } = options;
    this.intervalUs = options.intervalUs;
    this.intervalEndUs = options.intervalUs;
    this.scripts = routes.map((_, script) => new ScriptRecord(script, latencyLimitUs, commands[script] ?? 0));
  }

  /** Closes the interval if `nowUs` is behind its end. */
  roll(nowUs: number): void {
    if (nowUs >= this.intervalEndUs) {
      this.beginInterval(nowUs);
    }
  }

  private beginInterval(nowUs: number): void {
    const { warmupUs, onWarm } = this.options;
    const warmingUp = this.intervalEndUs <= warmupUs;
    this.flush();
    this.interval = Math.floor(nowUs / this.intervalUs);
    this.intervalEndUs = (this.interval + 1) * this.intervalUs;
    if (warmingUp && this.intervalEndUs > warmupUs) {
      onWarm?.(nowUs);
    }
  }

  /** Forgets everything: the load begins now, at instant 0. */
  restart(): void {
    this.flush();
    this.interval = 0;
    this.intervalEndUs = this.intervalUs;
  }

  /** Index of a server for acknowledged(); asked once for each connection. */
  serverIndex(server: string, route: Route, writes: boolean): number {
    const known = this.servers.findIndex(
      (record) => record.server === server && record.route === route && record.writes === writes,
    );
    if (known >= 0) {
      return known;
    }
    return this.servers.push(new ServerRecord(server, route, writes)) - 1;
  }

  /** By the index that serverIndex() gave. */
  get serverNames(): readonly string[] {
    return this.servers.map(({ server }) => server);
  }

  /**
   * @param outcome ACK or ACK_UNREPLICATED
   * @param intendedUs when the transaction should have been sent; equal to startUs if nothing kept it back
   */
  acknowledged(
    script: number,
    server: number,
    outcome: number,
    intendedUs: number,
    startUs: number,
    endUs: number,
  ): void {
    this.roll(endUs);
    (this.scripts[script] as ScriptRecord).acknowledged(outcome, intendedUs, startUs, endUs);
    (this.servers[server] as ServerRecord).acknowledged(endUs);
  }

  /** A transaction that had nothing to send is over: it says nothing about any server. */
  completed(script: number, intendedUs: number, startUs: number, endUs: number): void {
    this.roll(endUs);
    (this.scripts[script] as ScriptRecord).completed(ACK, intendedUs, startUs, endUs);
  }

  /** A paced transaction is about to be tried for the first time, `lagUs` after its intended start. */
  lagged(script: number, lagUs: number, atUs: number): void {
    this.roll(atUs);
    (this.scripts[script] as ScriptRecord).lagged(lagUs);
  }

  /** The transaction that just ended needed so many tries beyond the first, ≥ 1. */
  retried(script: number, retries: number): void {
    (this.scripts[script] as ScriptRecord).retried(retries);
  }

  /** A transaction was not begun, since it would have been too late. */
  skipped(script: number, atUs: number): void {
    this.roll(atUs);
    const { outcomes } = this.scripts[script] as ScriptRecord;
    outcomes[SKIPPED] = (outcomes[SKIPPED] as number) + 1;
  }

  /** A command of a script took so long. */
  commanded(script: number, command: number, tookUs: number, atUs: number): void {
    this.roll(atUs);
    const { commands } = this.scripts[script] as ScriptRecord;
    const at = command * COMMAND_FIGURES.length;
    commands[at] = (commands[at] as number) + 1;
    commands[at + 1] = (commands[at + 1] as number) + tookUs;
  }

  commandFailed(script: number, command: number, atUs: number): void {
    this.roll(atUs);
    const { commands } = this.scripts[script] as ScriptRecord;
    const at = command * COMMAND_FIGURES.length + 2;
    commands[at] = (commands[at] as number) + 1;
  }

  /** @param outcome index of any outcome but the acknowledgements */
  failed(script: number, server: string, outcome: number, failure: Failure, atUs: number): void {
    this.roll(atUs);
    const record = this.scripts[script] as ScriptRecord;
    record.outcomes[outcome] = (record.outcomes[outcome] as number) + 1;
    const key = `${script} ${outcome} ${failure.code} ${server}`;
    const error = this.errors.get(key);
    if (error === undefined) {
      this.errors.set(key, {
        script,
        route: this.options.routes[script] as Route,
        outcome: OUTCOMES[outcome] as Outcome,
        code: failure.code,
        server,
        count: 1,
        firstUs: atUs,
        lastUs: atUs,
        message: failure.message,
      });
    } else {
      error.count++;
      error.lastUs = atUs;
    }
  }

  connectStarted(atUs: number): void {
    this.roll(atUs);
    this.connectAttempts++;
  }

  connected(tookUs: number, atUs: number): void {
    this.roll(atUs);
    this.connectSuccesses++;
    this.connectLatency.record(tookUs);
  }

  /** The event loop was late by this much. */
  stalled(byUs: number): void {
    if (byUs > this.stallUs) {
      this.stallUs = byUs;
    }
  }

  flush(): void {
    const { worker, warmupUs, emit } = this.options;
    const frame: Frame = {
      worker,
      interval: this.interval - Math.round(warmupUs / this.intervalUs),
      scripts: this.scripts.filter((record) => record.active()).map((record) => record.take(warmupUs)),
      errors: [...this.errors.values()].map((error) => roundError(error, warmupUs)),
      servers: this.servers.filter((record) => record.acks > 0).map((record) => record.take(warmupUs)),
      probes: [],
      heartbeats: [],
      connects: {
        attempts: this.connectAttempts,
        successes: this.connectSuccesses,
        latency: this.connectLatency.take(),
      },
      stallUs: Math.round(this.stallUs),
    };
    if (frame.interval >= 0) {
      emit(frame);
    }
    if (this.errors.size > 0) {
      // A map that is cleared gets a new table each time, and where the one before was old, in old memory.
      this.errors.clear();
    }
    this.connectAttempts = 0;
    this.connectSuccesses = 0;
    this.stallUs = 0;
  }
}

class ScriptRecord {
  readonly outcomes: number[] = OUTCOMES.map(() => 0);
  private readonly punctual = new IntervalCounts();
  private readonly delayedService = new IntervalCounts();
  private readonly delayedResponse = new IntervalCounts();
  private readonly lag = new IntervalCounts();
  /** First and last acknowledgement, longest service, response and lag; a typed array, since number fields would box. */
  private readonly times = new Float64Array([-1, -1, 0, 0, 0]);
  private late = 0;
  private retriedCount = 0;
  private retryCount = 0;
  readonly commands: number[];

  constructor(
    private readonly script: number,
    private readonly latencyLimitUs: number,
    commandCount: number,
  ) {
    this.commands = new Array<number>(commandCount * COMMAND_FIGURES.length).fill(0);
  }

  acknowledged(outcome: number, intendedUs: number, startUs: number, endUs: number): void {
    const times = this.times;
    if ((times[FIRST] as number) < 0) {
      times[FIRST] = endUs;
    }
    times[LAST] = endUs;
    this.completed(outcome, intendedUs, startUs, endUs);
  }

  completed(outcome: number, intendedUs: number, startUs: number, endUs: number): void {
    const times = this.times;
    const serviceUs = endUs - startUs;
    this.outcomes[outcome] = (this.outcomes[outcome] as number) + 1;
    if (serviceUs > (times[MAX_SERVICE] as number)) {
      times[MAX_SERVICE] = serviceUs;
    }
    const responseUs = endUs - intendedUs;
    if (responseUs > (times[MAX_RESPONSE] as number)) {
      times[MAX_RESPONSE] = responseUs;
    }
    if (responseUs > this.latencyLimitUs) {
      this.late++;
    }
    if (intendedUs === startUs) {
      this.punctual.record(serviceUs);
    } else {
      this.delayedService.record(serviceUs);
      this.delayedResponse.record(responseUs);
    }
  }

  lagged(lagUs: number): void {
    this.lag.record(lagUs);
    this.times[MAX_LAG] = Math.max(this.times[MAX_LAG] as number, lagUs);
  }

  retried(retries: number): void {
    this.retriedCount++;
    this.retryCount += retries;
  }

  active(): boolean {
    return (
      !this.lag.empty ||
      this.outcomes.some((count) => count > 0) ||
      this.commands.some((figure) => figure > 0)
    );
  }

  take(zeroUs: number): ScriptFrame {
    const [first, last, maxService, maxResponse, maxLag] = this.times;
    const frame: ScriptFrame = {
      script: this.script,
      outcomes: [...this.outcomes],
      firstAckUs: sinceZero(first as number, zeroUs),
      lastAckUs: sinceZero(last as number, zeroUs),
      punctual: this.punctual.take(),
      delayedService: this.delayedService.take(),
      delayedResponse: this.delayedResponse.take(),
      maxServiceUs: Math.round(maxService as number),
      maxResponseUs: Math.round(maxResponse as number),
      late: this.late,
      retried: this.retriedCount,
      retries: this.retryCount,
      lag: this.lag.take(),
      maxLagUs: Math.round(maxLag as number),
      commands: this.commands.map(Math.round),
    };
    this.outcomes.fill(0);
    this.commands.fill(0);
    this.times.set([-1, -1, 0, 0, 0]);
    this.late = 0;
    this.retriedCount = 0;
    this.retryCount = 0;
    return frame;
  }
}

const FIRST = 0;
const LAST = 1;
const MAX_SERVICE = 2;
const MAX_RESPONSE = 3;
const MAX_LAG = 4;

class ServerRecord {
  acks = 0;
  private readonly times = new Float64Array([-1, -1]);

  constructor(
    readonly server: string,
    readonly route: Route,
    readonly writes: boolean,
  ) {}

  acknowledged(endUs: number): void {
    if (this.acks++ === 0) {
      this.times[FIRST] = endUs;
    }
    this.times[LAST] = endUs;
  }

  take(zeroUs: number): ServerFrame {
    const frame: ServerFrame = {
      server: this.server,
      route: this.route,
      writes: this.writes,
      via: 'load',
      acks: this.acks,
      firstAckUs: sinceZero(this.times[FIRST] as number, zeroUs),
      lastAckUs: sinceZero(this.times[LAST] as number, zeroUs),
    };
    this.acks = 0;
    return frame;
  }
}

type ErrorRecord = { -readonly [Key in keyof ErrorFrame]: ErrorFrame[Key] };

function roundError(error: ErrorRecord, zeroUs: number): ErrorFrame {
  return { ...error, firstUs: Math.round(error.firstUs - zeroUs), lastUs: Math.round(error.lastUs - zeroUs) };
}

/** Whole µs since the end of the warm-up; -1 stays what it is. */
function sinceZero(atUs: number, zeroUs: number): number {
  return atUs < 0 ? -1 : Math.round(atUs - zeroUs);
}

import { IntervalCounts } from '../histogram.js';
import type { Route } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { ErrorFrame, Frame, ScriptFrame, ServerFrame } from './frame.js';

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

  constructor(
    private readonly worker: number,
    private readonly routes: readonly Route[],
    private readonly intervalUs: number,
    private readonly emit: (frame: Frame) => void,
  ) {
    this.intervalEndUs = intervalUs;
    this.scripts = routes.map((_, script) => new ScriptRecord(script));
  }

  /** Closes the interval if `nowUs` is behind its end. */
  roll(nowUs: number): void {
    if (nowUs >= this.intervalEndUs) {
      this.flush();
      this.interval = Math.floor(nowUs / this.intervalUs);
      this.intervalEndUs = (this.interval + 1) * this.intervalUs;
    }
  }

  /** Forgets everything: the load begins now, at instant 0. */
  restart(): void {
    this.flush();
    this.interval = 0;
    this.intervalEndUs = this.intervalUs;
  }

  /** Index of a server for acknowledged(); asked once for each connection. */
  serverIndex(server: string, route: Route): number {
    const known = this.servers.findIndex((record) => record.server === server && record.route === route);
    if (known >= 0) {
      return known;
    }
    return this.servers.push(new ServerRecord(server, route)) - 1;
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
        route: this.routes[script] as Route,
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
    this.emit({
      worker: this.worker,
      interval: this.interval,
      scripts: this.scripts.filter((record) => record.active()).map((record) => record.take()),
      errors: [...this.errors.values()].map(roundError),
      servers: this.servers.filter((record) => record.acks > 0).map((record) => record.take()),
      probes: [],
      connects: {
        attempts: this.connectAttempts,
        successes: this.connectSuccesses,
        latency: this.connectLatency.take(),
      },
      stallUs: Math.round(this.stallUs),
    });
    this.errors.clear();
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
  /** First and last acknowledgement, longest service and response; a typed array, since number fields would box. */
  private readonly times = new Float64Array([-1, -1, 0, 0]);

  constructor(private readonly script: number) {}

  acknowledged(outcome: number, intendedUs: number, startUs: number, endUs: number): void {
    const times = this.times;
    const serviceUs = endUs - startUs;
    this.outcomes[outcome] = (this.outcomes[outcome] as number) + 1;
    if ((times[FIRST] as number) < 0) {
      times[FIRST] = endUs;
    }
    times[LAST] = endUs;
    if (serviceUs > (times[MAX_SERVICE] as number)) {
      times[MAX_SERVICE] = serviceUs;
    }
    const responseUs = endUs - intendedUs;
    if (responseUs > (times[MAX_RESPONSE] as number)) {
      times[MAX_RESPONSE] = responseUs;
    }
    if (intendedUs === startUs) {
      this.punctual.record(serviceUs);
    } else {
      this.delayedService.record(serviceUs);
      this.delayedResponse.record(responseUs);
    }
  }

  active(): boolean {
    return this.outcomes.some((count) => count > 0);
  }

  take(): ScriptFrame {
    const [first, last, maxService, maxResponse] = this.times;
    const frame: ScriptFrame = {
      script: this.script,
      outcomes: [...this.outcomes],
      firstAckUs: Math.round(first as number),
      lastAckUs: Math.round(last as number),
      punctual: this.punctual.take(),
      delayedService: this.delayedService.take(),
      delayedResponse: this.delayedResponse.take(),
      maxServiceUs: Math.round(maxService as number),
      maxResponseUs: Math.round(maxResponse as number),
    };
    this.outcomes.fill(0);
    this.times.set([-1, -1, 0, 0]);
    return frame;
  }
}

const FIRST = 0;
const LAST = 1;
const MAX_SERVICE = 2;
const MAX_RESPONSE = 3;

class ServerRecord {
  acks = 0;
  private readonly times = new Float64Array([-1, -1]);

  constructor(
    readonly server: string,
    readonly route: Route,
  ) {}

  acknowledged(endUs: number): void {
    if (this.acks++ === 0) {
      this.times[FIRST] = endUs;
    }
    this.times[LAST] = endUs;
  }

  take(): ServerFrame {
    const frame: ServerFrame = {
      server: this.server,
      route: this.route,
      acks: this.acks,
      firstAckUs: Math.round(this.times[FIRST] as number),
      lastAckUs: Math.round(this.times[LAST] as number),
    };
    this.acks = 0;
    return frame;
  }
}

type ErrorRecord = { -readonly [Key in keyof ErrorFrame]: ErrorFrame[Key] };

function roundError(error: ErrorRecord): ErrorFrame {
  return { ...error, firstUs: Math.round(error.firstUs), lastUs: Math.round(error.lastUs) };
}

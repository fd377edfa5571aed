import { RunClock } from '../clock.js';
import { UserError } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import type { Endpoint, Route, Secrets } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import { statementEncoder } from '../postgres/messages.js';
import type { Program, ScriptContext, Step } from '../workload/program.js';
import { Client, type ClientGroup, type ClientScript } from './client.js';
import type { Frame } from './frame.js';
import { Recorder } from './recorder.js';

/** Where one worker's share of the run comes from. */
export interface GroupOptions {
  readonly plan: Plan;
  readonly secrets: Secrets;
  /** Names the run in application_name. */
  readonly runId: string;
  readonly worker: number;
  /** This worker's clients: firstClient … firstClient + clientCount - 1 of the run. */
  readonly firstClient: number;
  readonly clientCount: number;
  /** In the order of plan.workload.scripts. */
  readonly programs: readonly Program[];
  /** The client's variables and random stream, for all programs. */
  readonly contextOf: (client: number) => ScriptContext;
  /** Index of the script of the next transaction, by weight. */
  readonly chooseScript: () => number;
  readonly emit: (frame: Frame) => void;
}

/** What a client did in the whole run; plain data. Instants are µs since the start, -1 where there is none. */
export interface ClientSummary {
  readonly client: number;
  readonly acks: number;
  readonly connects: number;
  readonly lastAckUs: number;
  readonly gapFromUs: number;
  readonly gapToUs: number;
}

/** How often deadlines and pauses are looked at. A timer for each statement would cost more than the statement. */
const TICK_MS = 5;

/** One read of all sessions; a larger reply comes in several. */
const READ_BUFFER_BYTES = 64 * 1024;

/** Connections of a worker that are being made at once before the load: authentication costs the server some ms of CPU each. */
const OPENING_AT_ONCE = 16;

interface Opening {
  begun: number;
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The clients of one worker, on one event loop. */
export class Group implements ClientGroup {
  readonly scripts: readonly ClientScript[];
  readonly recorder: Recorder;
  readonly connectUs: number;
  readonly statementUs: number;
  readonly transactionUs: number;
  readonly firstPauseUs: number;
  readonly capPauseUs: number;
  readonly readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly chooseScript: () => number;
  running = false;
  lastNowUs = 0;

  private readonly clients: Client[];
  private clock = new RunClock(process.hrtime.bigint());
  private ticker: NodeJS.Timeout | undefined;
  private opening: Opening | undefined;
  private finishing: { left: number; resolve: () => void } | undefined;
  private finished: Promise<void> | undefined;
  private lastTickUs = 0;
  /** The load has begun: only from then on frames are part of the run. */
  private ran = false;

  constructor(options: GroupOptions) {
    const { plan, programs } = options;
    this.scripts = clientScripts(plan, programs);
    this.connectUs = plan.deadlines.connectMs * 1000;
    this.statementUs = plan.deadlines.statementMs * 1000;
    this.transactionUs = plan.deadlines.transactionMs * 1000;
    this.firstPauseUs = plan.reconnect.firstMs * 1000;
    this.capPauseUs = plan.reconnect.capMs * 1000;
    this.chooseScript = options.chooseScript;
    const routes = plan.workload.scripts.map((script) => script.route);
    this.recorder = new Recorder(options.worker, routes, plan.intervalMs * 1000, (frame) => {
      if (this.ran) {
        options.emit(frame);
      }
    });
    this.clients = Array.from({ length: options.clientCount }, (_, index) => this.newClient(options, index));
  }

  /** Connects every client. @throws UserError when one of them cannot */
  open(): Promise<void> {
    this.startTicking();
    return new Promise<void>((resolve, reject) => {
      this.opening = { begun: 0, left: this.clients.length, resolve, reject };
      for (let i = 0; i < OPENING_AT_ONCE; i++) {
        this.openNext();
      }
    });
  }

  /** @param originNs instant 0 of the run, see RunClock. May lie in the future: the load begins there. */
  async start(originNs: bigint): Promise<void> {
    const waitMs = Number(originNs - process.hrtime.bigint()) / 1e6;
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    if (this.finishing !== undefined) {
      return; // It was over before it began.
    }
    this.recorder.restart();
    this.clock = new RunClock(originNs);
    this.lastTickUs = this.nowUs();
    this.ran = true;
    this.running = true;
    for (const client of this.clients) {
      client.start();
    }
  }

  /**
   * Begins no transaction any more, and resolves when those in flight have ended. Called again, it only shortens the
   * time that they have.
   * @param graceMs after which they are given up; their deadlines hold, too
   */
  async finish(graceMs: number, giveUp: Failure): Promise<void> {
    const grace = setTimeout(() => this.interrupt(giveUp), graceMs);
    this.finished ??= this.windDown();
    await this.finished;
    clearTimeout(grace);
  }

  private async windDown(): Promise<void> {
    this.running = false;
    const ended = new Promise<void>((resolve) => {
      const left = this.clients.filter((client) => client.phase !== 'stopped').length;
      this.finishing = { left, resolve };
      if (left === 0) {
        resolve();
      }
    });
    for (const client of this.clients) {
      client.windDown();
    }
    await ended;
    clearInterval(this.ticker);
    this.recorder.flush();
  }

  /** Gives up everything at once, before or in the load. */
  interrupt(failure: Failure): void {
    this.running = false;
    for (const client of this.clients) {
      client.interrupt(failure);
    }
    clearInterval(this.ticker);
  }

  summaries(): ClientSummary[] {
    return this.clients.map((client) => ({
      client: client.id,
      acks: client.acks,
      connects: client.connects,
      lastAckUs: Math.round(client.lastAckUs),
      gapFromUs: Math.round(client.longestGapUs[0] as number),
      gapToUs: Math.round(client.longestGapUs[1] as number),
    }));
  }

  // ---- what clients ask and tell

  nowUs(): number {
    this.lastNowUs = this.clock.nowUs();
    return this.lastNowUs;
  }

  connectedFirst(client: Client, failure: Failure | undefined): void {
    const { opening } = this;
    if (opening === undefined) {
      return;
    }
    if (failure !== undefined) {
      this.opening = undefined;
      opening.reject(
        new UserError(`Client ${client.id} could not connect: ${failure.message} (${failure.code}).`),
      );
    } else if (--opening.left === 0) {
      this.opening = undefined;
      opening.resolve();
    } else {
      this.openNext();
    }
  }

  stopped(): void {
    if (this.finishing !== undefined && --this.finishing.left === 0) {
      this.finishing.resolve();
    }
  }

  private openNext(): void {
    if (this.opening !== undefined && this.opening.begun < this.clients.length) {
      (this.clients[this.opening.begun++] as Client).open();
    }
  }

  // ---- the tick

  private startTicking(): void {
    this.lastTickUs = this.nowUs();
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const nowUs = this.nowUs();
    this.recorder.stalled(nowUs - this.lastTickUs - TICK_MS * 1000);
    this.lastTickUs = nowUs;
    this.recorder.roll(nowUs);
    for (let i = 0; i < this.clients.length; i++) {
      const client = this.clients[i] as Client;
      if (client.wakeUs <= nowUs) {
        client.wake(nowUs);
      }
    }
  }

  private newClient(options: GroupOptions, index: number): Client {
    const id = options.firstClient + index;
    const { plan, secrets, runId } = options;
    // Every script of a group has one route as yet: that of its endpoint.
    const route = plan.workload.scripts[0]?.route ?? 'rw';
    const session = {
      endpoint: endpointOf(plan, route),
      password: route === 'ro' ? secrets.roPassword : secrets.rwPassword,
      applicationName: `pgha-bench/${runId}/${id}`,
      identify: true,
    };
    return new Client(id, this, options.contextOf(id), session, route, Math.random);
  }
}

function endpointOf(plan: Plan, route: Route): Endpoint {
  return route === 'ro' ? (plan.target.ro ?? plan.target.rw) : plan.target.rw;
}

/** What the clients can run as yet. */
const RUNNABLE: ReadonlySet<Step['op']> = new Set(['sql', 'compute', 'branch', 'jump']);

function refuseUnrunnable(program: Program, name: string): void {
  for (const step of program.steps) {
    if (!RUNNABLE.has(step.op)) {
      throw new UserError(`The script ${name} uses a command that cannot be run yet (${step.op}).`);
    }
  }
  if (!program.steps.some((step) => step.op === 'sql')) {
    throw new UserError(`The script ${name} has no SQL statement.`);
  }
}

function clientScripts(plan: Plan, programs: readonly Program[]): ClientScript[] {
  let firstStatement = 0;
  return programs.map((program, index) => {
    const first = firstStatement;
    firstStatement += program.statements.length;
    const script = plan.workload.scripts[index];
    refuseUnrunnable(program, script?.name ?? String(index));
    return {
      program,
      encoders: program.statements.map((statement, number) =>
        statementEncoder(statement, first + number, plan.protocol),
      ),
      firstStatement: first,
      route: script?.route ?? 'rw',
      writes: script?.writes ?? true,
    };
  });
}

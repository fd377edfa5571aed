import { RunClock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import { routeOfClient } from '../plan/ports.js';
import type { Route } from '../plan/target.js';
import type { Failure } from '../postgres/failure.js';
import type { Program, ScriptContext } from '../workload/program.js';
import type { RandomStream } from '../workload/random/stream.js';
import type { AckRing } from './ack-ring.js';
import { Client } from './client.js';
import type { ClientGroup, Member } from './client-group.js';
import { type ClientScript, type Closing, clientScripts, closingsOf } from './client-scripts.js';
import { type ClientTimes, clientTimes } from './client-times.js';
import { ConnectSlots } from './connect-slots.js';
import { burstOf, laneOfScripts, lanesOf, shareOf, transactionsOf, type WorkerPart } from './dealing.js';
import type { Frame } from './frame.js';
import { Opening } from './opening.js';
import { Pacer } from './pacer.js';
import { Recorder } from './recorder.js';
import { Share } from './share.js';
import { ThreadHealth } from './thread-health.js';
import type { TransactionLog } from './transaction-log.js';

/** Where one worker's share of the run comes from. */
export interface GroupOptions extends WorkerPart {
  readonly worker: number;
  /** In the order of plan.workload.scripts. */
  readonly programs: readonly Program[];
  /** The client's variables and random stream, for all programs. */
  readonly contextOf: (client: number) => ScriptContext;
  /** For clients that serve this port: gives the index of the script of the next transaction, by weight. */
  readonly chooserOf: (route: Route | 'both') => () => number;
  /** Draws the instants of an open pace. */
  readonly throttle: RandomStream;
  readonly log?: TransactionLog;
  /** Where the ledgers of the clients put what is acknowledged; absent without ledgers. */
  readonly acks?: AckRing;
  readonly emit: (frame: Frame) => void;
  /** Every client has done all that it was to do. */
  readonly onDrained?: () => void;
}

/** What a client did in the whole run; plain data. Instants are µs since the start, -1 where there is none. */
export interface ClientSummary {
  readonly client: number;
  readonly acks: number;
  readonly connects: number;
  readonly lastAckUs: number;
  /** The longest time between two acknowledgements from mark to mark: begins and ends in turn. */
  readonly gapsUs: readonly number[];
}

/** How often deadlines and pauses are looked at. A timer for each statement would cost more than the statement. */
const TICK_MS = 5;

/** One read of all sessions; a larger reply comes in several. */
const READ_BUFFER_BYTES = 64 * 1024;

/** The clients of one worker, on one event loop. */
export class Group implements ClientGroup {
  readonly scripts: readonly ClientScript[];
  readonly closings: readonly Closing[];
  readonly recorder: Recorder;
  /** What a reader of the result must know of this worker's part. */
  readonly problems: string[] = [];
  readonly health: ThreadHealth;
  readonly connectUs: number;
  readonly statementUs: number;
  readonly transactionUs: number;
  readonly slots: ConnectSlots;
  readonly firstPauseUs: number;
  readonly capPauseUs: number;
  readonly latencyLimitUs: number;
  readonly warmupUs: number;
  readonly restarts: boolean;
  readonly maxTries: number;
  readonly transactionsPerConnection: number;
  readonly perCommand: boolean;
  readonly options: Plan['workload']['options'];
  readonly acks: AckRing | undefined;
  /** Only behind the warm-up. */
  log: TransactionLog | undefined;
  readonly wakeAtUs: Float64Array;
  readonly clientTimes: ClientTimes;
  readonly readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  running = false;
  lastNowUs = Number.NEGATIVE_INFINITY;

  private readonly clients: Client[];
  private readonly shares = new Map<Route | 'both', Share>();
  /** Numbers of transactions that count. */
  private readonly limits: { readonly perClient: number; readonly total: number };
  /** The same, and what is left of it; in the warm-up there is no limit. */
  private perClientLimit = Infinity;
  private transactionsLeft = Infinity;
  private unstopped: number;
  private readonly due: Member[] = [];
  private readonly fullLog: TransactionLog | undefined;
  private readonly onDrained: () => void;
  /** µs since 1970 of instant 0 of the load. */
  private epochAtStartUs = 0;
  private clock = new RunClock(process.hrtime.bigint());
  private ticker: NodeJS.Timeout | undefined;
  private opening: Opening | undefined;
  private finishing: { left: number; resolve: () => void } | undefined;
  private finished: Promise<void> | undefined;
  private lastTickUs = Number.NEGATIVE_INFINITY;
  /** The warm-up is over: what clients have counted is part of the run. */
  private warm = false;
  /** The load has begun: only from then on frames are part of the run. */
  private ran = false;

  constructor(options: GroupOptions) {
    const { plan, programs } = options;
    this.health = new ThreadHealth(`worker ${options.worker}`);
    this.scripts = clientScripts(plan, programs);
    this.closings = closingsOf(this.scripts);
    this.connectUs = plan.deadlines.connectMs * 1000;
    this.statementUs = plan.deadlines.statementMs * 1000;
    this.transactionUs = plan.deadlines.transactionMs * 1000;
    this.slots = new ConnectSlots(burstOf(options));
    this.firstPauseUs = plan.reconnect.firstMs * 1000;
    this.capPauseUs = plan.reconnect.capMs * 1000;
    this.latencyLimitUs = plan.latencyLimitMs === null ? Infinity : plan.latencyLimitMs * 1000;
    // A multiple of the interval, so that no interval of the recorder lies across its end.
    this.warmupUs = Math.ceil(plan.warmupMs / plan.intervalMs) * plan.intervalMs * 1000;
    this.restarts = plan.retry.contention === 'restart';
    this.maxTries = plan.retry.maxTries === 0 ? Infinity : plan.retry.maxTries;
    this.transactionsPerConnection = plan.transactionsPerConnection;
    this.perCommand = plan.perCommand;
    this.options = plan.workload.options;
    this.acks = options.acks;
    this.fullLog = options.log;
    this.onDrained = options.onDrained ?? (() => undefined);
    this.limits = {
      perClient: plan.transactions?.per === 'client' ? plan.transactions.count : Infinity,
      total: transactionsOf(options),
    };
    this.unstopped = options.clientCount;
    this.recorder = new Recorder({
      worker: options.worker,
      routes: plan.workload.scripts.map((script) => script.route),
      intervalUs: plan.intervalMs * 1000,
      warmupUs: this.warmupUs,
      latencyLimitUs: this.latencyLimitUs,
      ...(plan.perCommand ? { commands: programs.map((program) => program.commands.length) } : {}),
      emit: (frame) => {
        if (this.ran) {
          options.emit(frame);
        }
      },
      onWarm: (nowUs) => {
        if (this.ran) {
          this.endWarmup(nowUs);
        }
      },
    });
    this.wakeAtUs = new Float64Array(options.clientCount).fill(Infinity);
    this.clientTimes = clientTimes(options.clientCount);
    this.clients = Array.from({ length: options.clientCount }, (_, index) => this.newClient(options, index));
  }

  /** Connects every client. @throws UserError when one of them cannot */
  open(): Promise<void> {
    this.startTicking();
    this.opening = new Opening(this.clients);
    return this.opening.run();
  }

  /** @param originNs when the load begins, the warm-up included, see RunClock; may lie in the future */
  async start(originNs: bigint): Promise<void> {
    // A timer may be early by a part of a ms, and what began before instant 0 would not count.
    for (let waitNs = untilNs(originNs); waitNs > 0n; waitNs = untilNs(originNs)) {
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(Number(waitNs) / 1e6)));
    }
    if (this.finishing !== undefined) {
      return; // It was over before it began.
    }
    this.recorder.restart();
    this.clock = new RunClock(originNs);
    this.epochAtStartUs = Date.now() * 1000 - this.nowUs();
    this.lastTickUs = this.nowUs();
    this.ran = true;
    this.running = true;
    // The end of the warm-up sets these; what has had one value only is compiled into the code, and that would be lost then.
    this.perClientLimit = Infinity;
    this.log = undefined;
    if (this.warmupUs === 0) {
      this.endWarmup(this.lastTickUs);
    }
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
    this.health.end();
    for (const share of this.shares.values()) {
      share.close();
    }
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
    try {
      await this.fullLog?.close(this.epochUs(this.nowUs()));
    } catch (error) {
      // A full disk, for one: the result is worth more than the log.
      this.problems.push(messageOf(error));
    }
  }

  /** Gives up everything at once, before or in the load. */
  interrupt(failure: Failure): void {
    this.running = false;
    // Else each client that gives its connection up would let another one begin, just to be given up in its turn.
    this.slots.forget();
    for (const client of this.clients) {
      client.interrupt(failure);
    }
    clearInterval(this.ticker);
  }

  summaries(): ClientSummary[] {
    return this.clients.map((client) => ({
      client: client.id,
      acks: this.warm ? client.ackGaps.count : 0,
      connects: client.connects,
      lastAckUs: this.sinceWarmup(client.ackGaps.lastUs),
      gapsUs: client.ackGaps.longest().map((atUs) => this.sinceWarmup(atUs)),
    }));
  }

  /** Something is about to happen, see AckGaps.mark() and ThreadHealth.mark(). */
  mark(): void {
    this.health.mark();
    for (const client of this.clients) {
      client.ackGaps.mark();
    }
  }

  private sinceWarmup(atUs: number): number {
    return atUs < 0 || !this.warm ? -1 : Math.round(atUs - this.warmupUs);
  }

  // ---- what clients ask and tell

  nowUs(): number {
    this.lastNowUs = this.clock.nowUs();
    return this.lastNowUs;
  }

  connectedFirst(client: Member, failure: Failure | undefined): void {
    this.opening?.connected(client, failure);
  }

  stopped(): void {
    if (--this.unstopped === 0 && this.finishing === undefined) {
      this.onDrained();
    }
    if (this.finishing !== undefined && --this.finishing.left === 0) {
      this.finishing.resolve();
    }
  }

  mayBegin(client: Member): boolean {
    return client.counted < this.perClientLimit && this.transactionsLeft > 0;
  }

  countTransaction(client: Member): void {
    client.counted++;
    this.transactionsLeft--;
  }

  soon(client: Member): void {
    if (this.due.push(client) === 1) {
      setImmediate(this.wakeDue);
    }
  }

  epochUs(nowUs: number): number {
    return this.epochAtStartUs + nowUs;
  }

  private readonly wakeDue = (): void => {
    const nowUs = this.nowUs();
    for (const client of this.due.splice(0)) {
      if (client.phase === 'waiting') {
        client.wake(nowUs);
      }
    }
  };

  // ---- the tick

  private startTicking(): void {
    this.lastTickUs = this.nowUs();
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const nowUs = this.nowUs();
    const lateUs = nowUs - this.lastTickUs - TICK_MS * 1000;
    this.recorder.stalled(lateUs);
    this.health.late(lateUs);
    this.lastTickUs = nowUs;
    this.recorder.roll(nowUs);
    const { wakeAtUs } = this;
    for (let i = 0; i < wakeAtUs.length; i++) {
      if ((wakeAtUs[i] as number) <= nowUs) {
        (this.clients[i] as Client).wake(nowUs);
      }
    }
  }

  private endWarmup(nowUs: number): void {
    this.warm = true;
    this.health.begin();
    this.perClientLimit = this.limits.perClient;
    this.transactionsLeft = this.limits.total;
    this.fullLog?.begin(this.epochUs(nowUs));
    this.log = this.fullLog;
    for (const client of this.clients) {
      client.endWarmup();
    }
  }

  private newClient(options: GroupOptions, index: number): Client {
    const id = options.firstClient + index;
    const { plan } = options;
    const route = routeOfClient(plan, id);
    let share = this.shares.get(route);
    if (share === undefined) {
      share = this.newShare(options, route);
      this.shares.set(route, share);
    }
    return new Client(
      id,
      index,
      this,
      share,
      options.contextOf(id),
      lanesOf(options, id, route),
      Math.random,
    );
  }

  private newShare(options: GroupOptions, route: Route | 'both'): Share {
    const { plan, throttle } = options;
    const { pace } = plan;
    const pacer =
      pace.kind === 'open'
        ? new Pacer(pace.stages, shareOf(options, route), this.warmupUs, throttle)
        : undefined;
    return new Share({
      chooseScript: options.chooserOf(route),
      pacer,
      laneOf: laneOfScripts(plan, route),
      nowUs: () => this.nowUs(),
    });
  }
}

function untilNs(instantNs: bigint): bigint {
  return instantNs - process.hrtime.bigint();
}

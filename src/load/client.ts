import { type Failure, OPEN_TRANSACTION, READ_ONLY } from '../postgres/failure.js';
import { queryMessage } from '../postgres/messages.js';
import { ABORTED, ACK, ACK_UNREPLICATED, IN_DOUBT, NOT_SENT } from '../postgres/outcome.js';
import { IDLE } from '../postgres/replies.js';
import { Session, type SessionOwner } from '../postgres/session.js';
import type { ScriptContext } from '../workload/program.js';
import { AckGaps } from './ack-gaps.js';
import { Backoff } from './backoff.js';
import { overdueFailure } from './client-failures.js';
import type { ClientGroup, Member, Phase } from './client-group.js';
import type { ClientScript, Closing } from './client-scripts.js';
import { DEADLINE, rowOf } from './client-times.js';
import { Connecting, type ConnectingOwner } from './connecting.js';
import { Execution, type ExecutionOwner } from './execution.js';
import { NEVER } from './instants.js';
import { type Lane, type LaneOptions, laneConnected, laneOf } from './lane.js';
import { OwedTransaction } from './owed-transaction.js';
import type { Share, Starter } from './share.js';

const ROLLBACK = queryMessage('ROLLBACK');

/** So many transactions that send nothing may follow each other before the event loop gets its turn. */
const UNSENT_IN_A_ROW = 64;

/**
 * One virtual client: one transaction in flight, one connection at a time or one for each script, and never given up
 * while the run lasts. It is a state machine on the events of its sessions: how it gets a connection is its {@link Connecting}'s,
 * which transaction it owes and what is told of it its {@link OwedTransaction}'s, the way through a script its
 * {@link Execution}'s.
 */
export class Client implements Member, Starter, SessionOwner, ConnectingOwner, ExecutionOwner {
  phase: Phase = 'opening';
  counted = 0;
  readonly ackGaps: AckGaps;

  private readonly lanes: readonly Lane[];
  private lane: Lane;
  private readonly connecting: Connecting;
  private readonly execution: Execution;
  private readonly owed: OwedTransaction;
  private readonly backoff: Backoff;
  private readonly row: number;
  /** The connection was closed because it had done its number of transactions, not because of a failure. */
  private renews = false;
  private unsentInARow = 0;
  /** Closings that were begun. */
  private closings = 0;

  constructor(
    readonly id: number,
    /** Among the clients of the group. */
    private readonly slot: number,
    private readonly group: ClientGroup,
    /** What scripts it runs and when. */
    readonly share: Share,
    private readonly context: ScriptContext,
    lanes: readonly LaneOptions[],
    /** Uniform in [0, 1): only for the jitter of pauses, the workload's streams are its own. */
    jitter: () => number,
  ) {
    const statements = group.scripts.reduce((sum, script) => sum + script.encoders.length, 0);
    this.lanes = lanes.map(({ route, session }) =>
      laneOf(route, new Session(this, session, group.readBuffer, statements)),
    );
    this.lane = this.lanes[0] as Lane;
    this.connecting = new Connecting(this, group);
    this.execution = new Execution(this, group, context);
    this.owed = new OwedTransaction(this, group, share, context.random, slot);
    this.row = rowOf(slot);
    group.clientTimes[this.row + DEADLINE] = NEVER;
    this.ackGaps = new AckGaps(group.clientTimes, this.row);
    this.backoff = new Backoff(group.firstPauseUs, group.capPauseUs, jitter);
  }

  /**
   * When the group must look at this client: the end of its pause, or the deadline of what it waits for. It stands in one array
   * for all clients: thousands of them are gone through 200 times a second.
   */
  get wakeUs(): number {
    return this.group.wakeAtUs[this.slot] as number;
  }

  set wakeUs(atUs: number) {
    this.group.wakeAtUs[this.slot] = atUs;
  }

  /** Until when the transaction that is under way may last. */
  get transactionDeadlineUs(): number {
    return this.group.clientTimes[this.row + DEADLINE] as number;
  }

  private beginDeadline(nowUs: number): void {
    this.group.clientTimes[this.row + DEADLINE] = nowUs + this.group.transactionUs;
  }

  /** When the transaction that is owed should have begun, or should begin; negative when none is. */
  get intendedUs(): number {
    return this.owed.intendedUs;
  }

  /** Connections that it had, those made in the warm-up left out. */
  get connects(): number {
    return this.connecting.made;
  }

  /** At the end of the load a client that is not wound down yet begins nothing more: they would all do so, one by one. */
  get mayConnect(): boolean {
    return this.group.running || this.phase === 'opening' || this.phase === 'retiring';
  }

  /** Connects before the load; ends in group.connectedFirst. */
  open(): void {
    this.phase = 'opening';
    this.connect();
  }

  /** Begins with the load. */
  start(): void {
    this.next(this.group.nowUs());
  }

  /** The start of the transaction that waits for it has come. */
  startDue(nowUs: number): void {
    if (this.phase !== 'waiting') {
      return; // The load has ended.
    }
    if (this.group.running) {
      this.attempt(nowUs);
    } else {
      this.retire(nowUs);
    }
  }

  /** The group saw that wakeUs is over. */
  wake(nowUs: number): void {
    if (this.phase === 'waiting') {
      this.next(nowUs);
    } else if ((this.phase !== 'running' && this.phase !== 'closing') || !this.execution.isAlive(nowUs)) {
      this.overdue(nowUs);
    }
  }

  /** The load is over: stops at once, unless a transaction is in flight, which may end first. */
  windDown(): void {
    if (this.phase === 'waiting' || this.phase === 'connecting') {
      this.retire(this.group.nowUs());
    }
  }

  /**
   * The warm-up is over: what was counted is forgotten, and what is in flight counts. Up to here the client has done just
   * what it does from here on; a way that is taken for the first time now would have to be compiled now.
   */
  endWarmup(): void {
    this.owed.forget();
    this.ackGaps.forget();
    this.counted = 0;
    if (this.owed.intendedUs >= 0) {
      this.group.countTransaction(this);
    }
  }

  /** Gives up what is in flight; its outcome is what is known of it. */
  interrupt(failure: Failure): void {
    if (this.phase === 'stopped') {
      return;
    }
    this.lane.session.abandon();
    this.connecting.over();
    if (this.phase === 'closing') {
      this.closingLost(failure, this.group.nowUs());
      return;
    }
    if (this.phase === 'running') {
      this.execution.cancel();
      this.lost(failure, this.group.nowUs());
    }
    this.stop();
  }

  // ---- what the sessions tell

  onConnected(session: Session): void {
    const { group, lane } = this;
    if (session !== lane.session) {
      session.close(); // Nobody waits for it.
      return;
    }
    const nowUs = group.nowUs();
    this.connecting.succeeded(nowUs);
    laneConnected(lane, group.recorder);
    if (this.phase === 'opening') {
      this.openNextLane();
    } else if (this.phase === 'retiring') {
      this.close(nowUs);
    } else if (this.renews && this.share.pacer === undefined) {
      // As in pgbench: without a schedule a transaction begins when the connection that it is to have is there.
      this.renews = false;
      this.owed.intendedUs = nowUs;
      this.next(nowUs);
    } else {
      this.next(nowUs);
    }
  }

  onReply(): void {
    if (this.phase === 'rolling_back') {
      this.rolledBack();
    } else {
      this.execution.replied();
    }
  }

  onLost(failure: Failure, session: Session): void {
    if (session !== this.lane.session) {
      return; // Nothing is in flight there: the next transaction on that lane finds it closed.
    }
    this.connecting.over();
    this.connectionGone(failure, this.group.nowUs());
  }

  // ---- one transaction

  /** Begins the next transaction or the next attempt at the one that is owed. */
  private next(nowUs: number): void {
    this.renewConnection();
    if (!this.group.running) {
      this.retire(nowUs);
    } else if (this.owed.intendedUs >= 0 || this.newTransaction(nowUs)) {
      this.attempt(nowUs);
    }
  }

  /** @returns whether it is to begin now; else the client waits for its start, or has stopped */
  private newTransaction(nowUs: number): boolean {
    const { owed } = this;
    if (!owed.take(nowUs)) {
      this.retire(nowUs);
      return false;
    }
    if (owed.intendedUs > nowUs) {
      this.phase = 'waiting';
      this.wakeUs = NEVER;
      this.share.waitForStart(this);
      return false;
    }
    return true;
  }

  /** On a new connection if need be. */
  private attempt(nowUs: number): void {
    const { owed, share } = this;
    owed.due(nowUs);
    this.lane = this.lanes[share.laneOf[owed.script] as number] as Lane;
    if (this.lane.session.state === 'closed') {
      this.phase = 'connecting';
      this.connect();
    } else {
      this.begin(nowUs);
    }
  }

  private begin(nowUs: number): void {
    const { group, owed } = this;
    this.phase = 'running';
    owed.begin(nowUs);
    this.beginDeadline(nowUs);
    this.context.ledger?.begin(this.lane.writeServer);
    this.execution.begin(group.scripts[owed.script] as ClientScript, owed.script, this.lane.session);
  }

  onEnd(): void {
    const { group, execution, lane, owed } = this;
    if (this.phase === 'closing') {
      this.retire(group.nowUs());
      return;
    }
    if (lane.session.replies.status !== IDLE) {
      this.onFailure({ code: OPEN_TRANSACTION, message: 'The script ended inside a transaction block.' });
      return;
    }
    const nowUs = group.nowUs();
    if (execution.sent) {
      const outcome = execution.unreplicated ? ACK_UNREPLICATED : ACK;
      const { writes } = group.scripts[owed.script] as ClientScript;
      const server = writes ? lane.writeServer : lane.readServer;
      owed.acknowledged(server, outcome, nowUs);
      this.ackGaps.acknowledged(nowUs);
      lane.transactions++;
    } else {
      owed.completed(nowUs);
    }
    this.backoff.reset();
    this.afterEnd(execution.sent, nowUs);
  }

  /** Without a round trip the next one begins within this one, and so on: the event loop must have its turn, too. */
  private afterEnd(sent: boolean, nowUs: number): void {
    const { group } = this;
    if (sent || ++this.unsentInARow < UNSENT_IN_A_ROW) {
      this.next(nowUs);
    } else {
      this.unsentInARow = 0;
      this.phase = 'waiting';
      this.wakeUs = NEVER;
      group.soon(this);
    }
  }

  /** A connection that was to serve so many transactions has done so. */
  private renewConnection(): void {
    const { lane, group } = this;
    if (group.transactionsPerConnection > 0 && lane.transactions >= group.transactionsPerConnection) {
      lane.transactions = 0;
      lane.session.close();
      this.renews = true;
    }
  }

  // ---- what goes wrong

  /** The server answered with an error, or the script could not go on; the connection stands. */
  onFailure(failure: Failure): void {
    const nowUs = this.group.nowUs();
    const { session } = this.lane;
    this.record(ABORTED, failure, nowUs);
    if (this.phase === 'closing') {
      this.stop();
      return;
    }
    if (failure.code === READ_ONLY) {
      // The connection leads to a standby and will do so until somebody cuts it.
      session.close();
      this.pause(nowUs);
      return;
    }
    if (!this.owed.triesAgain(nowUs)) {
      this.givenUp(nowUs);
    }
    if (session.state === 'idle' && session.replies.status !== IDLE) {
      this.phase = 'rolling_back';
      this.wakeUs = nowUs + this.group.statementUs;
      session.send(ROLLBACK);
    } else {
      this.afterFailure(nowUs);
    }
  }

  private rolledBack(): void {
    const nowUs = this.group.nowUs();
    if (this.lane.session.replies.status !== IDLE) {
      this.lane.session.abandon();
      this.pause(nowUs);
    } else {
      this.afterFailure(nowUs);
    }
  }

  /** Contention says nothing about the server and is tried again at once; anything else would come back at full speed. */
  private afterFailure(nowUs: number): void {
    if (this.owed.wasContended) {
      this.next(nowUs);
    } else {
      this.pause(nowUs);
    }
  }

  /** The connection is gone under a transaction. */
  private lost(failure: Failure, nowUs: number): void {
    this.record(this.execution.committing ? IN_DOUBT : ABORTED, failure, nowUs);
    this.noteLoss();
    if (this.execution.committing || this.execution.committed) {
      // It may have gone through, or a part of it has: it is not tried again, and the next one is another one.
      this.givenUp(nowUs);
    }
  }

  private noteLoss(): void {
    const { ledger } = this.context;
    if (this.execution.committing) {
      ledger?.doubt();
    }
    this.group.acks?.keep();
  }

  private givenUp(nowUs: number): void {
    this.owed.givenUp(nowUs);
    this.lane.transactions += this.execution.sent ? 1 : 0;
  }

  /** What it waited for did not come in its time. */
  private overdue(nowUs: number): void {
    const { phase, group } = this;
    const connects = phase === 'connecting' || phase === 'opening' || phase === 'retiring';
    const failure = overdueFailure(group, connects, this.transactionDeadlineUs, nowUs);
    this.lane.session.abandon();
    this.connecting.over();
    this.connectionGone(failure, nowUs);
  }

  /** There is no connection any more, or none came. */
  private connectionGone(failure: Failure, nowUs: number): void {
    switch (this.phase) {
      case 'opening':
        this.wakeUs = NEVER;
        this.group.connectedFirst(this, failure);
        return;
      case 'connecting':
        this.record(NOT_SENT, failure, nowUs);
        break;
      case 'running':
        this.execution.cancel();
        this.lost(failure, nowUs);
        break;
      case 'retiring':
        this.record(NOT_SENT, failure, nowUs);
        this.stop();
        return;
      case 'closing':
        this.closingLost(failure, nowUs);
        return;
      case 'rolling_back':
        break;
      default:
        this.group.acks?.keep();
        // Lost while nothing was in flight: the next wake finds the session closed and connects.
        return;
    }
    this.pause(nowUs);
  }

  private record(outcome: number, failure: Failure, nowUs: number): void {
    this.renews = false;
    this.owed.failed(this.lane.session.server, outcome, failure, nowUs);
  }

  // ---- between transactions

  private openNextLane(): void {
    const next = this.lanes.find(({ session }) => session.state === 'closed');
    if (next === undefined) {
      this.phase = 'waiting';
      this.group.connectedFirst(this, undefined);
    } else {
      this.lane = next;
      this.connect();
    }
  }

  private connect(): void {
    this.connecting.begin(this.lane.session);
  }

  /** Waits before the next attempt. */
  private pause(nowUs: number): void {
    this.renewConnection();
    if (!this.group.running) {
      this.retire(nowUs);
      return;
    }
    this.phase = 'waiting';
    this.wakeUs = nowUs + this.backoff.pauseUs();
  }

  /** Does what scripts have to do behind the last transaction, on the connection that is there, and stops. */
  private retire(nowUs: number): void {
    this.owed.abandon(nowUs);
    this.connecting.leaveQueue();
    const closing = this.group.closings[this.closings];
    if (closing === undefined) {
      this.stop();
      return;
    }
    this.owed.script = closing.index;
    const lane = this.lanes[this.share.laneOf[closing.index] as number] as Lane;
    if (lane !== this.lane && this.lane.session.state === 'connecting') {
      // What was to be done on that connection is not done any more.
      this.lane.session.abandon();
      this.connecting.over();
    }
    this.lane = lane;
    const { session } = lane;
    if (session.state === 'idle') {
      this.close(nowUs);
      return;
    }
    this.phase = 'retiring';
    if (session.state === 'closed') {
      this.connect();
    }
  }

  private close(nowUs: number): void {
    const closing = this.group.closings[this.closings++] as Closing;
    this.phase = 'closing';
    this.beginDeadline(nowUs);
    this.context.ledger?.begin(this.lane.writeServer);
    this.execution.begin(closing.script, closing.index, this.lane.session);
  }

  private closingLost(failure: Failure, nowUs: number): void {
    this.execution.cancel();
    this.record(this.execution.committing ? IN_DOUBT : ABORTED, failure, nowUs);
    this.noteLoss();
    this.stop();
  }

  private stop(): void {
    this.owed.abandon(this.group.lastNowUs);
    this.phase = 'stopped';
    this.wakeUs = NEVER;
    for (const { session } of this.lanes) {
      session.close();
    }
    this.connecting.over();
    this.group.stopped(this);
  }
}

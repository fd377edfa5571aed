import type { Route } from '../plan/target.js';
import {
  CONNECT_TIMEOUT,
  type Failure,
  isContention,
  OPEN_TRANSACTION,
  READ_ONLY,
  ROLLED_BACK,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import { queryMessage, type StatementEncoder } from '../postgres/messages.js';
import { ABORTED, ACK, ACK_UNREPLICATED, IN_DOUBT, NOT_SENT } from '../postgres/outcome.js';
import { IDLE } from '../postgres/replies.js';
import { Session, type SessionOptions, type SessionOwner } from '../postgres/session.js';
import { type Program, type ScriptContext, ScriptFailure } from '../workload/program.js';
import type { Recorder } from './recorder.js';

/** A script as the clients of a worker share it. */
export interface ClientScript {
  readonly program: Program;
  readonly encoders: readonly StatementEncoder[];
  /** Number of this script's first statement among those of all scripts: names of prepared statements must differ. */
  readonly firstStatement: number;
  readonly route: Route;
  readonly writes: boolean;
}

/** What the clients of one worker share. */
export interface ClientGroup {
  readonly scripts: readonly ClientScript[];
  readonly recorder: Recorder;
  readonly connectUs: number;
  readonly statementUs: number;
  readonly transactionUs: number;
  readonly firstPauseUs: number;
  readonly capPauseUs: number;
  /** Shared by all sessions of the thread. */
  readonly readBuffer: Buffer;
  /** Between the start of the load and its end; no transaction begins outside. */
  running: boolean;
  /** µs since the start of the run. */
  nowUs(): number;
  /** The last nowUs() that anyone read: good enough for deadlines, and free. */
  lastNowUs: number;
  /** Index of the script of the next transaction. */
  chooseScript(): number;
  /** The client has its first connection, or none. */
  connectedFirst(client: Client, failure: Failure | undefined): void;
  /** The client has nothing in flight and will begin nothing. */
  stopped(client: Client): void;
}

type Phase =
  /** Has no connection and tries to get its first one, before the load. */
  | 'opening'
  | 'connecting'
  /** Waits for the start of the load, or until wakeUs. */
  | 'waiting'
  /** A transaction is in flight. */
  | 'running'
  /** A failed transaction is being rolled back; its outcome is recorded already. */
  | 'rolling_back'
  | 'stopped';

const ROLLBACK = queryMessage('ROLLBACK');
const NEVER = Number.POSITIVE_INFINITY;

/**
 * One virtual client: one connection at a time, one transaction in flight, and never given up while the run lasts.
 * It is a state machine on the events of its session; between two statements of a transaction nothing but the code in
 * this file, the encoder and the walk over the reply runs.
 */
export class Client implements SessionOwner {
  phase: Phase = 'opening';
  /** When the group must look at this client: the end of its pause, or the deadline of what it waits for. */
  wakeUs = NEVER;

  acks = 0;
  connects = 0;
  lastAckUs = -1;
  /** The longest time between two acknowledgements: begins, ends. */
  readonly longestGapUs = new Float64Array([-1, -1]);

  private readonly session: Session;
  private script = 0;
  private step = 0;
  /** Something of this transaction was sent. */
  private sent = false;
  /** The reply that is awaited decides over a commit. */
  private committing = false;
  private unreplicated = false;
  /** Statement whose Parse is in flight, -1 for none. */
  private parsing = -1;
  private startUs = 0;
  /** When the transaction should have begun; -1 when none is owed. Kept over attempts that did not go through. */
  private intendedUs = -1;
  private transactionDeadlineUs = NEVER;
  /** Attempts in a row that failed: the exponent of the pause. */
  private failures = 0;
  private lastFailureCode = '';
  private connectStartUs = 0;
  private serverIndex = -1;

  constructor(
    readonly id: number,
    private readonly group: ClientGroup,
    private readonly context: ScriptContext,
    session: SessionOptions,
    private readonly route: Route,
    /** Uniform in [0, 1): only for the jitter of pauses, the workload's streams are its own. */
    private readonly jitter: () => number,
  ) {
    const statements = group.scripts.reduce((sum, script) => sum + script.encoders.length, 0);
    this.session = new Session(this, session, group.readBuffer, statements);
  }

  /** Connects before the load; ends in group.connectedFirst. */
  open(): void {
    this.phase = 'opening';
    this.beginConnect();
  }

  /** Begins with the load. */
  start(): void {
    this.next(this.group.nowUs());
  }

  /** The group saw that wakeUs is over. */
  wake(nowUs: number): void {
    if (this.phase === 'waiting') {
      if (!this.group.running) {
        this.stop();
      } else if (this.session.state === 'closed') {
        this.phase = 'connecting';
        this.beginConnect();
      } else {
        this.begin(nowUs);
      }
      return;
    }
    this.overdue(nowUs);
  }

  /** The load is over: stops at once, unless a transaction is in flight, which may end first. */
  windDown(): void {
    if (this.phase === 'waiting' || this.phase === 'connecting') {
      this.session.abandon();
      this.stop();
    }
  }

  /** Gives up what is in flight; its outcome is what is known of it. */
  interrupt(failure: Failure): void {
    if (this.phase === 'stopped') {
      return;
    }
    this.session.abandon();
    if (this.phase === 'running') {
      this.record(this.committing ? IN_DOUBT : ABORTED, failure, this.group.nowUs());
    }
    this.stop();
  }

  // ---- what the session tells

  onConnected(): void {
    const nowUs = this.group.nowUs();
    this.wakeUs = NEVER;
    this.connects++;
    this.group.recorder.connected(nowUs - this.connectStartUs, nowUs);
    this.serverIndex = this.group.recorder.serverIndex(this.session.server, this.route);
    if (this.phase === 'opening') {
      this.phase = 'waiting';
      this.group.connectedFirst(this, undefined);
    } else {
      this.next(nowUs);
    }
  }

  onReply(): void {
    const replies = this.session.replies;
    if (this.parsing >= 0) {
      if (replies.parsed) {
        this.session.parsed[this.parsing] = 1;
      }
      this.parsing = -1;
    }
    if (this.phase === 'rolling_back') {
      this.rolledBack();
    } else if (replies.error !== undefined) {
      this.failed(replies.error);
    } else if (this.committing && replies.rolledBack) {
      this.failed({ code: ROLLED_BACK, message: 'COMMIT was answered with ROLLBACK.' });
    } else {
      this.unreplicated ||= replies.unreplicated && this.committing;
      this.step++;
      this.advance();
    }
  }

  onLost(failure: Failure): void {
    const nowUs = this.group.nowUs();
    switch (this.phase) {
      case 'opening':
        this.group.connectedFirst(this, failure);
        return;
      case 'connecting':
        this.record(NOT_SENT, failure, nowUs);
        break;
      case 'running':
        this.record(this.committing ? IN_DOUBT : ABORTED, failure, nowUs);
        break;
      case 'rolling_back':
        break;
      default:
        // Lost while nothing was in flight: the next wake finds the session closed and connects.
        return;
    }
    this.pause(nowUs);
  }

  // ---- one transaction

  /** Begins the next transaction, on a new connection if need be. */
  private next(nowUs: number): void {
    if (!this.group.running) {
      this.stop();
    } else if (this.session.state === 'closed') {
      this.phase = 'connecting';
      this.beginConnect();
    } else {
      this.begin(nowUs);
    }
  }

  private begin(nowUs: number): void {
    this.phase = 'running';
    this.script = this.group.chooseScript();
    this.step = 0;
    this.sent = false;
    this.committing = false;
    this.unreplicated = false;
    this.startUs = nowUs;
    if (this.intendedUs < 0) {
      this.intendedUs = nowUs;
    }
    this.transactionDeadlineUs = nowUs + this.group.transactionUs;
    this.advance();
  }

  /** Runs the script up to its next statement, or to its end. */
  private advance(): void {
    let atEnd: boolean;
    try {
      atEnd = this.runSteps();
    } catch (error) {
      if (!(error instanceof ScriptFailure)) {
        throw error;
      }
      // A division by zero in the script, for one.
      this.failed({ code: 'script', message: error.message });
      return;
    }
    if (atEnd) {
      this.finished();
    }
  }

  /** @returns whether the script is at its end; else a statement was sent */
  private runSteps(): boolean {
    const { program } = this.group.scripts[this.script] as ClientScript;
    const steps = program.steps;
    while (this.step < steps.length) {
      const step = steps[this.step] as Program['steps'][number];
      switch (step.op) {
        case 'sql':
          this.sendStatement(step.statement);
          return false;
        case 'compute':
          step.run(this.context);
          this.step++;
          break;
        case 'branch':
          this.step = step.test(this.context) ? this.step + 1 : step.otherwise;
          break;
        case 'jump':
          this.step = step.to;
          break;
        default:
          // The group took no program with any other step.
          this.step++;
      }
    }
    return true;
  }

  private sendStatement(index: number): void {
    const { session, group } = this;
    const script = group.scripts[this.script] as ClientScript;
    const encoder = script.encoders[index] as StatementEncoder;
    const verb = (script.program.statements[index] as Program['statements'][number]).verb;
    this.committing =
      script.writes && (verb === 'commit' || (verb === 'write' && session.replies.status === IDLE));
    const number = script.firstStatement + index;
    const parse = !encoder.keepsParsed || session.parsed[number] === 0;
    if (parse) {
      this.parsing = number;
    }
    const buffer = session.buffer(encoder.bound(this.context.variables));
    const length = encoder.encode(buffer, this.context.variables, parse);
    const deadlineUs = group.lastNowUs + group.statementUs;
    this.wakeUs = Math.min(deadlineUs, this.transactionDeadlineUs);
    this.sent = true;
    session.send(length);
  }

  /** The script is at its end and everything it sent was answered. */
  private finished(): void {
    if (!this.sent) {
      // Without a round trip the next one would begin within this one, and so on for ever.
      this.failed({ code: 'script', message: 'The script sent no statement.' });
      return;
    }
    if (this.session.replies.status !== IDLE) {
      this.failed({ code: OPEN_TRANSACTION, message: 'The script ended inside a transaction block.' });
      return;
    }
    const nowUs = this.group.nowUs();
    const outcome = this.unreplicated ? ACK_UNREPLICATED : ACK;
    this.group.recorder.acknowledged(
      this.script,
      this.serverIndex,
      outcome,
      this.intendedUs,
      this.startUs,
      nowUs,
    );
    this.acknowledged(nowUs);
    this.next(nowUs);
  }

  private acknowledged(nowUs: number): void {
    const gap = this.longestGapUs;
    if (this.acks > 0 && nowUs - this.lastAckUs > (gap[1] as number) - (gap[0] as number)) {
      gap[0] = this.lastAckUs;
      gap[1] = nowUs;
    }
    this.lastAckUs = nowUs;
    this.acks++;
    this.failures = 0;
    this.intendedUs = -1;
  }

  /** The server answered with an error, or the script could not go on; the connection stands. */
  private failed(failure: Failure): void {
    const nowUs = this.group.nowUs();
    this.record(ABORTED, failure, nowUs);
    if (failure.code === READ_ONLY) {
      // The connection leads to a standby and will do so until somebody cuts it.
      this.session.close();
      this.pause(nowUs);
    } else if (this.session.replies.status !== IDLE) {
      this.phase = 'rolling_back';
      this.wakeUs = nowUs + this.group.statementUs;
      this.session.sendBytes(ROLLBACK);
    } else {
      this.afterFailure(failure.code, nowUs);
    }
  }

  private rolledBack(): void {
    const nowUs = this.group.nowUs();
    if (this.session.replies.status !== IDLE) {
      this.session.abandon();
      this.pause(nowUs);
    } else {
      this.afterFailure(this.lastFailureCode, nowUs);
    }
  }

  /** Contention says nothing about the server and is tried again at once; anything else would come back at full speed. */
  private afterFailure(code: string, nowUs: number): void {
    if (isContention(code)) {
      this.next(nowUs);
    } else {
      this.pause(nowUs);
    }
  }

  private overdue(nowUs: number): void {
    const inTransaction = this.phase === 'running';
    const failure = this.overdueFailure(nowUs);
    this.session.abandon();
    if (inTransaction) {
      this.record(this.committing ? IN_DOUBT : ABORTED, failure, nowUs);
    } else if (this.phase === 'connecting') {
      this.record(NOT_SENT, failure, nowUs);
    } else if (this.phase === 'opening') {
      this.wakeUs = NEVER;
      this.group.connectedFirst(this, failure);
      return;
    }
    this.pause(nowUs);
  }

  private overdueFailure(nowUs: number): Failure {
    if (this.phase === 'connecting' || this.phase === 'opening') {
      return {
        code: CONNECT_TIMEOUT,
        message: `No ready connection within ${this.group.connectUs / 1000} ms.`,
      };
    }
    if (nowUs >= this.transactionDeadlineUs) {
      return {
        code: TRANSACTION_TIMEOUT,
        message: `Transaction not finished within ${this.group.transactionUs / 1000} ms.`,
      };
    }
    return {
      code: STATEMENT_TIMEOUT,
      message: `No reply to a statement within ${this.group.statementUs / 1000} ms.`,
    };
  }

  // ---- between transactions

  private beginConnect(): void {
    const nowUs = this.group.nowUs();
    this.connectStartUs = nowUs;
    this.wakeUs = nowUs + this.group.connectUs;
    // A transaction is owed from the moment on at which the client would have sent it.
    if (this.intendedUs < 0 && this.phase === 'connecting') {
      this.intendedUs = nowUs;
    }
    this.group.recorder.connectStarted(nowUs);
    this.session.connect();
  }

  /** Waits before the next attempt: longer at each failure in a row, and jittered, so that clients do not come in step. */
  private pause(nowUs: number): void {
    if (!this.group.running) {
      this.stop();
      return;
    }
    const { firstPauseUs, capPauseUs } = this.group;
    const full = Math.min(capPauseUs, firstPauseUs * 2 ** this.failures);
    this.failures++;
    this.phase = 'waiting';
    this.wakeUs = nowUs + full * (0.5 + 0.5 * this.jitter());
  }

  private stop(): void {
    this.phase = 'stopped';
    this.wakeUs = NEVER;
    this.session.close();
    this.group.stopped(this);
  }

  private record(outcome: number, failure: Failure, nowUs: number): void {
    this.lastFailureCode = failure.code;
    this.group.recorder.failed(this.script, this.session.server, outcome, failure, nowUs);
    if (outcome === IN_DOUBT) {
      // It may have gone through: it is not tried again, and the next transaction is another one.
      this.intendedUs = -1;
    }
  }
}

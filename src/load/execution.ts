import { type Failure, ROLLED_BACK, SCRIPT } from '../postgres/failure.js';
import type { StatementEncoder } from '../postgres/messages.js';
import { IDLE } from '../postgres/replies.js';
import type { Session } from '../postgres/session.js';
import { isCompound } from '../workload/ledger-changes.js';
import { type ScriptContext, ScriptFailure, type ScriptFunction, type Step } from '../workload/program.js';
import type { ExecutionGroup } from './client-group.js';
import { ALWAYS, type ClientScript, OUTSIDE_BLOCK } from './client-scripts.js';
import { CommandTimes } from './command-times.js';
import { FunctionCall, type FunctionCallOwner } from './function-call.js';
import { OutsideWait, type OutsideWaitOwner } from './outside-wait.js';
import { Pipeline } from './pipeline.js';
import { StoredRows } from './stored-rows.js';

/** Who is told how an execution goes on; each call is the last thing that it does in its turn. */
export interface ExecutionOwner {
  /** When somebody must look at it: the deadline of what it waits for. */
  wakeUs: number;
  /** Of the script that is under way. */
  readonly transactionDeadlineUs: number;
  /** The script is at its end, and everything that it sent was answered. */
  onEnd(): void;
  /** The server refused something, or the script cannot go on; the connection stands. */
  onFailure(failure: Failure): void;
  onLost(failure: Failure, session: Session): void;
}

/**
 * One client's way through a script, on a session that it has for itself meanwhile. Between two statements nothing but
 * the code in this file, the encoder and the walk over the reply runs; whatever else a script can do costs more. What most
 * scripts do not do has parts of its own, of which most are made when they are needed: {@link Pipeline}, {@link OutsideWait},
 * {@link FunctionCall}.
 */
export class Execution implements OutsideWaitOwner, FunctionCallOwner {
  /** Something of this transaction was sent. */
  sent = false;
  /** The reply that is awaited decides over a commit. */
  committing = false;
  /** Something was committed: the script cannot be taken back as a whole any more. */
  committed = false;
  unreplicated = false;

  private session: Session | undefined;
  private script: ClientScript | undefined;
  private step = 0;
  /** The pipeline that statements go into; undefined where each is sent on its own. */
  private filling: Pipeline | undefined;
  /** Statement whose Parse is in flight, -1 for none. */
  private parsing = -1;
  /** Undefined where nobody asks for figures per command. */
  private readonly commandTimes: CommandTimes | undefined;
  // Most clients never have one of these.
  private rows: StoredRows | undefined;
  private pipeline: Pipeline | undefined;
  private outsideWait: OutsideWait | undefined;
  private functionCall: FunctionCall | undefined;

  constructor(
    private readonly owner: ExecutionOwner,
    private readonly group: ExecutionGroup,
    private readonly context: ScriptContext,
  ) {
    this.commandTimes = group.perCommand ? new CommandTimes(group) : undefined;
  }

  /** Begins a script; ends in one call to the owner, unless cancel() comes first. */
  begin(script: ClientScript, scriptIndex: number, session: Session): void {
    this.script = script;
    this.session = session;
    this.step = 0;
    this.sent = false;
    this.committing = false;
    this.committed = false;
    this.unreplicated = false;
    this.commandTimes?.begin(script, scriptIndex);
    this.owner.wakeUs = this.owner.transactionDeadlineUs;
    this.advance();
  }

  /** The reply to what was sent last is there. */
  replied(): void {
    const replies = (this.session as Session).replies;
    if (this.parsing >= 0) {
      if (replies.parsed > 0) {
        (this.session as Session).parsed[this.parsing] = 1;
      }
      this.parsing = -1;
    } else if (this.pipeline !== undefined) {
      this.pipeline.noteParsed();
    }
    if (replies.error !== undefined) {
      this.replyFailed(replies.error);
    } else if (this.committing && replies.rolledBack) {
      if (this.holdsSeveral()) {
        this.context.ledger?.doubt();
      }
      this.failed({ code: ROLLED_BACK, message: 'COMMIT was answered with ROLLBACK.' });
    } else {
      this.noteCommit();
      this.pipeline?.answered();
      if (replies.sink === undefined || this.store()) {
        this.goOn();
      }
    }
  }

  /** If the reply decided over a commit, it was one. */
  private noteCommit(): void {
    if (this.committing) {
      const { unreplicated } = (this.session as Session).replies;
      this.unreplicated ||= unreplicated;
      this.context.ledger?.committed(this.group.nowUs(), unreplicated);
      this.committed = true;
      this.committing = false;
    }
  }

  private replyFailed(failure: Failure): void {
    if (this.pipeline !== undefined && this.pipeline.syncs > 1) {
      // Behind an error the server skips up to the next Sync and parses on: which statements it has is not known.
      (this.session as Session).close();
    }
    if (this.committing && this.holdsSeveral()) {
      this.context.ledger?.doubt();
    } else if (this.committing) {
      this.context.ledger?.fail();
    }
    this.committing = false;
    this.failed(failure);
  }

  /** Whether the reply is that of several statements, of which one may have committed before another failed. */
  private holdsSeveral(): boolean {
    if (this.pipeline !== undefined && this.pipeline.syncs > 0) {
      return true;
    }
    const step = this.steps[this.step];
    const { statements } = (this.script as ClientScript).program;
    const statement = step?.op === 'sql' || step?.op === 'store' ? statements[step.statement] : undefined;
    return statement !== undefined && isCompound(statement);
  }

  /** Nothing that comes of it is wanted any more; the session is the caller's to close. */
  cancel(): void {
    this.filling = undefined;
    this.pipeline?.forget();
    this.outsideWait?.cancel();
    this.functionCall?.cancel();
    (this.session as Session).replies.sink = undefined;
    this.parsing = -1;
  }

  /** Whether a connection that was lent has shown signs of life since the last call: then it may wait on. */
  isAlive(nowUs: number): boolean {
    const session = this.session;
    if (session?.state !== 'lent' || nowUs >= this.owner.transactionDeadlineUs || !session.takeSignOfLife()) {
      return false;
    }
    this.beginStatementDeadline(nowUs);
    return true;
  }

  // ---- the way through the steps

  /** Behind a step that had to wait. */
  goOn(): void {
    this.step++;
    this.commandTimes?.stepped(this.step - 1, this.step);
    this.advance();
  }

  /** Runs the script up to its next wait, or to its end. */
  private advance(): void {
    let atEnd: boolean;
    try {
      atEnd = this.runSteps();
    } catch (error) {
      this.scriptFailed(error);
      return;
    }
    if (!atEnd) {
      return;
    }
    if (this.filling !== undefined) {
      this.failed({ code: SCRIPT, message: 'The script ended within a pipeline.' });
    } else {
      this.owner.onEnd();
    }
  }

  private get steps(): readonly Step[] {
    return (this.script as ClientScript).program.steps;
  }

  /** @returns whether the script is at its end; else something is under way */
  private runSteps(): boolean {
    const steps = this.steps;
    while (this.step < steps.length) {
      const step = steps[this.step] as Step;
      switch (step.op) {
        case 'sql':
          if (this.filling === undefined) {
            this.sendStatement(step.statement);
            return false;
          }
          this.filling.append(step.statement);
          break;
        case 'compute':
          step.run(this.context);
          break;
        case 'sql_of': {
          const statement = step.first + step.choose(this.context);
          if (this.filling === undefined) {
            this.sendStatement(statement);
            return false;
          }
          this.filling.append(statement);
          break;
        }
        case 'branch': {
          const branch = this.step;
          this.step = step.test(this.context) ? branch + 1 : step.otherwise;
          this.commandTimes?.stepped(branch, this.step);
          continue;
        }
        case 'jump':
          this.step = step.to;
          continue;
        default:
          if (this.runRareStep(step)) {
            return false;
          }
      }
      this.step++;
      this.commandTimes?.stepped(this.step - 1, this.step);
    }
    return true;
  }

  /** @returns whether it waits for something */
  private runRareStep(step: RareStep): boolean {
    switch (step.op) {
      case 'store':
        if (this.filling !== undefined) {
          throw new ScriptFailure('A result cannot be stored within a pipeline.');
        }
        this.rows ??= new StoredRows();
        this.rows.begin(step);
        (this.session as Session).replies.sink = this.rows;
        this.sendStatement(step.statement);
        return true;
      case 'sleep':
        return this.sleep(step.microseconds(this.context));
      case 'shell':
        this.shell(step.command(this.context), step.slot);
        return true;
      case 'pipeline':
        return this.pipelineStep(step.action);
      case 'function':
        this.callFunction(step.run);
        return true;
    }
  }

  private sendStatement(index: number): void {
    const { context, group } = this;
    const session = this.session as Session;
    const script = this.script as ClientScript;
    const encoder = script.encoders[index] as StatementEncoder;
    const commits = script.commits[index] as number;
    this.committing = commits === ALWAYS || (commits === OUTSIDE_BLOCK && session.replies.status === IDLE);
    const number = script.firstStatement + index;
    const parse = !encoder.keepsParsed || session.parsed[number] === 0;
    if (parse && encoder.keepsParsed) {
      this.parsing = number;
    }
    const message = encoder.message(context.variables, parse);
    this.beginStatementDeadline(group.lastNowUs);
    this.sent = true;
    if (!session.send(message)) {
      encoder.release();
    }
  }

  private beginStatementDeadline(nowUs: number): void {
    const { owner, group } = this;
    owner.wakeUs = Math.min(nowUs + group.statementUs, owner.transactionDeadlineUs);
  }

  private failed(failure: Failure): void {
    this.commandTimes?.failed(this.step);
    this.cancel();
    this.owner.onFailure(failure);
  }

  scriptFailed(error: unknown): void {
    if (!(error instanceof ScriptFailure)) {
      throw error;
    }
    // A division by zero in the script, for one.
    this.failed({ code: SCRIPT, message: error.message });
  }

  /** @returns whether the reply was such as \gset wants it */
  private store(): boolean {
    try {
      (this.session as Session).replies.sink = undefined;
      (this.rows as StoredRows).finish(this.context.variables);
      return true;
    } catch (error) {
      this.scriptFailed(error);
      return false;
    }
  }

  // ---- what most scripts do not do

  /** @returns whether it waits for replies */
  private pipelineStep(action: 'start' | 'sync' | 'end'): boolean {
    const { filling } = this;
    if (action === 'start') {
      if (filling !== undefined) {
        throw new ScriptFailure('A pipeline has already begun.');
      }
      this.pipeline ??= new Pipeline(this.context.variables);
      this.pipeline.start(this.session as Session, this.script as ClientScript);
      this.filling = this.pipeline;
      return false;
    }
    if (filling === undefined) {
      throw new ScriptFailure(`\\${action}pipeline has no \\startpipeline.`);
    }
    filling.sync();
    if (action === 'sync') {
      return false;
    }
    this.filling = undefined;
    this.committing = filling.commits;
    this.beginStatementDeadline(this.group.lastNowUs);
    this.sent = true;
    filling.send();
    return true;
  }

  /** @returns whether it waits */
  private sleep(microseconds: number): boolean {
    if (microseconds <= 0) {
      return false;
    }
    this.waitOutside().sleep(microseconds);
    return true;
  }

  private shell(command: string, slot: number): void {
    this.waitOutside().shell(command, slot);
  }

  private waitOutside(): OutsideWait {
    this.owner.wakeUs = this.owner.transactionDeadlineUs;
    this.outsideWait ??= new OutsideWait(this, this.group, this.context.variables);
    return this.outsideWait;
  }

  private callFunction(run: ScriptFunction): void {
    const { context, group } = this;
    this.committing = (this.script as ClientScript).writes;
    this.beginStatementDeadline(group.lastNowUs);
    this.functionCall ??= new FunctionCall(this, group, context);
    this.functionCall.begin(run, this.session as Session);
  }

  functionDone(): void {
    const { heard, replies } = this.session as Session;
    this.sent = heard;
    if (heard && this.committing && replies.rolledBack) {
      this.failed({
        code: ROLLED_BACK,
        message: 'The last command of the function was answered with ROLLBACK.',
      });
    } else {
      this.noteCommit();
      this.goOn();
    }
  }

  functionFailed(failure: Failure): void {
    this.sent = (this.session as Session).heard;
    this.failed(failure);
  }

  functionLost(failure: Failure): void {
    this.cancel();
    this.owner.onLost(failure, this.session as Session);
  }
}

type RareStep = Extract<Step, { op: 'store' | 'sleep' | 'shell' | 'pipeline' | 'function' }>;

import type { ChildProcess } from 'node:child_process';
import type pg from 'pg';
import { codeOf, messageOf } from '../errors.js';
import { type Failure, ROLLED_BACK, SCRIPT } from '../postgres/failure.js';
import { type StatementEncoder, SYNC } from '../postgres/messages.js';
import { IDLE } from '../postgres/replies.js';
import type { Session } from '../postgres/session.js';
import { isCompound } from '../workload/ledger-changes.js';
import { parseShellInteger } from '../workload/pgbench/shell.js';
import { type Program, type ScriptContext, ScriptFailure, type Step } from '../workload/program.js';
import type { Recorder } from './recorder.js';
import { killShell, runShell } from './shell.js';
import { StoredRows } from './stored-rows.js';

/** Of what only reads, or begins, or rolls back. */
export const NO_COMMIT = 0;
/** Of a COMMIT. */
export const ALWAYS = 1;
/** Of what writes, and commits itself where no transaction is open. */
export const OUTSIDE_BLOCK = 2;

/** A script as the clients of a worker share it. */
export interface ClientScript {
  readonly program: Program;
  readonly encoders: readonly StatementEncoder[];
  /** Number of this script's first statement among those of all scripts: names of prepared statements must differ. */
  readonly firstStatement: number;
  readonly writes: boolean;
  /** Of each statement, when its reply decides over a commit: one of NO_COMMIT, ALWAYS and OUTSIDE_BLOCK. */
  readonly commits: Uint8Array;
  /** Index of the command that each step belongs to. */
  readonly commandOf: Int32Array;
}

/** What executions of one worker share. */
export interface ExecutionGroup {
  readonly recorder: Recorder;
  readonly statementUs: number;
  /** Whether the time of each command is recorded. */
  readonly perCommand: boolean;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  nowUs(): number;
  /** The last nowUs() that anyone read: good enough for deadlines, and free. */
  lastNowUs: number;
}

/** Who is told how an execution goes on; each call is the last thing that it does in its turn. */
export interface ExecutionOwner {
  /** When somebody must look at it: the deadline of what it waits for. */
  wakeUs: number;
  /** The script is at its end, and everything that it sent was answered. */
  onEnd(): void;
  /** The server refused something, or the script cannot go on; the connection stands. */
  onFailure(failure: Failure): void;
  onLost(failure: Failure, session: Session): void;
}

/**
 * One client's way through a script, on a session that it has for itself meanwhile. Between two statements nothing but
 * the code in this file, the encoder and the walk over the reply runs; whatever else a script can do costs more.
 */
export class Execution {
  /** Something of this transaction was sent. */
  sent = false;
  /** The reply that is awaited decides over a commit. */
  committing = false;
  /** Something was committed: the script cannot be taken back as a whole any more. */
  committed = false;
  unreplicated = false;

  private session: Session | undefined;
  private script: ClientScript | undefined;
  private scriptIndex = 0;
  private step = 0;
  // No integers, see NONE in instants.ts.
  private deadlineUs = Number.POSITIVE_INFINITY;
  private commandStartUs = Number.NEGATIVE_INFINITY;
  /** Statement whose Parse is in flight, -1 for none. */
  private parsing = -1;
  private readonly rows = new StoredRows();
  /** The pipeline that is being filled; its bytes lie in the session's room. */
  private piped = false;
  private pipedLength = 0;
  private pipedSyncs = 0;
  private pipedInBlock = false;
  private pipedCommits = false;
  /** Statements whose Parse is in the pipeline, in order. */
  private readonly pipedParses: number[] = [];
  /** Raised when what is awaited outside the server does not matter any more. */
  private turn = 0;
  private child: ChildProcess | undefined;
  private abort: AbortController | undefined;

  constructor(
    private readonly owner: ExecutionOwner,
    private readonly group: ExecutionGroup,
    private readonly context: ScriptContext,
  ) {}

  /** Begins a script; ends in one call to the owner, unless cancel() comes first. */
  begin(script: ClientScript, scriptIndex: number, session: Session, deadlineUs: number): void {
    this.script = script;
    this.scriptIndex = scriptIndex;
    this.session = session;
    this.step = 0;
    this.sent = false;
    this.committing = false;
    this.committed = false;
    this.unreplicated = false;
    this.piped = false;
    this.pipedSyncs = 0;
    this.deadlineUs = deadlineUs;
    this.commandStartUs = this.group.lastNowUs;
    this.owner.wakeUs = deadlineUs;
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
    } else if (this.pipedParses.length > 0) {
      this.noteParsed();
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
      this.pipedSyncs = 0;
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
    if (this.pipedSyncs > 1) {
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
    if (this.pipedSyncs > 0) {
      return true;
    }
    const step = this.steps[this.step];
    const { statements } = (this.script as ClientScript).program;
    const statement = step?.op === 'sql' || step?.op === 'store' ? statements[step.statement] : undefined;
    return statement !== undefined && isCompound(statement);
  }

  /** Nothing that comes of it is wanted any more; the session is the caller's to close. */
  cancel(): void {
    this.turn++;
    this.piped = false;
    this.pipedSyncs = 0;
    (this.session as Session).replies.sink = undefined;
    this.pipedParses.length = 0;
    this.parsing = -1;
    if (this.child !== undefined) {
      killShell(this.child);
    }
    this.child = undefined;
    this.abort?.abort();
    this.abort = undefined;
  }

  /** Whether a connection that was lent has shown signs of life since the last call: then it may wait on. */
  isAlive(nowUs: number): boolean {
    const session = this.session;
    if (session?.state !== 'lent' || nowUs >= this.deadlineUs || !session.takeSignOfLife()) {
      return false;
    }
    this.owner.wakeUs = Math.min(nowUs + this.group.statementUs, this.deadlineUs);
    return true;
  }

  // ---- the way through the steps

  /** Behind a step that had to wait. */
  private goOn(): void {
    this.step++;
    if (this.group.perCommand) {
      this.recordCommand(this.step - 1);
    }
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
    if (this.piped) {
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
          if (!this.piped) {
            this.sendStatement(step.statement);
            return false;
          }
          this.appendStatement(step.statement);
          break;
        case 'compute':
          step.run(this.context);
          break;
        case 'sql_of': {
          const statement = step.first + step.choose(this.context);
          if (!this.piped) {
            this.sendStatement(statement);
            return false;
          }
          this.appendStatement(statement);
          break;
        }
        case 'branch': {
          const branch = this.step;
          this.step = step.test(this.context) ? branch + 1 : step.otherwise;
          if (this.group.perCommand) {
            this.recordCommand(branch);
          }
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
      if (this.group.perCommand) {
        this.recordCommand(this.step - 1);
      }
    }
    return true;
  }

  /** @returns whether it waits for something */
  private runRareStep(step: RareStep): boolean {
    switch (step.op) {
      case 'store':
        if (this.piped) {
          throw new ScriptFailure('A result cannot be stored within a pipeline.');
        }
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
        return this.pipeline(step.action);
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
    this.owner.wakeUs = Math.min(group.lastNowUs + group.statementUs, this.deadlineUs);
    this.sent = true;
    if (!session.send(message)) {
      encoder.release();
    }
  }

  private failed(failure: Failure): void {
    if (this.group.perCommand) {
      const { commandOf } = this.script as ClientScript;
      this.group.recorder.commandFailed(this.scriptIndex, commandOf[this.step] ?? 0, this.group.nowUs());
    }
    this.cancel();
    this.owner.onFailure(failure);
  }

  private scriptFailed(error: unknown): void {
    if (!(error instanceof ScriptFailure)) {
      throw error;
    }
    // A division by zero in the script, for one.
    this.failed({ code: SCRIPT, message: error.message });
  }

  /** Behind a step; a command may have several, and is over when the next one belongs to another. */
  private recordCommand(step: number): void {
    const { commandOf } = this.script as ClientScript;
    const command = commandOf[step] ?? 0;
    if (commandOf[this.step] === command) {
      return;
    }
    const nowUs = this.group.nowUs();
    this.group.recorder.commanded(this.scriptIndex, command, nowUs - this.commandStartUs, nowUs);
    this.commandStartUs = nowUs;
  }

  /** @returns whether the reply was such as \gset wants it */
  private store(): boolean {
    try {
      (this.session as Session).replies.sink = undefined;
      this.rows.finish(this.context.variables);
      return true;
    } catch (error) {
      this.scriptFailed(error);
      return false;
    }
  }

  // ---- pipelines

  /** @returns whether it waits for replies */
  private pipeline(action: 'start' | 'sync' | 'end'): boolean {
    if (action === 'start') {
      if (this.piped) {
        throw new ScriptFailure('A pipeline has already begun.');
      }
      this.piped = true;
      this.pipedLength = 0;
      this.pipedSyncs = 0;
      this.pipedInBlock = (this.session as Session).replies.status !== IDLE;
      this.pipedCommits = false;
      return false;
    }
    if (!this.piped) {
      throw new ScriptFailure(`\\${action}pipeline has no \\startpipeline.`);
    }
    const session = this.session as Session;
    session.room(this.pipedLength + SYNC.length, this.pipedLength).set(SYNC, this.pipedLength);
    this.pipedLength += SYNC.length;
    this.pipedSyncs++;
    if (action === 'sync') {
      return false;
    }
    this.piped = false;
    this.committing = this.pipedCommits;
    this.owner.wakeUs = Math.min(this.group.lastNowUs + this.group.statementUs, this.deadlineUs);
    this.sent = true;
    session.sendRoom(this.pipedLength, this.pipedSyncs);
    return true;
  }

  private appendStatement(index: number): void {
    const session = this.session as Session;
    const script = this.script as ClientScript;
    const { variables } = this.context;
    const encoder = script.encoders[index] as StatementEncoder;
    const number = script.firstStatement + index;
    const parse =
      !encoder.keepsParsed || (session.parsed[number] === 0 && !this.pipedParses.includes(number));
    if (parse) {
      this.pipedParses.push(encoder.keepsParsed ? number : -1);
    }
    const bound = this.pipedLength + encoder.bound(variables);
    const buffer = session.room(bound, this.pipedLength);
    this.pipedLength = encoder.encode(buffer, this.pipedLength, variables, parse, false);
    this.noteVerb((script.program.statements[index] as Program['statements'][number]).verb);
  }

  /** Whether the replies of the pipeline decide over a commit: what writes outside a block is committed by the Sync. */
  private noteVerb(verb: Program['statements'][number]['verb']): void {
    const { writes } = this.script as ClientScript;
    this.pipedCommits ||= writes && (verb === 'commit' || (verb === 'write' && !this.pipedInBlock));
    if (verb === 'begin') {
      this.pipedInBlock = true;
    } else if (verb === 'commit' || verb === 'rollback') {
      this.pipedInBlock = false;
    }
  }

  /** Behind an error the server skips what follows up to the Sync: with one Sync only the first ones were parsed. */
  private noteParsed(): void {
    const { parsed, replies } = this.session as Session;
    for (let i = 0; i < replies.parsed && i < this.pipedParses.length; i++) {
      const number = this.pipedParses[i] as number;
      if (number >= 0) {
        parsed[number] = 1;
      }
    }
    this.pipedParses.length = 0;
  }

  // ---- what is awaited outside the server

  /** @returns whether it waits */
  private sleep(microseconds: number): boolean {
    if (microseconds <= 0) {
      return false;
    }
    const turn = ++this.turn;
    this.owner.wakeUs = this.deadlineUs;
    const endUs = this.group.nowUs() + microseconds;
    const look = () => {
      if (turn !== this.turn) {
        return;
      }
      // Timers count whole ms from the begin of the event loop's turn, and may be up to 1 ms early.
      const leftUs = endUs - this.group.nowUs();
      if (leftUs > 0) {
        setTimeout(look, Math.min(LONGEST_TIMER_MS, Math.ceil(leftUs / 1000)));
      } else {
        this.goOn();
      }
    };
    setTimeout(look, Math.min(LONGEST_TIMER_MS, Math.ceil(microseconds / 1000)));
    return true;
  }

  /** @param slot of the variable that gets what the command prints, -1 for none */
  private shell(command: string, slot: number): void {
    const turn = ++this.turn;
    this.owner.wakeUs = this.deadlineUs;
    this.child = runShell(command, slot >= 0, (failure, output) => {
      if (turn !== this.turn) {
        return;
      }
      this.child = undefined;
      try {
        if (failure !== undefined) {
          throw new ScriptFailure(failure);
        }
        if (slot >= 0) {
          this.context.variables.setInteger(slot, parseShellInteger(output));
        }
      } catch (error) {
        this.scriptFailed(error);
        return;
      }
      this.group.nowUs();
      this.goOn();
    });
  }

  private callFunction(run: (Step & { op: 'function' })['run']): void {
    const session = this.session as Session;
    const { context, group } = this;
    const turn = ++this.turn;
    const abort = new AbortController();
    this.abort = abort;
    this.committing = (this.script as ClientScript).writes;
    this.owner.wakeUs = Math.min(group.lastNowUs + group.statementUs, this.deadlineUs);
    const call = async (sql: pg.Client) =>
      run(sql, {
        clientId: context.clientId,
        options: group.options,
        random: (from, to) => context.random.range(from, to),
        signal: abort.signal,
      });
    call(session.lend()).then(
      () => this.functionEnded(turn),
      (error: unknown) => this.functionEnded(turn, error),
    );
  }

  private functionEnded(turn: number, error?: unknown): void {
    if (turn !== this.turn) {
      return; // It was given up before.
    }
    const session = this.session as Session;
    this.abort = undefined;
    this.group.nowUs();
    if (error === undefined) {
      this.takeBack(turn, () => this.functionDone());
      return;
    }
    const failure = { code: codeOf(error) ?? SCRIPT, message: messageOf(error) };
    if (endsSession(error)) {
      session.abandon();
      this.cancel();
      this.owner.onLost(failure, session);
    } else {
      this.takeBack(turn, () => this.failed(failure));
    }
  }

  private functionDone(): void {
    const { rolledBack } = (this.session as Session).replies;
    if (this.sent && this.committing && rolledBack) {
      this.failed({
        code: ROLLED_BACK,
        message: 'The last command of the function was answered with ROLLBACK.',
      });
    } else {
      this.noteCommit();
      this.goOn();
    }
  }

  private takeBack(turn: number, then: () => void): void {
    const session = this.session as Session;
    session.takeBack(() => {
      if (turn === this.turn) {
        this.sent = session.heard;
        then();
      }
    });
  }
}

type RareStep = Extract<Step, { op: 'store' | 'sleep' | 'shell' | 'pipeline' | 'function' }>;

/** Node's timers take no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** FATAL and PANIC are a server's last words; pg tells the query of them before it tells of the end of the connection. */
function endsSession(error: unknown): boolean {
  const severity = typeof error === 'object' && error !== null && 'severity' in error ? error.severity : '';
  return severity === 'FATAL' || severity === 'PANIC';
}

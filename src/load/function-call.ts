import type pg from 'pg';
import { codeOf, messageOf } from '../errors.js';
import { type Failure, SCRIPT } from '../postgres/failure.js';
import type { Session } from '../postgres/session.js';
import type { ScriptContext, ScriptFunction } from '../workload/program.js';
import type { ExecutionGroup } from './client-group.js';

/** Whose script calls a function. Each call is the last thing that is done in its turn. */
export interface FunctionCallOwner {
  /** Its promise was fulfilled, and the connection is the session's again. */
  functionDone(): void;
  /** Its promise was rejected, and the connection is the session's again. */
  functionFailed(failure: Failure): void;
  /** The server said goodbye to it; the session is abandoned. */
  functionLost(failure: Failure): void;
}

/**
 * The call of a function of a workload file, with the connection lent to it until its promise is settled. One object for
 * all calls of a client, one after the other.
 */
export class FunctionCall {
  /** Raised with each call, and when the last one does not matter any more. */
  private turn = 0;
  private abort: AbortController | undefined;

  constructor(
    private readonly owner: FunctionCallOwner,
    private readonly group: Pick<ExecutionGroup, 'nowUs' | 'options'>,
    private readonly context: ScriptContext,
  ) {}

  /** Ends in one call to the owner, unless cancel() comes first. @param session idle */
  begin(run: ScriptFunction, session: Session): void {
    const { context, group } = this;
    const turn = ++this.turn;
    const abort = new AbortController();
    this.abort = abort;
    const call = async (sql: pg.Client) =>
      run(sql, {
        clientId: context.clientId,
        options: group.options,
        random: (from, to) => context.random.range(from, to),
        signal: abort.signal,
      });
    call(session.lend()).then(
      () => this.ended(turn, session),
      (error: unknown) => this.ended(turn, session, error),
    );
  }

  /** It is given up; the session is the caller's to close. */
  cancel(): void {
    this.turn++;
    this.abort?.abort();
    this.abort = undefined;
  }

  private ended(turn: number, session: Session, error?: unknown): void {
    if (turn !== this.turn) {
      return; // It was given up before.
    }
    this.abort = undefined;
    this.group.nowUs();
    if (error === undefined) {
      this.takeBack(turn, session, () => this.owner.functionDone());
      return;
    }
    const failure = { code: codeOf(error) ?? SCRIPT, message: messageOf(error) };
    if (endsSession(error)) {
      session.abandon();
      this.owner.functionLost(failure);
    } else {
      this.takeBack(turn, session, () => this.owner.functionFailed(failure));
    }
  }

  private takeBack(turn: number, session: Session, then: () => void): void {
    session.takeBack(() => {
      if (turn === this.turn) {
        then();
      }
    });
  }
}

/** FATAL and PANIC are a server's last words; pg tells the query of them before it tells of the end of the connection. */
function endsSession(error: unknown): boolean {
  const severity = typeof error === 'object' && error !== null && 'severity' in error ? error.severity : '';
  return severity === 'FATAL' || severity === 'PANIC';
}

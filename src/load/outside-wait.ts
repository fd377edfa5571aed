import type { ChildProcess } from 'node:child_process';
import { parseShellInteger } from '../workload/pgbench/shell.js';
import { ScriptFailure } from '../workload/program.js';
import type { Variables } from '../workload/variables.js';
import type { ExecutionGroup } from './client-group.js';
import { killShell, runShell } from './shell.js';

/** Who waits. Each call is the last thing that is done in its turn. */
export interface OutsideWaitOwner {
  /** What it waited for is over. */
  goOn(): void;
  /** With a {@link ScriptFailure}: the command failed, or printed what is no integer. */
  scriptFailed(error: unknown): void;
}

/** What a script awaits outside the server: \sleep and \shell. One object for all waits of a client, one after the other. */
export class OutsideWait {
  /** Raised with each wait, and when the last one does not matter any more. */
  private turn = 0;
  private child: ChildProcess | undefined;

  constructor(
    private readonly owner: OutsideWaitOwner,
    private readonly group: Pick<ExecutionGroup, 'nowUs'>,
    private readonly variables: Variables,
  ) {}

  /** @param microseconds above 0 */
  sleep(microseconds: number): void {
    const turn = ++this.turn;
    const endUs = this.group.nowUs() + microseconds;
    const look = () => {
      if (turn !== this.turn) {
        return;
      }
      // Timers count whole ms from the begin of the event loop's turn, and may be up to 1 ms early.
      const leftUs = endUs - this.group.nowUs();
      if (leftUs > 0) {
        setTimeout(look, timerMs(leftUs));
      } else {
        this.owner.goOn();
      }
    };
    setTimeout(look, timerMs(microseconds));
  }

  /** @param slot of the variable that gets what the command prints, -1 for none */
  shell(command: string, slot: number): void {
    const turn = ++this.turn;
    this.child = runShell(command, slot >= 0, (failure, output) => {
      if (turn === this.turn) {
        this.child = undefined;
        this.shellEnded(slot, failure, output);
      }
    });
  }

  /** Nobody waits any more. */
  cancel(): void {
    this.turn++;
    if (this.child !== undefined) {
      killShell(this.child);
    }
    this.child = undefined;
  }

  private shellEnded(slot: number, failure: string | undefined, output: string): void {
    try {
      if (failure !== undefined) {
        throw new ScriptFailure(failure);
      }
      if (slot >= 0) {
        this.variables.setInteger(slot, parseShellInteger(output));
      }
    } catch (error) {
      this.owner.scriptFailed(error);
      return;
    }
    this.group.nowUs();
    this.owner.goOn();
  }
}

/** Node's timers take no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function timerMs(microseconds: number): number {
  return Math.min(LONGEST_TIMER_MS, Math.ceil(microseconds / 1000));
}

import type { ExecutionGroup } from './client-group.js';
import type { ClientScript } from './client-scripts.js';
import { NONE } from './instants.js';

/** The figures per command of one client's scripts, one script after the other. */
export class CommandTimes {
  private script: ClientScript | undefined;
  private scriptIndex = 0;
  /** Of the command that runs. */
  private startUs = NONE;

  constructor(private readonly group: Pick<ExecutionGroup, 'recorder' | 'nowUs' | 'lastNowUs'>) {}

  begin(script: ClientScript, scriptIndex: number): void {
    this.script = script;
    this.scriptIndex = scriptIndex;
    this.startUs = this.group.lastNowUs;
  }

  /** Behind a step; a command may have several, and is over when the next one belongs to another. */
  stepped(step: number, next: number): void {
    const command = this.commandOf(step);
    if ((this.script as ClientScript).commandOf[next] === command) {
      return;
    }
    const nowUs = this.group.nowUs();
    this.group.recorder.commanded(this.scriptIndex, command, nowUs - this.startUs, nowUs);
    this.startUs = nowUs;
  }

  /** The script does not go on behind this step. */
  failed(step: number): void {
    this.group.recorder.commandFailed(this.scriptIndex, this.commandOf(step), this.group.nowUs());
  }

  private commandOf(step: number): number {
    return (this.script as ClientScript).commandOf[step] ?? 0;
  }
}

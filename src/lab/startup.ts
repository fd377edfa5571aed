import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, UserError } from '../errors.js';
import type { ProcessEnd, StartedProcess } from './process.js';

/** A process that is expected to live until the lab goes down. */
export interface Watched {
  /** `etcd on n1` */
  readonly title: string;
  readonly process: StartedProcess;
  /** Logs that tell why it failed, the most telling last. */
  readonly logs: readonly string[];
}

/** Waits for one thing after another, and knows whom to blame when one does not come. */
export class Startup {
  private readonly failed: { watched: Watched; end: ProcessEnd }[] = [];

  constructor(
    private readonly progress: (line: string) => void,
    private readonly signal: AbortSignal | undefined,
    private readonly timeoutMs = 60_000,
  ) {}

  watch(watched: Watched): void {
    void watched.process.ended.then((end) => this.failed.push({ watched, end }));
  }

  /** Throws when the start was interrupted or one of the processes has ended. */
  async check(): Promise<void> {
    if (this.signal?.aborted === true) {
      throw new UserError('The start of the lab was interrupted.');
    }
    const first = this.failed[0];
    if (first !== undefined) {
      const how = first.end.signal === null ? `exit code ${first.end.code}` : `signal ${first.end.signal}`;
      throw await failure(
        `${first.watched.title} ended with ${how} while the lab was starting`,
        first.watched,
      );
    }
  }

  /**
   * @param what the line for the user, `etcd to elect a leader`
   * @param missing what is still missing, null when nothing is; what it throws counts as missing
   * @param blame whose log to show when the time is over
   */
  async waitFor(what: string, missing: () => Promise<string | null>, blame: Watched): Promise<void> {
    this.progress(`waiting for ${what}`);
    const deadline = performance.now() + this.timeoutMs;
    for (;;) {
      await this.check();
      const reason = await missing().catch((error: unknown) => messageOf(error));
      if (reason === null) {
        return;
      }
      if (performance.now() > deadline) {
        await this.check();
        throw await failure(`Waited ${this.timeoutMs / 1000} s for ${what}: ${reason}`, blame);
      }
      await sleep(50);
    }
  }
}

const TAIL_LINES = 12;

async function failure(message: string, { title, logs }: Watched): Promise<UserError> {
  const parts: string[] = [];
  for (const log of logs) {
    const lines = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-TAIL_LINES);
    if (lines.join('') !== '') {
      parts.push(`The last lines of ${log}:`, ...lines.map((line) => `  ${line}`));
    }
  }
  return new UserError(
    parts.length === 0 ? `${message}; ${title} wrote no log.` : `${message}.\n${parts.join('\n')}`,
  );
}

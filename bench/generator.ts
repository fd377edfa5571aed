import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '../src/result/result.js';
import { nowMs } from './server-process.js';

/** `pgha-bench run` in a process that can be looked at while it runs. */
export class Generator {
  /** When the last of the report was written, on {@link nowMs}'s clock and on that of the wall. */
  reportedMs = Number.NaN;
  reportedAt = Number.NaN;
  private output = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<number | null>;

  /**
   * @param out folder for the result
   * @param words workload and flags
   */
  constructor(
    private readonly out: string,
    words: readonly string[],
  ) {
    const all = ['bin/pgha-bench.js', 'run', ...words, `--out=${out}`];
    this.child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.child.stdout?.on('data', () => {
      this.reportedMs = nowMs();
      this.reportedAt = Date.now();
    });
    this.closed = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
    this.closed.catch(() => undefined);
  }

  /** Rejects when it ends before. */
  async while<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.closed.then(() => Promise.reject(this.failure()))]);
  }

  /** Resident memory now, KB. */
  async rssKb(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  }

  /** Resident memory over the seconds to come: the median of looks at it, four each second, KB. */
  async steadyRssKb(seconds: number): Promise<number> {
    const seen: number[] = [];
    for (let look = 0; look < 4 * seconds; look++) {
      await sleep(250);
      seen.push(await this.rssKb());
    }
    return median(seen);
  }

  /** Waits for its end. @throws Error when it failed */
  async result(): Promise<Result> {
    if ((await this.closed) !== 0) {
      throw this.failure();
    }
    return JSON.parse(await readFile(join(this.out, 'result.json'), 'utf8')) as Result;
  }

  private failure(): Error {
    return new Error(`The run ended with code ${this.child.exitCode}:\n${this.output}`);
  }
}

/** CPU of the generator for each acknowledged transaction, µs. */
export function cpuUsOf({ generator, totals }: Result): number {
  return (1000 * (generator.cpuUserMs + generator.cpuSystemMs)) / totals.outcomes.ack;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../result/result.js';

export const BIN = fileURLToPath(new URL('../../bin/pgha-bench.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `pgha-bench` as a user runs it, in a directory of its own; labs that it starts are its own, too. */
export class CommandLine {
  /** Working directory; results land below it. */
  readonly directory = mkdtempSync(join(tmpdir(), 'pgha-cli-'));
  readonly stateDirectory = mkdtempSync(join(tmpdir(), 'pgha-state-'));

  constructor() {
    // As root the lab's processes run as somebody else, who must be able to get there.
    chmodSync(this.stateDirectory, 0o755);
  }

  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [BIN, ...words], {
      cwd: this.directory,
      env: { ...process.env, PGHA_BENCH_STATE: this.stateDirectory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Running(child);
  }

  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(words, env).ended;
  }

  /** @throws Error with everything that it said when it did not end well */
  async succeed(words: readonly string[]): Promise<Ended> {
    const ended = await this.run(words);
    if (ended.code !== 0) {
      throw new Error(
        `pgha-bench ${words.join(' ')} ended with ${ended.code}:\n${ended.stderr}${ended.stdout}`,
      );
    }
    return ended;
  }

  /** @param out what --out said */
  async result(out: string): Promise<Result> {
    return JSON.parse(await readFile(join(this.directory, out, 'result.json'), 'utf8')) as Result;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.stateDirectory, { recursive: true, force: true });
  }
}

export class Running {
  readonly ended: Promise<Ended>;
  private stdout = '';
  private stderr = '';
  private readonly waiting: { text: string; resolve: () => void }[] = [];

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
      for (const each of this.waiting.filter(({ text }) => this.stderr.includes(text))) {
        each.resolve();
      }
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when stderr holds the text, or the process ends. */
  async says(text: string): Promise<void> {
    if (!this.stderr.includes(text)) {
      const said = new Promise<void>((resolve) => {
        this.waiting.push({ text, resolve });
      });
      await Promise.race([said, this.ended]);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

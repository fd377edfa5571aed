import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../errors.js';

/** What came of a command. */
export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last part of both outputs, in the order in which they were written. */
  readonly text: string;
}

/** Of a command's output so many bytes are kept. */
const KEPT_BYTES = 64 * 1024;

/** From SIGTERM until SIGKILL. */
const GRACE_MS = 1000;

/**
 * Runs a command by /bin/sh, in a process group of its own, and waits for its end; on `signal` the group is ended. What
 * it leaves running in the background goes on.
 */
export async function runCommand(command: string, signal: AbortSignal): Promise<CommandEnd> {
  const file = openOutput();
  try {
    return await new Promise<CommandEnd>((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', file, file] });
      const { pid } = child;
      let killing: NodeJS.Timeout | undefined;
      const end = () => {
        endGroup(pid, 'SIGTERM');
        killing = setTimeout(() => endGroup(pid, 'SIGKILL'), GRACE_MS);
      };
      signal.addEventListener('abort', end, { once: true });
      const settle = () => {
        signal.removeEventListener('abort', end);
        clearTimeout(killing);
      };
      child.once('error', (error) => {
        settle();
        reject(error);
      });
      child.once('exit', (exitCode, by) => {
        if (signal.aborted) {
          endGroup(pid, 'SIGKILL'); // The shell may have gone before those that it started.
        }
        settle();
        resolve({ exitCode, signal: by, text: lastPart(file) });
      });
      if (signal.aborted) {
        end();
      }
    });
  } finally {
    closeSync(file);
  }
}

/** The group has the pid of its first process, and keeps it as long as one of it lives. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

/** A file without a name, not a pipe: what goes on in the background may go on writing, and is not waited for. */
function openOutput(): number {
  const path = join(tmpdir(), `pgha-exec-${randomBytes(8).toString('hex')}`);
  const { O_RDWR, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants;
  const file = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  return file;
}

function lastPart(file: number): string {
  const { size } = fstatSync(file);
  const from = Math.max(0, size - KEPT_BYTES);
  const bytes = Buffer.alloc(size - from);
  const count = readSync(file, bytes, 0, bytes.length, from);
  // A character that was cut through is dropped.
  return bytes
    .subarray(0, count)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
}

/** Null when it went well. */
export function commandFailure({ exitCode, signal, text }: CommandEnd): string | null {
  if (exitCode === 0) {
    return null;
  }
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const said = text.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return `the command ${how}${said === '' ? '' : `: ${said.slice(0, 200)}`}`;
}

/** What a command that could not be started at all gives. */
export function notStarted(error: unknown): string {
  return `the command could not be started: ${messageOf(error)}`;
}

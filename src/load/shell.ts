import { type ChildProcess, spawn } from 'node:child_process';
import { codeOf } from '../errors.js';

/**
 * Runs a command of \shell or \setshell in the shell.
 * @param wanted whether its output is; else it goes where this tool's messages go, since stdout is the report's
 * @param done told once: why it failed, in a sentence, or what it printed
 */
export function runShell(
  command: string,
  wanted: boolean,
  done: (failure: string | undefined, output: string) => void,
): ChildProcess {
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['ignore', wanted ? 'pipe' : 2, 2],
    // A process group of its own, so that what it started can be ended with it.
    detached: true,
  });
  let output = '';
  let told = false;
  const tell = (failure: string | undefined) => {
    if (!told) {
      told = true;
      done(failure, output);
    }
  };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.on('error', (error) => tell(`The shell could not be started: ${error.message}.`));
  child.on('close', (code, signal) =>
    tell(code === 0 ? undefined : `The command ended with ${signal ?? `status ${code}`}: ${command}`),
  );
  return child;
}

/** Ends a command and all that it started. */
export function killShell({ pid }: ChildProcess): void {
  if (pid === undefined) {
    return; // It was never started.
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It has just ended by itself.
    if (codeOf(error) !== 'ESRCH') {
      throw error;
    }
  }
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import { NO_ACCESS } from '../cluster/access.js';
import { commandFailure, runCommand } from './command.js';
import { exec } from './exec.js';
import type { FaultContext } from './fault.js';
import { fillIn, placeholdersIn } from './placeholders.js';

const never = new AbortController().signal;

describe('runCommand', () => {
  it('keeps both outputs in their order, and the exit code', async () => {
    const end = await runCommand('echo one; echo two >&2; echo three; exit 4', never);
    expect(end).toEqual({ exitCode: 4, signal: null, text: 'one\ntwo\nthree\n' });
    expect(commandFailure(end)).toBe('the command ended with exit code 4: three');
  });

  it('keeps the last 64 KB', async () => {
    const { text } = await runCommand('head -c 100000 /dev/zero | tr "\\0" a; echo é end', never);
    expect(Buffer.byteLength(text)).toBe(64 * 1024);
    expect(text.endsWith('aé end\n')).toBe(true);
  });

  it('does not wait for what goes on in the background', async () => {
    const { text } = await runCommand('sleep 600 & echo $!', never);
    process.kill(Number(text), 'SIGKILL');
  });

  it('ends with all that it has started when the run ends', async () => {
    const ended = new AbortController();
    const directory = mkdtempSync(join(tmpdir(), 'pgha-exec-'));
    const file = join(directory, 'started');
    const running = runCommand(`trap "" TERM; sleep 600 & echo $!; touch ${file}; wait`, ended.signal);
    await expect.poll(() => existsSync(file)).toBe(true);
    rmSync(directory, { recursive: true });
    ended.abort();
    const { exitCode, signal, text } = await running;
    expect({ exitCode, signal }).toEqual({ exitCode: null, signal: 'SIGKILL' });
    await expect.poll(() => stateOf(Number(text))).toMatch(/^(Z.*)?$/);
  });
});

describe('placeholders', () => {
  it('are filled in, and the braces of the shell are not', () => {
    const values = { leader: 'n1', leader_host: '10.0.0.1' };
    expect(fillIn(`ssh {leader_host} kill {leader} ${OF_SHELL} {print}`, values)).toBe(
      `ssh 10.0.0.1 kill n1 ${OF_SHELL} {print}`,
    );
    expect(placeholdersIn(`{replica} ${OF_SHELL}`)).toEqual(['replica']);
    expect(() => fillIn('{scope}', values)).toThrow('{scope} is not known');
  });

  it('are one word to the shell, whatever is in them', () => {
    const name = fc.string({
      unit: fc.constantFrom("'", '"', '$', '`', ';', ' ', '\\', '\n', 'a'),
      minLength: 1,
    });
    fc.assert(
      fc.property(name, (leader) => {
        const printed = execFileSync('/bin/sh', ['-c', fillIn('printf %s {leader}', { leader })]);
        expect(printed.toString()).toBe(leader);
      }),
      { numRuns: 30 },
    );
  });
});

describe('exec', () => {
  const contextOf = (options: Record<string, string>): FaultContext => ({
    target: {
      kind: 'server',
      name: 'server',
      rw: { host: '', port: 0, user: '', database: '', sslMode: 'disable' },
      patroni: [],
    },
    plan: { kind: 'exec', atMs: 5, options },
    access: NO_ACCESS,
    lab: null,
    clock: new RunClock(process.hrtime.bigint()),
    round: 2,
    signal: never,
  });

  it('works on a server without Patroni, where nobody knows who leads', async () => {
    const context = contextOf({ command: 'echo hurt', undo: 'exit 1' });
    await exec.check(context);
    const { record, undo } = await exec.inject(context);
    expect(record).toMatchObject({
      kind: 'exec',
      round: 2,
      plannedAtMs: 5,
      asked: 'echo hurt',
      answer: 'exit code 0',
      failure: null,
      output: { exitCode: 0, text: 'hurt\n' },
    });
    await expect(undo?.()).rejects.toThrow('exit 1: the command ended with exit code 1');
    const named = contextOf({ command: 'true', undo: 'echo {leader}' });
    await expect(exec.check(named)).rejects.toThrow(
      '{leader} is known from Patroni, and the target has none',
    );
    expect((await exec.inject(named)).record).toMatchObject({
      askedAtMs: null,
      failure: '{leader} is not known',
    });
  });
});

/** What the shell fills in itself. */
const OF_SHELL = `$${'{leader}'}`;

/** `S`, `Z`; nothing when it is gone. */
function stateOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .toString()
      .trim();
  } catch {
    return '';
  }
}

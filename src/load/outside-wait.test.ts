import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptFailure } from '../workload/program.js';
import { Variables } from '../workload/variables.js';
import { OutsideWait } from './outside-wait.js';
import { killShell, runShell } from './shell.js';

vi.mock('./shell.js');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

describe('a sleep', () => {
  it('is over when its time is, and a timer that was early waits on', () => {
    const { wait, clock, told } = waiting();
    wait.sleep(2500);
    clock.us = 2499;
    vi.advanceTimersByTime(3);
    expect(told).toEqual([]);
    clock.us = 2500;
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['on']);
  });

  it('may be longer than any timer', () => {
    const { wait, clock, told } = waiting();
    const longestMs = 2 ** 31 - 1;
    const startMs = Date.now();
    wait.sleep((longestMs + 5) * 1000);
    clock.us = longestMs * 1000;
    vi.advanceTimersToNextTimer();
    expect(Date.now() - startMs).toBe(longestMs);
    expect(told).toEqual([]);
    clock.us += 5000;
    vi.advanceTimersByTime(5);
    expect(told).toEqual(['on']);
  });

  it('does not wake who gave it up, nor who waits for something else meanwhile', () => {
    const { wait, clock, told } = waiting();
    wait.sleep(1000);
    wait.cancel();
    wait.sleep(5000);
    clock.us = 4000;
    vi.advanceTimersByTime(4);
    expect(told).toEqual([]);
    clock.us = 5000;
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['on']);
  });
});

describe('a command', () => {
  it('is over when it ends, and what it printed is stored', () => {
    const { wait, variables, told, end } = waiting();
    wait.shell('echo 42', 0);
    expect(runShell).toHaveBeenCalledWith('echo 42', true, expect.any(Function));
    end(undefined, '42\n');
    expect(told).toEqual(['on']);
    expect(`${variables.cell(0)}`).toBe('42');
  });

  it('has its output left alone where no variable wants it', () => {
    const { wait, told, end } = waiting();
    wait.shell('echo no', -1);
    expect(runShell).toHaveBeenCalledWith('echo no', false, expect.any(Function));
    end(undefined, 'no');
    expect(told).toEqual(['on']);
  });

  it.each([
    ['status 3', '42'],
    [undefined, 'no integer'],
  ])('fails with its status (%s) and with what is no integer (%s)', (failure, output) => {
    const { wait, told, end } = waiting();
    wait.shell('command', 0);
    end(failure, output);
    expect(told).toEqual([expect.any(ScriptFailure)]);
  });

  it('is ended with who waits for it, and tells nothing any more', () => {
    const { wait, told, end, child } = waiting();
    wait.shell('sleep 600', -1);
    wait.cancel();
    expect(killShell).toHaveBeenCalledExactlyOnceWith(child);
    end('SIGKILL', '');
    expect(told).toEqual([]);
  });

  it('is not ended again behind its end: its number may be that of another', () => {
    const { wait, end } = waiting();
    wait.shell('true', -1);
    end(undefined, '');
    wait.cancel();
    expect(killShell).not.toHaveBeenCalled();
  });
});

function waiting() {
  const told: unknown[] = [];
  const clock = { us: 0 };
  const variables = new Variables(['answer']);
  const child = { pid: 1 } as ChildProcess;
  vi.mocked(runShell).mockReturnValue(child);
  const owner = { goOn: () => told.push('on'), scriptFailed: (error: unknown) => told.push(error) };
  const wait = new OutsideWait(owner, { nowUs: () => clock.us }, variables);
  /** What the shell says in the end. */
  const end = (failure: string | undefined, output: string) =>
    vi.mocked(runShell).mock.lastCall?.[2](failure, output);
  return { wait, told, clock, variables, child, end };
}

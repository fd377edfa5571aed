import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptFailure } from '../workload/program.js';
import { Variables } from '../workload/variables.js';
import { OutsideWait } from './outside-wait.js';

describe('a sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

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
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pgha-bench-shell-'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true });
  });

  it('is over when it ends, and what it printed is stored', async () => {
    const { wait, variables, told, over } = waiting();
    wait.shell('echo 42', 0);
    expect(told).toEqual([]);
    await over;
    expect(told).toEqual(['on']);
    expect(`${variables.cell(0)}`).toBe('42');
  });

  it('stores nothing where no variable wants it', async () => {
    const { wait, variables, told, over } = waiting();
    wait.shell('true', -1);
    await over;
    expect(told).toEqual(['on']);
    expect(variables.isUnset(0)).toBe(true);
  });

  it.each(['exit 3', 'echo no integer', 'echo 42; exit 3'])('fails: %s', async (command) => {
    const { wait, variables, told, over } = waiting();
    wait.shell(command, 0);
    await over;
    expect(told).toEqual([expect.any(ScriptFailure)]);
    expect(variables.isUnset(0)).toBe(true);
  });

  it('is ended with who waits for it, with all that it started, and tells nothing any more', async () => {
    const { wait, told } = waiting();
    const file = join(directory, 'pid');
    wait.shell(`sleep 600 & echo $! > ${file}; wait`, -1);
    const pid = await vi.waitFor(() => {
      const text = readFileSync(file, 'utf8');
      expect(text).toMatch(/\n$/);
      return Number(text);
    });
    wait.cancel();
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
    expect(told).toEqual([]);
  });

  it('is not ended again behind its end: its number may be that of another', async () => {
    const { wait, over } = waiting();
    wait.shell('true', -1);
    await over;
    const kill = vi.spyOn(process, 'kill');
    wait.cancel();
    expect(kill).not.toHaveBeenCalled();
  });
});

/** Not of one that has ended and waits for init to ask: its state is Z. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function waiting() {
  const told: unknown[] = [];
  const clock = { us: 0 };
  const variables = new Variables(['answer']);
  let tell: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const note = (what: unknown) => {
    told.push(what);
    tell();
  };
  const owner = { goOn: () => note('on'), scriptFailed: note };
  const wait = new OutsideWait(owner, { nowUs: () => clock.us }, variables);
  return { wait, told, clock, variables, over };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../errors.js';

/** Who a process is. A pid alone is used again by another process; with the instant of its start it is not. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks from boot to start: field 22 of /proc/<pid>/stat. */
  readonly startTicks: number;
}

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Both stdout and stderr are appended to it. */
  readonly logFile: string;
  /** Whom to run as; only root can ask for another. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

export interface StartedProcess {
  readonly record: ProcessRecord;
  /** When and how it ended, should that be while this program still runs. */
  readonly ended: Promise<ProcessEnd>;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `stopped`: frozen by SIGSTOP. */
export type ProcessState = 'running' | 'stopped' | 'ended';

/**
 * Starts a process that outlives this program: own session, no terminal, output to its log.
 *
 * @param onStart is called in the same turn as the spawn, so that no process is without its record
 */
export async function spawnDetached(
  spec: ProcessSpec,
  onStart: (record: ProcessRecord) => void,
): Promise<StartedProcess> {
  // NOFOLLOW: root writes into a directory of the user that the lab runs as.
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const log = openSync(spec.logFile, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o644);
  let child: ChildProcess;
  try {
    child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env },
      detached: true,
      stdio: ['ignore', log, log],
      ...(spec.user === null ? {} : { uid: spec.user.uid, gid: spec.user.gid }),
    });
  } finally {
    closeSync(log);
  }
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  child.unref();
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise<Error>((resolve) => child.once('error', resolve));
  }
  // In the same turn as the spawn: it cannot have been reaped yet, so this is its start time and no other's.
  const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const record = { pid, startTicks: stat.startTicks };
  onStart(record);
  return { record, ended };
}

/** The process that has this pid now, null when there is none. */
export async function recordOf(pid: number): Promise<ProcessRecord | null> {
  const stat = await readStat(pid);
  return stat === null || stat.ended ? null : { pid, startTicks: stat.startTicks };
}

export async function stateOf(record: ProcessRecord): Promise<ProcessState> {
  const stat = await readStat(record.pid);
  if (stat === null || stat.ended || stat.startTicks !== record.startTicks) {
    return 'ended';
  }
  return stat.stopped ? 'stopped' : 'running';
}

export async function isAlive(record: ProcessRecord): Promise<boolean> {
  return (await stateOf(record)) !== 'ended';
}

/** Sends the signal if the process is still the one that was recorded; false when it has ended. */
export async function sendSignal(record: ProcessRecord, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(record))) {
    return false;
  }
  return killIfThere(record.pid, signal);
}

/**
 * Sends the signal to all of them in one turn, in their order: nothing of this program comes between the first and the
 * last. Those that have ended are left out.
 */
export function signalAtOnce(records: readonly ProcessRecord[], signal: NodeJS.Signals): void {
  for (const record of records) {
    const stat = readStatNow(record.pid);
    if (stat !== null && !stat.ended && stat.startTicks === record.startTicks) {
      killIfThere(record.pid, signal);
    }
  }
}

/** Waits until all have ended; gives those that had not when the time was over. */
export async function waitForEnd(
  records: readonly ProcessRecord[],
  timeoutMs: number,
): Promise<readonly ProcessRecord[]> {
  const deadline = performance.now() + timeoutMs;
  let left = records;
  for (;;) {
    left = await alive(left);
    if (left.length === 0 || performance.now() >= deadline) {
      return left;
    }
    // Not our children, so no event tells of their end.
    await sleep(10);
  }
}

/** Waits until each is frozen or has ended; gives those that still run when the time is over, as one in a long write may. */
export async function waitForStop(
  records: readonly ProcessRecord[],
  timeoutMs: number,
): Promise<readonly ProcessRecord[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const states = await Promise.all(records.map(stateOf));
    const left = records.filter((_, index) => states[index] === 'running');
    if (left.length === 0 || performance.now() >= deadline) {
      return left;
    }
    await sleep(1);
  }
}

/** Those of the records whose process still runs. */
export async function alive<T extends ProcessRecord>(records: readonly T[]): Promise<readonly T[]> {
  const states = await Promise.all(records.map(isAlive));
  return records.filter((_, index) => states[index]);
}

/** All processes that descend from these. Read in one turn: a fault must not wait for it, and 600 of them take 10 ms. */
export async function descendantsOf(records: readonly ProcessRecord[]): Promise<readonly ProcessRecord[]> {
  const children = new Map<number, ProcessRecord[]>();
  for (const pid of pidsIn(readdirSync('/proc'))) {
    const stat = readStatNow(pid);
    if (stat !== null && !stat.ended) {
      const siblings = children.get(stat.parentPid) ?? [];
      siblings.push({ pid, startTicks: stat.startTicks });
      children.set(stat.parentPid, siblings);
    }
  }
  const found: ProcessRecord[] = [];
  const queue = [...(await alive(records))];
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
    const own = children.get(parent.pid) ?? [];
    found.push(...own);
    queue.push(...own);
  }
  return found;
}

/** All processes that run one of these executables in this directory or below it. */
export async function processesIn(
  directory: string,
  executables: readonly string[],
): Promise<readonly ProcessRecord[]> {
  const found: ProcessRecord[] = [];
  for (const pid of await allPids()) {
    const [executable, cwd] = await Promise.all([linkOf(pid, 'exe'), linkOf(pid, 'cwd')]);
    const inside = cwd !== null && (cwd === directory || cwd.startsWith(`${directory}/`));
    if (inside && executable !== null && executables.includes(executable)) {
      const record = await recordOf(pid);
      if (record !== null) {
        found.push(record);
      }
    }
  }
  return found;
}

/** Working directory of a process; null when it has ended or belongs to someone else. */
export function workingDirectoryOf(pid: number): Promise<string | null> {
  return linkOf(pid, 'cwd');
}

/** Changes with every boot: records of an earlier one mean nothing. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

interface Stat {
  readonly parentPid: number;
  readonly startTicks: number;
  readonly stopped: boolean;
  /** A zombie has ended, though its parent has not asked for its status yet. */
  readonly ended: boolean;
}

async function readStat(pid: number): Promise<Stat | null> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return nullIfGone(error);
  }
}

function readStatNow(pid: number): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return nullIfGone(error);
  }
}

function nullIfGone(error: unknown): null {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') {
    return null;
  }
  throw error;
}

/** False when it has ended. */
function killIfThere(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') {
      return false;
    }
    throw error;
  }
}

/** The second field is the name in parentheses, and may hold spaces and parentheses itself. */
export function parseStat(line: string): Stat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  return {
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
    stopped: state === 'T' || state === 't',
    ended: state === 'Z' || state === 'X',
  };
}

async function allPids(): Promise<readonly number[]> {
  return pidsIn(await readdir('/proc'));
}

function pidsIn(names: readonly string[]): readonly number[] {
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

async function linkOf(pid: number, link: 'exe' | 'cwd'): Promise<string | null> {
  try {
    // After an upgrade of the package the program of a running process is gone.
    return (await readlink(`/proc/${pid}/${link}`)).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

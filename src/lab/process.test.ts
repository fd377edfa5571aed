import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  descendantsOf,
  isAlive,
  type ProcessRecord,
  parseStat,
  processesIn,
  recordOf,
  type StartedProcess,
  sendSignal,
  spawnDetached,
  stateOf,
  waitForEnd,
  workingDirectoryOf,
} from './process.js';

let directory: string;
const started: ProcessRecord[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgha-process-'));
});

afterEach(async () => {
  for (const record of started.splice(0)) {
    await sendSignal(record, 'SIGKILL');
    expect(await waitForEnd([record], 5000)).toEqual([]);
  }
  await rm(directory, { recursive: true });
});

describe('parseStat', () => {
  it('is not misled by a name with spaces and parentheses', () => {
    const fields = Array.from({ length: 48 }, (_, index) => index + 5);
    const line = `42 (a) S (b)) T 7 ${fields.join(' ')}`;
    expect(parseStat(line)).toEqual({ parentPid: 7, startTicks: 22, stopped: true, ended: false });
  });

  it('takes a zombie for ended', () => {
    expect(parseStat(`42 (etcd) Z 1 ${'0 '.repeat(48)}`).ended).toBe(true);
  });
});

describe('spawnDetached', () => {
  it('appends both outputs to the log', async () => {
    const first = await start('echo out; echo err >&2');
    await first.ended;
    const second = await start('echo more');
    await second.ended;
    expect(await readFile(join(directory, 'log'), 'utf8')).toBe('out\nerr\nmore\n');
  });

  it('records it in the same turn, and gives it nothing of our environment', async () => {
    const records: ProcessRecord[] = [];
    const spawning = start('echo "[$HOME][$PGHA]"', records);
    expect(records).toHaveLength(1);
    const { record, ended } = await spawning;
    expect(records).toEqual([record]);
    await ended;
    expect(await readFile(join(directory, 'log'), 'utf8')).toBe('[][yes]\n');
  });

  it('gives it a session of its own, where the Ctrl-C of our terminal does not reach it', async () => {
    const { record } = await start('sleep 60');
    const stat = await readFile(`/proc/${record.pid}/stat`, 'latin1');
    const session = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
    expect(session).toBe(record.pid);
  });

  it('tells how it ended', async () => {
    expect(await (await start('exit 3')).ended).toEqual({ code: 3, signal: null });
    const killed = await start('sleep 60');
    await sendSignal(killed.record, 'SIGKILL');
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('throws when there is no such program', async () => {
    const spec = { command: '/nowhere/etcd', args: [], cwd: directory, env: {}, user: null };
    const spawning = spawnDetached({ ...spec, logFile: join(directory, 'log') }, () => undefined);
    await expect(spawning).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a record', () => {
  it('knows a process that runs, is frozen, and has ended', async () => {
    const { record } = await start('exec sleep 60');
    expect(await stateOf(record)).not.toBe('ended');
    await sendSignal(record, 'SIGSTOP');
    await expect.poll(() => stateOf(record)).toBe('stopped');
    await sendSignal(record, 'SIGKILL');
    expect(await waitForEnd([record], 5000)).toEqual([]);
    expect(await stateOf(record)).toBe('ended');
  });

  it('is not taken for another process that has the same pid', async () => {
    const { record } = await start('sleep 60');
    const other = { pid: record.pid, startTicks: record.startTicks - 1 };
    expect(await isAlive(other)).toBe(false);
    expect(await sendSignal(other, 'SIGKILL')).toBe(false);
    expect(await isAlive(record)).toBe(true);
  });

  it('is found by pid, and not where there is none', async () => {
    const { record } = await start('sleep 60');
    expect(await recordOf(record.pid)).toEqual(record);
    expect(await recordOf(0x7fffffff)).toBeNull();
  });

  it('names those that have not ended in time', async () => {
    const { record } = await start('sleep 60');
    const ended = await start('exit 0');
    await ended.ended;
    expect(await waitForEnd([record, ended.record], 0)).toEqual([record]);
  });
});

describe('finding processes', () => {
  it('finds children and their children', async () => {
    const { record } = await start('sh -c "sleep 60 & wait" & sleep 60 & wait');
    await expect.poll(async () => (await descendantsOf([record])).length).toBe(3);
    const found = await descendantsOf([record]);
    expect(found.map(({ pid }) => pid)).not.toContain(record.pid);
    started.push(...found);
  });

  it('finds them by program and working directory together', async () => {
    const { record } = await start('exec sleep 60');
    const program = await executableOf(record);
    expect(await workingDirectoryOf(record.pid)).toBe(directory);
    expect(await processesIn(directory, [program])).toEqual([record]);
    expect(await processesIn(directory, ['/usr/lib/postgresql/15/bin/postgres'])).toEqual([]);
    expect(await processesIn(`${directory}-other`, [program])).toEqual([]);
  });
});

async function start(script: string, records: ProcessRecord[] = []): Promise<StartedProcess> {
  const process = await spawnDetached(
    {
      command: '/bin/sh',
      args: ['-c', script],
      cwd: directory,
      env: { PGHA: 'yes', PATH: '/usr/bin:/bin' },
      logFile: join(directory, 'log'),
      user: null,
    },
    (record) => records.push(record),
  );
  started.push(process.record);
  return process;
}

/** Once `exec` has replaced the shell. */
async function executableOf(record: ProcessRecord): Promise<string> {
  const { readlink } = await import('node:fs/promises');
  await expect.poll(() => readlink(`/proc/${record.pid}/exe`)).toMatch(/sleep|coreutils|busybox/);
  return await readlink(`/proc/${record.pid}/exe`);
}

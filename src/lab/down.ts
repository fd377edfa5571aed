import { execFile } from 'node:child_process';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_NAMES } from './network.js';
import { postmasterOf, sharedMemoryOf } from './postgres.js';
import { descendantsOf, type ProcessRecord, processesIn, sendSignal, waitForEnd } from './process.js';
import {
  type Component,
  exists,
  isOfEarlierBoot,
  type LabDirectory,
  type LabState,
  readProcesses,
  readSharedMemory,
} from './state.js';

/**
 * Ends every process of the lab. All its data goes with it, so nothing is asked to save anything; whoever could
 * start something new goes first. Frozen ones are woken or killed: SIGKILL reaches them, other signals wait for SIGCONT.
 */
export async function endLab(directory: LabDirectory, state: LabState): Promise<void> {
  if (!(await exists(directory.path)) || (await isOfEarlierBoot(state))) {
    return;
  }
  const recorded = await readProcesses(directory);
  const of = (component: Component) => recorded.filter((each) => each.component === component);

  await kill(of('haproxy'));
  const patroni = of('patroni');
  // pg_basebackup, pg_rewind or initdb, which it may be running.
  await kill([...patroni, ...(await descendantsOf(patroni))]);
  await endPostgres(directory, state);
  await kill(of('etcd'));
}

/** How long PostgreSQL may take to an immediate shutdown before it is killed. */
const GRACE_MS = 1500;

async function endPostgres(directory: LabDirectory, state: LabState): Promise<void> {
  const segments = await sharedMemorySegments(directory);
  const all = await serversOf(directory, state);
  const files = [...(await readSharedMemory(directory)), ...(await sharedMemoryOf(all))];
  for (const node of NODE_NAMES) {
    const postmaster = await postmasterOf(directory.postgresData(node));
    if (postmaster !== null) {
      // Immediate shutdown: no checkpoint, and it frees its shared memory, which SIGKILL would leave behind.
      await sendSignal(postmaster, 'SIGQUIT');
    }
  }
  await Promise.all(all.map((record) => sendSignal(record, 'SIGCONT')));
  await waitForEnd(all, GRACE_MS);
  // Backends of a postmaster that was killed, or that was just being started.
  for (
    let left = await serversOf(directory, state);
    left.length > 0;
    left = await serversOf(directory, state)
  ) {
    await kill(left);
  }
  await Promise.all(segments.map(removeSegment));
  await Promise.all(files.map((file) => rm(file, { force: true })));
}

/** PostgreSQL's own processes: backends come and go unrecorded, but only they run its program inside the lab's directory. */
async function serversOf(directory: LabDirectory, state: LabState): Promise<readonly ProcessRecord[]> {
  const programs = ['postgres', 'pg_basebackup', 'pg_rewind'].map((name) => join(state.binaries.pgBin, name));
  return await processesIn(await realpath(directory.path), programs);
}

async function kill(records: readonly ProcessRecord[]): Promise<void> {
  await Promise.all(records.map((record) => sendSignal(record, 'SIGKILL')));
  const left = await waitForEnd(records, 10_000);
  if (left.length > 0) {
    const pids = left.map(({ pid }) => pid).join(', ');
    throw new Error(`processes ${pids} of the lab still run 10 s after SIGKILL`);
  }
}

/** Ids of the System V segments by which servers lock their data directories: the seventh line of postmaster.pid. */
async function sharedMemorySegments(directory: LabDirectory): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const node of NODE_NAMES) {
    const text = await readFile(join(directory.postgresData(node), 'postmaster.pid'), 'latin1').catch(
      () => '',
    );
    const id = /^\s*\d+\s+(\d+)\s*$/.exec(text.split('\n')[6] ?? '')?.[1];
    if (id !== undefined) {
      ids.push(id);
    }
  }
  return ids;
}

/** A server that ended by itself has removed its own. */
async function removeSegment(id: string): Promise<void> {
  await promisify(execFile)('ipcrm', ['-m', id]).catch(() => undefined);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { haproxyCommand } from '../cluster/haproxy.js';
import type { HaproxyChange, OnSignal } from '../faults/lab-control.js';
import type { Lab } from './lab.js';
import { alive, type ProcessRecord, signalAtOnce, waitForEnd } from './process.js';
import { startProcess } from './start-process.js';
import { readProcesses } from './state.js';

/**
 * As a service manager restarts it: SIGTERM, upon which it ends at once with all its sessions, and a new one. Nobody
 * tells the new one who leads: until its first checks it holds every server for UP, as it does in the field.
 */
export async function restartHaproxy(lab: Lab, onSignal?: OnSignal): Promise<HaproxyChange> {
  const before = await running(lab);
  onSignal?.();
  signalAtOnce(before, 'SIGTERM');
  if ((await waitForEnd(before, 2000)).length > 0) {
    signalAtOnce(before, 'SIGKILL');
    await waitForEnd(before, 2000);
  }
  return { before: pidsOf(before), now: await startNew(lab, []) };
}

/** The old one closes its ports and ends with its last session; it checks no server any more. */
export async function reloadHaproxy(lab: Lab, onSignal?: OnSignal): Promise<HaproxyChange> {
  const before = await running(lab);
  if (before.length === 0) {
    throw new Error('HAProxy does not run, so there is nothing to reload');
  }
  onSignal?.();
  return { before: pidsOf(before), now: await startNew(lab, ['-sf', ...pidsOf(before).map(String)]) };
}

/** Several after a reload, as long as the old one has sessions. */
async function running(lab: Lab): Promise<readonly ProcessRecord[]> {
  const recorded = await readProcesses(lab.directory);
  return alive(recorded.filter(({ component }) => component === 'haproxy'));
}

/** How long a new HAProxy may take until it listens. */
const LISTEN_MS = 10_000;

async function startNew(lab: Lab, extraArgs: readonly string[]): Promise<number> {
  const { record, ended } = await startProcess(lab, { component: 'haproxy', node: null, extraArgs });
  let end: string | null = null;
  void ended.then(({ code, signal }) => {
    end = signal ?? `exit code ${code}`;
  });
  const deadline = performance.now() + LISTEN_MS;
  while (!(await listens(lab, record))) {
    if (end !== null || performance.now() > deadline) {
      const why = end === null ? `did not listen within ${LISTEN_MS / 1000} s` : `ended with ${end}`;
      throw new Error(`the new HAProxy ${why}; see ${lab.directory.log('haproxy', null)}`);
    }
    await sleep(20);
  }
  return record.pid;
}

/** It binds all its ports before it answers on its socket, whose path the old one may have had until now. */
async function listens(lab: Lab, { pid }: ProcessRecord): Promise<boolean> {
  const info = await haproxyCommand(lab.directory.haproxySocket, 'show info').catch(() => '');
  return new RegExp(`^Pid: ${pid}$`, 'm').test(info);
}

function pidsOf(records: readonly ProcessRecord[]): readonly number[] {
  return records.map(({ pid }) => pid);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labControl } from './control.js';
import { type Lab, readLab } from './lab.js';
import { type ProcessRecord, recordOf, stateOf, waitForEnd } from './process.js';
import { someState } from './state.fixture.js';
import { createDirectory, labDirectory, recordProcess } from './state.js';

let base: string;
let children: ChildProcess[];
let lab: Lab;
let processes: ProcessRecord[];

/** A node whose etcd and Patroni only sleep. */
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-lab-'));
  children = [];
  processes = [];
  const directory = labDirectory('a', base);
  await createDirectory(directory, { ...(await someState('a')), phase: 'up' });
  for (const component of ['etcd', 'patroni'] as const) {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    children.push(child);
    const record = await recordOf(child.pid ?? 0);
    if (record !== null) {
      processes.push(record);
      recordProcess(directory, { component, node: 'n1', ...record });
    }
  }
  const found = await readLab('a', base);
  if (found === undefined) {
    throw new Error('there is no lab');
  }
  lab = found;
});

afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
  await rm(base, { recursive: true });
});

const states = () => Promise.all(processes.map(stateOf));

/** The same lab, but whose server runs on a node cannot be found out. */
function unreadable(): Lab {
  const nodes = lab.nodes.map((node) => ({
    ...node,
    get dataDirectory(): string {
      throw new Error('cannot be read');
    },
  }));
  return { ...lab, nodes };
}

describe('kill', () => {
  it('ends the components', async () => {
    const killed = await labControl(lab).kill('n1', ['etcd', 'patroni']);
    expect(killed.map(({ component }) => component)).toEqual(['patroni', 'etcd']);
    expect(await waitForEnd(processes, 5000)).toEqual([]);
  });

  it('leaves nothing frozen when it cannot be done', async () => {
    let signals = 0;
    const killing = labControl(unreadable()).kill('n1', ['etcd', 'patroni'], () => {
      signals++;
    });
    await expect(killing).rejects.toThrow('cannot be read');
    expect(signals).toBe(0);
    await expect.poll(states).toEqual(['running', 'running']);
  });
});

describe('freeze', () => {
  it('is taken back by thaw, and once more without harm', async () => {
    const control = labControl(lab);
    await control.freeze('n1', ['etcd', 'patroni']);
    expect(await states()).toEqual(['stopped', 'stopped']);
    await control.thaw('n1', ['etcd', 'patroni']);
    await control.thaw('n1', ['etcd', 'patroni']);
    await expect.poll(states).toEqual(['running', 'running']);
  });

  it('is taken back by thaw even when it was only half done', async () => {
    const control = labControl(unreadable());
    await expect(control.freeze('n1', ['etcd', 'patroni'])).rejects.toThrow('cannot be read');
    // A signal was sent, and takes its time.
    await expect.poll(states).toEqual(['stopped', 'stopped']);
    await control.thaw('n1', ['etcd', 'patroni']);
    await expect.poll(states).toEqual(['running', 'running']);
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const HEAPS = new URL('../../dist/load/heaps.js', import.meta.url).href;

/**
 * Makes objects of which some live for a while, as long as V8 needs to give a thread all that it may have. `garbage` is how much
 * more the old ones were, at most, than when V8 had last looked for garbage among them.
 */
const CHURN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const spaceOf = (name) => getHeapSpaceStatistics().find(({ space_name }) => space_name === name);
  function churn() {
    const kept = [];
    let left = Infinity;
    let last = 0;
    let garbage = 0;
    for (let i = 0; i < 20_000_000; i++) {
      const made = { i };
      if (i % 10 === 0) kept[(i / 10) % 50_000] = made;
      if (i % 100_000 === 0) {
        const old = spaceOf('old_space').space_used_size;
        left = old < last ? old : left;
        last = old;
        garbage = Math.max(garbage, old - left);
      }
    }
    const mbOf = (name) => spaceOf(name).physical_space_size / 2 ** 20;
    return { young: mbOf('new_space'), old: mbOf('old_space'), garbage: garbage / 2 ** 20 };
  }`;

const WORKER = `${CHURN}
  import { parentPort } from 'node:worker_threads';
  parentPort.postMessage(churn());`;

interface HeapMb {
  readonly young: number;
  readonly old: number;
  readonly garbage: number;
}

interface HeapsMb {
  readonly main: HeapMb;
  readonly worker: HeapMb;
}

/** In a process of their own: flags of V8 stay. */
async function heapsMb(limits: 'held' | 'free'): Promise<HeapsMb> {
  const script = `${CHURN}
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import { holdMainThread, startWorker } from ${JSON.stringify(HEAPS)};
    const isHeld = ${limits === 'held'};
    const file = new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(WORKER)}`)});
    const [worker] = await once(isHeld ? startWorker(file, null) : new Worker(file), 'message');
    if (isHeld) holdMainThread();
    console.log(JSON.stringify({ worker, main: churn() }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout) as HeapsMb;
}

describe('the heaps of a run', () => {
  it('do not grow by what is made and soon forgotten', async () => {
    const { main, worker } = await heapsMb('held');
    expect(main.young).toBeLessThanOrEqual(4);
    expect(worker.young).toBeLessThanOrEqual(4);
    expect(Math.max(main.old, worker.old)).toBeLessThanOrEqual(16);
    expect(Math.max(main.garbage, worker.garbage)).toBeLessThanOrEqual(12);
  });

  it('would, if nobody held them', async () => {
    const { main, worker } = await heapsMb('free');
    expect(main.young).toBeGreaterThan(4);
    expect(worker.young).toBeGreaterThan(4);
  });
});

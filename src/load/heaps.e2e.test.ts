import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

const HEAPS = new URL('../../dist/load/heaps.js', import.meta.url).href;

/** Makes objects of which some live for a while, as long as V8 needs to give a thread all that it may have for new ones. */
const CHURN = `
  function churn() {
    const kept = [];
    for (let i = 0; i < 20_000_000; i++) {
      const made = { i };
      if (i % 100 === 0) kept[(i / 100) % 20_000] = made;
    }
    const young = require('node:v8').getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    return young.physical_space_size / 2 ** 20;
  }`;

/** @returns MB of the main thread and of a worker for new objects, in a process of their own */
async function youngMb(isLimited: boolean): Promise<readonly number[]> {
  const { stdout } = await run(process.execPath, [
    '-e',
    `${CHURN}
    import(${JSON.stringify(HEAPS)}).then(({ collectOldEarly, growYoungNoMore, WORKER_LIMITS }) => {
      const isLimited = ${isLimited};
      if (isLimited) collectOldEarly();
      const source = ${JSON.stringify(`${CHURN}; require('node:worker_threads').parentPort.postMessage(churn());`)};
      const worker = new (require('node:worker_threads').Worker)(source, {
        eval: true,
        resourceLimits: isLimited ? WORKER_LIMITS : {},
      });
      worker.once('message', (ofWorker) => {
        if (isLimited) growYoungNoMore();
        console.log(JSON.stringify([churn(), ofWorker]));
      });
    });`,
  ]);
  return JSON.parse(stdout) as readonly number[];
}

describe('the heaps of a run', () => {
  it('do not grow by new objects, on the main thread and on workers', async () => {
    for (const mb of await youngMb(true)) {
      expect(mb).toBeLessThanOrEqual(4);
    }
  });

  it('would, if nobody held them', async () => {
    for (const mb of await youngMb(false)) {
      expect(mb).toBeGreaterThan(4);
    }
  });
});

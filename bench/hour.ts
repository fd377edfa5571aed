/**
 * A long load at a fixed rate against the null server: whether the generator's memory stays what it is after the first
 * minute, whether its threads are in time, what rate was reached and how large the result is. Ends with 1 when a goal is
 * missed.
 *
 *   npm run bench:hour [-- MINUTES]
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Generator } from './generator.js';
import { Goals } from './goals.js';
import { ServerProcess } from './server-process.js';

const MINUTES = Number(process.argv[2] ?? 60);
const RATE = 20_000;
const CLIENTS = 64;
const SAMPLE_SECONDS = 10;
/** Memory grows until then; of a short run, half of it. */
const SETTLED_SECONDS = Math.min(60, 30 * MINUTES);

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-hour-'));
  const server = await ServerProcess.start();
  const goals = new Goals();
  try {
    console.log(`select-only at ${RATE} tps, ${CLIENTS} clients, ${MINUTES} minutes, null server\n`);
    const out = join(directory, 'result');
    const generator = new Generator(out, [
      ...['select-only', `--rate=${RATE}`, `--clients=${CLIENTS}`, `--duration=${Math.round(60 * MINUTES)}s`],
      ...[`--rw=${server.uri}`, '--ledger=off', '--no-vacuum', '--fault=none'],
    ]);
    await generator.while(server.loaded());
    await generator.while(sleep(SETTLED_SECONDS * 1000));
    const settledKb = await generator.rssKb();
    const laterKb = await generator.while(samples(generator));
    const { totals, generator: facts } = await generator.result();
    const off = laterKb.map((kb) => kb / settledKb - 1);
    const worst = off.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
    console.log(`RSS after ${SETTLED_SECONDS} s ${mb(settledKb)} MB, then ${summary(laterKb)}\n`);
    goals.within('RSS, at most off', 100 * (1 + worst), 100, 5, '%', 1);
    goals.atMost('result', (await sizeOf(out)) / 1e6, 20, 'MB', 2);
    goals.within('rate', totals.tps, RATE, 1, 'tps', 1);
    for (const { name, delayP99Us } of facts.threads) {
      if (delayP99Us === null) {
        console.log(`${name}: no delay was measured.`);
      } else {
        goals.atMost(`delay of the event loop, p99, ${name}`, delayP99Us / 1000, 5, 'ms', 2);
      }
    }
    console.log(`\n${facts.verdict}`);
    goals.end();
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Up to some seconds before the end of the load. */
async function samples(generator: Generator): Promise<readonly number[]> {
  const seenKb: number[] = [];
  const last = Math.floor((60 * MINUTES - SETTLED_SECONDS - 3) / SAMPLE_SECONDS);
  for (let sample = 0; sample < last; sample++) {
    await sleep(SAMPLE_SECONDS * 1000);
    seenKb.push(await generator.rssKb());
  }
  return seenKb;
}

function summary(kb: readonly number[]): string {
  return kb.length === 0
    ? 'none'
    : `${mb(Math.min(...kb))} to ${mb(Math.max(...kb))} MB in ${kb.length} looks, the last ${mb(kb.at(-1) ?? Number.NaN)} MB`;
}

function mb(kb: number): string {
  return (kb / 1024).toFixed(1);
}

async function sizeOf(directory: string): Promise<number> {
  const files = await readdir(directory);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(directory, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

await main();

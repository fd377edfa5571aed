/**
 * What it costs the load to be watched: tpcb on a lab with the ledger, the probes and the observers on, and with all of
 * them off, alternating. Prints the ratio of throughputs, and the same with one of them on alone when asked.
 *
 *   npm run bench:watching [-- PAIRS SECONDS [ledger|probes|observers …]]
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labDown, labUp } from '../src/lab/lab.js';
import type { Result } from '../src/result/result.js';
import { command } from './run.js';

const CLIENTS = 32;
const SCALE = 50;
const WARMUP_SECONDS = 2;
const LAB = 'bench-watching';
const GOAL = 0.97;
const [pairs = '9', seconds = '8', ...alone] = process.argv.slice(2);
const PAIRS = Number(pairs);
const SECONDS = Number(seconds);

const OFF = { ledger: 'off', probes: 'off', observers: 'off' } as const;
const ON = { ledger: 'history', probes: 'on', observers: 'on' } as const;
type Switches = Readonly<Record<keyof typeof ON, string>>;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-watching-'));
  // As root the lab's processes run as somebody else, who must be able to get there.
  await chmod(directory, 0o755);
  process.env['PGHA_BENCH_STATE'] = directory;
  try {
    await labUp({ name: LAB, profile: 'stock' }, () => undefined);
    await ours(['init', 'tpcb', `--scale=${SCALE}`]);
    console.log(`tpcb at scale ${SCALE} on a lab, ${CLIENTS} clients, ${PAIRS} pairs of ${SECONDS} s\n`);
    console.log(
      'on                            min   med   max  goal   of the throughput with all of them off',
    );
    await compare(directory, 'ledger, probes, observers', ON, GOAL);
    for (const name of alone.filter((word): word is keyof typeof ON => word in ON)) {
      await compare(directory, name, { ...OFF, [name]: ON[name] }, null);
    }
  } finally {
    await labDown(LAB);
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(directory: string, name: string, on: Switches, goal: number | null): Promise<void> {
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const out = join(directory, `${name.replaceAll(/\W+/g, '-')}-${pair}`);
    const measured: Record<'on' | 'off', number> = { on: 0, off: 0 };
    // Each goes first every other time.
    for (const which of pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      measured[which] = await throughput(`${out}-${which}`, which === 'on' ? on : OFF);
    }
    ratios.push(measured.on / measured.off);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const figures = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1), goal];
  console.log(
    `${name.padEnd(27)}${figures.map((figure) => (figure ?? Number.NaN).toFixed(3).padStart(6)).join('')}`,
  );
}

async function throughput(out: string, switches: Switches): Promise<number> {
  await ours([
    ...['run', 'tpcb', `--clients=${CLIENTS}`, `--duration=${SECONDS}s`, `--warmup=${WARMUP_SECONDS}s`],
    ...['--fault=none', `--out=${out}`],
    ...Object.entries(switches).map(([name, value]) => `--${name}=${value}`),
  ]);
  const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
  return result.totals.tps;
}

function ours(words: readonly string[]): Promise<string> {
  return command(process.execPath, ['bin/pgha-bench.js', ...words, `--lab=${LAB}`]);
}

await main();

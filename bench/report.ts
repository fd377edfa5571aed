/**
 * What it takes to read, analyse and render the result of one hour: a recording by the real recorders and timeline, and
 * then a fresh process for each step. Prints seconds and peak memory beside the goal.
 *
 *   npm run bench:report
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { analyse } from '../src/analysis/analyse.js';
import type { Bucket, Recording } from '../src/analysis/recording.js';
import { NO_COUNTS, type SparseHistogram } from '../src/histogram.js';
import { FORMATS, formatNamed } from '../src/report/formats.js';
import { readResult } from '../src/result/read.js';
import { writeResult } from '../src/result/store.js';
import { assemble, type Parts } from '../src/run/outcome.js';
import { longRun } from './long-run.js';
import { command } from './run.js';

const GOAL_SECONDS = 5;
const GOAL_MB = 300;
/** Width of the first column. */
const NAME = 42;

const [step, directory = ''] = process.argv.slice(2);

interface Cost {
  readonly seconds: number;
  /** Peak of the process, what it took to load the step's input included. */
  readonly peakMb: number;
  readonly bytes: number;
}

async function main(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'pgha-bench-report-'));
  try {
    const made = await costOf('record', scratch);
    const { size } = await stat(join(scratch, 'out', 'result.json'));
    console.log(
      `One hour, 64 clients, 20 switchovers, recorded in ${made.seconds.toFixed(1)} s; result.json has ${(size / 1e6).toFixed(1)} MB`,
    );
    console.log(`goal of each line: ${GOAL_SECONDS} s, ${GOAL_MB} MB\n`);
    console.log(`${'step'.padEnd(NAME)}${'s'.padStart(6)}${'MB'.padStart(8)}${'output MB'.padStart(12)}`);
    let met = print('analyse', await costOf('analyse', scratch));
    for (const { name } of FORMATS) {
      met = print(`read and render ${name}`, await costOf(name, scratch)) && met;
    }
    console.log(met ? '\nThe goal is met.' : '\nThe goal is NOT met.');
    process.exitCode = met ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function print(name: string, { seconds, peakMb, bytes }: Cost): boolean {
  const met = seconds <= GOAL_SECONDS && peakMb <= GOAL_MB;
  const figures = `${seconds.toFixed(2).padStart(6)}${peakMb.toFixed(0).padStart(8)}${(bytes / 1e6).toFixed(2).padStart(12)}`;
  console.log(`${name.padEnd(NAME)}${figures}${met ? '' : '   above the goal'}`);
  return met;
}

async function costOf(name: string, scratch: string): Promise<Cost> {
  const output = await command(process.execPath, [fileURLToPath(import.meta.url), name, scratch]);
  return JSON.parse(output) as Cost;
}

/** In a process of its own. */
async function measure(name: string): Promise<void> {
  const work = await prepared(name);
  const beganMs = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - beganMs) / 1000;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`${JSON.stringify({ seconds, peakMb, bytes } satisfies Cost)}\n`);
}

/** What is done before the clock runs, and then what is measured. */
async function prepared(name: string): Promise<() => Promise<number>> {
  if (name === 'record') {
    return async () => {
      const parts = longRun();
      const { result, histograms } = assemble(parts);
      await writeResult({ kind: 'directory', directory: join(directory, 'out') }, result, histograms);
      await keepRecording(recordingOf(parts));
      return 0;
    };
  }
  if (name === 'analyse') {
    const recording = await keptRecording();
    return async () => JSON.stringify(analyse(recording)).length;
  }
  return async () => {
    const out = join(directory, 'out');
    const text = await formatNamed(name).render([
      { name: 'hour', directory: out, result: await readResult(out) },
    ]);
    return Buffer.byteLength(text);
  };
}

/** In pieces: a whole one in memory as bytes would count for what is measured. */
const PIECE = 200;

async function keepRecording({ buckets, ...others }: Recording): Promise<void> {
  await writeFile(join(directory, 'recording'), serialize(others));
  for (let at = 0; at < buckets.length; at += PIECE) {
    await writeFile(join(directory, `buckets-${at}`), serialize(buckets.slice(at, at + PIECE)));
  }
}

async function keptRecording(): Promise<Recording> {
  const others = deserialize(await readFile(join(directory, 'recording'))) as Omit<Recording, 'buckets'>;
  const buckets: Bucket[] = [];
  for (let at = buckets.length; existsSync(join(directory, `buckets-${at}`)); at = buckets.length) {
    const piece = deserialize(await readFile(join(directory, `buckets-${at}`))) as Bucket[];
    buckets.push(...piece.map(detached));
  }
  return { ...others, buckets };
}

/** What is read back are views of the bytes of the whole file, which would be kept for them. */
function detached(bucket: Bucket): Bucket {
  return {
    ...bucket,
    connects: { ...bucket.connects, latency: copyOf(bucket.connects.latency) },
    scripts: bucket.scripts.map((frame) => ({
      ...frame,
      punctual: copyOf(frame.punctual),
      delayedService: copyOf(frame.delayedService),
      delayedResponse: copyOf(frame.delayedResponse),
      lag: copyOf(frame.lag),
    })),
  };
}

/** As the timeline has them: one for all that is empty. */
function copyOf(histogram: SparseHistogram): SparseHistogram {
  return histogram.length === 0 ? NO_COUNTS : histogram.slice();
}

function recordingOf({ plan, cluster, events, commands, buckets, counted }: Parts): Recording {
  const elapsedMs = counted.stoppedMs;
  return {
    plan,
    cluster,
    events,
    commands,
    buckets,
    clients: [],
    gaps: [],
    faults: counted.faults,
    elapsedMs,
  };
}

await (step === undefined ? main() : measure(step));

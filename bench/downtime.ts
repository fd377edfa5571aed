/**
 * How exact the measured write downtime is: each fault several times on a lab under load, with a writer of its own beside
 * it that shares nothing with the tool but the port. Prints both figures of each round and their difference; the goal is
 * twice the cadence of the probe.
 *
 *   npm run bench:downtime [-- ROUNDS [FAULT …]]
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndependentWriter } from '../src/cli/independent-writer.fixture.js';
import { type Lab, labDown, labUp } from '../src/lab/lab.js';
import { PROBE_CADENCE_MS } from '../src/observe/attempt.js';
import type { Result } from '../src/result/result.js';
import { command } from './run.js';

const CLIENTS = 16;
const LAB = 'bench-downtime';
const [rounds = '3', ...wanted] = process.argv.slice(2);
const ROUNDS = Number(rounds);

/** With a time that lets each of them be over on a fast lab. */
const FAULTS = { switchover: '20s', 'kill-postgres': '20s', 'freeze-node:15s': '40s' } as const;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-downtime-'));
  // As root the lab's processes run as somebody else, who must be able to get there.
  await chmod(directory, 0o755);
  process.env['PGHA_BENCH_STATE'] = directory;
  const lab = await labUp({ name: LAB, profile: 'fast' }, () => undefined);
  try {
    await ours(['init', 'tpcb', '--scale=10']);
    console.log(
      `Write downtime on a fast lab, tpcb with ${CLIENTS} clients; goal: ${2 * PROBE_CADENCE_MS} ms apart\n`,
    );
    console.log(
      'fault              measured  independent  apart  resolution  earlier  later   took  pending',
    );
    for (const [fault, duration] of Object.entries(FAULTS)) {
      if (wanted.length > 0 && !wanted.includes(fault)) {
        continue;
      }
      for (let round = 0; round < ROUNDS; round++) {
        console.log(await row(lab, directory, fault, duration, round));
      }
    }
  } finally {
    await labDown(LAB);
    await rm(directory, { recursive: true, force: true });
  }
}

async function row(
  lab: Lab,
  directory: string,
  fault: string,
  duration: string,
  round: number,
): Promise<string> {
  const out = join(directory, `${fault.replace(':', '-')}-${round}`);
  const writer = new IndependentWriter(lab.target.rw, lab.secrets.rwPassword ?? '');
  await writer.start();
  await ours([
    ...['run', 'tpcb', `--clients=${CLIENTS}`, `--duration=${duration}`, `--out=${out}`],
    `--fault=${fault}@6s`,
  ]);
  const gap = await writer.stop();
  const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
  const downtime = result.analysis.rounds[0]?.writeDowntime;
  const startedMs = Date.parse(result.run.startedAt);
  const measuredMs = downtime?.durationMs ?? Number.NaN;
  const figures = [
    measuredMs,
    gap.durationMs,
    Math.abs(measuredMs - gap.durationMs),
    downtime?.resolutionMs ?? Number.NaN,
    // How much earlier the writer's gap began, and how much later it ended.
    startedMs + (downtime?.fromMs ?? Number.NaN) - gap.fromMs,
    gap.toMs - startedMs - (downtime?.toMs ?? Number.NaN),
    gap.toMs - gap.beganMs,
    gap.pending,
  ];
  return [
    fault.padEnd(17),
    ...figures.map((figure, index) => figure.toFixed(0).padStart([10, 13, 7, 12, 9, 7, 7, 9][index] ?? 8)),
  ].join('');
}

function ours(words: readonly string[]): Promise<string> {
  return command(process.execPath, ['bin/pgha-bench.js', ...words, `--lab=${LAB}`]);
}

await main();

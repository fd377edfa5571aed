/**
 * The small costs, each with its goal: how long the help takes, how long a run takes from its last connection to its first
 * transaction and from its last transaction to its report, and how large the package is that somebody installs. Ends with
 * 1 when a goal is missed.
 *
 *   npm run bench:costs [-- RUNS]
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateServer } from '../src/postgres/private-server.fixture.js';
import { Generator, median } from './generator.js';
import { Goals } from './goals.js';
import { command } from './run.js';
import { nowMs, ServerProcess } from './server-process.js';

const HELPS = 11;
const RUNS = Number(process.argv[2] ?? 5);
const CLIENTS = 64;
const SECONDS = 5;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-costs-'));
  const goals = new Goals();
  try {
    const helpsMs: number[] = [];
    for (let help = 0; help < HELPS; help++) {
      const beganMs = nowMs();
      await command(process.execPath, ['bin/pgha-bench.js', '--help']);
      helpsMs.push(nowMs() - beganMs);
    }
    goals.atMost(`pgha-bench --help, median of ${HELPS}`, median(helpsMs), 150, 'ms');
    await edgesOfRuns(directory, goals);
    await reportWithLedger(directory, goals);
    goals.atMost('the package and all that it needs', (await installedBytes(directory)) / 1e6, 15, 'MB', 1);
    goals.end();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As the null server sees them: with the simple protocol each statement is parsed, so that it sees the last one, too. */
async function edgesOfRuns(directory: string, goals: Goals): Promise<void> {
  const readyMs: number[] = [];
  const endsMs: number[] = [];
  const server = await ServerProcess.start();
  try {
    for (let run = 0; run < RUNS; run++) {
      await server.forget();
      const generator = new Generator(join(directory, `null-${run}`), [
        ...['select-only', '--protocol=simple', `--clients=${CLIENTS}`, `--duration=${SECONDS}s`],
        ...[`--rw=${server.uri}`, '--ledger=off', '--no-vacuum', '--fault=none', '--probes=off'],
      ]);
      await generator.while(server.loaded());
      const { loginsMs, firstLoadMs } = await server.seen();
      readyMs.push((firstLoadMs ?? Number.NaN) - (loginsMs.at(-1) ?? Number.NaN));
      await generator.result();
      endsMs.push(generator.reportedMs - ((await server.seen()).lastLoadMs ?? Number.NaN));
    }
  } finally {
    await server.stop();
  }
  goals.atMost('run: last connection to first transaction', median(readyMs), 300, 'ms');
  goals.atMost('run: last transaction to report', median(endsMs), 1000, 'ms');
}

/** With the audit of what was committed, by the clock of the wall: that of the result counts from its start. */
async function reportWithLedger(directory: string, goals: Goals): Promise<void> {
  const server = await startPrivateServer({ autovacuum: 'off', max_connections: '200' });
  const endsMs: number[] = [];
  try {
    server.run('pgbench', ['-i', '-s', '10', '-q']);
    for (let run = 0; run < RUNS; run++) {
      const words = ['tpcb', `--clients=${CLIENTS}`, `--duration=${SECONDS}s`, `--rw=${server.uri}`];
      const generator = new Generator(join(directory, `tpcb-${run}`), [...words, '--fault=none']);
      const { run: facts } = await generator.result();
      endsMs.push(generator.reportedAt - Date.parse(facts.startedAt) - facts.elapsedMs);
    }
  } finally {
    await server.stop();
  }
  goals.atMost('run tpcb with ledger: last transaction to report', median(endsMs), 1000, 'ms');
}

/** Of the package, packed and installed as somebody would. */
async function installedBytes(directory: string): Promise<number> {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const [tarball] = Object.values(JSON.parse(await command('npm', pack, 'shown'))) as {
    readonly filename: string;
  }[];
  const folder = join(directory, 'installed');
  await command('mkdir', [folder]);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const flags = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--prefix', folder];
  await command('npm', ['install', ...flags, join(directory, tarball?.filename ?? '')], 'shown');
  return bytesIn(join(folder, 'node_modules'));
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

await main();

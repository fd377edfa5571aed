/**
 * pgha-bench and pgbench side by side: same server, same tables, same clients and threads, alternating, so that a
 * drift of the machine meets both. Prints the ratio of throughputs and the client CPU of each per transaction.
 *
 *   npm run bench:peers [-- PAIRS SECONDS]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateServer, startPrivateServer } from '../src/postgres/private-server.fixture.js';
import type { Result } from '../src/result/result.js';

const CLIENTS = 32;
const THREADS = 2;
const SCALE = 50;
const PAIRS = Number(process.argv[2] ?? 7);
const SECONDS = Number(process.argv[3] ?? 8);

interface Work {
  readonly name: string;
  readonly pgbench: readonly string[];
  readonly protocol: 'prepared' | 'simple';
  /** Smallest acceptable ratio of throughputs. */
  readonly goal: number;
}

const WORKS: readonly Work[] = [
  { name: 'select-only', pgbench: ['-S'], protocol: 'prepared', goal: 0.85 },
  { name: 'tpcb', pgbench: [], protocol: 'prepared', goal: 0.85 },
];

/** Of one run: transactions per second, and µs of the client's CPU for each. */
interface Figures {
  readonly tps: number;
  readonly cpuUs: number;
}

/** The disk must not be what is measured, nor a checkpoint hit one of a pair. */
const SETTINGS = {
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
};

async function main(): Promise<void> {
  const server = await startPrivateServer(SETTINGS);
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-peers-'));
  try {
    await (await server.connect()).end();
    await pgbench(server, ['-i', '-s', String(SCALE), '-q']);
    console.log(`${CLIENTS} clients, ${THREADS} threads, scale ${SCALE}, ${PAIRS} pairs of ${SECONDS} s\n`);
    console.log('                       ratio of tps         client CPU per transaction, µs');
    console.log('work                   min  median   max   goal    pgha-bench  pgbench  ratio');
    for (const work of WORKS) {
      console.log(await compare(server, directory, work));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
    await server.stop();
  }
}

async function compare(server: PrivateServer, directory: string, work: Work): Promise<string> {
  const ours: Figures[] = [];
  const theirs: Figures[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    // Each goes first every other time.
    const turns = [
      async () => ours.push(await runOurs(server, join(directory, `${work.name}-${pair}`), work)),
      async () => theirs.push(await runPgbench(server, work)),
    ];
    for (const turn of pair % 2 === 0 ? turns : turns.reverse()) {
      await turn();
    }
  }
  const ratios = ours.map((run, pair) => run.tps / (theirs[pair]?.tps ?? Number.NaN));
  const ourCpu = median(ours.map((run) => run.cpuUs));
  const theirCpu = median(theirs.map((run) => run.cpuUs));
  const figures = [Math.min(...ratios), median(ratios), Math.max(...ratios), work.goal];
  const ratioText = figures.map((figure) => figure.toFixed(2).padStart(6)).join(' ');
  const cpuText = `${ourCpu.toFixed(1).padStart(9)} ${theirCpu.toFixed(1).padStart(9)} ${(ourCpu / theirCpu).toFixed(2).padStart(7)}`;
  return `${`${work.name}, ${work.protocol}`.padEnd(22)}${ratioText}  ${cpuText}`;
}

async function runOurs(server: PrivateServer, out: string, work: Work): Promise<Figures> {
  const options = {
    rw: server.uri,
    clients: CLIENTS,
    workers: THREADS,
    duration: `${SECONDS}s`,
    protocol: work.protocol,
    out,
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  await command(process.execPath, ['bin/pgha-bench.js', 'run', work.name, ...flags]);
  const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
  const { cpuUserMs, cpuSystemMs } = result.generator;
  return {
    tps: result.totals.tps,
    cpuUs: (1000 * (cpuUserMs + cpuSystemMs)) / result.totals.outcomes.ack,
  };
}

async function runPgbench(server: PrivateServer, work: Work): Promise<Figures> {
  const output = await pgbench(server, [
    ...work.pgbench,
    ...['-M', work.protocol, '-c', String(CLIENTS), '-j', String(THREADS), '-T', String(SECONDS), '-n'],
  ]);
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1]);
  const cpuS = number(/CPU (\S+) /) + number(/CPU \S+ (\S+)/);
  return {
    tps: number(/tps = (\S+) \(without/),
    cpuUs: (1e6 * cpuS) / number(/actually processed: (\d+)/),
  };
}

/** The shell's `time` counts the CPU of what it has started. */
async function pgbench(server: PrivateServer, words: readonly string[]): Promise<string> {
  const { host, port, user, database } = server.endpoint;
  const all = ['-h', host, '-p', String(port), '-U', user, ...words, database];
  return command('bash', ['-c', 'TIMEFORMAT="CPU %U %S"; time pgbench "$@"', 'bash', ...all]);
}

/** Runs a command to its end. @returns what it wrote */
function command(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        resolve(output);
      } else {
        reject(new Error(`${program} ${words.join(' ')} ended with code ${code}:\n${output}`));
      }
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

await main();

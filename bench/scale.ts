/**
 * From one client to ten thousand, against a server that answers at once (in this process) and does nothing: throughput,
 * memory and the time to connect; and 4,096 clients that are cut at once. Prints each figure with its goal.
 *
 *   npm run bench:scale [-- SECONDS]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NullServer, startNullServer } from '../src/null-server/server.js';
import type { Result } from '../src/result/result.js';

const [seconds = '6'] = process.argv.slice(2);
const SECONDS = Number(seconds);
const WARMUP_SECONDS = 3;
const CLIENTS = [1, 8, 64, 512, 4096, 10_000];
const STORM_CLIENTS = 4096;

interface Scaled {
  readonly clients: number;
  readonly tps: number;
  /** CPU of the generator, µs for each transaction. */
  readonly cpuUs: number;
  readonly rssKb: number;
  /** From the first connection to the last. */
  readonly connectMs: number;
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-scale-'));
  const server = await startNullServer();
  try {
    const rows: Scaled[] = [];
    console.log(
      `select-only, prepared, 2 workers, ${SECONDS} s behind ${WARMUP_SECONDS} s, null server on the same machine\n`,
    );
    console.log('clients      tps  CPU µs/tx  RSS MB  connected in ms');
    for (const clients of CLIENTS) {
      const row = await measure(server, directory, clients);
      rows.push(row);
      console.log(lineOf(row));
    }
    console.log(`\n${verdicts(rows).join('\n')}`);
    console.log(await storm(server, directory));
  } finally {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(server: NullServer, directory: string, clients: number): Promise<Scaled> {
  const out = join(directory, String(clients));
  const child = generator(server, out, clients, SECONDS);
  const connectMs = await connected(server, clients);
  await sleep((WARMUP_SECONDS + SECONDS / 2) * 1000);
  const rssKb = await rssKbOf(child);
  await ended(child);
  const { totals, generator: own } = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
  const cpuUs = (1000 * (own.cpuUserMs + own.cpuSystemMs)) / totals.outcomes.ack;
  return { clients, tps: totals.tps, cpuUs, rssKb, connectMs };
}

/** All clients are cut at once, the server stays away for a second, and is back. */
async function storm(server: NullServer, directory: string): Promise<string> {
  const child = generator(server, join(directory, 'storm'), STORM_CLIENTS, 12);
  await connected(server, STORM_CLIENTS);
  await sleep((WARMUP_SECONDS + 3) * 1000);
  const { port } = server;
  await server.cut();
  await sleep(1000);
  await server.listen(port);
  const backMs = await connected(server, STORM_CLIENTS);
  await ended(child);
  return `${STORM_CLIENTS} clients cut at once: all back ${backMs.toFixed(0)} ms after the server; goal 3000`;
}

/** @returns from now until so many are connected, ms, counted from the first that comes */
async function connected(server: NullServer, clients: number): Promise<number> {
  let fromMs: number | null = null;
  while (server.connections.now < clients) {
    await sleep(2);
    if (fromMs === null && server.connections.now > 0) {
      fromMs = performance.now();
    }
  }
  return performance.now() - (fromMs ?? performance.now());
}

function generator(server: NullServer, out: string, clients: number, durationS: number): ChildProcess {
  const uri = `postgresql://any@${server.host}:${server.port}/any?sslmode=disable`;
  const words = [
    ...[
      'run',
      'select-only',
      `--rw=${uri}`,
      `--clients=${clients}`,
      '--workers=2',
      `--duration=${durationS}s`,
    ],
    ...[
      `--warmup=${WARMUP_SECONDS}s`,
      `--out=${out}`,
      '--ledger=off',
      '--probes=off',
      '--no-vacuum',
      '--progress=60',
    ],
  ];
  return spawn(process.execPath, ['bin/pgha-bench.js', ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  const code =
    child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  if (code !== 0) {
    throw new Error(`The run ended with code ${code}.`);
  }
}

async function rssKbOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

function lineOf({ clients, tps, cpuUs, rssKb, connectMs }: Scaled): string {
  return [
    String(clients).padStart(7),
    tps.toFixed(0).padStart(9),
    cpuUs.toFixed(1).padStart(11),
    (rssKb / 1024).toFixed(0).padStart(8),
    connectMs.toFixed(0).padStart(17),
  ].join('');
}

function verdicts(rows: readonly Scaled[]): readonly string[] {
  const of = (clients: number) => rows.find((row) => row.clients === clients) as Scaled;
  const perClientKb = (clients: number) => (of(clients).rssKb - of(64).rssKb) / (clients - 64);
  return [
    `tps of 4096 clients / of 64   ${(of(4096).tps / of(64).tps).toFixed(2)}   goal 0.85`,
    `RSS for each client, 4096     ${perClientKb(4096).toFixed(1)} KB   goal 40`,
    `RSS for each client, 10000    ${perClientKb(10_000).toFixed(1)} KB   goal 40`,
    `4096 clients connected in     ${of(4096).connectMs.toFixed(0)} ms   goal 5000`,
  ];
}

await main();

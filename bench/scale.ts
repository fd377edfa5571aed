/**
 * From one client to ten thousand: throughput, memory and the time to connect, against the null server; 4,096 clients that
 * are cut at once; and the real thing up to 2,000 clients, PostgreSQL behind PgBouncer. Prints each figure with its goal,
 * and ends with 1 when one is missed.
 *
 * What is compared with 64 clients is measured in turn with them, some times over: a shared machine drifts.
 *
 *   npm run bench:scale [-- SECONDS TURNS [PART …]]     seconds of each run; parts: null, storm, pgbouncer
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PgBouncer } from '../src/postgres/pgbouncer.fixture.js';
import { startPrivateServer } from '../src/postgres/private-server.fixture.js';
import type { Result } from '../src/result/result.js';
import { cpuUsOf, Generator, median } from './generator.js';
import { Goals } from './goals.js';
import { nowMs, ServerProcess } from './server-process.js';

const [seconds = '6', turns = '3', ...wanted] = process.argv.slice(2);
const SECONDS = Number(seconds);
const TURNS = Number(turns);
/** In the warm-up each of ten thousand clients has some transactions. */
const WARMUP_SECONDS = 3;
const WORKERS = 2;
/** Measured once. */
const OTHERS = [1, 8, 512, 10_000];
/** Measured in turn. */
const PAIR = [64, 4096];
const POOLED = [64, 512, 2000];
/** Connections of PgBouncer to the server. */
const POOL = 16;
const STORM = { clients: 4096, burst: 256, beforeMs: 3000, awayMs: 1000, seconds: 12 };

interface Scaled {
  readonly tps: number;
  readonly cpuUs: number;
  readonly rssKb: number;
  /** From the first client that is ready to the last; null where nobody saw it. */
  readonly connectMs: number | null;
  /** Attempts that did not end in an acknowledgement. */
  readonly failed: number;
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-scale-'));
  const goals = new Goals();
  const beganMs = nowMs();
  try {
    for (const [name, part] of Object.entries({ null: againstNothing, storm, pgbouncer: behindPgBouncer })) {
      if (wanted.length === 0 || wanted.includes(name)) {
        await part(join(directory, name), goals);
      }
    }
    console.log(`\nAll of it took ${((nowMs() - beganMs) / 60_000).toFixed(1)} minutes.`);
    goals.end();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

// ---- the null server

async function againstNothing(directory: string, goals: Goals): Promise<void> {
  const server = await ServerProcess.start();
  try {
    heading('the null server, prepared');
    const measured = new Map<number, Scaled[]>();
    const one = async (clients: number) => {
      const out = join(directory, `${clients}-${measured.get(clients)?.length ?? 0}`);
      await server.forget();
      const generator = new Generator(out, [`--rw=${server.uri}`, ...words(clients, SECONDS)]);
      await generator.while(server.loaded());
      const connectMs = connectMsOf((await server.seen()).loginsMs, clients);
      note(measured, clients, await finish(generator, connectMs));
    };
    for (const clients of OTHERS) {
      await one(clients);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      for (const clients of turn % 2 === 0 ? PAIR : PAIR.toReversed()) {
        await one(clients);
      }
    }
    console.log();
    goals.atLeast('tps of 4096 clients / of 64', ratio(measured, 4096), 0.85, '', 2);
    for (const clients of [4096, 10_000]) {
      goals.atMost(
        `RSS for each of ${clients} clients beyond 64`,
        perClientKb(measured, clients),
        40,
        'KB',
        1,
      );
    }
    const connects = (measured.get(4096) ?? []).map(({ connectMs }) => connectMs ?? Number.NaN);
    goals.atMost('4096 clients connected in', median(connects), 5000, 'ms');
    goals.atMost('transactions that failed', failures(measured), 0);
  } finally {
    await server.stop();
  }
}

/** Connections of the tool's own looks come first. */
function connectMsOf(loginsMs: readonly number[], clients: number): number {
  const own = loginsMs.slice(-clients);
  return (own.at(-1) ?? Number.NaN) - (own[0] ?? Number.NaN);
}

// ---- the storm of reconnects

/** All clients are cut at once, the server stays away for a second, and is back. */
async function storm(directory: string, goals: Goals): Promise<void> {
  const server = await ServerProcess.start();
  const { clients, burst } = STORM;
  try {
    const generator = new Generator(join(directory, 'run'), [
      ...[`--rw=${server.uri}`, ...words(clients, STORM.seconds), `--reconnect-burst=${burst}`],
    ]);
    await generator.while(server.loaded());
    await sleep(WARMUP_SECONDS * 1000 + STORM.beforeMs);
    await server.cut();
    await sleep(STORM.awayMs);
    await server.comeBack();
    const backMs = nowMs();
    const result = await generator.result();
    const { loginsMs, mostUnderWay } = await server.seen();
    const shown = shownBy(result);
    console.log(`\n${clients} clients cut at once, the server back after ${STORM.awayMs} ms\n`);
    goals.atMost('the last client back after', (loginsMs[clients - 1] ?? Number.NaN) - backMs, 3000, 'ms');
    goals.atMost('connections under way at once, at the server', mostUnderWay, burst);
    goals.within('clients that are back, by the server', loginsMs.length, clients, 0);
    goals.within('  by the connects of the timeline', shown.connects, clients, 0);
    goals.within('  by their acknowledgements at the end', shown.clientsBack, clients, 0);
    goals.atLeast('attempts that failed, in the timeline', shown.errors, clients);
    goals.atLeast('  without an acknowledgement for', shown.silentMs, 0.8 * STORM.awayMs, 'ms');
    console.log(`\nfailed/connected in each bucket of the timeline:\n${shown.words}`);
  } finally {
    await server.stop();
  }
}

/** What the timeline of a result shows of a storm. */
function shownBy({ timeline, clients }: Result) {
  const acks = timeline.outcomes.rw?.ack ?? [];
  const errors = Object.values(timeline.errors);
  const failed = (bucket: number) => errors.reduce((sum, column) => sum + (column[bucket] ?? 0), 0);
  // The buckets from the first failure on, up to the last connect.
  const from = timeline.startMs.findIndex((_, bucket) => failed(bucket) > 0);
  const to = timeline.connects.findLastIndex((connects) => connects > 0);
  const buckets = from < 0 ? [] : timeline.startMs.map((_, bucket) => bucket).slice(from, to + 1);
  const sum = (of: (bucket: number) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0);
  const backMs = timeline.startMs[to] ?? Infinity;
  return {
    connects: sum((bucket) => timeline.connects[bucket] ?? 0),
    errors: sum(failed),
    silentMs: sum((bucket) => (acks[bucket] === 0 ? (timeline.widthMs[bucket] ?? 0) : 0)),
    clientsBack: clients.filter(({ lastAckMs }) => lastAckMs !== null && lastAckMs > backMs).length,
    words: buckets.map((bucket) => `${failed(bucket)}/${timeline.connects[bucket]}`).join(' '),
  };
}

// ---- PostgreSQL behind PgBouncer

async function behindPgBouncer(directory: string, goals: Goals): Promise<void> {
  const server = await startPrivateServer({ shared_buffers: '512MB', autovacuum: 'off' });
  try {
    server.run('pgbench', ['-i', '-s', '10', '-q']);
    const login = { user: server.user, password: '' };
    const bouncer = await PgBouncer.start(server, login, 'transaction', {
      default_pool_size: String(POOL),
      max_client_conn: '3000',
    });
    try {
      heading(`PostgreSQL behind PgBouncer (one thread; transaction pooling, ${POOL} servers), extended`);
      const uri = `postgresql://${server.user}@${bouncer.host}:${bouncer.port}/postgres?sslmode=disable`;
      const measured = new Map<number, Scaled[]>();
      for (let turn = 0; turn < TURNS; turn++) {
        for (const clients of turn % 2 === 0 ? POOLED : POOLED.toReversed()) {
          // Statements that are prepared by name need PgBouncer 1.21.
          const flags = [`--rw=${uri}`, ...words(clients, SECONDS), '--protocol=extended'];
          const generator = new Generator(join(directory, `${clients}-${turn}`), flags);
          note(measured, clients, await finish(generator, null));
        }
      }
      console.log();
      for (const clients of POOLED.slice(1)) {
        goals.atLeast(`tps of ${clients} clients / of 64`, ratio(measured, clients), 0.85, '', 2);
      }
      goals.atMost('transactions that failed', failures(measured), 0);
    } finally {
      await bouncer.stop();
    }
  } finally {
    await server.stop();
  }
}

// ---- of all parts

function words(clients: number, durationS: number): readonly string[] {
  return [
    ...['select-only', `--clients=${clients}`, `--workers=${WORKERS}`, `--duration=${durationS}s`],
    ...[`--warmup=${WARMUP_SECONDS}s`, '--ledger=off', '--probes=off', '--no-vacuum', '--fault=none'],
  ];
}

async function finish(generator: Generator, connectMs: number | null): Promise<Scaled> {
  await generator.while(sleep(WARMUP_SECONDS * 1000));
  const rssKb = await generator.while(generator.steadyRssKb(SECONDS - 1));
  const result = await generator.result();
  const { ack, skipped, ...others } = result.totals.outcomes;
  const failed = Object.values(others).reduce((sum, count) => sum + count, 0);
  return { tps: result.totals.tps, cpuUs: cpuUsOf(result), rssKb, connectMs, failed };
}

function heading(of: string): void {
  console.log(`\nselect-only against ${of}; ${WORKERS} workers, ${SECONDS} s behind ${WARMUP_SECONDS} s\n`);
  console.log('clients      tps  CPU µs/tx  RSS MB  connected in ms');
}

function note(measured: Map<number, Scaled[]>, clients: number, row: Scaled): void {
  measured.set(clients, [...(measured.get(clients) ?? []), row]);
  const { tps, cpuUs, rssKb, connectMs } = row;
  console.log(
    [
      String(clients).padStart(7),
      tps.toFixed(0).padStart(9),
      cpuUs.toFixed(1).padStart(11),
      (rssKb / 1024).toFixed(0).padStart(8),
      (connectMs?.toFixed(0) ?? '').padStart(17),
    ].join(''),
  );
}

/** Median of the turns' own. */
function ratio(measured: ReadonlyMap<number, readonly Scaled[]>, clients: number): number {
  const base = measured.get(64) ?? [];
  return median((measured.get(clients) ?? []).map(({ tps }, turn) => tps / (base[turn]?.tps ?? Number.NaN)));
}

function perClientKb(measured: ReadonlyMap<number, readonly Scaled[]>, clients: number): number {
  const rssKb = (of: number) => median((measured.get(of) ?? []).map((row) => row.rssKb));
  return (rssKb(clients) - rssKb(64)) / (clients - 64);
}

function failures(measured: ReadonlyMap<number, readonly Scaled[]>): number {
  return [...measured.values()].flat().reduce((sum, { failed }) => sum + failed, 0);
}

await main();

/**
 * How well an open pace keeps its rate and its instants: `--rate 500` of select-only on a machine that does nothing
 * else but the server. Prints the rate that was reached and the schedule lag, each with its goal.
 *
 *   npm run bench:rate [-- SECONDS]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateServer } from '../src/postgres/private-server.fixture.js';
import { runOurs } from './run.js';

const RATE = 500;
const CLIENTS = 8;
const SECONDS = Number(process.argv[2] ?? 120);

async function main(): Promise<void> {
  const server = await startPrivateServer({ shared_buffers: '256MB' });
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-rate-'));
  try {
    await (await server.connect()).end();
    server.run('pgbench', ['-i', '-s', '10', '-q']);
    const result = await runOurs(server, join(directory, 'result'), [
      ...['select-only', '--rate', String(RATE), '--clients', String(CLIENTS)],
      ...['--duration', `${SECONDS}s`],
    ]);
    const { tps, lag } = result.totals;
    if (lag === null) {
      throw new Error('The run has no schedule lag.');
    }
    const ms = (us: number) => (us / 1000).toFixed(2);
    console.log(`select-only at ${RATE} tps, ${CLIENTS} clients, ${SECONDS} s\n`);
    console.log(`rate      ${tps.toFixed(1)} tps, ${percentOff(tps)} % off   goal: within 1 %`);
    console.log(`lag p50   ${ms(lag.p50Us)} ms`);
    console.log(`lag p99   ${ms(lag.p99Us)} ms   goal: at most 2 ms`);
    console.log(`lag max   ${ms(lag.maxUs)} ms`);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await server.stop();
  }
}

function percentOff(tps: number): string {
  return Math.abs((100 * (tps - RATE)) / RATE).toFixed(2);
}

await main();

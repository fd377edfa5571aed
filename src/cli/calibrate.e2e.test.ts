import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Calibration } from '../calibration/calibration.js';
import { type NullServer, startNullServer } from '../null-server/server.js';
import type { Result } from '../result/result.js';

let server: NullServer;
let state: string;

beforeAll(async () => {
  server = await startNullServer();
  state = await mkdtemp(join(tmpdir(), 'pgha-bench-calibrate-'));
});

afterAll(async () => {
  await server.close();
  await rm(state, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param before what the shell does first */
async function pgha(words: readonly string[], before = ''): Promise<Ended> {
  const script = `${before} exec "$0" bin/pgha-bench.js "$@"`;
  const child = spawn('bash', ['-c', script, process.execPath, ...words], {
    env: { ...process.env, PGHA_BENCH_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

async function run(name: string, ...words: readonly string[]): Promise<Result> {
  const out = join(state, name);
  const { code, stderr } = await pgha(['run', ...runWords(), `--out=${out}`, ...words]);
  expect(stderr).not.toContain('pgha-bench:');
  expect(code).toBe(0);
  return JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
}

const runWords = (clients = '16') => [
  'select-only',
  `--rw=postgresql://any@${server.host}:${server.port}/any?sslmode=disable`,
  `--clients=${clients}`,
  '--workers=1',
  '--duration=1s',
  '--ledger=off',
  '--probes=off',
  '--no-vacuum',
];

const file = () => join(state, 'calibration.json');
const kept = async () => JSON.parse(await readFile(file(), 'utf8')) as Calibration;

describe('calibrate', () => {
  it('leaves a run without a claim where there is none', async () => {
    const { generator } = await run('before');
    expect(generator.capacity).toMatchObject({ tps: null, share: null, limited: false });
    expect(generator.capacity?.missing).toMatch(/not calibrated/);
  });

  it('measures each protocol, prints it within 80 columns, and keeps it', async () => {
    const { code, stdout, stderr } = await pgha(['calibrate', '--duration', '1s']);
    expect(stderr).toMatch(/^1\/6 select-only, prepared/);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}prepared +[\d,]+ +[\d,]+ /m);
    const lines = stdout.split('\n').filter((line) => !line.includes(state));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    const { machine, protocols } = await kept();
    expect(machine.node).toBe(process.version);
    expect(protocols.map(({ protocol }) => protocol)).toEqual(['prepared', 'extended', 'simple']);
    for (const { measured } of protocols) {
      expect(measured.map(({ statements }) => statements)).toEqual([1, 7]);
      expect(measured[1].costUs).toBeGreaterThan(measured[0].costUs);
    }
  });

  it('tells a run how near it came, and calls it limited where it came too near', async () => {
    const { capacity } = (await run('paced', '--rate=500')).generator;
    expect(capacity).toMatchObject({ calibratedAt: (await kept()).at, limited: false, missing: null });
    expect((500 / (capacity?.tps ?? 0)) * 1.5).toBeGreaterThan(capacity?.share ?? 0);
    // A worker of a made calibration that can do 400 of them.
    const calibration = await kept();
    const protocols = calibration.protocols.map((each) => ({
      ...each,
      transactionUs: 2000,
      statementUs: 500,
    }));
    await writeFile(file(), JSON.stringify({ ...calibration, protocols }));
    const { generator } = await run('limited', '--rate=500');
    expect(generator).toMatchObject({ healthy: false, capacity: { limited: true, tps: 400 } });
    const { stdout } = await pgha(['report', join(state, 'limited')]);
    expect(stdout).toMatch(/^generator limited$/m);
  });
});

describe('a run with too few open files', () => {
  it('is refused in one line before it connects, and runs with as many clients as there is room for', async () => {
    const before = server.connections.ever;
    const { code, stderr } = await pgha(['run', ...runWords('400')], 'ulimit -n 256;');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^pgha-bench: --clients: 400 clients .* may have 256\. .*'ulimit -n 4096'[^\n]*\n$/,
    );
    expect(server.connections.ever).toBe(before);
    const [, most = ''] = /--clients (\d+) at most/.exec(stderr) ?? [];
    const fits = [...runWords(most), `--out=${join(state, 'fits')}`];
    expect((await pgha(['run', ...fits], 'ulimit -n 256;')).code).toBe(0);
  });
});

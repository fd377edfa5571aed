import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Library from '../index.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';

/** As it is built: worker threads are started from their files. */
const BUILT = new URL('../../dist/index.js', import.meta.url).href;

let server: PrivateServer;
let library: typeof Library;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-library-'));
  server = await startPrivateServer();
  library = (await import(BUILT)) as typeof Library;
  await library.init({ workload: 'tpcb', target: { rw: server.uri } });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const spies = () => [
  vi.spyOn(process.stdout, 'write').mockReturnValue(true),
  vi.spyOn(process.stderr, 'write').mockReturnValue(true),
];
let written: ReturnType<typeof spies>;
let listeners: readonly (string | symbol)[];

beforeEach(() => {
  written = spies();
  listeners = process.eventNames();
});

afterEach(() => {
  const calls = written.map((spy) => spy.mock.calls);
  vi.restoreAllMocks();
  expect(calls).toEqual([[], []]);
  expect(process.eventNames()).toEqual(listeners);
});

let runs = 0;

/** A short run, to a folder of its own. */
function options(): Library.RunOptions & { readonly out: string } {
  return {
    workload: 'tpcb',
    target: { rw: server.uri },
    clients: 2,
    durationMs: 2000,
    out: join(folder, `run-${++runs}`),
  };
}

describe('run', () => {
  it('tells what came of it, writes it, and calls back on the way', async () => {
    const steps: string[] = [];
    const progress: string[] = [];
    const results: unknown[] = [];
    const asked = options();
    const outcome = await library.run({
      ...asked,
      label: 'short',
      tags: { build: 5 },
      gates: ['tps > 0', 'tps > 1e9'],
      onStep: (line) => steps.push(line),
      onProgress: (each) =>
        progress.push(library.formatProgress(each, { columns: 80, color: false, unicode: true })),
      onResult: (result, directory) => results.push([result, directory]),
    });
    const { result, directory, gates, exitCode, problem } = outcome;
    expect(exitCode).toBe(1);
    expect(problem).toBeNull();
    expect(gates.map(({ passed }) => passed)).toEqual([true, false]);
    expect(result.plan).toMatchObject({ clients: 2, durationMs: 2000, label: 'short', tags: { build: '5' } });
    expect(directory).toBe(asked.out);
    expect(await library.readResult(directory)).toEqual(JSON.parse(JSON.stringify(result)));
    expect(results).toEqual([[result, directory]]);
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*short/i);
    const markdown = await library.renderReport([await library.findResult(directory)], 'markdown');
    expect(markdown).toContain('short');
    await expect(library.renderReport([], 'markdwn')).rejects.toThrow("Did you mean 'markdown'?");
    expect(steps[0]).toMatch(/^Running tpcb with 2 clients for 2 s against .*, no fault\.$/);
    expect(progress.join('\n')).toMatch(/2 \/ 2 s +[\d,]+ tps/);
  });

  it('judges by an earlier result', async () => {
    const { directory } = await library.run(options());
    const {
      exitCode,
      gates,
      directory: later,
    } = await library.run({
      ...options(),
      gates: ['tps >= 0.001% of baseline'],
      baseline: directory,
    });
    expect(exitCode).toBe(0);
    const [base, candidate] = await library.findResults([directory, later]);
    if (base === undefined || candidate === undefined) {
      throw new Error('Two results were named.');
    }
    expect((await library.compare(base, [candidate], { anyway: true })).rows.length).toBeGreaterThan(0);
    expect(gates[0]?.limit).toBeCloseTo(base.result.totals.tps * 1e-5, 6);
  });

  it('looks at its gates and its baseline before it connects to anything', async () => {
    const nowhere = { ...options(), target: { rw: 'postgresql://me@127.0.0.1:1/x' } };
    await expect(library.run({ ...nowhere, gates: ['write_downtme.max < 1s'] })).rejects.toThrow(
      /'write_downtime'\?.*\n.*\n\s+\^/,
    );
    await expect(library.run({ ...nowhere, gates: ['tps >= 1% of baseline'] })).rejects.toThrow(
      'Name its result with --baseline',
    );
    await expect(
      library.run({ ...nowhere, gates: ['tps > 0'], baseline: join(folder, 'none') }),
    ).rejects.toThrow(library.UserError);
  });

  it('ends with a result when it is interrupted, and with the reason when that is too early', async () => {
    const interrupt = new AbortController();
    const { result, exitCode } = await library.run({
      ...options(),
      durationMs: 60_000,
      gates: ['tps > 0'],
      signal: interrupt.signal,
      onProgress: () => interrupt.abort(),
    });
    expect(exitCode).toBe(130);
    expect(result.run.status).toBe('interrupted');
    const reason = new Error('enough');
    await expect(library.run({ ...options(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('says which script is wrong, whatever the gates say', async () => {
    const script = join(folder, 'wrong.sql');
    writeFileSync(script, 'select * from nowhere;\n');
    const { workload: _, ...others } = options();
    const { exitCode, problem } = await library.run({ ...others, files: [script], gates: ['tps > 0'] });
    expect(exitCode).toBe(2);
    expect(problem).toContain('relation "nowhere" does not exist');
  });

  it('rejects with what a callback throws', async () => {
    const bug = new Error('a bug of the caller');
    const throwing = () => {
      throw bug;
    };
    await expect(library.run({ ...options(), onProgress: throwing })).rejects.toBe(bug);
  });

  it('hands over a result that could not be written', async () => {
    const above = join(folder, 'taken');
    const failure = await library
      // Somebody makes a file where its folder should have been.
      .run({ ...options(), out: join(above, 'run'), onProgress: () => writeFileSync(above, '') })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure).toBeInstanceOf(library.UnwrittenResult);
    expect((failure as Library.UnwrittenResult).result.totals.tps).toBeGreaterThan(0);
  });
});

describe('init and cleanup', () => {
  it('make the tables and drop them', async () => {
    const target = { rw: server.uri };
    const steps = new Set<string>();
    const sbtest = { workload: 'oltp_read_only', target };
    await library.init({
      ...sbtest,
      workloadOptions: { tables: 2, table_size: 100 },
      onProgress: ({ step }) => steps.add(step),
    });
    expect(steps.size).toBeGreaterThan(0);
    expect(await library.cleanup({ ...sbtest, workloadOptions: { tables: 2 } })).toMatchObject({
      dropped: true,
    });
    expect(await library.cleanup({ ...sbtest, workloadOptions: { tables: 2 } })).toMatchObject({
      dropped: false,
    });
    const reason = new Error('enough');
    const early = library.init({ ...sbtest, signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
  });
});

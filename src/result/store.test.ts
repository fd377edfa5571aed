import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { roundSample } from '../report/round-samples.fixture.js';
import { readResult } from './read.js';
import { prepareResultDirectory, resultName, writeResult } from './store.js';

const { result } = sampleOf('ten milliseconds');
const logs = { service: 'service log', response: 'response log', lag: null };

const FILES = ['response.hlog', 'result.json', 'service.hlog'];

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'pgha-bench-store-'));
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('a result under a root', () => {
  it('is written whole into a folder named by time, workload and fault', async () => {
    const root = join(scratch, 'deep', 'results');
    const place = await prepareResultDirectory({ root });
    expect(await readdir(scratch)).toEqual([]);
    const directory = await writeResult(place, result, logs);
    expect(directory).toBe(join(root, resultName(result)));
    expect((await readdir(directory)).sort()).toEqual(FILES);
    expect(await readdir(root)).toEqual([resultName(result)]);
    expect(await readResult(directory)).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it('has a log of the schedule lag where there is one', async () => {
    const place = await prepareResultDirectory({ root: scratch });
    const directory = await writeResult(place, result, { ...logs, lag: 'lag log' });
    expect((await readdir(directory)).sort()).toEqual(['lag.hlog', ...FILES]);
    expect(await readFile(join(directory, 'lag.hlog'), 'utf8')).toBe('lag log');
  });

  it('gets the next free name when two runs began in the same second', async () => {
    const place = await prepareResultDirectory({ root: scratch });
    const names = [];
    for (let i = 0; i < 3; i++) {
      names.push(await writeResult(place, result, logs));
    }
    const name = resultName(result);
    expect(names).toEqual([name, `${name}-2`, `${name}-3`].map((each) => join(scratch, each)));
    expect((await readdir(scratch)).sort()).toEqual([name, `${name}-2`, `${name}-3`]);
  });

  it('can be read by whoever can read its surroundings', async () => {
    const directory = await writeResult(await prepareResultDirectory({ root: scratch }), result, logs);
    const plain = join(scratch, 'plain');
    await mkdir(plain);
    expect((await stat(directory)).mode).toBe((await stat(plain)).mode);
  });

  it('has a name without what a file system or a shell trips over', () => {
    const odd = {
      ...result,
      plan: {
        ...result.plan,
        workload: { ...result.plan.workload, name: '../my load.sql' },
        faults: [
          { kind: 'switchover', atMs: 1, options: {} },
          { kind: 'kill-node', atMs: 2, options: {} },
          { kind: 'switchover', atMs: 3, options: {} },
        ],
      },
    };
    expect(resultName(odd)).toMatch(/^\d{8}-\d{6}-\.\._my_load\.sql-switchover\+kill-node$/);
    expect(resultName(result)).toMatch(/^\d{8}-\d{6}-tpcb-none$/);
  });
});

describe('a result in a directory of the user', () => {
  it('fills a new one', async () => {
    const out = join(scratch, 'new', 'one');
    const place = await prepareResultDirectory({ out });
    expect(await readdir(scratch)).toEqual([]);
    expect(await writeResult(place, result, logs)).toBe(out);
    expect((await readdir(out)).sort()).toEqual(FILES);
    expect(await readdir(join(scratch, 'new'))).toEqual(['one']);
  });

  it('fills an empty one without replacing it, since it may be a mount point', async () => {
    const before = (await stat(scratch)).ino;
    const place = await prepareResultDirectory({ out: scratch });
    expect(await writeResult(place, result, logs)).toBe(scratch);
    expect((await stat(scratch)).ino).toBe(before);
    expect((await readdir(scratch)).sort()).toEqual(FILES);
  });

  it('never overwrites: files that came meanwhile stay, and the result goes beside', async () => {
    const out = join(scratch, 'out');
    await mkdir(out);
    const place = await prepareResultDirectory({ out });
    await writeFile(join(out, 'result.json'), 'precious');
    expect(await writeResult(place, result, logs)).toBe(`${out}-2`);
    expect(await readFile(join(out, 'result.json'), 'utf8')).toBe('precious');
  });
});

describe('prepareResultDirectory', () => {
  it('refuses a directory with files', async () => {
    await writeFile(join(scratch, 'x'), '');
    await expect(prepareResultDirectory({ out: scratch })).rejects.toThrow(UserError);
    await expect(prepareResultDirectory({ out: scratch })).rejects.toThrow(
      /expected a new or empty directory/,
    );
  });

  it('refuses a path through a file', async () => {
    await writeFile(join(scratch, 'x'), '');
    await expect(prepareResultDirectory({ out: join(scratch, 'x') })).rejects.toThrow(
      /x is not a directory\.$/,
    );
    await expect(prepareResultDirectory({ root: join(scratch, 'x', 'y') })).rejects.toThrow(
      /x is not a directory\.$/,
    );
  });

  it('refuses where nothing can be written', async () => {
    // /proc refuses even root.
    await expect(prepareResultDirectory({ root: '/proc/results' })).rejects.toThrow(
      /^Results cannot be written to \/proc\/results: .*Name another directory with --out\.$/,
    );
    if (process.getuid?.() !== 0) {
      await chmod(scratch, 0o500);
      await expect(prepareResultDirectory({ root: join(scratch, 'results') })).rejects.toThrow(UserError);
    }
  });
});

describe('writeResult', () => {
  it('leaves nothing half-written when it fails', async () => {
    const place = await prepareResultDirectory({ root: scratch });
    const broken = { ...result, notes: 1n as unknown as string[] };
    await expect(writeResult(place, broken, logs)).rejects.toThrow(/^The result could not be written to /);
    expect(await readdir(scratch)).toEqual([]);
    await expect(writeResult({ kind: 'directory', directory: scratch }, broken, logs)).rejects.toThrow(
      UserError,
    );
    expect(await readdir(scratch)).toEqual([]);
  });
});

describe('readResult', () => {
  it.each([
    ['other JSON', '{"a":1}', /Expected a result of pgha-bench in .*, found other JSON\.$/],
    ['a list', '[1]', /found other JSON\.$/],
    ['what is no JSON', 'tps = 5', /found no valid JSON; it may be cut off\.$/],
    [
      'a newer version',
      JSON.stringify({ ...result, version: 2 }),
      /has version 2; this pgha-bench reads up to 1\. /,
    ],
    [
      'half a result',
      '{"format":"pgha-bench/result","version":1}',
      /is not a whole result: it has no tool, no run/,
    ],
    [
      'parts that hold nothing',
      JSON.stringify({ ...result, tool: {}, timeline: {}, commits: 5 }),
      /is not a whole result: it has no tool\.version, no timeline\.startMs, no commits\.$/,
    ],
    ['parts that are none', JSON.stringify({ ...result, plan: null, notes: {} }), /has no plan, no notes\.$/],
    ['no version', JSON.stringify({ ...result, version: undefined }), /it has no version\.$/],
  ])('says in one line that it found %s', async (_, text, message) => {
    const file = join(scratch, 'result.json');
    await writeFile(file, text);
    for (const path of [file, scratch]) {
      const failure = readResult(path);
      await expect(failure).rejects.toThrow(UserError);
      await expect(failure).rejects.toThrow(message);
    }
  });

  it('reads one that was written before the later fields were', async () => {
    const { commits } = roundSample('a split brain');
    const { uncovered: _, ...audit } = commits ?? expect.fail('it has no audit');
    await writeFile(join(scratch, 'result.json'), JSON.stringify({ ...result, commits: audit }));
    expect((await readResult(scratch)).commits).toEqual(commits);
  });

  it('says that nothing is there', async () => {
    await expect(readResult(join(scratch, 'none'))).rejects.toThrow(
      /^Expected the folder of a run or its result\.json, found none at /,
    );
    await expect(readResult(scratch)).rejects.toThrow(/found none at /);
  });

  it('knows a result that was cut off', async () => {
    const file = join(scratch, 'result.json');
    await writeFile(file, JSON.stringify(result).slice(0, 500));
    await expect(readResult(file)).rejects.toThrow(/may be cut off\.$/);
  });
});

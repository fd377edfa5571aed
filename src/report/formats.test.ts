import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SAMPLES, sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { FORMATS, formatNamed, formatOfFile } from './formats.js';
import { ROUND_SAMPLES } from './round-samples.fixture.js';

const WITHOUT_FOLDER = FORMATS.filter(({ name }) => name !== 'hlog');

function named(result: Result, name = 'mine'): NamedResult {
  return { name, directory: null, result };
}

describe('the registry', () => {
  it('has every form once, in the order of names', () => {
    const names = FORMATS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(
      expect.arrayContaining(['csv', 'hlog', 'html', 'json', 'junit', 'markdown', 'terminal']),
    );
    for (const { name, extension, describe: words } of FORMATS) {
      expect(formatNamed(name).name).toBe(name);
      expect(extension).toMatch(/^[a-z]+$/);
      expect(words).toMatch(/^[^\n]{10,100}$/);
    }
  });

  it('suggests the nearest for one that there is not', () => {
    expect(() => formatNamed('markdwn')).toThrow(UserError);
    expect(() => formatNamed('markdwn')).toThrow(
      /^--format: expected one of .*, found 'markdwn'\. Did you mean 'markdown'\?$/,
    );
    expect(() => formatNamed('toString')).toThrow(/found 'toString'\.$/);
  });

  it('knows what a file is by its ending', () => {
    expect(formatOfFile('a.b/report.MD')?.name).toBe('markdown');
    expect(formatOfFile('report.json')?.name).toBe('json');
    expect(formatOfFile('report.txt')?.name).toBe('terminal');
    expect(formatOfFile('report.xml')?.name).toBe('junit');
    expect(formatOfFile('csv')).toBeUndefined();
    expect(formatOfFile('report.docx')).toBeUndefined();
  });
});

const ALL: readonly (readonly [string, () => Result])[] = [
  ...Object.entries(SAMPLES).map(([name, make]) => [name, () => make().result] as const),
  ...Object.entries(ROUND_SAMPLES),
];

describe.each(ALL)('every form of: %s', (_, make) => {
  const result = make();

  it('is made of it, and of it beside another one, without a figure that is none', async () => {
    for (const { name, render } of WITHOUT_FOLDER) {
      for (const results of [[named(result)], [named(result), named(sampleOf('no fault').result, 'other')]]) {
        const text = await render(results);
        expect(text, name).toMatch(/\n$/);
        expect(text, name).not.toMatch(/NaN|Infinity|undefined|\[object/);
      }
    }
  });
});

describe('json', () => {
  const { render } = formatNamed('json');
  const result = sampleOf('no fault').result;

  it('is the result as it is, and of several an array', async () => {
    expect(JSON.parse(await render([named(result)]))).toEqual(JSON.parse(JSON.stringify(result)));
    expect(JSON.parse(await render([named(result), named(result)]))).toHaveLength(2);
  });
});

describe('hlog', () => {
  const { render } = formatNamed('hlog');
  const closed = sampleOf('no fault').result;
  const rate = sampleOf('fixed rate').result;

  it('is the log that lies beside the result', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pgha-hlog-'));
    try {
      for (const times of ['response', 'service', 'lag']) {
        await writeFile(join(directory, `${times}.hlog`), `of ${times}\n`);
      }
      const kept = { ...named(rate), directory };
      expect(await render([kept])).toBe('of response\n');
      expect(await render([kept], { times: 'service' })).toBe('of service\n');
      expect(await render([kept], { times: 'lag' })).toBe('of lag\n');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each([
    [
      'one alone without a folder',
      [named(closed)],
      {},
      /^--format hlog: mine was not kept in a folder, where response\.hlog/,
    ],
    [
      'a folder without it',
      [{ ...named(closed), directory: '/nowhere' }],
      {},
      /^--format hlog: expected response\.hlog beside the result, found none in \/nowhere\. Name/,
    ],
    ['two', [named(closed), named(rate)], {}, /^--format hlog: expected one result, found 2\./],
    [
      'the lag of what had none',
      [named(closed)],
      { times: 'lag' as const },
      /^--kind lag: mine ran without --rate/,
    ],
  ])('refuses %s', async (_, results, options, message) => {
    const failure = (async () => render(results, options))();
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(message);
  });
});

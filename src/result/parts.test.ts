import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { readParts } from './parts.js';
import { prepareResultDirectory, writeResult } from './store.js';
import { TopLevel } from './top-level.js';

const result = sampleOf('switchover').result;
let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'pgha-parts-'));
});

afterAll(() => rm(scratch, { recursive: true }));

describe('readParts', () => {
  const wanted = ['run', 'plan', 'totals', 'analysis', 'commits'] as const;

  async function written(text: string): Promise<string> {
    const file = join(scratch, 'result.json');
    await writeFile(file, text);
    return file;
  }

  it('gives what readResult() would, of a written result and of one in any order and layout', async () => {
    const expected = JSON.parse(
      JSON.stringify(Object.fromEntries(wanted.map((name) => [name, result[name]]))),
    );
    const place = await prepareResultDirectory({ out: join(scratch, 'out') });
    const directory = await writeResult(place, result, { service: '', response: '', lag: null });
    const reversed = Object.fromEntries(Object.entries(result).reverse());
    for (const path of [
      directory,
      await written(JSON.stringify(result)),
      await written(JSON.stringify(reversed, null, 2)),
      await written(`\n${JSON.stringify(result, null, '\t')}\n\n`),
    ]) {
      expect(await readParts(path, wanted)).toMatchObject(expected);
    }
  });

  it('does not read the long parts of a result that was written, and knows what may be absent', async () => {
    const { gates, ...old } = result;
    expect(await readParts(await written(JSON.stringify(old)), ['run'], ['gates'])).not.toHaveProperty(
      'gates',
    );
    const place = await prepareResultDirectory({ out: join(scratch, 'broken') });
    const directory = await writeResult(place, result, { service: '', response: '', lag: null });
    const text = `${JSON.stringify({ format: result.format, version: 1, run: result.run }).slice(0, -1)},"x":§}\n`;
    await writeFile(join(directory, 'result.json'), text);
    // What stands behind is not looked at: here it is no JSON at all.
    expect(await readParts(directory, ['run'])).toMatchObject({ run: result.run });
  });

  it.each([
    ['nothing', '', /no valid JSON; it may be cut off\.$|found other JSON/],
    ['a list', '[{"format":1}]', /found no valid JSON object\.$/],
    ['a word', 'tps = 5', /found no valid JSON object\.$/],
    ['other JSON', '{"a":{"format":"pgha-bench/result"}}', /found other JSON\.$/],
    [
      'a newer version',
      JSON.stringify({ ...result, version: 2 }),
      /has version 2; this pgha-bench reads up to 1\./,
    ],
    [
      'half a result',
      '{"format":"pgha-bench/result","version":1}',
      /is not a whole result: it has no run, no plan/,
    ],
    ['one that was cut off within the parts', JSON.stringify(result).slice(0, 700), /cut off\.$/],
    ['one that was cut off behind them', JSON.stringify(result).slice(0, -9), /it may be cut off\.$/],
    [
      'one whose parts are no JSON',
      JSON.stringify(result).replace('"elapsedMs":', '"elapsedMs":x'),
      /cut off\.$/,
    ],
  ])('says in one line that it found %s', async (_, text, message) => {
    const failure = readParts(await written(text), wanted);
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(message);
  });

  it('says that nothing is there', async () => {
    await expect(readParts(join(scratch, 'none'), wanted)).rejects.toThrow(/found none at /);
  });
});

describe('TopLevel', () => {
  it('finds in any object, in pieces of any size, what a parser finds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 }),
        fc.nat(12),
        fc.constantFrom(undefined, 1),
        (object, size, indent) => {
          const bytes = Buffer.from(JSON.stringify(object, null, indent));
          const names = Object.keys(object).filter((_, index) => index % 2 === 0);
          const scan = new TopLevel([...names, 'not there']);
          for (let at = 0; at < bytes.length; at += size + 1) {
            scan.add(bytes.subarray(at, at + size + 1));
          }
          expect([...scan.found.keys()].sort()).toEqual([...names].sort());
          for (const [name, text] of scan.found) {
            expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object[name])));
          }
        },
      ),
    );
  });

  it('never fails on what is no JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const scan = new TopLevel(['a']);
        scan.add(Buffer.from(bytes));
        return scan.found.size <= 1;
      }),
    );
  });
});

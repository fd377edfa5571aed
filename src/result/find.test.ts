import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { findResult, findResults } from './find.js';
import type { Result } from './result.js';

const { result } = sampleOf('ten milliseconds');

let scratch: string;
let root: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'pgha-bench-find-'));
  root = join(scratch, 'results');
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Leaves a result in a folder below the root. */
async function leave(folder: string, label?: string, part: Partial<Result> = {}): Promise<string> {
  const directory = join(root, folder);
  await mkdir(directory, { recursive: true });
  const plan = label === undefined ? result.plan : { ...result.plan, label };
  await writeFile(join(directory, 'result.json'), `${JSON.stringify({ ...result, plan, ...part })}\n`);
  return directory;
}

/** What is said where it is not found. */
async function failureOf(word: string): Promise<string> {
  const failure = await findResult(word, root).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  const { message } = failure as UserError;
  expect(message).not.toContain('\n');
  return message.replaceAll(scratch, '.');
}

describe('findResult', () => {
  it('finds the folder of a run, its file, and the name of its folder below the root', async () => {
    const directory = await leave('20251123-145601-tpcb-none');
    for (const word of [
      directory,
      `${directory}/`,
      join(directory, 'result.json'),
      '20251123-145601-tpcb-none',
    ]) {
      const found = await findResult(word, root);
      expect(found).toMatchObject({ name: '20251123-145601-tpcb-none', directory });
      expect(found.result.run.id).toBe(result.run.id);
    }
  });

  it('finds a label, which is then the name', async () => {
    await leave('a', 'after');
    const directory = await leave('b', 'before "tuning"');
    expect(await findResult('before "tuning"', root)).toMatchObject({ name: 'before "tuning"', directory });
  });

  it('takes a copy of a result.json under another name, and calls it so', async () => {
    await leave('a');
    const copy = join(root, 'main.json');
    await writeFile(copy, JSON.stringify(result, null, 2));
    expect(await findResult(copy, root)).toMatchObject({ name: 'main', directory: root });
  });

  it('takes a label for what it is where a directory of that name is no result', async () => {
    const directory = await leave('a', scratch);
    expect((await findResult(scratch, root)).directory).toBe(directory);
  });

  it('does not take the value of a tag, or a folder without a result, for a label', async () => {
    await leave('a', undefined, { plan: { ...result.plan, tags: { label: 'x1', host: 'x2' } } });
    await mkdir(join(root, 'x3'));
    await mkdir(join(root, '.b-1234'));
    for (const word of ['x1', 'x2']) {
      expect(await failureOf(word)).toContain(`found '${word}'`);
    }
    await expect(findResult('x3', root)).rejects.toThrow(/found none at .*x3\.$/);
  });

  it('suggests the label that was meant', async () => {
    await leave('a', 'before');
    await leave('b', 'after');
    expect(await failureOf('befoer')).toBe(
      "Expected a result.json, the folder of a run, or the label of one in ./results; found 'befoer'. Did you mean 'before'?",
    );
    expect(await failureOf('xyz')).toMatch(/found 'xyz'\. Its labels: before, after\.$/);
  });

  it('lists the results that share a label', async () => {
    const first = await leave('a', 'twice');
    const second = await leave('b', 'twice');
    const failure = findResult('twice', root);
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(
      /^Expected one result called 'twice', found 2: .*a, .*b\. Name one/,
    );
    const third = await leave('twice');
    await expect(findResult('twice', root)).rejects.toThrow(
      /found 3: .*twice, .*a, .*b\. Name one by its folder/,
    );
    expect((await findResult(third, root)).directory).toBe(third);
    expect((await findResult(first, root)).directory).toBe(first);
    expect((await findResult(second, root)).directory).toBe(second);
  });

  it('says what it found instead', async () => {
    expect(await failureOf('x')).toMatch(
      /in \.\/results; found 'x', and there is no such directory\. Use --results/,
    );
    await mkdir(root);
    expect(await failureOf('x')).toMatch(/and no run is in it\. Use --results DIR/);
    expect(await failureOf(root)).toBe(
      'Expected the folder of a run, found an empty directory at ./results.',
    );
    await leave('a');
    expect(await failureOf(root)).toBe(
      'Expected the folder of a run, found no result.json in ./results. Name one of the folders in it.',
    );
    expect(await failureOf(join(root, 'b'))).toBe(
      'Expected a result.json or the folder of a run, found nothing at ./results/b.',
    );
    expect(await failureOf('none.json')).toMatch(/found nothing at none\.json\.$/);
    expect(await failureOf(join(root, 'a', 'result.json', 'x'))).toMatch(/found nothing at /);
  });

  it('takes a label that is the name of its own folder, too, for one', async () => {
    const directory = await leave('same', 'same');
    expect((await findResult('same', root)).directory).toBe(directory);
  });

  it('is not kept from a label by another result that cannot be read', async () => {
    const cutOff = await leave('a');
    await writeFile(join(cutOff, 'result.json'), '{"format":"pgha-bench/result","plan":{"label":"mine"');
    await leave('b', 'mine', { version: 99 as Result['version'] });
    expect(await failureOf('mine')).toMatch(/a\/result\.json, found no valid JSON; it may be cut off\.$/);
    const directory = await leave('c', 'mine');
    expect(await findResult('mine', root)).toMatchObject({ name: 'mine', directory });
    await rm(cutOff, { recursive: true });
    await rm(directory, { recursive: true });
    expect(await failureOf('mine')).toMatch(/has version 99; this pgha-bench reads up to 1\./);
  });

  it('is not kept from a label by a damaged folder of that name', async () => {
    const own = await leave('mine');
    await writeFile(join(own, 'result.json'), '{');
    expect(await failureOf('mine')).toMatch(/it may be cut off\.$/);
    const directory = await leave('z', 'mine');
    expect((await findResult('mine', root)).directory).toBe(directory);
  });

  it('passes on what is wrong with a result', async () => {
    const directory = await leave('a', 'mine');
    await writeFile(join(directory, 'result.json'), JSON.stringify({ label: 'mine' }));
    expect(await failureOf('mine')).toMatch(/found other JSON\.$/);
    const hollow = Object.fromEntries(Object.keys(result).map((part) => [part, {}]));
    const head = { format: 'pgha-bench/result', version: 1, plan: { label: 'mine' } };
    await writeFile(join(directory, 'result.json'), JSON.stringify({ ...hollow, ...head }));
    expect(await failureOf('mine')).toMatch(/is not a whole result: it has no tool\.version, no run\.id/);
    await writeFile(join(directory, 'result.json'), '{"plan":{"label":"mine"');
    expect(await failureOf('mine')).toMatch(/it may be cut off\.$/);
    expect(await failureOf(directory)).toMatch(/it may be cut off\.$/);
  });
});

describe('findResults', () => {
  it('gives each a name of its own', async () => {
    const words = [await leave('a', 'nightly'), await leave('b', 'nightly'), await leave('c')];
    const names = async (each: readonly string[]) => (await findResults(each, root)).map(({ name }) => name);
    expect(await names(words)).toEqual(['a', 'b', 'c']);
    expect(await names([words[0] ?? '', 'c', 'c'])).toEqual(['nightly', 'c', 'c (2)']);
    expect(await names([words[0] ?? '', words[0] ?? ''])).toEqual(['nightly', 'nightly (2)']);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { roundSample } from '../report/round-samples.fixture.js';
import { type ListingFormat, listResults, renderListing } from './list-results.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pgha-bench-list-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function leave(folder: string, content: object): Promise<string> {
  const directory = join(root, folder);
  await mkdir(directory);
  await writeFile(join(directory, 'result.json'), `${JSON.stringify(content)}\n`);
  return directory;
}

it('lists what has only the names of the parts as damaged, and says what it lacks', async () => {
  const result = roundSample('a split brain');
  const hollow = Object.fromEntries(Object.keys(result).map((part) => [part, {}]));
  const directory = await leave('hollow', { ...hollow, format: result.format, version: 1 });
  expect(await listResults(root)).toEqual([
    {
      directory,
      damaged: expect.stringMatching(/is not a whole result: it has no run\.id, .*no plan\.target/),
    },
  ]);
});

it('lists one that was written before the later fields were', async () => {
  const { commits, gates: _gates, ...result } = roundSample('a split brain');
  const { uncovered: _uncovered, ...audit } = commits ?? expect.fail('it has no audit');
  await leave('old', { ...result, commits: audit });
  expect(await listResults(root)).toMatchObject([{ headline: { lost: 0, gates: null } }]);
});

it('is told in lines and as data', async () => {
  const directory = await leave('one', roundSample('a split brain'));
  const list = await listResults(root);
  expect(renderListing(list, 'terminal')).toContain(directory);
  expect(JSON.parse(renderListing(list, 'json'))).toEqual(JSON.parse(JSON.stringify(list)));
  expect(() => renderListing(list, 'jsn' as ListingFormat)).toThrow(/found 'jsn'\. Did you mean 'json'\?/);
});

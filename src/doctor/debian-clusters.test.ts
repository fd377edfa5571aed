import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { autoClusters } from './debian-clusters.js';

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-clusters-'));
});
afterEach(() => rm(base, { recursive: true }));

it('has the clusters that are started, and those alone', async () => {
  const files = {
    '15/main/postgresql.conf': '',
    '15/main/start.conf': '# auto, manual or disabled\nauto\n',
    '16/bare/postgresql.conf': '',
    '16/off/postgresql.conf': '',
    '16/off/start.conf': '# auto is usual\nmanual\n',
    '17/shop/environment': '',
    'common/x/postgresql.conf': '',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  }
  expect(await autoClusters(base)).toEqual(['15/main', '16/bare']);
  expect(await autoClusters(join(base, 'nowhere'))).toEqual([]);
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pgha-package-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('packs what is needed and nothing else, and works where it is installed', async () => {
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [tarball] = Object.values(JSON.parse(packed.stdout)) as {
    filename: string;
    files: { path: string }[];
  }[];
  const paths = tarball?.files.map((file) => file.path) ?? [];
  expect(paths).toEqual(
    expect.arrayContaining(['bin/pgha-bench.js', 'dist/cli/main.js', 'workloads/tpcb.js', 'LICENSE']),
  );
  expect(paths.filter((path) => /\.(test|fixture)\.|^src\/|^scripts\/|^bench\//.test(path))).toEqual([]);

  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--omit=dev', join(folder, tarball?.filename ?? '')],
    { cwd: folder },
  );
  const version = await run('npx', ['--no-install', 'pgha-bench', '--version'], { cwd: folder });
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(version.stdout.trim()).toBe(own.version);
  const help = await run('npx', ['--no-install', 'pgha-bench', 'run', '--help'], { cwd: folder });
  expect(help.stdout).toContain('tpcb');
});

import { type ExecFileException, execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from './result/result.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where somebody installs the package, and nothing else. */
const folder = mkdtempSync(join(tmpdir(), 'pgha-package-'));
const stateDirectory = mkdtempSync(join(tmpdir(), 'pgha-state-'));
let packed: readonly string[];

beforeAll(async () => {
  // As root the lab's processes run as somebody else, who must be able to get there.
  chmodSync(stateDirectory, 0o755);
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [tarball] = Object.values(JSON.parse(stdout)) as { filename: string; files: { path: string }[] }[];
  packed = tarball?.files.map((file) => file.path) ?? [];
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const install = ['install', '--no-audit', '--no-fund', '--omit=dev', join(folder, tarball?.filename ?? '')];
  await run('npm', install, { cwd: folder });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('the package, installed from its tarball', () => {
  it('has what is needed and nothing else, and works', async () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'bin/pgha-bench.js',
        'dist/cli/main.js',
        'dist/index.d.ts',
        'examples/gate.js',
        'workloads/tpcb.js',
        'LICENSE',
      ]),
    );
    expect(packed.filter((path) => /\.(test|fixture)\.|^src\/|^scripts\/|^bench\//.test(path))).toEqual([]);
    const version = await run('npx', ['--no-install', 'pgha-bench', '--version'], { cwd: folder });
    const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(version.stdout.trim()).toBe(own.version);
    const help = await run('npx', ['--no-install', 'pgha-bench', 'run', '--help'], { cwd: folder });
    expect(help.stdout).toContain('tpcb');
  });

  it('is imported without an effect', async () => {
    writeFileSync(
      join(folder, 'import.js'),
      `const before = process.eventNames().length;
      const { run, UserError } = await import('pgha-bench');
      const added = process.eventNames().length - before;
      const told = await run({ workload: 'tpcb', clients: 0 }).catch((error) => error);
      console.log(JSON.stringify({ added, isUserError: told instanceof UserError, message: told.message }));`,
    );
    const { stdout, stderr } = await run(process.execPath, ['import.js'], { cwd: folder });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      added: 0,
      isUserError: true,
      message: "--clients: expected a whole number of at least 1, found '0'.",
    });
  });

  it('has types that a strict program can be checked by, its own included', async () => {
    copyFileSync(join(ROOT, 'examples', 'gate.js'), join(folder, 'gate.js'));
    const right =
      "import { run } from 'pgha-bench';\nexport const outcome = run({ workload: 'tpcb', rate: 5 });\n";
    writeFileSync(join(folder, 'right.ts'), right);
    expect(await typeErrors(['gate.js', 'right.ts'])).toBe('');
    writeFileSync(join(folder, 'wrong.ts'), right.replace('rate: 5', "rate: '5'"));
    expect(await typeErrors(['wrong.ts'])).toMatch(
      /wrong\.ts.*Type 'string' is not assignable to type 'number'/,
    );
  });

  it('runs its example on a real lab', async () => {
    const env = { ...process.env, PGHA_BENCH_STATE: stateDirectory, SECONDS: '16' };
    copyFileSync(join(ROOT, 'examples', 'gate.js'), join(folder, 'gate.js'));
    const { stdout } = await run(process.execPath, ['gate.js'], { cwd: folder, env });
    const [, directory = ''] = /^2 of 2 gates passed, writes stopped for [\d.]+ ms, see (\S+)\n$/.exec(
      stdout,
    ) ?? [stdout];
    const result = JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8')) as Result;
    expect(result.plan.label).toBe('example');
    expect(result.gates.map(({ expression, passed }) => [expression, passed])).toEqual([
      ['write_downtime.max < 15s', true],
      ['lost == 0', true],
    ]);
    const bin = join(folder, 'node_modules', '.bin', 'pgha-bench');
    await expect(run(bin, ['lab', 'status', '--name', 'example'], { env })).rejects.toThrow('is not up');
  });
});

/** What the compiler of this repository says of sources in the folder, with everything on that it has. */
async function typeErrors(files: readonly string[]): Promise<string> {
  const settings = {
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      checkJs: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2023',
      module: 'nodenext',
      types: ['node'],
    },
    files,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  try {
    await run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder]);
    return '';
  } catch (error) {
    return (error as ExecFileException).stdout ?? String(error);
  }
}

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { roundSample } from '../report/round-samples.fixture.js';
import type { Result } from '../result/result.js';
import { prepareResultDirectory, writeResult } from '../result/store.js';
import { BIN, CommandLine } from './command.fixture.js';

const cli = new CommandLine();
const base = sampleOf('switchover').result;
const lossy = roundSample('a crash that lost commits');

/** As a run leaves it in `results/`, in the working directory. */
async function keep(name: string, result: Result): Promise<void> {
  const place = await prepareResultDirectory({ out: join(cli.directory, 'results', name) });
  await writeResult(place, result, { service: 'of service\n', response: 'of response\n', lag: null });
}

function withPlan(result: Result, plan: Partial<Result['plan']>, startedAt: string): Result {
  return { ...result, plan: { ...result.plan, ...plan }, run: { ...result.run, startedAt } };
}

beforeAll(async () => {
  await keep('one', withPlan(base, { label: 'base', tags: { pr: '7' } }, '2026-01-02T00:00:00.000Z'));
  await keep('two', withPlan(lossy, { label: 'twice' }, '2026-01-01T00:00:00.000Z'));
  await keep('three', withPlan(base, { label: 'twice' }, '2026-01-03T00:00:00.000Z'));
});

afterAll(() => cli.remove());

/** What it said in one line, with exit code 2 and nothing on stdout. */
async function complaint(...words: string[]): Promise<string> {
  const ended = await cli.run(words);
  expect([ended.code, ended.stdout]).toEqual([2, '']);
  expect(ended.stderr).toMatch(/^pgha-bench: [^\n]+\n$/);
  return ended.stderr.slice('pgha-bench: '.length, -1);
}

describe('report', () => {
  it('prints a result that is named by folder, file or label, as the run did', async () => {
    for (const word of ['results/one', 'results/one/result.json', 'base', 'one']) {
      const { stdout, stderr } = await cli.succeed(['report', word]);
      expect(stdout).toMatch(/^tpcb · scale 10 · 64 clients/);
      expect(stdout).toContain('no writes for 5.18 s · no outage of reads seen');
      expect(stdout).toMatch(/tags +pr=7\n/);
      expect(stdout).toMatch(/\nResult {2}results\/one\n$/);
      expect(stdout).not.toContain('\u001b');
      expect(stderr).toBe('');
    }
  });

  it('puts several in one report', async () => {
    const { stdout } = await cli.succeed(['report', 'base', 'results/two']);
    expect(stdout.match(/^tpcb · /gm)).toHaveLength(2);
    expect(stdout.slice(stdout.indexOf('Side by side'))).toMatch(/^Side by side\n +base +twice\n/);
    const json = await cli.succeed(['report', 'base', 'results/two', '--format', 'json']);
    expect(JSON.parse(json.stdout)).toHaveLength(2);
  });

  it.each([
    ['json', /^\{"format":"pgha-bench\/result"/],
    ['markdown', /^## `base`\n/],
    ['csv', /^start_ms,width_ms,/],
    ['hlog', /^of response\n$/],
    ['html', /^<!doctype html>/i],
    ['junit', /<testsuites/],
    ['github-summary', /^#/],
    ['github-annotations', /^/],
    ['gitlab-metrics', /pgha_/],
    ['bencher', /^\{/],
  ])('writes %s', async (format, beginning) => {
    const { stdout } = await cli.succeed(['report', 'base', '--format', format]);
    expect(stdout).toMatch(beginning);
  });

  it('writes to a file in the form that its name says, and says where', async () => {
    const { stdout, stderr } = await cli.succeed(['report', 'base', '--out', 'r.md']);
    expect([stdout, stderr]).toEqual(['', 'Wrote r.md.\n']);
    expect(readFileSync(join(cli.directory, 'r.md'), 'utf8')).toMatch(/^## `base`/);
    await cli.succeed(['report', 'base', '--out', 'results/one', '--format', 'html']);
    expect(readFileSync(join(cli.directory, 'results/one/report.html'), 'utf8')).toMatch(/^<!doctype/i);
    const toPipe = await cli.succeed(['report', 'base', '--out=-', '--format', 'csv']);
    expect(toPipe.stdout).toMatch(/^start_ms/);
  });

  it('gives the log of the times that were asked for', async () => {
    const { stdout } = await cli.succeed(['report', 'base', '--format', 'hlog', '--kind', 'service']);
    expect(stdout).toBe('of service\n');
    expect(await complaint('report', 'base', '--format', 'hlog', '--kind', 'lag')).toMatch(
      /^--kind lag: base ran without --rate and --stages/,
    );
    expect(await complaint('report', 'base', '--kind', 'lag')).toMatch(
      /^--kind: expected only with --format hlog/,
    );
  });

  it('ends quietly when its reader does', async () => {
    const child = spawn(process.execPath, [BIN, 'report', 'base', '--format', 'json'], {
      cwd: cli.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('');
  });

  it('says in one line what is wrong', async () => {
    const lie = (name: string, text: string) => {
      mkdirSync(join(cli.directory, name), { recursive: true });
      writeFileSync(join(cli.directory, name, 'result.json'), text);
    };
    lie('newer', JSON.stringify({ ...base, version: 2 }));
    lie('cut', JSON.stringify(base).slice(0, 999));
    lie('foreign', '{"tps": 5}');
    lie('half', '{"format":"pgha-bench/result","version":1}');
    mkdirSync(join(cli.directory, 'empty'));
    expect(await complaint('report')).toMatch(
      /^Expected a result: .* found none\. 'pgha-bench results' lists them\.$/,
    );
    expect(await complaint('report', 'newer')).toMatch(
      /has version 2; this pgha-bench reads up to 1\. Read it with/,
    );
    expect(await complaint('report', 'cut')).toMatch(/found no valid JSON; it may be cut off\.$/);
    expect(await complaint('report', 'foreign')).toMatch(/found other JSON\.$/);
    expect(await complaint('report', 'half')).toMatch(/is not a whole result: it has no tool/);
    expect(await complaint('report', 'empty')).toMatch(/found an empty directory at empty\.$/);
    expect(await complaint('report', 'results')).toMatch(
      /found no result\.json in results\. Name one of the folders in it\.$/,
    );
    expect(await complaint('report', 'twice')).toMatch(
      /^Expected one result called 'twice', found 2: results\/three, results\/two\./,
    );
    expect(await complaint('report', 'bas')).toMatch(/found 'bas'\. Did you mean 'base'\?$/);
    expect(await complaint('report', 'no/such')).toMatch(/found nothing at no\/such\.$/);
    expect(await complaint('report', 'base', '--format', 'markdwon')).toMatch(
      /found 'markdwon'\. Did you mean 'markdown'\?$/,
    );
    expect(await complaint('report', 'base', '--fromat', 'csv')).toMatch(/fromat/);
    expect(await complaint('report', 'base', 'results/two', '--format', 'hlog')).toMatch(
      /expected one result, found 2\./,
    );
    expect(await complaint('report', 'base', '--out', 'no/such.md')).toMatch(
      /no\/such\.md cannot be written: its directory does not exist\.$/,
    );
  });
});

describe('results', () => {
  it('lists what lies in results/, the newest last', async () => {
    const { stdout } = await cli.succeed(['results']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^ {2}time \(UTC\) +label +workload +fault +tps +p99 +downtime +lost$/);
    expect(lines.filter((line) => line.startsWith('    ')).map((line) => line.trim())).toEqual([
      'results/two',
      'results/one  pr=7',
      'results/three',
    ]);
    expect(lines[1]).toMatch(/^ {2}01-01 00:00 {2}twice +tpcb +cut.* 5\.18 s +3$/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('tells the same to a program', async () => {
    const { stdout } = await cli.succeed(['results', '--format', 'json']);
    const list = JSON.parse(stdout) as {
      directory: string;
      headline: { label: string; lost: number | null };
    }[];
    expect(list.map(({ directory }) => directory)).toEqual(['results/two', 'results/one', 'results/three']);
    expect(list.map(({ headline }) => headline.lost)).toEqual([3, null, null]);
  });

  it('shows those with a label or a tag', async () => {
    const shown = async (...words: string[]) =>
      (
        JSON.parse((await cli.succeed(['results', '--format', 'json', ...words])).stdout) as {
          directory: string;
        }[]
      ).map(({ directory }) => directory);
    expect(await shown('--label', 'twice')).toEqual(['results/two', 'results/three']);
    expect(await shown('--tag', 'pr=7')).toEqual(['results/one']);
    expect(await shown('--tag', 'pr=8')).toEqual([]);
    expect((await cli.succeed(['results', '--tag', 'pr=8'])).stderr).toBe('None has these.\n');
    expect(await complaint('results', '--tag', 'pr')).toMatch(/^--tag: expected NAME=VALUE, found 'pr'\.$/);
  });

  it('lists what is damaged as that, with the reason', async () => {
    const odd = join(cli.directory, 'odd');
    for (const [name, text] of [
      ['cut', JSON.stringify(base).slice(0, -5)],
      ['foreign', '{"tps":5}'],
      ['newer', JSON.stringify({ ...base, version: 2 })],
      ['wrong', JSON.stringify({ ...base, totals: null })],
      ['fine', JSON.stringify(base)],
    ] as const) {
      mkdirSync(join(odd, name), { recursive: true });
      writeFileSync(join(odd, name, 'result.json'), text);
    }
    mkdirSync(join(odd, 'other'));
    const { stdout } = await cli.succeed(['results', 'odd']);
    const text = stdout.replaceAll(/\n {2}(?! )/g, ' ');
    expect(text).toMatch(/odd\/cut is damaged: .*it may be cut off\./);
    expect(text).toMatch(/odd\/foreign is damaged: .*found other JSON\./);
    expect(text).toMatch(/odd\/newer is damaged: .*has version 2/);
    expect(text).toMatch(/odd\/wrong is damaged: .*is not a whole result: it has no totals\./);
    expect(stdout).toContain('\n    odd/fine\n');
    expect(stdout).not.toContain('odd/other');
    // Of a run's own folder, that one.
    expect((await cli.succeed(['results', 'odd/fine'])).stdout).toContain('\n    odd/fine\n');
  });

  it('says what is not there', async () => {
    mkdirSync(join(cli.directory, 'nothing'));
    expect((await cli.succeed(['results', 'nothing'])).stderr).toBe('No run has left a result in nothing.\n');
    expect((await cli.succeed(['results', 'nothing', '--format', 'json'])).stdout).toBe('[]\n');
    expect(await complaint('results', 'absent')).toBe(
      'Expected a directory of results at absent, found nothing.',
    );
    writeFileSync(join(cli.directory, 'file'), '');
    expect(await complaint('results', 'file')).toBe('Expected a directory of results at file, found a file.');
    expect(await complaint('results', '--format', 'jsn')).toMatch(/Did you mean 'json'\?$/);
  });
});

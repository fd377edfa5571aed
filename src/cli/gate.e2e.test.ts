import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { HOSTILE, hostile, named } from '../report/gated.fixture.js';
import { renderJunit } from '../report/junit.js';
import { roundSample } from '../report/round-samples.fixture.js';
import type { Result } from '../result/result.js';
import { CommandLine, type Ended } from './command.fixture.js';

const cli = new CommandLine();

beforeAll(() => {
  const switchover = sampleOf('switchover').result;
  put('results/plain', switchover);
  put('results/labelled', { ...switchover, plan: { ...switchover.plan, label: 'nightly' } });
  put('results/quiet', sampleOf('no fault').result);
  put('results/rounds', roundSample('six rounds'));
  put('results/again', another(switchover));
  put('results/few', another({ ...switchover, plan: { ...switchover.plan, clients: 8 } }));
  put('results/earlier', another(roundSample('six rounds')));
  const { generator } = switchover;
  const verdict = 'The generator was short of CPU. Use fewer --clients.';
  put('results/short', another({ ...switchover, generator: { ...generator, healthy: false, verdict } }));
  put('bad/stopped', { ...switchover, run: { ...switchover.run, status: 'interrupted' } });
  put('results/asked', {
    ...switchover,
    gates: [
      { expression: 'indoubt < 10', passed: true, measured: 6, limit: 10, unit: 'count', text: '6' },
      {
        expression: 'indoubt < 5',
        passed: false,
        measured: 6,
        limit: 5,
        unit: 'count',
        text: '6',
        why: 'agreed',
      },
    ],
  });
  put('bad/newer', { ...switchover, version: 2 as 1 });
  mkdirSync(join(cli.directory, 'bad/empty'), { recursive: true });
  write('bad/cut/result.json', JSON.stringify(switchover).slice(0, 5000));
  write('bad/foreign/result.json', '{"format": "k6"}');
  write('gates.yaml', 'gates:\n  - indoubt < 10\n  - gate: lost == 0\n    why: promised to the bank\n');
  write('broken.yaml', 'gates:\n  - indoubt < 10\n  - indoubt <\n');
});

afterAll(() => cli.remove());

/** As if it was another run. */
function another(result: Result): Result {
  return { ...result, run: { ...result.run, id: 'another' } };
}

function put(directory: string, result: Result): void {
  write(`${directory}/result.json`, JSON.stringify(result));
}

function write(path: string, text: string): void {
  mkdirSync(join(cli.directory, path, '..'), { recursive: true });
  writeFileSync(join(cli.directory, path), text);
}

function read(path: string): string {
  return readFileSync(join(cli.directory, path), 'utf8');
}

const gate = (...words: readonly string[]): Promise<Ended> => cli.run(['gate', ...words]);

describe('pgha-bench gate', () => {
  it('ends with 0 when all hold, and with 1 when one does not', async () => {
    const well = await gate('results/plain', '--gate', 'indoubt < 10', '--gate', 'write_downtime.max < 10s');
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toBe(
      'plain: all 2 passed\n  ✓ indoubt < 10              6\n  ✓ write_downtime.max < 10s  5.18 s\n',
    );
    const not = await gate('results/plain', '--gate', 'indoubt < 10', '--gate', 'lost == 0');
    expect(not).toMatchObject({ code: 1, stderr: '' });
    expect(not.stdout).toContain('not measured: commits were not audited (--ledger off)');
  });

  it('fails when one of several results does', async () => {
    const ended = await gate('plain', 'quiet', '--gate', 'write_downtime.max < 10s');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('plain: passed');
    expect(ended.stdout).toContain('quiet: 1 of 1 failed');
  });

  it('finds results by file, folder and label, and takes gates of a file', async () => {
    for (const word of ['nightly', 'results/labelled', 'results/labelled/result.json']) {
      const ended = await gate(word, '--gates', 'gates.yaml');
      expect(ended.code).toBe(1);
      expect(ended.stdout).toContain('nightly: 1 of 2 failed');
      expect(ended.stdout).toContain('promised to the bank');
    }
  });

  it('judges by the gates of the run where none are given', async () => {
    const ended = await gate('asked');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe(
      'asked: 1 of 2 failed\n  ✓ indoubt < 10  6\n  ✗ indoubt < 5   6\n      agreed\n',
    );
  });

  it('compares with a baseline', async () => {
    const ended = await gate('plain', '--baseline', 'again', '--gate', 'tps >= 95% of baseline');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/\n\nCompared with again\.\n$/);
    const ranks = await gate('rounds', '--baseline', 'earlier', '--gate', 'write_downtime.median not worse');
    expect(ranks).toMatchObject({ code: 0 });
    expect(ranks.stdout).toContain('no difference shown');
  });

  it('fails beside a baseline that is not comparable, unless told to compare anyway', async () => {
    const words = ['plain', '--baseline', 'few', '--gate', 'tps >= 95% of baseline'];
    const refused = await gate(...words);
    expect(refused.code).toBe(1);
    const why = 'not comparable: this run had 64 clients, the baseline had 8 clients';
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(why);
    const anyway = await gate(...words, '--anyway');
    expect(anyway.code).toBe(0);
    expect(anyway.stdout).toContain(
      'Compared with few.\nNot comparable, and compared anyway: plain had 64 clients, few had 8 clients.\n',
    );
  });

  it('warns of a generator that was short of CPU, which is no reason to fail', async () => {
    const words = ['plain', '--baseline', 'short', '--gate', 'tps >= 95% of baseline'];
    const ended = await gate(...words);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/\nCompared with short\.\nshort: the generator was short of CPU\.\n$/);
    const json = await gate(...words, '--format', 'json');
    expect(JSON.parse(json.stdout).warnings).toEqual(['short: the generator was short of CPU.']);
  });

  it('lists what a gate can be made on, in 80 columns', async () => {
    const ended = await gate('--list');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('write_downtime');
    expect(Math.max(...ended.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('writes what others read, besides the terminal', async () => {
    const ended = await gate(
      ...[
        'asked',
        '--format',
        'junit=out.xml',
        '--format',
        'github-summary=summary.md',
        '--format',
        'bencher=b.json',
      ],
    );
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('asked: 1 of 2 failed');
    expect(read('out.xml')).toContain('<testsuites name="pgha-bench" tests="2" failures="1"');
    expect(Object.keys(JSON.parse(read('b.json')))).toEqual(['tpcb switchover']);
    const once = read('summary.md');
    await gate('asked', '--format', 'github-summary=summary.md');
    expect(read('summary.md')).toBe(once + once);
    const json = await gate('asked', '--format', 'json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      passed: false,
      baseline: null,
      results: [
        { name: 'asked', status: 'completed', passed: false, gates: [{ passed: true }, { passed: false }] },
      ],
    });
  });
});

describe('what is wrong', () => {
  it.each<readonly [string, readonly string[], string]>([
    ['no result', [], 'Expected a result: the folder of a run, its result.json, or its label; found none.'],
    ['none of that name', ['nigthly', '--gate', 'lost == 0'], "Did you mean 'nightly'?"],
    [
      'a result of a newer schema',
      ['bad/newer', '--gate', 'lost == 0'],
      'has version 2; this pgha-bench reads up to 1',
    ],
    ['a truncated result', ['bad/cut', '--gate', 'lost == 0'], 'found no valid JSON; it may be cut off'],
    ['foreign JSON', ['bad/foreign', '--gate', 'lost == 0'], 'found other JSON'],
    ['an empty directory', ['bad/empty', '--gate', 'lost == 0'], 'found an empty directory at bad/empty'],
    ['no gate', ['plain'], 'Expected a gate, found none'],
    [
      'a baseline that is missing',
      ['plain', '--gate', 'tps >= 5% of baseline'],
      'Name its result with --baseline.',
    ],
    [
      'a baseline without the metric',
      ['plain', '--baseline', 'quiet', '--gate', 'write_downtime.max <= 110% of baseline'],
      'The baseline quiet has no write_downtime.max to compare with: the run had no fault.',
    ],
    [
      'a baseline that did not complete',
      ['plain', '--baseline', 'bad/stopped', '--gate', 'tps >= 5% of baseline'],
      'Expected a baseline that completed, found stopped, which was interrupted after ',
    ],
    [
      'a baseline that is none',
      ['plain', '--baseline', 'bad/cut', '--gate', 'tps > 5'],
      'found no valid JSON',
    ],
    ['no such file of gates', ['plain', '--gates', 'no.yaml'], 'there is no such file'],
    ['an unknown format', ['asked', '--format', 'junti'], "Did you mean 'junit'?"],
    ['a format without a file', ['asked', '--format', 'junit='], 'expected junit=FILE'],
    ['two formats for the terminal', ['asked', '--format', 'junit', '--format', 'json'], 'NAME=FILE'],
    ['a file that cannot be', ['asked', '--format', 'junit=no/such/x.xml'], 'its directory does not exist'],
    [
      'an unknown option',
      ['asked', '--gtae', 'lost == 0'],
      "gate has no option --gtae. Did you mean '--gate'?",
    ],
    ['a gate without a value', ['asked', '--gate'], '--gate: expected a value behind it.'],
  ])('%s is told in one line, with code 2', async (_, words, message) => {
    const ended = await gate(...words);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toMatch(/^pgha-bench: [^\n]*\n$/);
    // Of what cannot be written, the verdict was told already.
    expect(ended.stdout).toBe(words.includes('junit=no/such/x.xml') ? ended.stdout : '');
  });

  it('is told with a caret in a gate, before anything else', async () => {
    const ended = await gate('nothing/there', '--gate', 'write_downtime.p59 < 10s');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toBe(
      "pgha-bench: write_downtime has no statistic 'p59'. Did you mean 'p99'? It has min, median, mean, p90, p95, p99, max.\n" +
        '  write_downtime.p59 < 10s\n                 ^\n',
    );
    const inFile = await gate('plain', '--gates', 'broken.yaml');
    expect(inFile.code).toBe(2);
    expect(inFile.stderr).toBe(
      'pgha-bench: broken.yaml, line 3: indoubt: expected a number such as 0 or 10, found nothing.\n' +
        '  indoubt <\n           ^\n',
    );
  });
});

it('writes XML that a parser of somebody else reads', () => {
  const document = renderJunit([named('plain'), ...HOSTILE.map(hostile)]);
  const script =
    'import sys, xml.etree.ElementTree as e; print(len(e.fromstring(sys.stdin.buffer.read()).findall("*/testcase")))';
  const counted = execFileSync('python3', ['-c', script], { input: document, encoding: 'utf8' });
  expect(Number(counted)).toBe(3 * HOSTILE.length + 2);
});

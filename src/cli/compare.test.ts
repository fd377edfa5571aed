import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeRun } from '../compare/results.fixture.js';
import { main } from './main.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pgha-bench-compare-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

async function leave(label: string, downtimesMs: readonly number[], clients = 64): Promise<void> {
  const { result } = madeRun({ downtimesMs });
  await mkdir(join(root, label));
  const plan = { ...result.plan, label, clients };
  await writeFile(join(root, label, 'result.json'), JSON.stringify({ ...result, plan }));
}

async function saidBy(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  for (const [stream, to] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[to] += String(text);
      return true;
    });
  }
  const code = await main(['compare', ...words, '--results', root]);
  vi.restoreAllMocks();
  return { code, ...said };
}

describe('pgha-bench compare', () => {
  it('compares runs by their labels, as a table or as data', async () => {
    await leave('stock', [5708, 6650, 6303, 5554]);
    await leave('fast', [1683, 1360, 1385, 1304]);
    const table = await saidBy(['stock', 'fast']);
    expect(table).toMatchObject({ code: 0, err: '' });
    expect(table.out).toMatch(/^write downtime .* better$/m);
    const data = await saidBy(['stock', 'fast', '--format=json']);
    expect(data.code).toBe(0);
    const { base, candidates, rows } = JSON.parse(data.out);
    expect([base.name, candidates[0].name]).toEqual(['stock', 'fast']);
    expect(rows[0]).toMatchObject({ metric: 'write_downtime', contrasts: [{ verdict: 'better' }] });
    expect(data.out).not.toContain('timeline');
  });

  it('ends with 0 whatever the verdicts are', async () => {
    await leave('stock', [5708, 6650, 6303, 5554]);
    await leave('fast', [1683, 1360, 1385, 1304]);
    expect((await saidBy(['fast', 'stock'])).code).toBe(0);
  });

  it('refuses what is not comparable, unless asked to', async () => {
    await leave('few', [5000], 8);
    await leave('many', [5000]);
    const refused = await saidBy(['few', 'many']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toBe(
      'pgha-bench: Not comparable: many had 64 clients, few had 8 clients. Use --anyway to compare them nevertheless.\n',
    );
    const anyway = await saidBy(['few', 'many', '--anyway']);
    expect(anyway.code).toBe(0);
    expect(anyway.out).toContain('many had 64 clients, few had 8 clients.');
  });

  it.each([
    [[], /^pgha-bench: Expected a base and at least one candidate, found neither\. Each is /],
    [['stock'], /^pgha-bench: Expected a base and at least one candidate, found a base alone\. /],
    [['stock', 'fsat'], /found 'fsat'\. Did you mean 'fast'\?\n$/],
    [
      ['stock', 'fast', '--format', 'xml'],
      /^pgha-bench: --format: expected terminal or json, found 'xml'\.\n$/,
    ],
    [['stock', 'fast', '--html'], /^pgha-bench: --html: expected a value behind it\.\n$/],
    [
      ['stock', 'fast', '--anyways'],
      /^pgha-bench: compare has no option --anyways\. Did you mean '--anyway'\? See pgha-bench compare --help\.\n$/,
    ],
  ])('says in one line what is wrong with %j', async (words, message) => {
    await leave('stock', [5000]);
    await leave('fast', [2000]);
    const { code, out, err } = await saidBy(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

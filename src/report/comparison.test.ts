import { describe, expect, it } from 'vitest';
import { compare } from '../compare/compare.js';
import { type MadeRun, madeRun } from '../compare/results.fixture.js';
import { renderComparison } from './comparison.js';
import { differenceText, figureText, intervalText } from './comparison-words.js';
import type { TerminalOptions } from './terminal/text.js';
import { widthOf } from './terminal/width.js';

const PLAIN: TerminalOptions = { columns: 80, color: false, unicode: true };

const STOCK = [5708, 6650, 6303, 5554, 6057, 4644, 5218];
const FAST = [1683, 1360, 1385, 1304, 1384, 1354, 1670];

async function shown(runs: readonly MadeRun[], options = PLAIN): Promise<string> {
  const [base, ...candidates] = runs.map(madeRun);
  if (base === undefined) {
    throw new Error('no base');
  }
  return renderComparison(await compare(base, candidates, { anyway: true }), options);
}

const pair = () => [
  { name: 'stock', downtimesMs: STOCK },
  { name: 'fast', downtimesMs: FAST },
];

function lineOf(text: string, start: string): string {
  return text.split('\n').find((line) => line.startsWith(start)) ?? '';
}

describe('renderComparison', () => {
  it('has a line for each row, with each run, the difference, its interval and the verdict', async () => {
    const text = await shown(pair());
    expect(text).toContain('fast against stock\n');
    expect(text).toContain('Switchover: medians over 7 and 7 rounds\n');
    expect(lineOf(text, 'write downtime').split(/ {2,}/)).toEqual([
      'write downtime',
      '5.71 s',
      '1.38 s',
      '-4.32 s',
      '-4.95 to -3.55 s',
      'better',
    ]);
    expect(text).toContain('\nfast: better in write downtime');
    expect(text).toContain('Nothing: settings, versions, hardware and plan are the same.');
  });

  it('says how many rounds it would take', async () => {
    const text = await shown([{ downtimesMs: [5000] }, { downtimesMs: [2000] }]);
    expect(lineOf(text, 'write downtime')).toMatch(/-3\.00 s {2}needs 6 rounds {2}too few to say$/);
    expect(lineOf(text, 'throughput')).toMatch(/needs 30 s {6}too few to say$/);
  });

  it('has a line for each run where there are several candidates', async () => {
    const text = await shown([...pair(), { name: 'again', downtimesMs: STOCK }]);
    expect(text).toMatch(/^write downtime\n {2}stock {2,}5\.71 s$/m);
    expect(text).toMatch(/^ {2}fast {2,}1\.38 s {2}-4\.32 s {2}-4\.95 to -3\.55 s {2}better$/m);
    expect(text).toMatch(/^ {2}again {2,}5\.71 s {8}0 {2}.*no difference shown$/m);
  });

  it('says first what makes them hard to compare, and at the end what else differs', async () => {
    const change: MadeRun['change'] = (result) => ({
      ...result,
      plan: { ...result.plan, clients: 8 },
      cluster: {
        ...result.cluster,
        settings: { ...result.cluster.settings, 'patroni.ttl': 20, 'haproxy.inter': null },
      },
    });
    const text = await shown([{ name: 'a' }, { name: 'b', change }]);
    const [anyway, table, causes] = [
      'Not comparable, and compared anyway\n  • b had 8 clients, a had 64 clients.',
      '\nwrite downtime',
      'Differs, too: possible causes',
    ].map((part) => text.indexOf(part));
    expect(anyway).toBeGreaterThan(0);
    expect(table).toBeGreaterThan(anyway ?? 0);
    expect(causes).toBeGreaterThan(table ?? 0);
    expect(text).toMatch(/^ {2}patroni\.ttl {4}30 {2}20$/m);
    expect(text).toMatch(/^ {2}haproxy\.inter {2}3s {2}not known$/m);
  });

  it.each([80, 100])('fits into %i columns, whatever the names are', async (columns) => {
    const name = 'a-very-long-label-of-a-run-that-somebody-thought-would-help-to-find-it-again-in-a-year';
    const wide = '数据库'.repeat(20);
    for (const runs of [pair(), [{ name }, { name: wide }], [...pair(), { name }, { name: wide }]]) {
      for (const line of (await shown(runs, { ...PLAIN, columns })).split('\n')) {
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('gives names and settings no power over the terminal', async () => {
    const evil = 'x\u001b[2J\u0007\u009b31m\u202ey';
    const change: MadeRun['change'] = (result) => ({
      ...result,
      plan: { ...result.plan, workload: { ...result.plan.workload, name: evil } },
      cluster: { ...result.cluster, settings: { [evil]: evil }, postgres: evil },
    });
    const text = await shown([
      { name: evil, kind: evil },
      { name: 'b', change },
    ]);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('is ASCII where the terminal has nothing else, and coloured where it may be', async () => {
    expect(await shown(pair(), { ...PLAIN, unicode: false })).toMatch(/^[\n -~]*$/);
    const text = await shown(pair(), { ...PLAIN, color: true });
    expect(text).toContain('\u001b[32m\u001b[1mbetter');
    expect(await shown(pair())).not.toContain('\u001b');
  });
});

describe('the words of a comparison', () => {
  it.each([
    [
      { kind: 'shift', value: -4324, interval: { from: -4949, to: -3548 } },
      'ms',
      '-4.32 s',
      '-4.95 to -3.55 s',
    ],
    [{ kind: 'shift', value: 174, interval: { from: -142, to: 1328 } }, 'ms', '+174 ms', '-0.14 to +1.33 s'],
    [{ kind: 'shift', value: 0, interval: { from: 0, to: 117 } }, 'ms', '0', '0 to +117 ms'],
    [{ kind: 'shift', value: 0, interval: { from: 0, to: 0 } }, 'ms', '0', '0'],
    [{ kind: 'shift', value: -47, interval: { from: -56, to: -29.5 } }, 'count', '-47', '-56 to -29.5'],
    [
      { kind: 'ratio', value: 1.098, interval: { from: 0.9654, to: 1.248 } },
      'tps',
      '+9.8 %',
      '-3.5 to +25 %',
    ],
    [{ kind: 'ratio', value: 3.81, interval: { from: 0.302, to: 48.09 } }, 'us', '+281 %', '-70 to +4,709 %'],
    [{ kind: 'ratio', value: 1, interval: null }, 'us', '0 %', null],
  ] as const)('%j in %s', (difference, unit, text, interval) => {
    expect(differenceText(difference, unit)).toBe(text);
    expect(intervalText(difference, unit)).toBe(interval);
  });

  it('have figures with their units', () => {
    expect(figureText(0, 'ms')).toBe('none');
    expect(figureText(5708, 'ms')).toBe('5.71 s');
    expect(figureText(3789, 'us')).toBe('3.79 ms');
    expect(figureText(1852.06, 'tps')).toBe('1,852');
    expect(figureText(27.5, 'count')).toBe('27.5');
    expect(figureText(0, 'count')).toBe('0');
  });
});

import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { type Headline, headlineOf } from './headline.js';
import { type Listed, renderListing } from './listing.js';
import { roundSample } from './round-samples.fixture.js';
import { widthOf } from './terminal/width.js';

const OPTIONS = { columns: 80, color: false, unicode: true };
const lossy = headlineOf(roundSample('a crash that lost commits'));

function listed(part: Partial<Headline>, directory = 'results/x'): Listed {
  return { directory, headline: { ...lossy, ...part } };
}

function lines(list: readonly Listed[], options = OPTIONS): string[] {
  return renderListing(list, options).split('\n').slice(0, -1);
}

describe('renderListing', () => {
  it('has a line for each with its figures, and where it lies under it', () => {
    const one = listed({ fault: 'kill-node', tps: 1364.7, p99Us: 98_200, tags: { pr: '12' } });
    expect(lines([one])).toEqual([
      '  time (UTC)   workload  fault        tps      p99  downtime  lost',
      '  11-23 14:56  tpcb      kill-node  1,365  98.2 ms    5.18 s     3',
      '    results/x  pr=12',
    ]);
  });

  it('has no column of labels and gates where there are none, and the year where it is not one', () => {
    const [head = ''] = lines([listed({})]);
    expect(head.trim().split(/ {2,}/)).toEqual([
      'time (UTC)',
      'workload',
      'fault',
      'tps',
      'p99',
      'downtime',
      'lost',
    ]);
    const [other = '', first = ''] = lines([
      listed({ label: 'base', fault: 'f', gates: { passed: 1, failed: 0 } }),
      listed({ startedAt: '2026-01-01T00:00:00Z', fault: 'f', gates: { passed: 1, failed: 2 } }),
    ]);
    expect(other).toContain('label');
    expect(other).toMatch(/gate$/);
    expect(first).toMatch(/^ {2}2025-11-23 {2}base .* ok$/);
  });

  it('tells what was not measured, not over, not there and not brought to its end', () => {
    const cells = (part: Partial<Headline>) =>
      lines([listed({ fault: 'f', ...part })])[1]
        ?.trim()
        .split(/ {2,}/)
        .slice(3);
    expect(cells({ tps: 5 })?.[0]).toBe('5.00');
    expect(cells({ status: 'broken' })?.[0]).toBe('broken');
    expect(cells({ status: 'interrupted' })?.[0]).toBe('stopped');
    expect(cells({ writeDowntime: { kind: 'not_measured' }, lost: null })?.slice(2)).toEqual(['?', '?']);
    expect(cells({ writeDowntime: { kind: 'none_seen' } })?.[2]).toBe('–');
    expect(cells({ writeDowntime: { kind: 'away', ms: 19_700, of: 'round', over: false } })?.[2]).toBe(
      '> 19.7 s',
    );
    expect(cells({ p99Us: null })?.[1]).toBe('–');
  });

  it('lists what is damaged among the others', () => {
    const text = lines([
      listed({}, 'a'),
      { directory: 'b\u001b[2J', damaged: 'it may be cut off.' },
      listed({ workload: 'last' }, 'c'),
    ]);
    expect(text).toHaveLength(6);
    expect(text[3]).toBe('  b is damaged: it may be cut off.');
    expect(text[4]).toContain('last');
    expect(lines([{ directory: 'b', damaged: 'x.' }])).toEqual(['  b is damaged: x.']);
  });

  it.each([80, 120])('fits into %d columns, whatever the names', (columns) => {
    const long = '数据库-'.repeat(20);
    const list = [
      listed({
        label: long,
        workload: 'w'.repeat(40),
        fault: 'f\u0301'.repeat(40),
        gates: { passed: 0, failed: 12 },
      }),
      listed({ label: 'short', lost: 123_456, tps: 123_456, tags: { [long]: long } }, `results/${long}`),
      { directory: long, damaged: long },
    ];
    for (const unicode of [true, false]) {
      for (const color of [true, false]) {
        const text = renderListing(list, { columns, color, unicode });
        expect(text.split('\n').filter((line) => widthOf(line) > columns)).toEqual([]);
        if (!unicode) {
          expect(stripVTControlCharacters(text)).toMatch(/^[\n -~]*$/);
        }
      }
    }
  });

  it('is aligned under its head', () => {
    const [head = '', ...rest] = lines([listed({ label: 'ü数' }), listed({ label: 'plain' })]);
    const rows = rest.filter((_, index) => index % 2 === 0);
    expect(rows.map((row) => widthOf(row))).toEqual([widthOf(head), widthOf(head)]);
  });

  it('shows nothing where nothing acknowledged as a figure', () => {
    expect(
      lines([{ directory: 'x', headline: headlineOf(sampleOf('nothing acknowledged').result) }])[1],
    ).toMatch(/ 0 +– +– +\?$/);
  });
});

import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { RoundAnalysis } from '../result/result.js';
import { HOSTILE, hostile, named, OUTCOMES } from './gated.fixture.js';
import { renderJunit } from './junit.js';
import { roundSample } from './round-samples.fixture.js';
import { type Element, parseXml } from './xml.fixture.js';

const suitesOf = (...results: Parameters<typeof renderJunit>[0]): readonly Element[] =>
  parseXml(renderJunit(results)).children;

/** Name of each case, and what became of it. */
function casesOf(suite: Element | undefined): [string | undefined, string | undefined][] {
  return (suite?.children ?? []).map(({ attributes, children }) => [attributes['name'], children[0]?.name]);
}

describe('JUnit XML', () => {
  it('has a case for each gate, in a suite for each result', () => {
    const root = parseXml(renderJunit([named('first', { gates: OUTCOMES }), named('second', { gates: [] })]));
    expect(root.name).toBe('testsuites');
    expect(root.children.map(({ attributes }) => attributes['name'])).toEqual(['first', 'second']);
    const [suite] = root.children;
    expect(suite?.attributes).toMatchObject({ tests: '3', failures: '1', errors: '1', skipped: '0' });
    expect(suite?.attributes['timestamp']).toBe('2025-11-23T14:56:01');
    expect(casesOf(suite)).toEqual([
      ['write_downtime.max < 10s', 'system-out'],
      ['tps@after >= 105% of before', 'failure'],
      ['lost == 0', 'error'],
    ]);
    const [failure] = suite?.children[1]?.children ?? [];
    expect(failure?.attributes['message']).toBe('1,595 tps, 100.1 % of 1,594 tps before');
    expect(failure?.text).toBe('1,595 tps, 100.1 % of 1,594 tps before\nsold so');
  });

  it('adds its counts up', () => {
    const root = parseXml(renderJunit([named('a', { gates: OUTCOMES }), named('b', { gates: OUTCOMES })]));
    expect(root.attributes).toMatchObject({ tests: '6', failures: '2', errors: '2', skipped: '0' });
  });

  it('has a case for the run, its rounds and its commits without gates', () => {
    const [rounds] = suitesOf({ name: 'x', directory: null, result: roundSample('six rounds') });
    expect(casesOf(rounds)).toEqual([
      ['the run', 'system-out'],
      ['round 1: switchover', 'system-out'],
      ['round 2: switchover', 'system-out'],
      ['round 3: switchover', 'system-out'],
      ['round 4: switchover', 'skipped'],
      ['round 5: switchover', 'system-out'],
      ['round 6: switchover', 'system-out'],
      ['commits', 'system-out'],
    ]);
    const [lossy] = suitesOf({
      name: 'x',
      directory: null,
      result: roundSample('a crash that lost commits'),
    });
    expect(casesOf(lossy).at(-1)).toEqual(['commits', 'failure']);
    const [split] = suitesOf({ name: 'x', directory: null, result: roundSample('a split brain') });
    expect(casesOf(split)[1]?.[1]).toBe('failure');
  });

  it('fails without gates where writes never came back, or the run did not end well', () => {
    const { result } = sampleOf('lost forever');
    const broken = { ...result, run: { ...result.run, status: 'broken' as const } };
    const [suite] = suitesOf({ name: 'x', directory: null, result: broken });
    expect(casesOf(suite)).toEqual([
      ['the run', 'failure'],
      ['round 1: switchover', 'failure'],
    ]);
    const [interrupted] = suitesOf({ name: 'x', directory: null, result: sampleOf('interrupted').result });
    expect(casesOf(interrupted)).toEqual([
      ['the run', 'error'],
      ['round 1: switchover', 'skipped'],
    ]);
    const [round] = result.analysis.rounds as [RoundAnalysis];
    expect(round.writeDowntime?.toMs).toBeNull();
  });

  it.each(HOSTILE)('stays XML whatever is in it: %j', (text) => {
    const [suite] = suitesOf(hostile(text));
    expect(suite?.children).toHaveLength(3);
    expect(suite?.children.every(({ name }) => name === 'testcase')).toBe(true);
    // What XML has no way to hold is replaced, and nothing else.
    const [failure] = suite?.children[1]?.children ?? [];
    const printable = (all = '') => all.replaceAll(/[^ -~]/g, '');
    expect(printable(failure?.text)).toBe(printable(`${text}${text}`));
  });
});

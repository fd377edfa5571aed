import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { Result, RoundAnalysis } from '../result/result.js';
import { HOSTILE, hostile, named, OUTCOMES, wrongScript } from './gated.fixture.js';
import { renderJunit } from './junit.js';
import { roundSample } from './round-samples.fixture.js';
import { type Element, parseXml } from './xml.fixture.js';

const suitesOf = (...results: Parameters<typeof renderJunit>[0]): readonly Element[] =>
  parseXml(renderJunit(results)).children;

const suiteOf = (result: Result) => suitesOf({ name: 'x', directory: null, result })[0];

/** What is said of the case of that name, and what became of it. */
function caseOf(suite: Element | undefined, name: string): [string | undefined, string | undefined] {
  const [told] = suite?.children.find(({ attributes }) => attributes['name'] === name)?.children ?? [];
  return [told?.name, told?.text];
}

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
      ['invariant: sum of pgbench_accounts.abalance = sum of pgbench_history.delta', 'system-out'],
      ['invariant: sum of pgbench_branches.bbalance = sum of pgbench_history.delta', 'system-out'],
      ['replica n1', 'system-out'],
      ['replica n3', 'system-out'],
    ]);
    const lossy = suiteOf(roundSample('a crash that lost commits'));
    expect(caseOf(lossy, 'commits')[0]).toBe('failure');
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

  it('fails where nothing went through, whatever the gates say', () => {
    const told = ['failure', 'No transaction went through: no table (42P01). Mend mine.sql.'];
    expect(caseOf(suitesOf(wrongScript())[0], 'the run')).toEqual(told);
    const [gated] = suitesOf(wrongScript(OUTCOMES.slice(0, 1)));
    expect(casesOf(gated)).toEqual([
      ['the run', 'failure'],
      ['write_downtime.max < 10s', 'system-out'],
    ]);
    const silent = suiteOf(sampleOf('nothing acknowledged').result);
    expect(caseOf(silent, 'the run')).toEqual(['error', expect.stringContaining('No transaction was')]);
  });

  it('does not pass a round whose write downtime was not measured, and says why', () => {
    const { result } = sampleOf('switchover');
    const [round] = result.analysis.rounds as [RoundAnalysis];
    const blind = {
      ...result,
      analysis: { ...result.analysis, rounds: [{ ...round, writeDowntime: null }] },
      notes: ['Switchover: write downtime was not measured: nothing was acknowledged before it.'],
    };
    const reads = caseOf(suiteOf(result), 'round 1: switchover')[1]?.split('; ')[1];
    const why = 'write downtime was not measured: nothing was acknowledged before it';
    expect(caseOf(suiteOf(blind), 'round 1: switchover')).toEqual(['error', `${why}; ${reads}`]);
    expect(caseOf(suiteOf({ ...blind, notes: [] }), 'round 1: switchover')).toEqual([
      'error',
      `write downtime was not measured; ${reads}`,
    ]);
  });

  it('fails on invariants that are broken and replicas that differ', () => {
    const split = suiteOf(roundSample('a split brain'));
    const sums = (table: string) => `invariant: sum of ${table} = sum of pgbench_history.delta`;
    expect(caseOf(split, sums('pgbench_accounts.abalance'))).toEqual(['failure', 'found -1204 and -1204']);
    expect(caseOf(split, sums('pgbench_branches.bbalance'))[0]).toBe('system-out');
    const lossy = suiteOf(roundSample('a crash that lost commits'));
    expect(caseOf(lossy, 'replica n1')).toEqual(['system-out', 'holds what the primary holds']);
    expect(caseOf(lossy, 'replica n3')).toEqual([
      'failure',
      'does not hold what the primary holds, 8 acknowledged commits fewer',
    ]);
  });

  it('fails on a fault that could not be undone, valid round or not', () => {
    const result = roundSample('a command that could not be undone');
    const [fault] = result.faults;
    const told = ['failure', fault?.undoFailure];
    expect(caseOf(suiteOf(result), 'round 1: undo of exec n1')).toEqual(told);
    const rounds = result.analysis.rounds.map((round) => ({ ...round, invalid: 'n3 was restarted' }));
    const disturbed = { ...result, analysis: { ...result.analysis, rounds } };
    expect(caseOf(suiteOf(disturbed), 'round 1: undo of exec n1')).toEqual(told);
    expect(caseOf(suiteOf(roundSample('a command')), 'round 1: undo of exec n1')[0]).toBe('system-out');
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

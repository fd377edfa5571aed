import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { Result, RoundAnalysis } from '../result/result.js';
import { headlineOf } from './headline.js';
import { roundSample } from './round-samples.fixture.js';

describe('headlineOf', () => {
  it('of one round has its own figures', () => {
    const result = roundSample('a crash that lost commits');
    const [round] = result.analysis.rounds;
    expect(headlineOf(result)).toEqual({
      startedAt: result.run.startedAt,
      status: 'completed',
      label: null,
      tags: {},
      workload: 'tpcb',
      fault: 'cut-replication+kill-node',
      rounds: 1,
      tps: result.totals.tps,
      p99Us: result.totals.response?.p99Us,
      writeDowntime: { kind: 'away', ms: round?.writeDowntime?.durationMs, of: 'round', over: true },
      readDowntime: { kind: 'none_seen' },
      lost: 3,
      gates: null,
    });
  });

  it('of several rounds of one fault has the median of those that are valid', () => {
    const result = roundSample('six rounds');
    const headline = headlineOf(result);
    const ms = result.analysis.summaries[0]?.writeDowntimeMs?.median;
    expect(headline.writeDowntime).toEqual({ kind: 'away', ms, of: 'median', over: true });
    expect(headline.rounds).toBe(5);
  });

  it('says that one was not over, in one round and in the median of several', () => {
    expect(headlineOf(sampleOf('lost forever').result).writeDowntime).toMatchObject({
      of: 'round',
      over: false,
    });
    const base = roundSample('six rounds');
    const [first, ...others] = base.analysis.rounds as [RoundAnalysis, ...RoundAnalysis[]];
    const open = { ...first, writeDowntime: first.writeDowntime && { ...first.writeDowntime, toMs: null } };
    const analysis = { ...base.analysis, rounds: [open, ...others] };
    expect(headlineOf({ ...base, analysis }).writeDowntime).toMatchObject({ of: 'median', over: false });
  });

  it('of rounds of different faults has the longest, and so where most had none', () => {
    const base = roundSample('six rounds');
    const longest = Math.max(
      ...base.analysis.rounds.map(({ invalid, writeDowntime }) =>
        invalid === null ? (writeDowntime?.durationMs ?? 0) : 0,
      ),
    );
    const [summary] = base.analysis.summaries;
    if (summary?.writeDowntimeMs === null || summary === undefined) {
      throw new Error('the sample has no spread');
    }
    const rare = { ...summary, writeDowntimeMs: { ...summary.writeDowntimeMs, median: 0 } };
    for (const summaries of [[], [summary, summary], [rare]]) {
      const headline = headlineOf({ ...base, analysis: { ...base.analysis, summaries } });
      expect(headline.writeDowntime).toEqual({ kind: 'away', ms: longest, of: 'longest', over: true });
    }
  });

  it('tells what was not measured from what was not there', () => {
    expect(headlineOf(sampleOf('no fault').result)).toMatchObject({
      fault: null,
      writeDowntime: { kind: 'no_fault' },
      lost: null,
    });
    expect(headlineOf(sampleOf('one slow client').result).readDowntime).toEqual({ kind: 'not_measured' });
    expect(headlineOf(sampleOf('interrupted').result).writeDowntime).toEqual({ kind: 'not_measured' });
    expect(headlineOf(roundSample('commits that could not be audited')).lost).toBeNull();
    const partly = (result: Result) => ({
      ...result,
      commits: result.commits && { ...result.commits, uncovered: ['mine'] },
    });
    expect(headlineOf(partly(roundSample('a split brain'))).lost).toBeNull();
    expect(headlineOf(partly(roundSample('a crash that lost commits'))).lost).toBe(3);
    expect(headlineOf(sampleOf('nothing acknowledged').result).p99Us).toBeNull();
  });

  it('counts gates', () => {
    const gate = { expression: 'x', measured: 1, limit: 1, unit: 'ms' as const, text: '' };
    const gates = [true, false, true].map((passed) => ({ ...gate, passed }));
    expect(headlineOf({ ...sampleOf('no fault').result, gates }).gates).toEqual({ passed: 2, failed: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { sampleOf } from '../../analysis/sample.fixture.js';
import { roundSample } from '../round-samples.fixture.js';
import { axisEnd } from './columns.js';
import { marksOf, phasesOf, viewsOf } from './marks.js';

/** Made before any test, since it takes its time. */
const SIX = roundSample('six rounds');

describe('marksOf', () => {
  it('names faults, what undid them, and new leaders, in the order of time', () => {
    const marks = marksOf(roundSample('a crash that lost commits'));
    expect(marks.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'fault: cut-replication n1',
      'fault: kill-node n1',
      'leader: n2 leads',
      'undo: cut-replication undone',
      'undo: kill-node undone',
      'healthy: healthy again',
      'healthy: healthy again',
    ]);
    const at = marks.map(({ atMs }) => atMs);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
  });
});

describe('phasesOf', () => {
  it('has no overlaps, and covers what the rounds cover', () => {
    const result = SIX;
    const phases = phasesOf(result);
    for (const [index, { fromMs, toMs }] of phases.entries()) {
      expect(toMs).toBeGreaterThan(fromMs);
      expect(phases[index + 1]?.fromMs ?? Infinity).toBeGreaterThanOrEqual(toMs);
    }
    const during = result.analysis.rounds.flatMap((round) => round.phases.during ?? []);
    for (const { fromMs, toMs } of during) {
      const covered = phases.filter(
        (phase) => phase.name === 'during' && phase.fromMs >= fromMs && phase.toMs <= toMs,
      );
      expect(covered.reduce((sum, phase) => sum + phase.toMs - phase.fromMs, 0)).toBeCloseTo(
        toMs - fromMs,
        6,
      );
    }
    expect(phases.map(({ label }) => label)).toContain('before 1');
  });

  it('calls those of a single round by their names', () => {
    expect(phasesOf(sampleOf('switchover').result).map(({ label }) => label)).toEqual([
      'before',
      'during',
      'after',
    ]);
  });
});

describe('viewsOf', () => {
  it('begins near the first fault of a round and ends when the load is steady again', () => {
    const result = roundSample('a crash that lost commits');
    const [fault, whole] = viewsOf(result);
    expect(whole).toMatchObject({ label: 'Whole run', fromMs: 0, toMs: result.run.elapsedMs });
    const [cut, kill] = result.faults;
    expect(fault?.fromMs).toBeCloseTo((cut?.askedAtMs ?? 0) - 5000, 3);
    expect(fault?.askedAtMs).toBe(kill?.askedAtMs);
    expect(fault?.toMs).toBeGreaterThanOrEqual(result.analysis.rounds[0]?.phases.after?.fromMs ?? Infinity);
  });

  it('has one for each round', () => {
    const labels = viewsOf(SIX).map(({ label }) => label);
    expect(labels).toEqual(['Round 1', 'Round 2', 'Round 3', 'Round 4', 'Round 5', 'Round 6', 'Whole run']);
  });

  it('numbers them as the tables do, past one that was not done', () => {
    const [, , third] = SIX.analysis.rounds;
    const faults = SIX.faults.map((fault, index) =>
      index === third?.fault ? { ...fault, askedAtMs: null } : fault,
    );
    const views = viewsOf({ ...SIX, faults });
    const rounds = [1, 2, 4, 5, 6];
    expect(views.map(({ round }) => round)).toEqual([...rounds, null]);
    expect(views.map(({ label }) => label)).toEqual([
      ...rounds.map((round) => `Round ${round}`),
      'Whole run',
    ]);
    const alone = faults.map((fault, index) => (index === 1 ? fault : { ...fault, askedAtMs: null }));
    expect(viewsOf({ ...SIX, faults: alone })[0]).toMatchObject({ label: 'Round 2', round: 2 });
  });

  it('shows the whole run without a fault', () => {
    expect(viewsOf(sampleOf('no fault').result).map(({ label }) => label)).toEqual(['Whole run']);
  });

  it('shows to the end what never came back', () => {
    const { result } = sampleOf('lost forever');
    expect(viewsOf(result)[0]?.toMs).toBeCloseTo(axisEnd(result), 3);
  });
});

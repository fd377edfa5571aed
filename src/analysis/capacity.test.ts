import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../postgres/outcome.js';
import { capacityOf, type KnownCost } from './capacity.js';
import type { Bucket } from './recording.js';
import { planOf, sampleOf } from './sample.fixture.js';

/** 10 µs and 10 for each statement: 50,000 tps of one statement with one worker, 12,500 of seven. */
const KNOWN: KnownCost = {
  calibratedAt: '2025-11-01T00:00:00.000Z',
  cost: { transactionUs: 10, statementUs: 10 },
};

const [ANY] = sampleOf('no fault').recording.buckets as [Bucket];
const [FRAME] = ANY.scripts as [Bucket['scripts'][number]];

/** Buckets of 100 ms with so many acknowledgements of each script. */
function bucketsOf(counts: readonly (readonly number[])[], widthMs = 100): Bucket[] {
  return counts.map((each, index) => ({
    ...ANY,
    startMs: index * widthMs,
    widthMs,
    scripts: each.map((count, script) => ({
      ...FRAME,
      script,
      outcomes: OUTCOMES.map((outcome) => (outcome === 'ack' ? count : 0)),
    })),
  }));
}

const repeated = <T>(value: T, times: number): T[] => new Array<T>(times).fill(value);

const SCRIPTS = [
  { name: 'reads', weight: 1, route: 'rw', writes: false },
  { name: 'writes', weight: 1, route: 'rw', writes: true },
] as const;
const STATEMENTS = [{ count: 1 }, { count: 7 }];

function judge(
  counts: readonly (readonly number[])[],
  part: Parameters<typeof planOf>[0] = {},
  context: Partial<Parameters<typeof capacityOf>[1]> = {},
) {
  const plan = planOf({ scripts: SCRIPTS, workers: 1, ...part });
  return capacityOf(
    { plan, buckets: bucketsOf(counts) },
    { known: KNOWN, statements: STATEMENTS, cores: 8, ...context },
  );
}

describe('what the workers can do', () => {
  it('is by the statements of what ran, whatever the weights promised', () => {
    expect(judge(repeated([1000, 0], 20)).tps).toBeCloseTo(50_000);
    expect(judge(repeated([0, 100], 20)).tps).toBeCloseTo(12_500);
    expect(judge(repeated([300, 100], 20)).tps).toBeCloseTo(4e6 / (3 * 20 + 80));
  });

  it('is judged by time, not by buckets: what lies far back is in few wide ones', () => {
    const [wide] = bucketsOf([[45_000 * 60, 0]], 60_000) as [Bucket];
    const late = bucketsOf(repeated([500, 0], 400)).map((bucket) => ({
      ...bucket,
      startMs: 60_000 + bucket.startMs,
    }));
    const plan = planOf({ scripts: SCRIPTS, workers: 1 });
    const context = { known: KNOWN, statements: STATEMENTS, cores: 8 };
    expect(capacityOf({ plan, buckets: [wide, ...late] }, context)).toMatchObject({ limited: true });
  });

  it('is that of all workers, each with clients and with a core', () => {
    const tps = (workers: number, clients: number, cores: number) =>
      judge(repeated([1000, 0], 20), { workers, clients }, { cores }).tps;
    expect(tps(4, 64, 8)).toBeCloseTo(200_000);
    expect(tps(4, 2, 8)).toBeCloseTo(100_000);
    expect(tps(4, 64, 2)).toBeCloseTo(100_000);
  });

  it('limits a load that comes within 20 % of it', () => {
    expect(judge(repeated([4100, 0], 20))).toMatchObject({ limited: true, missing: null });
    expect(judge(repeated([4100, 0], 20)).share).toBeCloseTo(0.82);
    expect(judge(repeated([3900, 0], 20))).toMatchObject({ limited: false });
    expect(judge(repeated([4100, 0], 20), { workers: 2 })).toMatchObject({ limited: false });
  });

  it('is held against the usual second: an outage does not make it look idle, nor a burst busy', () => {
    const usual = repeated([4100, 0], 40);
    expect(judge([...usual, ...repeated([0, 0], 400)]).share).toBeCloseTo(0.82);
    expect(judge([...repeated([1000, 0], 40), ...repeated([4900, 0], 20)]).share).toBeCloseTo(0.2);
  });

  it('is told of a run of less than a second, too', () => {
    expect(judge(repeated([4500, 0], 3)).share).toBeCloseTo(0.9);
  });

  it.each([
    ['without a calibration', {}, { known: { missing: 'Not calibrated.' } }, /^Not calibrated\.$/],
    ['with new connections', { transactionsPerConnection: 1 }, {}, /connects anew/],
    [
      'of a function',
      {},
      { statements: [{ missing: 'is a function' }, { count: 7 }] },
      /reads is a function\.$/,
    ],
  ])('is not known of a load %s', (_, part, context, missing) => {
    const facts = judge(repeated([4900, 0], 20), part, context);
    expect(facts).toMatchObject({ tps: null, share: null, limited: false });
    expect(facts.missing).toMatch(missing);
  });

  it('is not known with TLS, nor where nothing was acknowledged', () => {
    const plan = planOf({ scripts: SCRIPTS });
    const target = { ...plan.target, rw: { ...plan.target.rw, sslMode: 'require' as const } };
    expect(judge(repeated([4900, 0], 20), { target }).missing).toMatch(/TLS/);
    expect(judge(repeated([0, 0], 20))).toMatchObject({ tps: null, missing: 'Nothing was acknowledged.' });
    expect(judge([])).toMatchObject({ tps: null, limited: false });
  });

  it('does not mind a script that did not run', () => {
    const statements = [{ count: 1 }, { missing: 'has branches' }];
    expect(judge(repeated([4900, 0], 20), {}, { statements }).missing).toBeNull();
  });
});

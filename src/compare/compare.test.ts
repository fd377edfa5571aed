import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { histogramLog } from '../analysis/hlog.js';
import { build, planOf, sampleOf, upFrom } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { roundSample } from '../report/round-samples.fixture.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { compare } from './compare.js';
import {
  type Comparison,
  type ComparisonRow,
  type Contrast,
  type Metric,
  withoutResults,
} from './comparison.js';
import { madeRun } from './results.fixture.js';

function rowOf({ rows }: Comparison, metric: Metric, fault?: string): ComparisonRow {
  const found = rows.find((row) => row.metric === metric && (fault === undefined || row.fault === fault));
  if (found === undefined) {
    throw new Error(`no row ${metric}`);
  }
  return found;
}

function contrastOf(comparison: Comparison, metric: Metric): Contrast {
  return rowOf(comparison, metric).contrasts[0] as Contrast;
}

const STOCK = madeRun({ name: 'stock', downtimesMs: [5708, 6650, 6303, 5554, 6057, 4644, 5218] });
const FAST = madeRun({ name: 'fast', downtimesMs: [1683, 1360, 1385, 1304, 1384, 1354, 1670] });

describe('rows over rounds', () => {
  it('tell by ranks what is better, with medians, shift and interval', async () => {
    const row = rowOf(await compare(STOCK, [FAST]), 'write_downtime');
    expect(row).toMatchObject({ over: 'rounds', fault: 'switchover', unit: 'ms', better: 'lower' });
    expect(row.figures.map(({ value, of }) => [value, of])).toEqual([
      [5708, { count: 7, of: 'rounds' }],
      [1384, { count: 7, of: 'rounds' }],
    ]);
    // R: wilcox.test(fast, stock, exact = TRUE, conf.int = TRUE)
    expect(row.contrasts).toEqual([
      {
        verdict: 'better',
        difference: { kind: 'shift', value: -4324, interval: { from: -4949, to: -3548 } },
        p: expect.closeTo(0.000582750582750583, 12),
        needed: null,
        text: 'Rank test over 7 and 7 rounds, p < 0.001.',
      },
    ]);
    expect(contrastOf(await compare(FAST, [STOCK]), 'write_downtime').verdict).toBe('worse');
  });

  it('compare each candidate with the base', async () => {
    const again = madeRun({ name: 'again', downtimesMs: [5700, 6600, 6310, 5560, 6050, 4650, 5200] });
    const comparison = await compare(STOCK, [FAST, again]);
    const { figures, contrasts } = rowOf(comparison, 'write_downtime');
    expect(figures).toHaveLength(3);
    expect(contrasts.map(({ verdict }) => verdict)).toEqual(['better', 'no_difference']);
    expect(comparison.candidates.map(({ name }) => name)).toEqual(['fast', 'again']);
  });

  it('show the values of one round each, and how many it would take', async () => {
    const [base, candidate] = [madeRun({ downtimesMs: [5000] }), madeRun({ downtimesMs: [2000] })];
    const { figures, contrasts } = rowOf(await compare(base, [candidate]), 'write_downtime');
    expect(figures.map(({ values }) => values)).toEqual([[5000], [2000]]);
    expect(contrasts[0]).toEqual({
      verdict: 'too_few',
      difference: { kind: 'shift', value: -3000, interval: null },
      p: null,
      needed: { count: 6, of: 'rounds' },
      text: 'No outcome of 1 and 1 round could show a difference; 6 of each would, in four of five cases, if it is as large as it looks.',
    });
  });

  it('count a round without an outage as 0, and leave out invalid ones', async () => {
    const base = madeRun({
      downtimesMs: [0, 0, 100, 5000],
      round: (round, index) => (index === 3 ? { ...round, invalid: 'n3 was restarted' } : round),
    });
    const comparison = await compare(base, [STOCK]);
    expect(rowOf(comparison, 'write_downtime').figures[0]?.values).toEqual([0, 0, 100]);
  });

  it('say where a downtime was not over, and where one cannot be told', async () => {
    const candidate = madeRun({
      name: 'hurt',
      downtimesMs: [5000, 6000, 7000],
      round: (round, index) => {
        const { writeDowntime, phases } = round;
        if (index === 0) {
          return { ...round, writeDowntime: null };
        }
        const open = writeDowntime === null ? null : { ...writeDowntime, toMs: null };
        return { ...round, writeDowntime: open, phases: { ...phases, after: null } };
      },
    });
    const comparison = await compare(STOCK, [candidate]);
    expect(comparison.notes).toContain(
      'hurt: in 2 of 3 rounds of switchover writes did not come back; they count up to the end of the round, and the truth is more.',
    );
    expect(comparison.notes).toContain(
      "hurt: 'write downtime' cannot be told of 1 of 3 rounds of switchover, which are left out.",
    );
    expect(rowOf(comparison, 'write_downtime').figures[1]?.of?.count).toBe(2);
    // From the request to the next round, or to the end of the run.
    expect(rowOf(comparison, 'recovery').figures[1]?.values?.slice(1)).toEqual([
      expect.closeTo(40_000, 6),
      expect.closeTo(19_996.588, 6),
    ]);
  });

  it('do not claim a shift that is within what an outage is known to', async () => {
    const downtimesMs = [100, 101, 102, 103, 104, 105, 106];
    const slower = downtimesMs.map((value) => value + 15);
    const [base, candidate] = [madeRun({ downtimesMs }), madeRun({ downtimesMs: slower })];
    expect(contrastOf(await compare(base, [candidate]), 'write_downtime')).toMatchObject({
      verdict: 'no_difference',
      difference: { value: 15 },
      text: 'The shift is within the 20.0 ms up to which an outage is known.',
    });
    const far = madeRun({ downtimesMs: slower.map((value) => value + 15) });
    expect(contrastOf(await compare(base, [far]), 'write_downtime').verdict).toBe('worse');
  });

  it('count the errors of each round', async () => {
    const six: NamedResult = { name: 'six', directory: null, result: roundSample('six rounds') };
    const again = {
      ...six,
      name: 'again',
      result: { ...six.result, run: { ...six.result.run, id: 'other' } },
    };
    const { values } = rowOf(await compare(six, [again]), 'errors').figures[0] ?? {};
    const valid = six.result.analysis.rounds.filter(({ invalid }) => invalid === null);
    expect(values).toHaveLength(valid.length);
    const all = six.result.errors.reduce((sum, { count }) => sum + count, 0);
    const told = (values ?? []).reduce((sum, value) => sum + value, 0);
    // The invalid round has about its share.
    expect(told / all).toBeGreaterThan(0.7);
    expect(told / all).toBeLessThan(0.95);
  });

  it('are told by kind of fault, with a reason where one has none', async () => {
    const killed = madeRun({ name: 'killed', kind: 'kill-node', downtimesMs: [20_000] });
    const comparison = await compare(STOCK, [killed], { anyway: true });
    const row = rowOf(comparison, 'write_downtime', 'kill-node');
    expect(row.figures[0]).toMatchObject({ value: null, missing: 'it has no valid round of kill-node' });
    expect(row.contrasts[0]).toMatchObject({ verdict: 'not_measured', difference: null });
  });
});

describe('what is told once of a run', () => {
  const lost = (count: number | null, uncovered: readonly string[] = []) =>
    madeRun({
      change: (result) => {
        const { commits } = roundSample('a crash that lost commits');
        const primary = commits?.primary ?? null;
        return {
          ...result,
          commits:
            commits === null
              ? null
              : {
                  ...commits,
                  uncovered,
                  primary: count === null || primary === null ? null : { ...primary, ackedLost: count },
                },
        };
      },
    });

  it.each([
    [0, 0, 'no_difference'],
    [0, 3, 'worse'],
    [3, 0, 'better'],
    [2, 3, 'no_verdict'],
    [null, 3, 'not_measured'],
  ] as const)('judges lost commits: %s against %s is %s', async (base, candidate, verdict) => {
    const comparison = await compare(lost(base), [lost(candidate)]);
    expect(contrastOf(comparison, 'lost').verdict).toBe(verdict);
  });

  it('does not take none that was found for none where some commits carry no token', async () => {
    const comparison = await compare(lost(0), [lost(0, ['mine']), lost(3, ['mine'])]);
    const { figures, contrasts } = rowOf(comparison, 'lost');
    expect(figures.map(({ value }) => value)).toEqual([0, null, 3]);
    expect(figures[1]?.missing).toBe(
      'commits of mine carry no token: whether one of them was lost is not known',
    );
    expect(contrasts.map(({ verdict }) => verdict)).toEqual(['not_measured', 'worse']);
  });

  it('has no row for what none of them measured', async () => {
    const { rows } = await compare(STOCK, [FAST]);
    const metrics = rows.map(({ metric }) => metric);
    expect(metrics).not.toContain('lost');
    expect(metrics).not.toContain('splitbrain');
    expect(metrics).not.toContain('read_downtime');
  });

  it('tells of commits in doubt without judging them', async () => {
    const doubtful = madeRun({
      change: (result) => {
        const outcomes = { ...result.totals.outcomes, in_doubt: result.totals.outcomes.in_doubt + 5 };
        return { ...result, totals: { ...result.totals, outcomes } };
      },
    });
    expect(contrastOf(await compare(STOCK, [doubtful]), 'indoubt')).toMatchObject({
      verdict: 'no_verdict',
      difference: { kind: 'shift', value: 5 },
    });
  });

  it('has split brain where somebody would have seen it', async () => {
    const split = (result: Result): NamedResult => ({ name: result.run.id, directory: null, result });
    const { result } = madeRun({});
    const bad = roundSample('a split brain');
    const clean = {
      ...bad,
      run: { ...bad.run, id: 'clean' },
      analysis: {
        ...bad.analysis,
        rounds: bad.analysis.rounds.map((round) => ({ ...round, splitBrain: null })),
      },
    };
    expect(
      contrastOf(await compare(split(clean), [split(bad)], { anyway: true }), 'splitbrain').verdict,
    ).toBe('worse');
    const blind = await compare(split(result), [split(bad)], { anyway: true });
    expect(rowOf(blind, 'splitbrain').figures[0]?.missing).toBe('nobody watched for two primaries');
  });
});

describe('rows of the steady load', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgha-bench-compare-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  /** A minute of steady load. */
  async function steadyRun(name: string, meanServiceMs: number, withLog: boolean): Promise<NamedResult> {
    const { recording, result } = build(
      {
        plan: planOf({ faults: [], clients: 16, durationMs: 60_000 }),
        ports: { rw: [upFrom(0)] },
        meanServiceMs,
      },
      [],
    );
    const own = await mkdtemp(join(directory, 'run-'));
    if (withLog) {
      await writeFile(join(own, 'response.hlog'), histogramLog(recording, 'response', result.run.startedAt));
    }
    return { name, directory: own, result: { ...result, run: { ...result.run, id: name } } };
  }

  it('tell throughput and latency in the direction of each', async () => {
    const [base, candidate] = [await steadyRun('slow', 40, true), await steadyRun('quick', 30, true)];
    const comparison = await compare(base, [candidate]);
    expect(rowOf(comparison, 'tps').figures[0]?.of?.of).toBe('seconds');
    const ratios = (['tps', 'latency_p50', 'latency_p99'] as const).map((metric) => {
      const { verdict, difference } = contrastOf(comparison, metric);
      expect(verdict).toBe('better');
      expect(difference?.interval?.from).toBeLessThan(difference?.value ?? 0);
      expect(difference?.interval?.to).toBeGreaterThan(difference?.value ?? 0);
      return difference?.value ?? 0;
    });
    expect(ratios[0]).toBeCloseTo(4 / 3, 1);
    expect(ratios[1]).toBeCloseTo(3 / 4, 1);
    // The figures are those of the whole run but its first seconds.
    const { response } = base.result.totals;
    const p99 = rowOf(comparison, 'latency_p99').figures[0]?.value ?? 0;
    expect(p99 / (response?.p99Us ?? 1)).toBeCloseTo(1, 1);
  });

  it('need the log for a verdict on latency, and say so', async () => {
    const [base, candidate] = [await steadyRun('with', 40, true), await steadyRun('without', 40, false)];
    const comparison = await compare(base, [candidate]);
    expect(contrastOf(comparison, 'tps').verdict).toBe('no_difference');
    expect(contrastOf(comparison, 'latency_p99')).toMatchObject({ verdict: 'no_verdict', difference: null });
    expect(contrastOf(comparison, 'latency_p99').text).toMatch(
      /^without: .*response\.hlog is not there, which/,
    );
    expect(rowOf(comparison, 'latency_p99').figures[1]).toMatchObject({
      value: null,
      missing: expect.any(String),
    });
  });

  it('have what the result tells of the time before faults where the log is missing', async () => {
    const comparison = await compare(STOCK, [FAST]);
    const told = STOCK.result.analysis.phases.before?.response;
    expect(rowOf(comparison, 'latency_p99').figures[0]).toMatchObject({ value: told?.p99Us, missing: null });
  });

  it('say how many seconds they need', async () => {
    const [base, candidate] = [madeRun({}), madeRun({})];
    const { verdict, needed, text } = contrastOf(await compare(base, [candidate]), 'tps');
    expect({ verdict, needed }).toEqual({ verdict: 'too_few', needed: { count: 30, of: 'seconds' } });
    expect(text).toMatch(/^\d+ and \d+ seconds of steady load say too little .* it takes 30 of each\.$/);
  });
});

describe('compare', () => {
  it('refuses what is not comparable, in one line, unless asked to', async () => {
    const more = madeRun({
      name: 'more',
      change: (result) => ({ ...result, plan: { ...result.plan, clients: 128 } }),
    });
    const refused = compare(STOCK, [more]);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(
      /^Not comparable: more had 128 clients, stock had 64 clients\. Use --anyway to compare them nevertheless\.$/,
    );
    const { findings, rows } = await compare(STOCK, [more], { anyway: true });
    expect(findings).toEqual([
      { name: 'more', what: 'clients', text: 'more had 128 clients, stock had 64 clients.' },
    ]);
    expect(rows.length).toBeGreaterThan(3);
  });

  it('gives the same for the same, and as data without the results', async () => {
    const plain = async () => JSON.stringify(withoutResults(await compare(STOCK, [FAST])));
    expect(await plain()).toBe(await plain());
    const data = JSON.parse(await plain());
    expect(data.base).toEqual({
      name: 'stock',
      directory: null,
      id: STOCK.result.run.id,
      startedAt: STOCK.result.run.startedAt,
    });
    expect(Object.keys(data.candidates[0])).toEqual(['name', 'directory', 'id', 'startedAt']);
  });

  it('tells that a run was interrupted', async () => {
    const { name, directory, result } = FAST;
    const short = {
      name,
      directory,
      result: { ...result, run: { ...result.run, status: 'interrupted' as const } },
    };
    const { notes, differences } = await compare(STOCK, [short]);
    expect(notes).toContain('fast was interrupted, and holds what was measured until then.');
    expect(differences).toContainEqual({
      kind: 'plan',
      name: 'status',
      values: ['completed', 'interrupted'],
    });
  });

  it('survives a result with nothing in it', async () => {
    const nothing = sampleOf('nothing acknowledged').result;
    const named = (name: string) => ({
      name,
      directory: null,
      result: { ...nothing, run: { ...nothing.run, id: name } },
    });
    const { rows } = await compare(named('a'), [named('b')]);
    expect(rows.map(({ metric }) => metric)).toEqual(['indoubt', 'errors']);
  });
});

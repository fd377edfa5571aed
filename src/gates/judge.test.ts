import { describe, expect, it } from 'vitest';
import { faultAt, sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { roundSample } from '../report/round-samples.fixture.js';
import type { CommitAudit } from '../result/commits.js';
import type { Downtime } from '../result/downtime.js';
import type { GateOutcome } from '../result/gate.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';
import { baselineWarnings, checkBaseline, type JudgeOptions, judgeGates, parseGate } from './gate.js';

const switchover = () => sampleOf('switchover').result;

/** @param baseline of another run, whatever its id */
function judge(
  expression: string,
  result: Result,
  baseline: Result | null = null,
  options: JudgeOptions = {},
): GateOutcome {
  const [outcome] = judgeGates([parseGate(expression)], result, baseline && another(baseline), options);
  return outcome as GateOutcome;
}

/** As if it was another run that came to the same. */
function another(result: Result): Result {
  return { ...result, run: { ...result.run, id: 'another' } };
}

/** As the first round of the switchover, with what is told of each. */
function withRounds(parts: readonly Partial<RoundAnalysis>[], result = switchover()): Result {
  const [round] = result.analysis.rounds as [RoundAnalysis];
  return {
    ...result,
    faults: parts.map((_, index) => faultAt(20_000, { round: index + 1 })),
    analysis: {
      ...result.analysis,
      rounds: parts.map((part, index) => ({ ...round, fault: index, ...part })),
    },
  };
}

function away(durationMs: number, part: Partial<Downtime> = {}): Downtime {
  const whole = switchover().analysis.rounds[0]?.writeDowntime as Downtime;
  return { ...whole, outage: true, durationMs, toMs: whole.fromMs + durationMs, ...part };
}

const writesAway = (...durations: readonly number[]) =>
  withRounds(durations.map((durationMs) => ({ writeDowntime: away(durationMs) })));

describe('a gate on rounds', () => {
  it('takes the duration of an outage, and 0 of none', () => {
    const result = switchover();
    const [round] = result.analysis.rounds;
    expect(judge('write_downtime.max < 10s', result)).toEqual({
      expression: 'write_downtime.max < 10s',
      passed: true,
      measured: round?.writeDowntime?.durationMs,
      limit: 10_000,
      unit: 'ms',
      text: '5.18 s',
    });
    expect(judge('write_downtime.max < 5s', result)).toMatchObject({ passed: false, text: '5.18 s' });
    expect(round?.readDowntime?.outage).toBe(false);
    expect(judge('read_downtime.max == 0s', result)).toMatchObject({ passed: true, measured: 0 });
  });

  it.each([
    ['min', 1000],
    ['median', 2500],
    ['mean', 13_500],
    ['p90', 70_000],
    ['p95', 70_000],
    ['max', 70_000],
  ])('has %s over them, percentiles by nearest rank', (statistic, expected) => {
    const result = writesAway(3000, 1000, 70_000, 2000, 4000, 1000);
    const outcome = judge(`write_downtime.${statistic} == ${expected}ms`, result);
    expect(outcome).toMatchObject({ passed: true, measured: expected });
    expect(outcome.text).toContain('over 6 rounds');
  });

  it('takes the second worst of twenty for p95', () => {
    const durations = Array.from({ length: 20 }, (_, index) => 1000 * (index + 1));
    expect(judge('write_downtime.p95 < 1s', writesAway(...durations)).measured).toBe(19_000);
    expect(judge('write_downtime.p99 < 1s', writesAway(...durations)).measured).toBe(20_000);
    expect(judge('write_downtime < 1s', writesAway(...durations)).measured).toBe(20_000);
  });

  it('leaves out those that are not valid, and says so', () => {
    const result = withRounds([
      { writeDowntime: away(2000) },
      { writeDowntime: away(90_000), invalid: 'somebody restarted n3' },
    ]);
    expect(judge('write_downtime.max < 5s', result)).toMatchObject({
      passed: true,
      measured: 2000,
      text: '2.00 s over 1 valid of 2 rounds',
    });
  });

  it('fails where none is valid, or none was', () => {
    const invalid = withRounds([{ invalid: 'somebody restarted n3' }]);
    expect(judge('write_downtime.max < 50s', invalid)).toMatchObject({
      passed: false,
      measured: null,
      limit: 50_000,
      text: 'not measured: the round is not valid: somebody restarted n3',
    });
    const quiet = sampleOf('no fault').result;
    expect(judge('write_downtime.max < 50s', quiet).text).toBe('not measured: the run had no fault');
    expect(judge('write_downtime[kill-node] < 50s', switchover()).text).toBe(
      'not measured: the run had no kill-node',
    );
  });

  it('fails where one never ended, whatever the others did', () => {
    const result = withRounds([
      { writeDowntime: away(1000) },
      { writeDowntime: away(500, { toMs: null }) },
      { writeDowntime: away(1000) },
    ]);
    for (const statistic of ['min', 'median', 'max']) {
      expect(judge(`write_downtime.${statistic} < 50s`, result)).toMatchObject({
        passed: false,
        measured: null,
        text: 'writes never came back in round 2',
      });
    }
  });

  it('fails where one was not measured, with the reason of the notes', () => {
    const { result } = sampleOf('one slow client');
    expect(judge('read_downtime.max == 0s', result)).toMatchObject({
      passed: false,
      text: 'not measured: tpcb has no script that only reads, and there is no read-only endpoint',
    });
    const second = withRounds([{}, { writeDowntime: null }]);
    expect(judge('write_downtime.min < 50s', second)).toMatchObject({ passed: false, measured: null });
    expect(judge('write_downtime.min < 50s', second).text).toContain('in round 2');
  });

  it('can be made on one kind of fault', () => {
    const result = withRounds([{ writeDowntime: away(1000) }, { writeDowntime: away(9000) }]);
    const mixed = {
      ...result,
      faults: [faultAt(0, { round: 1 }), faultAt(1, { round: 2, kind: 'kill-node' })],
    };
    expect(judge('write_downtime[switchover].max < 2s', mixed)).toMatchObject({
      passed: true,
      measured: 1000,
    });
    expect(judge('write_downtime.max < 2s', mixed)).toMatchObject({ passed: false, measured: 9000 });
  });

  it('counts rounds by any of the faults that were done together', () => {
    const result = withRounds([{}, {}, { invalid: 'somebody restarted n3' }]);
    const [first, second, third] = result.faults as [FaultRecord, FaultRecord, FaultRecord];
    const together = faultAt(19_000, { round: 1, kind: 'cut-replication' });
    const mixed = { ...result, faults: [first, second, third, together] };
    expect(judge('rounds[cut-replication] == 1', mixed)).toMatchObject({ passed: true, text: '1 of 1' });
    expect(judge('rounds[switchover] == 2', mixed)).toMatchObject({ passed: true, text: '2 of 3' });
    expect(judge('rounds == 2', mixed)).toMatchObject({ passed: true, text: '2 of 3' });
    expect(judge('rounds[kill-node] >= 1', mixed)).toMatchObject({ passed: false, text: '0 of 0' });
  });

  it('knows how long the load took to recover', () => {
    const result = switchover();
    const [round] = result.analysis.rounds as [RoundAnalysis];
    const tookMs = (round.phases.after?.fromMs ?? 0) - (result.faults[0]?.askedAtMs ?? 0);
    expect(judge('recovery.p90 < 30s', result).measured).toBe(tookMs);
    const held = withRounds([{ phases: { ...round.phases, during: null } }]);
    expect(judge('recovery < 30s', held).measured).toBe(0);
    const away = withRounds([{ phases: { ...round.phases, after: null } }]);
    expect(judge('recovery < 30s', away)).toMatchObject({
      passed: false,
      text: 'throughput was not back at 90 % for 3 s',
    });
  });

  it('takes a load that was not back for the slowest, and tells a median of the others', () => {
    const [round] = switchover().analysis.rounds as [RoundAnalysis];
    const result = withRounds([{}, { phases: { ...round.phases, after: null } }, {}]);
    expect(judge('recovery.median < 30s', result)).toMatchObject({ passed: true });
    for (const statistic of ['p90', 'max', 'mean']) {
      expect(judge(`recovery.${statistic} < 1h`, result)).toMatchObject({
        passed: false,
        measured: null,
        text: 'throughput was not back at 90 % for 3 s in round 2',
      });
    }
    expect(judge('recovery not worse', result, result)).toMatchObject({ passed: false, measured: null });
  });

  it('tells a round that the one before disturbed with that one', () => {
    const [round] = switchover().analysis.rounds as [RoundAnalysis];
    const unknown = { before: null, during: null, after: null };
    const result = withRounds([
      {},
      { phases: { ...round.phases, after: null } },
      { phases: unknown },
      {},
      {},
    ]);
    expect(judge('recovery.median < 30s', result)).toMatchObject({ passed: true });
    expect(judge('recovery.max < 1h', result).text).toBe(
      'throughput was not back at 90 % for 3 s in round 2',
    );
    expect(judge('tps@before > 0', result)).toMatchObject({ passed: true });
    expect(judge('tps@before > 0', result).text).toContain('over 4 of 5 rounds');
    expect(judge('tps@after > 0', result).passed).toBe(false);
    const first = withRounds([{ phases: unknown }, {}]);
    expect(judge('recovery.median < 30s', first)).toMatchObject({ passed: false, measured: null });
    expect(judge('recovery.median < 30s', first).text).toContain('not measured: in round 1');
    expect(judge('tps@after > 0', first).text).toContain('not measured: in round 1');
  });

  it('sees no split brain only where somebody looked', () => {
    expect(judge('splitbrain == 0ms', switchover())).toMatchObject({ passed: false, measured: null });
    const looked = roundSample('a crash that lost commits');
    expect(judge('splitbrain == 0ms', looked)).toMatchObject({ passed: true, measured: 0 });
    const split = roundSample('a split brain');
    expect(judge('splitbrain == 0ms', split)).toMatchObject({
      passed: false,
      measured: split.analysis.rounds[0]?.splitBrain?.overlapMs,
    });
  });
});

describe('a gate on split brain', () => {
  const split = () => roundSample('a split brain').analysis.rounds[0]?.splitBrain ?? null;
  const watched = (parts: readonly Partial<RoundAnalysis>[]) =>
    withRounds(parts, roundSample('a split brain'));

  it('looks at a round that is not valid, too', () => {
    const result = watched([
      { splitBrain: null },
      { splitBrain: split(), invalid: 'the leader changed again, n2 -> n1' },
    ]);
    expect(judge('splitbrain == 0ms', result)).toMatchObject({
      passed: false,
      measured: split()?.overlapMs,
    });
    expect(judge('splitbrain == 0ms', result).text).toContain('over 2 rounds');
    expect(judge('splitbrain_writes == 0', result)).toMatchObject({
      passed: false,
      measured: split()?.acksOnLoser,
    });
    expect(judge('write_downtime < 1h', result).text).toContain('over 1 valid of 2 rounds');
  });

  it('leaves out a round whose fault was not done', () => {
    const two = watched([{ splitBrain: null }, { splitBrain: null, invalid: 'it was not done' }]);
    const [first, second] = two.faults;
    const undone = { ...second, askedAtMs: null } as Result['faults'][number];
    const result = { ...two, faults: [first as Result['faults'][number], undone] };
    expect(judge('splitbrain == 0ms', result)).toMatchObject({
      passed: true,
      text: '0 ms over 1 done of 2 rounds',
    });
    expect(judge('splitbrain == 0ms', { ...two, faults: [undone, undone] })).toMatchObject({
      passed: false,
      measured: null,
    });
  });
});

describe('a gate on the gaps of clients', () => {
  const gaps = (p50Ms: number, p99Ms: number, maxMs: number) => ({
    clientsBack: 64,
    clientGaps: { clients: 64, p50Ms, p99Ms, maxMs },
  });

  it('takes those of the only round', () => {
    const result = withRounds([gaps(4000, 5000, 6000)]);
    expect(judge('client_gap.p50 < 10s', result)).toMatchObject({
      measured: 4000,
      text: '4.00 s of 64 clients',
    });
    expect(judge('client_gap.p99 < 10s', result).measured).toBe(5000);
    expect(judge('client_gap < 10s', result)).toMatchObject({ passed: true, measured: 6000 });
  });

  it('takes the worst over the valid rounds', () => {
    const result = withRounds([
      gaps(4000, 5000, 6000),
      gaps(3000, 7000, 9000),
      { ...gaps(90_000, 90_000, 90_000), invalid: 'somebody restarted n3' },
    ]);
    for (const [statistic, measured] of [
      ['p50', 4000],
      ['p99', 7000],
      ['max', 9000],
    ]) {
      expect(judge(`client_gap.${statistic} < 10s`, result)).toMatchObject({ passed: true, measured });
    }
    expect(judge('client_gap < 10s', result).text).toBe('9.00 s over 2 valid of 3 rounds');
  });

  it('tells over how many rounds where one has none, and fails where none has any', () => {
    const none = { clientsBack: 64, clientGaps: null };
    const part = withRounds([gaps(1, 2, 3000), none]);
    expect(judge('client_gap < 10s', part).text).toBe('3.00 s over 1 of 2 rounds');
    expect(judge('client_gap < 10s', withRounds([none, none]))).toMatchObject({
      passed: false,
      text: 'not measured: no client had a gap to tell of',
    });
  });

  it('fails where a client never worked again, however short its gap', () => {
    const result = withRounds([gaps(1, 2, 3000), { ...gaps(1, 2, 3000), clientsBack: 62 }]);
    for (const statistic of ['p50', 'p99', 'max']) {
      expect(judge(`client_gap.${statistic} < 1h`, result)).toMatchObject({
        passed: false,
        measured: null,
        text: '2 clients did not work again in round 2',
      });
    }
    const single = withRounds([{ ...gaps(1, 2, 3), clientsBack: 63 }]);
    expect(judge('client_gap < 1h', single).text).toBe('1 client did not work again');
  });
});

describe('a gate on phases', () => {
  it('takes the figures of all valid rounds together', () => {
    const { analysis } = switchover();
    const { before, during, after } = analysis.phases;
    expect(judge('latency.p99@before < 50ms', switchover())).toMatchObject({
      measured: before?.response?.p99Us,
      unit: 'us',
      limit: 50_000,
    });
    expect(judge('latency.max@during < 30s', switchover()).measured).toBe(during?.response?.maxUs);
    const outcome = judge('tps@after >= 95% of before', switchover());
    expect(outcome).toMatchObject({ passed: true, measured: after?.tps });
    expect(outcome.limit).toBeCloseTo(0.95 * (before?.tps ?? 0));
    expect(judge('tps@after > 101% of before', switchover()).passed).toBe(false);
    expect(judge('tps >= 95% of before', switchover()).passed).toBe(false);
  });

  it('fails where the load never came back, even in one round of several', () => {
    const [round] = switchover().analysis.rounds as [RoundAnalysis];
    const result = withRounds([{}, { phases: { ...round.phases, after: null } }]);
    expect(judge('tps@after >= 1% of before', result)).toMatchObject({
      passed: false,
      measured: null,
      text: 'throughput was not back at 90 % for 3 s in round 2',
    });
    expect(judge('latency.max@during < 1h', result).passed).toBe(false);
    expect(judge('tps@before > 0', result).passed).toBe(true);
  });

  it('takes what came after for during where the load held on', () => {
    const base = switchover();
    const [round] = base.analysis.rounds as [RoundAnalysis];
    const rounds = withRounds([{ phases: { ...round.phases, during: null } }]);
    const held = {
      ...rounds,
      analysis: { ...rounds.analysis, phases: { ...base.analysis.phases, during: null } },
    };
    expect(judge('latency.max@during < 30s', held)).toMatchObject({
      passed: true,
      measured: base.analysis.phases.after?.response?.maxUs,
    });
    expect(judge('latency.max@during < 30s', held).text).toContain('never fell below 90 %');
  });

  it('says over how many rounds the phase is, since a load that held on has none during', () => {
    const [round] = switchover().analysis.rounds as [RoundAnalysis];
    const result = withRounds([{}, { phases: { ...round.phases, during: null } }, {}]);
    expect(judge('tps@during > 0', result).text).toContain('over 2 of 3 rounds');
    expect(judge('tps@before > 0', result).text).toContain('over 3 rounds');
    expect(judge('tps@after > 0', result).text).toContain('over 3 rounds');
  });

  it('fails where the phases cannot be told', () => {
    const { result } = sampleOf('fault at the very beginning');
    expect(judge('tps@before > 0', result)).toMatchObject({
      passed: false,
      text: 'not measured: the load was not steady for long enough before it',
    });
    expect(judge('tps@after > 0', sampleOf('no fault').result).text).toBe(
      'not measured: the run had no fault',
    );
  });
});

describe('a gate on the load', () => {
  it('counts errors by code, and what failed of all attempts', () => {
    const result = switchover();
    const count = (code: string) =>
      result.errors.filter((error) => error.code === code).reduce((sum, { count }) => sum + count, 0);
    expect(count('25006')).toBeGreaterThan(0);
    expect(judge('errors[25006].count == 0', result)).toMatchObject({
      passed: false,
      measured: count('25006'),
    });
    expect(judge('errors[40001] == 0', result)).toMatchObject({ passed: true, measured: 0 });
    const { outcomes } = result.totals;
    const failed = outcomes.aborted + outcomes.in_doubt + outcomes.not_sent;
    expect(judge('errors == 0', result).measured).toBe(failed);
    expect(judge('failed < 1%', result).measured).toBeCloseTo((100 * failed) / (failed + outcomes.ack));
    expect(judge('indoubt < 10', result)).toMatchObject({ passed: true, measured: outcomes.in_doubt });
  });

  it('takes what was skipped for no attempt', () => {
    const { result } = sampleOf('fixed rate');
    const { ack, ack_unreplicated, aborted, in_doubt, not_sent, skipped } = result.totals.outcomes;
    expect(skipped).toBeGreaterThan(0);
    const made = ack + ack_unreplicated + aborted + in_doubt + not_sent;
    expect(judge('failed < 1%', result).measured).toBeCloseTo((100 * (made - ack)) / made);
    expect(judge('skipped == 0', result)).toMatchObject({ passed: false, measured: skipped });
  });

  it('knows the ports', () => {
    const { result } = sampleOf('writes and reads');
    const [rw, ro] = result.totals.ports;
    expect(judge('tps[rw] > 0', result).measured).toBe(rw?.tps);
    expect(judge('latency[ro].p99 < 1s', result).measured).toBe(ro?.response?.p99Us);
    expect(judge('tps[ro] > 0', switchover())).toMatchObject({
      passed: false,
      text: 'not measured: the load did not use the port ro',
    });
  });

  it.each(['late == 0', 'lag.p99 < 1s', 'skipped == 0'])('%s fails where the run has none', (expression) => {
    expect(judge(expression, switchover())).toMatchObject({ passed: false, measured: null });
    expect(judge(expression, sampleOf('fixed rate').result).measured).not.toBeNull();
  });
});

describe('a gate on commits', () => {
  const audited = (part: Partial<CommitAudit> = {}): Result => {
    const result = roundSample('a crash that lost commits');
    return { ...result, commits: { ...(result.commits as CommitAudit), ...part } };
  };

  it('counts those that are lost', () => {
    expect(judge('lost == 0', audited())).toMatchObject({ passed: false, measured: 3, text: '3' });
    expect(judge('lost == 0', roundSample('a split brain'))).toMatchObject({ passed: true, measured: 0 });
  });

  it('fails without an audit', () => {
    expect(judge('lost == 0', switchover())).toMatchObject({
      passed: false,
      measured: null,
      text: 'not measured: commits were not audited (--ledger off)',
    });
    expect(judge('lost == 0', audited({ primary: null, missing: ['Nobody answered.'] })).text).toBe(
      'not measured: Nobody answered',
    );
  });

  it('fails where some carry no token and none was found lost', () => {
    const partly = (result: Result) => ({
      ...result,
      commits: result.commits && { ...result.commits, uncovered: ['mine'] },
    });
    expect(judge('lost == 0', partly(roundSample('a split brain')))).toMatchObject({
      passed: false,
      measured: null,
      text: 'not measured: commits of mine carry no token: whether one of them was lost is not known',
    });
    expect(judge('lost == 0', partly(audited()))).toMatchObject({ passed: false, measured: 3 });
  });
});

describe('a gate against a baseline', () => {
  it('takes a share of its figure', () => {
    const result = switchover();
    const faster = { ...result, totals: { ...result.totals, tps: 2 * result.totals.tps } };
    expect(judge('tps >= 95% of baseline', result, result).passed).toBe(true);
    expect(judge('tps >= 95% of baseline', faster, result).passed).toBe(true);
    expect(judge('tps >= 95% of baseline', result, faster)).toMatchObject({
      passed: false,
      measured: result.totals.tps,
    });
    expect(judge('tps >= 95% of baseline', result, faster).text).toContain('50.0 % of');
  });

  it('is told by ranks to be not worse', () => {
    const before = writesAway(5000, 5100, 5200, 5300, 5400, 5500, 5600);
    const slower = writesAway(9000, 9100, 9200, 9300, 9400, 9500, 9600);
    const expression = 'write_downtime.median not worse';
    expect(judge(expression, before, before)).toMatchObject({ passed: true, measured: 5300, limit: null });
    expect(judge(expression, before, before).text).toContain('no difference shown');
    expect(judge(expression, before, slower)).toMatchObject({ passed: true });
    expect(judge(expression, before, slower).text).toContain('better (p < 0.001)');
    expect(judge(expression, slower, before)).toMatchObject({ passed: false, measured: 9300 });
    expect(judge(expression, slower, before).text).toContain('worse (p < 0.001)');
  });

  it('takes no shift for one that is within what an outage is known to', () => {
    const blurred = (...durations: readonly number[]) =>
      withRounds(durations.map((ms) => ({ writeDowntime: away(ms, { resolutionMs: 50 }) })));
    const before = blurred(5000, 5001, 5002, 5003);
    const within = judge('write_downtime not worse', blurred(5048, 5049, 5050, 5051), before);
    expect(within).toMatchObject({ passed: true });
    expect(within.text).toBe(
      '5.05 s, was 5.00 s: no difference shown beyond the 50.0 ms up to which an outage is known',
    );
    const beyond = judge('write_downtime not worse', blurred(5052, 5053, 5054, 5055), before);
    expect(beyond).toMatchObject({ passed: false });
    expect(beyond.text).toContain('worse (p = 0.029)');
  });

  it('fails with too few rounds to say', () => {
    const outcome = judge('write_downtime not worse', switchover(), switchover());
    expect(outcome).toMatchObject({ passed: false, limit: null });
    expect(outcome.text).toContain('too few rounds to say, it takes 4 of each');
  });

  it('fails where there is none, or none with the figure', () => {
    const quiet = sampleOf('no fault').result;
    for (const expression of ['write_downtime not worse', 'write_downtime < 90% of baseline']) {
      expect(judge(expression, switchover(), null)).toMatchObject({ passed: false });
      expect(judge(expression, switchover(), null).text).toContain('there is no baseline');
      expect(judge(expression, switchover(), quiet).text).toContain(
        'the baseline has none: the run had no fault',
      );
    }
  });

  it('is refused beforehand where it cannot be judged', () => {
    const baseline = { name: 'main', directory: null, result: sampleOf('no fault').result };
    const gates = [parseGate('lost == 0'), parseGate('write_downtime not worse')];
    expect(() => checkBaseline(gates, null)).toThrow(
      new UserError(
        "The gate 'write_downtime not worse' compares with a baseline, and none was given. Name its result with --baseline.",
      ),
    );
    expect(() => checkBaseline(gates, baseline)).toThrow(
      new UserError('The baseline main has no write_downtime to compare with: the run had no fault.'),
    );
    expect(() => checkBaseline([parseGate('tps >= 95% of baseline')], baseline)).not.toThrow();
    expect(() => checkBaseline([parseGate('tps > 5')], null)).not.toThrow();
  });
});

describe('a baseline of another kind', () => {
  const planned = (part: Partial<Result['plan']>, result = switchover()): Result => ({
    ...result,
    plan: { ...result.plan, ...part },
  });
  const overloaded = (result: Result): Result => ({
    ...result,
    generator: { ...result.generator, healthy: false, verdict: 'The generator was short of CPU. Use less.' },
  });
  const rounds = () => writesAway(5000, 5100, 5200, 5300);
  const WHY = 'not comparable: this run had 64 clients, the baseline had 8 clients';

  it('fails the gates that compare with it, and no others', () => {
    const baseline = planned({ clients: 8 });
    const outcome = judge('tps >= 95% of baseline', switchover(), baseline);
    expect(outcome).toMatchObject({ passed: false, measured: switchover().totals.tps });
    expect(outcome.text).toMatch(new RegExp(`^[\\d,]+ tps, 100\\.0 % of [\\d,]+ tps; ${WHY}$`));
    const ranks = judge('write_downtime not worse', rounds(), planned({ clients: 8 }, rounds()));
    expect(ranks).toMatchObject({ passed: false });
    expect(ranks.text).toBe(`5.15 s, was 5.15 s: no difference shown; ${WHY}`);
    expect(judge('tps > 0', switchover(), baseline)).toMatchObject({ passed: true });
    expect(judge('tps@after >= 95% of before', switchover(), baseline)).toMatchObject({ passed: true });
  });

  it('is compared with anyway where that is asked for, and the outcome says why not to', () => {
    const baseline = planned({ clients: 8 });
    const outcome = judge('tps >= 95% of baseline', switchover(), baseline, { anyway: true });
    expect(outcome.passed).toBe(true);
    expect(outcome.text).toContain(`; compared anyway, though ${WHY}`);
    expect(judge('tps >= 105% of baseline', switchover(), baseline, { anyway: true }).passed).toBe(false);
  });

  it('is not the run itself', () => {
    const [outcome] = judgeGates([parseGate('tps >= 95% of baseline')], switchover(), switchover());
    expect(outcome).toMatchObject({ passed: false });
    expect(outcome?.text).toContain('not comparable: this run and the baseline are the same run');
  });

  it('may have had a generator that was short of CPU, which is warned of', () => {
    const [result, baseline] = [overloaded(switchover()), overloaded(another(switchover()))];
    expect(judge('tps >= 95% of baseline', result, baseline)).toMatchObject({ passed: true });
    const named = (name: string, own: Result) => ({ name, directory: null, result: own });
    const warnings = (gate: string, own: Result, anyway = false) =>
      baselineWarnings([parseGate(gate)], named('new', own), named('main', baseline), anyway);
    const short = ['main: the generator was short of CPU.', 'new: the generator was short of CPU.'];
    expect(warnings('tps >= 95% of baseline', result)).toEqual(short);
    expect(warnings('tps > 0', result)).toEqual([]);
    expect(warnings('tps >= 95% of baseline', planned({ clients: 8 }, result))).toEqual(short);
    expect(warnings('tps >= 95% of baseline', planned({ clients: 8 }, result), true)).toEqual([
      ...short,
      'Not comparable, and compared anyway: new had 8 clients, main had 64 clients.',
    ]);
  });

  it.each([
    ['interrupted', 'was interrupted after 40.1 s'],
    ['broken', 'broke: the target did not come back'],
  ] as const)('is refused where it did not complete, whatever is asked: %s', (status, why) => {
    const whole = switchover();
    const baseline = { ...whole, run: { ...whole.run, status, elapsedMs: 40_100 } };
    const gates = [parseGate('tps >= 95% of baseline')];
    expect(() => checkBaseline(gates, { name: 'main', directory: null, result: baseline })).toThrow(
      new UserError(`Expected a baseline that completed, found main, which ${why}. Name another one.`),
    );
    for (const anyway of [true, false]) {
      const outcome = judge('tps >= 95% of baseline', whole, baseline, { anyway });
      expect(outcome.passed).toBe(false);
      expect(outcome.text).toContain(`the baseline ${why}`);
    }
    expect(judge('tps > 0', whole, baseline).passed).toBe(true);
  });
});

describe('a share of 0', () => {
  it('cannot be judged, and fails', () => {
    const result = switchover();
    const still = { ...result, totals: { ...result.totals, tps: 0 } };
    for (const [measured, expression] of [
      [result, 'tps >= 95% of baseline'],
      [still, 'tps <= 105% of baseline'],
    ] as const) {
      const outcome = judge(expression, measured, still);
      expect(outcome).toMatchObject({ passed: false, measured: measured.totals.tps, limit: null });
      expect(outcome.text).toContain('cannot be judged: in the baseline it was 0');
    }
    const outcome = judge('failed@after >= 95% of before', result);
    expect(result.analysis.phases.before?.outcomes).toMatchObject({ aborted: 0, in_doubt: 0, not_sent: 0 });
    expect(outcome).toMatchObject({ passed: false, limit: null });
    expect(outcome.text).toContain('cannot be judged: before the fault it was 0');
  });
});

describe('a gate on a run that did not end well', () => {
  it.each([
    ['interrupted', 'the run was interrupted after 40.1 s'],
    ['broken', 'the run broke: the target did not come back'],
  ] as const)('fails: %s', (status, why) => {
    const base = switchover();
    const result = { ...base, run: { ...base.run, status, elapsedMs: 40_100 } };
    expect(judge('indoubt < 10', base).passed).toBe(true);
    expect(judge('indoubt < 10', result)).toMatchObject({
      passed: false,
      measured: base.totals.outcomes.in_doubt,
    });
    expect(judge('indoubt < 10', result).text).toContain(why);
  });
});

it('keeps the order of the gates, and why they are asked for', () => {
  const gates = [{ ...parseGate('tps > 0'), why: 'sold so' }, parseGate('lost == 0')];
  const outcomes = judgeGates(gates, switchover(), null);
  expect(outcomes.map(({ expression, why }) => [expression, why])).toEqual([
    ['tps > 0', 'sold so'],
    ['lost == 0', undefined],
  ]);
});

it.each([
  ['tps < 5', 4, true],
  ['tps < 5', 5, false],
  ['tps <= 5', 5, true],
  ['tps <= 5', 6, false],
  ['tps > 5', 6, true],
  ['tps > 5', 5, false],
  ['tps >= 5', 5, true],
  ['tps >= 5', 4, false],
  ['tps == 5', 5, true],
  ['tps == 5', 4, false],
  ['tps != 5', 4, true],
  ['tps != 5', 5, false],
])('%s, with %d', (expression, tps, passed) => {
  const base = switchover();
  expect(judge(expression, { ...base, totals: { ...base.totals, tps } }).passed).toBe(passed);
});

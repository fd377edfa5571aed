import { splitBrainWatch } from '../analysis/split-brain-watch.js';
import type { Downtime } from '../result/downtime.js';
import type { ClientGaps, Result } from '../result/result.js';
import type { StageKind } from '../result/round.js';
import { formatCount } from '../units.js';
import { isMissing, type Metric, type Reading } from './metric.js';
import {
  doneRounds,
  missingIn,
  noted,
  type RoundValue,
  roundMetric,
  type ValidRound,
  validRounds,
} from './rounds.js';

/** What a fault did to the service, by round. */
export const DOWNTIME_METRICS: readonly Metric[] = [
  roundMetric({
    name: 'write_downtime',
    group: 'Downtime',
    unit: 'ms',
    meaning: 'how long no write was acknowledged on the read-write port',
    of: (round, result) =>
      downtimeOf(round.round.writeDowntime, 'writes', () =>
        noted(result, round, 'write downtime was not measured'),
      ),
    resolution: ({ round }) => resolutionOf(round.writeDowntime),
  }),
  roundMetric({
    name: 'read_downtime',
    group: 'Downtime',
    unit: 'ms',
    meaning: 'how long no read was answered, on the read-only port where there is one',
    of: (round, result) =>
      downtimeOf(round.round.readDowntime, 'reads', () =>
        noted(result, round, 'read downtime was not measured'),
      ),
    resolution: ({ round }) => resolutionOf(round.readDowntime),
  }),
  newConnections('new_write_downtime', 'rw', 'read-write'),
  newConnections('new_read_downtime', 'ro', 'read-only'),
  roundMetric({
    name: 'recovery',
    group: 'Downtime',
    unit: 'ms',
    meaning: 'from the fault until throughput was back at 90 % of before for 3 s',
    of: recoveryOf,
  }),
  stage('promotion', 'promoted', 'from the fault until a new primary was promoted'),
  stage('proxy_up', 'proxy_up', 'from the fault until HAProxy had the new primary up'),
  roundMetric({
    name: 'healthy',
    group: 'Downtime',
    unit: 'ms',
    meaning: 'from the fault until every member of the cluster was healthy again',
    of: ({ fault: { healthyAtMs, askedAtMs } }) =>
      healthyAtMs === null || askedAtMs === null
        ? { late: 'the cluster was not seen healthy again' }
        : healthyAtMs - askedAtMs,
  }),
  roundMetric({
    name: 'splitbrain',
    group: 'Downtime',
    unit: 'ms',
    meaning: 'how long two servers took writes at the same time, in rounds that are valid or not',
    rounds: doneRounds,
    of: (round, result) => splitBrainValue(round, result, ({ overlapMs }) => overlapMs),
  }),
  roundMetric({
    name: 'splitbrain_writes',
    group: 'Downtime',
    unit: 'count',
    meaning: 'writes that the wrong one of two servers acknowledged meanwhile, likewise',
    rounds: doneRounds,
    of: (round, result) => splitBrainValue(round, result, ({ acksOnLoser }) => acksOnLoser),
  }),
  roundMetric({
    name: 'clients_away',
    group: 'Downtime',
    unit: 'count',
    meaning: 'clients that did not work again after the downtime',
    of: ({ round }, { plan }) =>
      round.writeDowntime === null && round.readDowntime === null
        ? { missing: 'no downtime was measured' }
        : plan.clients - round.clientsBack,
  }),
  {
    name: 'client_gap',
    group: 'Downtime',
    unit: 'ms',
    meaning: "each client's longest wait for an acknowledgement around the fault, in the worst round",
    better: 'less',
    statistics: ['p50', 'p99', 'max'],
    usual: 'max',
    phases: false,
    part: null,
    read: (result, { statistic }) => clientGap(result, statistic ?? 'max'),
    perRound: null,
  },
  {
    name: 'unpredicted',
    group: 'Downtime',
    unit: 'count',
    meaning: "rounds whose write downtime the cluster's settings do not explain",
    better: 'less',
    statistics: [],
    usual: null,
    phases: false,
    part: 'fault',
    read: (result, { part }) => unpredicted(result, part),
    perRound: null,
  },
];

/** None that was seen counts as 0. */
function downtimeOf(downtime: Downtime | null, what: string, why: () => string): RoundValue {
  if (downtime === null) {
    return { missing: why() };
  }
  if (!downtime.outage) {
    return 0;
  }
  return downtime.toMs === null ? { never: `${what} never came back` } : downtime.durationMs;
}

function newConnections(name: string, port: 'rw' | 'ro', words: string): Metric {
  return roundMetric({
    name,
    group: 'Downtime',
    unit: 'ms',
    meaning: `how long nobody who connected anew was served on the ${words} port`,
    of: (round, result) =>
      downtimeOf(round.round.newConnections[port], `new connections to ${port}`, () =>
        noted(result, round, `the downtime of new connections to ${port} was not measured`),
      ),
    resolution: ({ round }) => resolutionOf(round.newConnections[port]),
  });
}

/** How densely the service was tried while it was away. */
function resolutionOf(downtime: Downtime | null): number | null {
  return downtime?.outage ? downtime.resolutionMs : null;
}

function recoveryOf(round: ValidRound, result: Result): RoundValue {
  const { before, during, after } = round.round.phases;
  const { askedAtMs } = round.fault;
  if (before === null && isDisturbed(round)) {
    return { late: NOT_BACK };
  }
  if (before === null || askedAtMs === null) {
    return { missing: noted(result, round, 'before, during and after cannot be told') };
  }
  if (after === null) {
    return { late: NOT_BACK };
  }
  return during === null ? 0 : after.fromMs - askedAtMs;
}

const NOT_BACK = 'throughput was not back at 90 % for 3 s';

/** Its load was never steady, since the round before had not ended: it is told with that one. */
function isDisturbed({ before }: ValidRound): boolean {
  return before !== null && before.phases.before !== null && before.phases.after === null;
}

function stage(name: string, kind: StageKind, meaning: string): Metric {
  return roundMetric({
    name,
    group: 'Downtime',
    unit: 'ms',
    meaning,
    of: ({ round, fault }) => {
      const step = round.stages.find((each) => each.kind === kind);
      if (step === undefined || step.atMs === null || fault.askedAtMs === null) {
        return { missing: step?.missing ?? 'it is no step of this fault' };
      }
      return step.atMs - fault.askedAtMs;
    },
  });
}

type SplitBrain = NonNullable<ValidRound['round']['splitBrain']>;

/** None is 0 only where somebody would have seen one. */
function splitBrainValue(
  { round }: ValidRound,
  result: Result,
  of: (splitBrain: SplitBrain) => number,
): RoundValue {
  if (round.splitBrain !== null) {
    return of(round.splitBrain);
  }
  return splitBrainWatch(result) === null
    ? { missing: 'nobody looked at the nodes, so that a split brain would not have been seen' }
    : 0;
}

/** The worst over the rounds that tell of gaps: what each client waited in all of them cannot be put together. */
function clientGap(result: Result, statistic: string): Reading {
  const valid = validRounds(result, null);
  if (isMissing(valid)) {
    return valid;
  }
  for (const { round, where } of valid.rounds) {
    const away = result.plan.clients - round.clientsBack;
    if (away > 0) {
      return { missing: `${countOf(away)} did not work again${where}`, never: true };
    }
  }
  const told = valid.rounds.flatMap(({ round }) => round.clientGaps ?? []);
  const [first] = told;
  if (first === undefined) {
    return { missing: 'no client had a gap to tell of' };
  }
  const value = Math.max(...told.map((gaps) => gapOf(gaps, statistic)));
  if (valid.detail === '') {
    return { value, detail: `of ${countOf(first.clients)}` };
  }
  const all = valid.rounds.length;
  return { value, detail: told.length === all ? valid.detail : `over ${told.length} of ${all} rounds` };
}

function countOf(clients: number): string {
  return `${formatCount(clients)} client${clients === 1 ? '' : 's'}`;
}

function gapOf({ p50Ms, p99Ms, maxMs }: ClientGaps, statistic: string): number {
  if (statistic === 'max') {
    return maxMs;
  }
  return statistic === 'p50' ? p50Ms : p99Ms;
}

function unpredicted(result: Result, kind: string | null): ReturnType<Metric['read']> {
  const valid = validRounds(result, kind);
  if (isMissing(valid)) {
    return valid;
  }
  let count = 0;
  for (const each of valid.rounds) {
    const { prediction, unpredicted: why } = each.round;
    if (prediction === null) {
      return missingIn(each, why ?? 'the settings predict nothing for this fault');
    }
    if (prediction.holds === null) {
      return missingIn(each, 'the write downtime was not measured, or not over');
    }
    count += prediction.holds ? 0 : 1;
  }
  return { value: count, detail: valid.detail };
}

import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { LatencySummary, PortTotals, Result, Totals } from '../result/result.js';
import type { Phase, Statistic } from './expression.js';
import { isMissing, type Metric, type Missing, type Reading, type Selection } from './metric.js';
import { toldPhase } from './phases.js';

/** What the clients got: throughput, latencies, attempts by how they ended. */
export const LOAD_METRICS: readonly Metric[] = [
  {
    ...single('tps', 'tps', 'acknowledged transactions per second'),
    better: 'more',
    phases: true,
    part: 'port',
    read: (result, at) => ofSpan(result, at, ({ tps }) => tps),
  },
  {
    ...single('acknowledged', 'count', 'transactions that the clients were told are committed'),
    better: 'more',
    phases: true,
    part: 'port',
    read: (result, at) => ofSpan(result, at, ({ outcomes }) => outcomes.ack + outcomes.ack_unreplicated),
  },
  latency('latency', 'response time: from the intended start, through all retries', {
    phases: true,
    part: 'port',
    of: (result, at) => ofSummary(result, at, ({ response }) => response),
  }),
  latency('service', 'service time: of the attempt that was acknowledged', {
    part: 'port',
    of: (result, { part }) => {
      const totals = wholeOf(result, part);
      return isMissing(totals) ? totals : { summary: totals.service, detail: '' };
    },
  }),
  latency('connect', 'time until a new connection of a client was ready', {
    of: ({ totals }) => ({ summary: totals.connects.latency, detail: '' }),
  }),
  latency('lag', 'from the intended start of a transaction to its first attempt', {
    of: ({ plan, totals }) =>
      plan.pace.kind === 'open'
        ? { summary: totals.lag, detail: '' }
        : { missing: 'the load had no rate (--rate) to lag behind' },
  }),
  {
    ...single('failed', 'percent', 'attempts that were not acknowledged, of all that were made'),
    phases: true,
    part: 'port',
    read: (result, at) => failedShare(result, at),
  },
  outcome('indoubt', ['in_doubt'], 'attempts to commit that were sent and not answered'),
  outcome('aborted', ['aborted'], 'attempts that the server or the connection ended'),
  outcome('not_sent', ['not_sent'], 'attempts that found no connection'),
  outcome('unreplicated', ['ack_unreplicated'], 'commits with the warning that no standby has them'),
  {
    ...outcome('skipped', ['skipped'], 'transactions that were due and too late to be begun'),
    read: (result, at) =>
      result.plan.pace.kind === 'open' && result.plan.latencyLimitMs !== null
        ? ofSpan(result, at, ({ outcomes }) => outcomes.skipped)
        : { missing: 'nothing is skipped without a rate and a limit (--rate, --latency-limit)' },
  },
  {
    ...single('late', 'count', 'acknowledged later than --latency-limit'),
    read: ({ totals }) =>
      totals.late === null
        ? { missing: 'the run had no --latency-limit' }
        : { value: totals.late, detail: '' },
  },
  {
    ...single('retried', 'count', 'transactions that were tried more than once'),
    read: ({ totals }) => ({ value: totals.retried, detail: '' }),
  },
  {
    ...single('retries', 'count', 'tries beyond the first, of all transactions'),
    read: ({ totals }) => ({ value: totals.retries, detail: '' }),
  },
  {
    ...single('errors', 'count', 'failed attempts, all of them or those with a code'),
    statistics: ['count'],
    usual: 'count',
    part: 'code',
    read: (result, { part }) => errorCount(result, part),
  },
];

function single(
  name: string,
  unit: Metric['unit'],
  meaning: string,
): Omit<Metric, 'read'> & { readonly better: 'less' } {
  return {
    name,
    group: 'Load',
    unit,
    meaning,
    better: 'less',
    statistics: [],
    usual: null,
    phases: false,
    part: null,
    perRound: null,
  };
}

interface LatencyMetric {
  readonly phases?: boolean;
  readonly part?: 'port';
  readonly of: (result: Result, at: Selection) => Summarised | Missing;
}

interface Summarised {
  readonly summary: LatencySummary | null;
  readonly detail: string;
}

function latency(
  name: string,
  meaning: string,
  { phases = false, part, of }: Partial<LatencyMetric> & Pick<LatencyMetric, 'of'>,
): Metric {
  return {
    ...single(name, 'us', meaning),
    statistics: ['min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'],
    phases,
    part: part ?? null,
    read: (result, at) => {
      const told = of(result, at);
      if (isMissing(told)) {
        return told;
      }
      return told.summary === null
        ? { missing: `nothing was acknowledged${at.phase === null ? '' : ` ${at.phase} the fault`}` }
        : { value: statisticOf(told.summary, at.statistic ?? 'max'), detail: told.detail };
    },
  };
}

function statisticOf(summary: LatencySummary, statistic: Statistic): number {
  switch (statistic) {
    case 'min':
      return summary.minUs;
    case 'mean':
      return summary.meanUs;
    case 'p50':
    case 'median':
      return summary.p50Us;
    case 'p90':
      return summary.p90Us;
    case 'p95':
      return summary.p95Us;
    case 'p99':
      return summary.p99Us;
    case 'p99.9':
      return summary.p999Us;
    case 'max':
      return summary.maxUs;
    case 'count':
      return summary.count;
  }
}

/** What the whole run, a port and a phase have alike. */
type Span = Pick<Totals, 'tps' | 'outcomes' | 'response'>;

function ofSpan(result: Result, at: Selection, figure: (span: Span) => number): Reading {
  const told = spanOf(result, at);
  return isMissing(told) ? told : { value: figure(told.span), detail: told.detail };
}

function ofSummary(
  result: Result,
  at: Selection,
  figure: (span: Span) => LatencySummary | null,
): Summarised | Missing {
  const told = spanOf(result, at);
  return isMissing(told) ? told : { summary: figure(told.span), detail: told.detail };
}

function spanOf(
  result: Result,
  { phase, part }: Selection,
): { readonly span: Span; readonly detail: string } | Missing {
  if (phase !== null) {
    return ofPhase(result, phase);
  }
  const span = wholeOf(result, part);
  return isMissing(span) ? span : { span, detail: '' };
}

function ofPhase(result: Result, name: Phase): { readonly span: Span; readonly detail: string } | Missing {
  const told = toldPhase(result, name);
  return isMissing(told) ? told : { span: told.phase, detail: told.detail };
}

function wholeOf({ totals, run }: Result, part: string | null): Totals | PortTotals | Missing {
  if (run.elapsedMs <= 0) {
    return { missing: 'the load did not begin' };
  }
  const port = totals.ports.find(({ route }) => route === part);
  return part === null ? totals : (port ?? { missing: `the load did not use the port ${part}` });
}

function outcome(name: string, kinds: readonly Outcome[], meaning: string): Metric {
  return {
    ...single(name, 'count', meaning),
    phases: true,
    part: 'port',
    read: (result, at) =>
      ofSpan(result, at, ({ outcomes }) => kinds.reduce((sum, kind) => sum + outcomes[kind], 0)),
  };
}

/** Of attempts: what was skipped was none. */
function failedShare(result: Result, at: Selection): Reading {
  const told = spanOf(result, at);
  if (isMissing(told)) {
    return told;
  }
  const { outcomes } = told.span;
  const failed = outcomes.aborted + outcomes.in_doubt + outcomes.not_sent;
  const made = OUTCOMES.reduce((sum, each) => sum + outcomes[each], 0) - outcomes.skipped;
  return made === 0
    ? { missing: 'nothing was attempted' }
    : { value: (100 * failed) / made, detail: told.detail };
}

function errorCount({ errors, run }: Result, code: string | null): Reading {
  if (run.elapsedMs <= 0) {
    return { missing: 'the load did not begin' };
  }
  const own = code === null ? errors : errors.filter((error) => error.code === code);
  return { value: own.reduce((sum, { count }) => sum + count, 0), detail: '' };
}

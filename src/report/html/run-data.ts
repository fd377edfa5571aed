import { ERROR_CLASSES } from '../../analysis/error-class.js';
import type { Result, Spectrum } from '../../result/result.js';
import { axisEnd, type Columns, columnsOf, type Percentile } from './columns.js';
import type { Line, RunData, SpectrumData } from './data.js';
import { lanesOf } from './lanes.js';
import { marksOf, phasesOf, viewsOf } from './marks.js';
import { pack, packSteps } from './packed.js';
import { groupsOf } from './thin.js';

/** All that the charts of one run draw. @param id of its part of the page */
export function runDataOf(result: Result, id: string): RunData {
  const groups = groupsOf(result);
  const columns = columnsOf(result, groups);
  return {
    id,
    endMs: axisEnd(result),
    stepMs: packSteps(columns.startMs),
    thinned: groups.length < result.timeline.startMs.length,
    throughput: throughputOf(columns),
    latency: latencyOf(columns),
    errors: errorsOf(columns),
    lanes: lanesOf(result, columns),
    marks: marksOf(result),
    phases: phasesOf(result),
    views: viewsOf(result),
    spectra: spectraOf(result),
  };
}

const PORTS = { rw: 'read-write port', ro: 'read-only port' } as const;

function throughputOf(columns: Columns): Line[] {
  return (['rw', 'ro'] as const).flatMap((route) => {
    const rate = columns.rate(route);
    return rate === null ? [] : [{ name: route, label: PORTS[route], values: pack(rate) }];
  });
}

const PERCENTILES: readonly Percentile[] = ['p50', 'p90', 'p99', 'max'];

function latencyOf(columns: Columns): Line[] {
  const lines = PERCENTILES.map((name) => ({ name, values: columns.latency(name) }));
  const measured = lines.some(({ values }) => values.some((value) => value !== null));
  return measured ? lines.map(({ name, values }) => ({ name, label: name, values: pack(values) })) : [];
}

/** In words that stand in a legend; docs/measuring.md has the codes of each. */
const ERROR_LABELS: Readonly<Record<string, string>> = {
  shutdown: 'shutting down or starting',
  closed: 'connection closed',
  refused: 'connection refused',
  timeout: 'timeout',
  read_only: 'read-only server',
  contention: 'contention',
  other: 'other',
};

function errorsOf({ errors }: Columns): Line[] {
  const known: readonly string[] = ERROR_CLASSES;
  const rank = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...errors]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, values]) => ({ name, label: ERROR_LABELS[name] ?? name, values: pack(values) }));
}

/** The whole run's response time, its service time where that differs, and the response time of each phase. */
function spectraOf({ totals, analysis }: Result): SpectrumData[] {
  const { service, response } = totals.spectra;
  const differs = JSON.stringify(service) !== JSON.stringify(response);
  const phases = (['before', 'during', 'after'] as const).flatMap((name) => {
    const phase = analysis.phases[name];
    return named(name, phase?.response?.count, phase?.spectrum);
  });
  return [
    ...named('whole run', totals.response?.count, response),
    ...(differs ? named('whole run, service time', totals.service?.count, service) : []),
    ...phases,
  ];
}

function named(
  name: string,
  count: number | undefined,
  spectrum: Spectrum | null | undefined,
): SpectrumData[] {
  return spectrum === null || spectrum === undefined || count === undefined
    ? []
    : [{ name, count, ...spectrum }];
}

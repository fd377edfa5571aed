import type { Result, RoundAnalysis } from '../result/result.js';
import { countMetric, type Metric } from './metric.js';
import { kindsOf } from './rounds.js';

/** Whether the run itself was as it should be. */
export const RUN_METRICS: readonly Metric[] = [
  {
    ...countMetric('Run', 'rounds', 'rounds that are valid: a fault was done, and nothing else disturbed it'),
    better: 'more',
    part: 'fault',
    read: (result, { part }) => {
      const own = roundsWith(result, part);
      return { value: own.filter(({ invalid }) => invalid === null).length, detail: `of ${own.length}` };
    },
  },
  {
    ...countMetric('Run', 'invalid_rounds', 'rounds that say nothing of their fault, or were not done'),
    read: ({ analysis }) => ({
      value: analysis.rounds.filter(({ invalid }) => invalid !== null).length,
      detail: `of ${analysis.rounds.length}`,
    }),
  },
  {
    ...countMetric('Run', 'not_undone', 'faults that could not be undone'),
    read: ({ faults }) => ({
      value: faults.filter(({ undoFailure }) => undoFailure !== null).length,
      detail: `of ${faults.length}`,
    }),
  },
  {
    ...countMetric('Run', 'duration', 'from the start of the load to its last transaction'),
    unit: 'ms',
    better: 'more',
    read: ({ run }) => ({ value: run.elapsedMs, detail: '' }),
  },
  {
    ...countMetric(
      'Run',
      'generator_overload',
      '1 where the generator was overloaded: figures are its own then',
    ),
    read: ({ generator }) => ({ value: generator.healthy ? 0 : 1, detail: '' }),
  },
  {
    ...countMetric(
      'Run',
      'generator_load',
      'how much of what its workers can do the load took, by calibration',
    ),
    unit: 'percent',
    read: ({ generator: { capacity } }) =>
      capacity === undefined || capacity.share === null
        ? { missing: missingCapacity(capacity?.missing ?? null) }
        : { value: 100 * capacity.share, detail: '' },
  },
  {
    ...countMetric('Run', 'generator_stall', 'longest time that a thread of the generator stood still'),
    unit: 'ms',
    read: ({ timeline: { stallMs } }) =>
      stallMs.length === 0
        ? { missing: 'the load did not begin' }
        : { value: stallMs.reduce((longest, each) => Math.max(longest, each), 0), detail: '' },
  },
];

/** As a part of a sentence. */
function missingCapacity(why: string | null): string {
  const [first = '', ...rest] = (why ?? 'what the workers can do was not told.').replace(/\.$/, '');
  return `${first.toLowerCase()}${rest.join('')}`;
}

/** Those that had a fault of the kind, alone or together with others; all of them for null. */
function roundsWith(result: Result, kind: string | null): readonly RoundAnalysis[] {
  return result.analysis.rounds.filter(({ fault }) => {
    const record = result.faults[fault];
    return kind === null || (record !== undefined && kindsOf(result, record).includes(kind));
  });
}

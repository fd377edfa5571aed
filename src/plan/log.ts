import { UserError } from '../errors.js';
import { parseInteger, parseNumber } from '../units.js';
import type { OptionText } from './pace.js';
import type { LogPlan } from './plan.js';
import { parseSwitch } from './words.js';

/** In the working directory, as pgbench's. */
const DEFAULT_PREFIX = 'pgbench_log';

/** Options that say how a log is written, and so need one. */
const OF_LOG = ['log-prefix', 'sampling-rate', 'aggregate-interval'] as const;

/**
 * @param durationMs of the load; null when only a number of transactions ends it
 * @throws UserError on what says how a log is written where none is, and on what excludes each other
 */
export function readLog(text: OptionText, durationMs: number | null): LogPlan | null {
  const on = isOn(text, 'log');
  const without = OF_LOG.find((name) => text(name) !== undefined);
  if (!on) {
    if (without !== undefined) {
      throw new UserError(`--${without} says how the log is written, and there is none.`, 'Add --log.');
    }
    return null;
  }
  const sampling = text('sampling-rate');
  const aggregate = text('aggregate-interval');
  if (sampling !== undefined && aggregate !== undefined) {
    throw new UserError(
      '--aggregate-interval sums up all transactions, and --sampling-rate leaves some out.',
      'Leave one of them out.',
    );
  }
  return {
    prefix: text('log-prefix') ?? DEFAULT_PREFIX,
    samplingRate: sampling === undefined ? 1 : samplingRate(sampling),
    aggregateSeconds: aggregate === undefined ? null : aggregateSeconds(aggregate, durationMs),
    failuresDetailed: isOn(text, 'failures-detailed'),
  };
}

/** Whether a switch was given, and not as off. */
export function isOn(text: OptionText, name: string): boolean {
  const given = text(name);
  return given !== undefined && parseSwitch(given, `--${name}`);
}

function samplingRate(text: string): number {
  const rate = parseNumber(text, '--sampling-rate', { max: 1 });
  if (rate <= 0) {
    throw new UserError(`--sampling-rate: expected more than 0 and at most 1, found '${text}'.`);
  }
  return rate;
}

function aggregateSeconds(text: string, durationMs: number | null): number {
  const seconds = parseInteger(text, '--aggregate-interval', { min: 1 });
  if (durationMs !== null && durationMs % (seconds * 1000) !== 0) {
    throw new UserError(
      `--aggregate-interval: expected seconds that divide the ${durationMs / 1000} s of the load, found '${text}'.`,
    );
  }
  return seconds;
}

import { isOn } from '../plan/log.js';
import type { OptionText } from '../plan/pace.js';
import { parseNumber } from '../units.js';
import type { Flags } from './flags.js';

/** Understood since the lines of sysbench's and pgbench's users have them, and without an effect here. */
function inert(names: readonly string[], isSwitch: boolean): Flags {
  return Object.fromEntries(
    names.map((name) => [
      name,
      { hidden: true, group: 'Options:', describe: 'has no effect', ...(isSwitch ? { isSwitch } : {}) },
    ]),
  );
}

/** Of sysbench, for every command: how it logs, checks itself and makes its threads. */
const OF_SYSBENCH: Flags = {
  ...inert(['percentile', 'verbosity', 'thread-stack-size', 'thread-init-timeout', 'forced-shutdown'], false),
  ...inert(['histogram', 'db-debug', 'validate'], true),
};

/** Of `run`. The report has every percentile, and the result a histogram, anyway. */
export const INERT_RUN_FLAGS: Flags = {
  ...OF_SYSBENCH,
  ...inert(['progress-timestamp', 'verbose-errors'], true),
};

/**
 * Of `init` and `cleanup`: sysbench's users keep one line for prepare, run and cleanup. Where a workload has an option of
 * such a name, `threads` of bulk_insert, it is that option.
 */
export const INERT_TABLE_FLAGS: Flags = {
  ...OF_SYSBENCH,
  ...inert(['report-interval', 'warmup-time', 'rand-seed'], false),
  threads: { hidden: true, group: 'Options:', describe: 'has no effect', also: ['num-threads'] },
  time: { hidden: true, group: 'Options:', describe: 'has no effect', also: ['max-time'] },
  events: { hidden: true, group: 'Options:', describe: 'has no effect', also: ['max-requests'] },
  rate: { hidden: true, group: 'Options:', describe: 'has no effect', also: ['tx-rate'] },
};

/** @throws UserError for a value that sysbench would not take either */
export function checkInert(text: OptionText): void {
  const percentile = text('percentile');
  if (percentile !== undefined) {
    parseNumber(percentile, '--percentile', { min: 0, max: 100 });
  }
  for (const name of Object.keys(INERT_RUN_FLAGS)) {
    if (INERT_RUN_FLAGS[name]?.isSwitch === true) {
      isOn(text, name);
    }
  }
}

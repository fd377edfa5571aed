import { type Flags, hidden } from './flags.js';
import { INERT_TABLE_FLAGS } from './inert-flags.js';
import { TARGET_FLAGS } from './target-flags.js';

/** Options of init and of cleanup. */
export const TABLE_FLAGS = {
  workload: { group: 'Options:', describe: 'NAME, as an option: tpcb, or ./mine.js' },
  ...TARGET_FLAGS,
  // Understood, for the line is the one of the run; tables are made at the read-write endpoint alone.
  ...hidden(TARGET_FLAGS, ['ro', 'patroni', 'haproxy']),
  ...INERT_TABLE_FLAGS,
  force: {
    isSwitch: true,
    group: 'Options:',
    describe: 'do it to tables that this tool did not make, too',
  },
} as const satisfies Flags;

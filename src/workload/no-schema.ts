import type { Schema } from './workload.js';

/** Of scripts that say nothing of their tables: whatever is there is taken as it is. */
export const noSchema: Schema = {
  check: async () => ({ kind: 'ready', made: 'elsewhere', options: {} }),
  prepare: async () => undefined,
  cleanup: async () => undefined,
};

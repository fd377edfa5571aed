/** Seconds that Patroni takes instead of anything below, from 3.2 on: config.py's validation. */
export const PATRONI_MINIMUMS = [
  ['ttl', 20],
  ['loop_wait', 1],
  ['retry_timeout', 3],
] as const;

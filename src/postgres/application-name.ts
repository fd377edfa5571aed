/** PostgreSQL keeps so many bytes of it. */
const MOST_BYTES = 63;

/**
 * `pgha-bench/RUN/WHO` by which a session of a run is known in pg_stat_activity.
 * @param who the number of a client, or a purpose: `probe-rw`
 */
export function applicationName(runId: string, who: string | number): string {
  let name = `pgha-bench/${runId}/${who}`;
  while (Buffer.byteLength(name) > MOST_BYTES) {
    name = [...name].slice(0, -1).join('');
  }
  return name;
}

// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import Cursor from 'pg-cursor';

/**
 * A report: reads all accounts through a cursor, some rows at a time, as a client does that cannot hold them all. It
 * streams for seconds, so that one sees what becomes of long reads when the replica that serves them follows another
 * leader, is promoted or restarted.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'scan',
  summary: 'a long read: all accounts through a cursor',
  schema: 'pgbench',
  options: [
    {
      name: 'fetch-rows',
      type: 'number',
      integer: true,
      default: 1000,
      min: 1,
      command: 'run',
      summary: 'rows that are read at once',
    },
    {
      name: 'fetch-pause',
      type: 'number',
      default: 0,
      min: 0,
      // Longer, and the client would take the silence for a server that does not answer.
      max: 5000,
      command: 'run',
      summary: 'ms between two reads, as of a reader that has work to do with them',
    },
  ],
  scripts: [
    {
      name: 'scan',
      weight: 1,
      route: 'ro',
      writes: false,
      run: async (sql, { options, signal }) => {
        const rowsAtOnce = Number(options['fetch-rows']);
        const pauseMs = Number(options['fetch-pause']);
        const cursor = sql.query(new Cursor('SELECT aid, bid, abalance FROM pgbench_accounts'));
        for (
          let rows = await cursor.read(rowsAtOnce);
          rows.length > 0;
          rows = await cursor.read(rowsAtOnce)
        ) {
          if (signal.aborted) {
            return;
          }
          if (pauseMs > 0) {
            await pause(pauseMs);
          }
        }
        await cursor.close();
      },
    },
  ],
};

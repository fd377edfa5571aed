import type pg from 'pg';
import { UserError } from '../errors.js';
import { dropLedger } from '../ledger/table.js';
import { hostPort } from '../plan/target.js';
import { parseOptions } from '../workload/registry.js';
import { isInterruption } from './interruption.js';
import type { TableOptions } from './options.js';
import { lineOf, readTableOrder, type TableOrder } from './table-order.js';
import { workOnTables } from './table-work.js';
import { tableGiven } from './texts.js';

/** What cleanup found. */
export interface Cleanup {
  /** Whether there were tables of the workload. */
  readonly dropped: boolean;
  /** Where it looked, `127.0.0.1:5432, database 'app',`. */
  readonly where: string;
}

/**
 * Drops the tables of a workload, and the ledger's.
 * @throws UserError for what is wrong in the options, when others made the tables, and when the server refuses or is
 *   lost; the signal's reason when it is aborted
 */
export async function cleanup(options: TableOptions): Promise<Cleanup> {
  const { signal } = options;
  try {
    const order = await readTableOrder(tableGiven(options), [options.workload], 'cleanup');
    return await dropTables(order, signal);
  } catch (error) {
    if (isInterruption(error, signal)) {
      signal?.throwIfAborted();
    }
    throw error;
  }
}

/** Drops the tables of an order. @throws UserError as {@link cleanup}, and when it is aborted */
export async function dropTables(order: TableOrder, signal?: AbortSignal): Promise<Cleanup> {
  const { rw } = order.target.target;
  const where = `${hostPort(rw)}, database '${rw.database}',`;
  const line = lineOf('cleanup', order);
  const work = { command: 'cleanup', purpose: 'drop the tables', line } as const;
  let dropped = false;
  await workOnTables(order.target, work, signal, async (sql) => {
    dropped = await drop(sql, order, where);
  });
  return { dropped, where };
}

async function drop(sql: pg.Client, order: TableOrder, where: string): Promise<boolean> {
  const { named, given, force } = order;
  const { workload } = named;
  const options = parseOptions(workload, given);
  await dropLedger(sql);
  const state = await workload.schema.check(sql, options);
  if (state.kind === 'missing') {
    return false;
  }
  if (state.made === 'elsewhere' && !force) {
    throw new UserError(
      `${where} has tables of ${workload.name} that pgha-bench did not make.`,
      `If they may go, '${lineOf('cleanup', { ...order, force: true })}' drops them.`,
    );
  }
  await workload.schema.cleanup(sql, options);
  return true;
}

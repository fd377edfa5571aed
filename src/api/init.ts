import type pg from 'pg';
import { UserError } from '../errors.js';
import { hostPort } from '../plan/target.js';
import { parseOptions } from '../workload/registry.js';
import type { PrepareProgress } from '../workload/workload.js';
import { isInterruption } from './interruption.js';
import type { TableOptions } from './options.js';
import { lineOf, readTableOrder, type TableOrder } from './table-order.js';
import { workOnTables } from './table-work.js';
import { tableGiven } from './texts.js';

/** What the work on tables is watched with. */
export interface TableHooks {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
}

/**
 * Makes and loads the tables of a workload, replacing those that this tool made before.
 * @throws UserError for what is wrong in the options, when others made the tables that are there, and when the server
 *   refuses or is lost; the signal's reason when it is aborted
 */
export async function init(options: TableOptions): Promise<void> {
  const { signal } = options;
  try {
    const order = await readTableOrder(tableGiven(options), [options.workload], 'init');
    await makeTables(order, options);
  } catch (error) {
    if (isInterruption(error, signal)) {
      signal?.throwIfAborted();
    }
    throw error;
  }
}

/**
 * Makes and loads the tables of an order.
 * @throws UserError when others made those that are there, when the server refuses, and when it is aborted
 */
export async function makeTables(order: TableOrder, { signal, onProgress }: TableHooks = {}): Promise<void> {
  const work = { command: 'init', purpose: 'make the tables', line: lineOf('init', order) } as const;
  await workOnTables(order.target, work, signal, (sql) => make(sql, order, onProgress ?? (() => undefined)));
}

async function make(
  sql: pg.Client,
  order: TableOrder,
  onProgress: (progress: PrepareProgress) => void,
): Promise<void> {
  const { named, given, target, force } = order;
  const { workload } = named;
  const { rw } = target.target;
  const options = parseOptions(workload, given);
  const state = await workload.schema.check(sql, options);
  if (state.kind !== 'missing' && state.made === 'elsewhere' && !force) {
    throw new UserError(
      `${hostPort(rw)} has tables of ${workload.name} in database '${rw.database}' that pgha-bench did not make.`,
      `Run with them as they are, or replace them with '${lineOf('init', { ...order, force: true })}'.`,
    );
  }
  await workload.schema.prepare(sql, options, onProgress);
}

import type pg from 'pg';
import type { Arguments } from '../api/arguments.js';
import { workOnTables } from '../api/table-work.js';
import { UserError } from '../errors.js';
import { dropLedger } from '../ledger/table.js';
import { hostPort } from '../plan/target.js';
import { parseOptions } from '../workload/registry.js';
import { interruptible, lineOf, readTableOrder, type TableOrder } from './init.js';

/** `pgha-bench cleanup WORKLOAD`: drops the tables. @returns the exit code */
export async function cleanup(args: Arguments): Promise<number> {
  const order = await readTableOrder(args, 'cleanup');
  const line = lineOf('cleanup', order);
  const work = { command: 'cleanup', purpose: 'drop the tables', line } as const;
  const left = `Some tables may be left: '${line}' drops them.\n`;
  return interruptible(left, (signal) =>
    workOnTables(order.target, work, signal, (sql) => dropTables(sql, order)),
  );
}

async function dropTables(sql: pg.Client, order: TableOrder): Promise<void> {
  const { named, given, target, force } = order;
  const { workload } = named;
  const options = parseOptions(workload, given);
  const { rw } = target.target;
  const where = `${hostPort(rw)}, database '${rw.database}',`;
  await dropLedger(sql);
  const state = await workload.schema.check(sql, options);
  if (state.kind === 'missing') {
    process.stderr.write(`${where} has no tables of ${workload.name}.\n`);
    return;
  }
  if (state.made === 'elsewhere' && !force) {
    throw new UserError(
      `${where} has tables of ${workload.name} that pgha-bench did not make.`,
      `If they may go, '${lineOf('cleanup', { ...order, force: true })}' drops them.`,
    );
  }
  await workload.schema.cleanup(sql, options);
}

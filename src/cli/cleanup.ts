import type { Arguments } from '../api/arguments.js';
import { dropTables } from '../api/cleanup.js';
import { lineOf, readTableOrder } from '../api/table-order.js';
import { interruptible, namesIn, sayFile } from './init.js';
import { givenBy } from './words.js';

/** `pgha-bench cleanup WORKLOAD`: drops the tables. @returns the exit code */
export async function cleanup(args: Arguments): Promise<number> {
  const order = await readTableOrder(givenBy(args), namesIn(args), 'cleanup');
  sayFile(order);
  const left = `Some tables may be left: '${lineOf('cleanup', order)}' drops them.\n`;
  return interruptible(left, async (signal) => {
    const { dropped, where } = await dropTables(order, signal);
    if (!dropped) {
      process.stderr.write(`${where} has no tables of ${order.named.workload.name}.\n`);
    }
  });
}

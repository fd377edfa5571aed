import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { makeTables } from '../api/init.js';
import { lineOf, readTableOrder, type TableOrder } from '../api/table-order.js';
import { endOf, Interrupt } from './interrupt.js';
import { ProgressBar } from './progress-bar.js';
import { givenBy, NAME } from './words.js';

/** `pgha-bench init WORKLOAD`: makes and loads the tables. @returns the exit code */
export async function init(args: Arguments): Promise<number> {
  const order = await readTableOrder(givenBy(args), namesIn(args), 'init');
  sayFile(order);
  const left = `The tables may be incomplete: '${lineOf('init', order)}' makes them anew.\n`;
  return interruptible(left, async (signal) => {
    const bar = new ProgressBar(process.stderr);
    try {
      await makeTables(order, { signal, onProgress: (progress) => bar.show(progress) });
    } finally {
      bar.end();
    }
  });
}

/** The workloads that init or cleanup is called with: as a word, and as an option. */
export function namesIn(args: Arguments): readonly string[] {
  const names = [args[NAME], once(args, 'workload')];
  return names.filter((name) => name !== undefined).map(String);
}

/** Nobody should have to guess which file was found. */
export function sayFile({ ofFile }: Pick<TableOrder, 'ofFile'>): void {
  if (ofFile !== undefined) {
    process.stderr.write(`${ofFile}\n`);
  }
}

/** @param left told when it is interrupted, for what stays behind */
export async function interruptible(
  left: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const interrupt = new Interrupt(() => left);
  try {
    await work(interrupt.signal);
    return EXIT.ok;
  } catch (error) {
    const exitCode = endOf(error, interrupt.signal);
    process.stderr.write(left);
    return exitCode;
  } finally {
    interrupt.release();
  }
}

import { type Arguments, once } from '../api/arguments.js';
import { type Calibrated, type CalibrateOptions, calibrate, workerTps } from '../api/calibrate.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { parseSwitch } from '../plan/words.js';
import { plain, table, wrap } from '../report/terminal/text.js';
import { formatRate, parseDuration } from '../units.js';
import { endOf, Interrupt } from './interrupt.js';

export const CALIBRATE_FLAGS = {
  duration: { alias: 'T', group: 'Options:', describe: 'of each of six loads, 1s to 1h [3s]' },
  'state-dir': {
    group: 'Options:',
    describe: 'where it is kept [$PGHA_BENCH_STATE, or your state directory]',
  },
  json: { isSwitch: true, group: 'Options:', describe: 'print what is kept, and not a table' },
} as const satisfies Flags;

export const CALIBRATE_EPILOGUE =
  'Do it on a quiet machine, and again with another CPU, Node.js or pgha-bench. A run that then comes within 20 % of what its workers can do is called generator limited.';

/** `pgha-bench calibrate`. @returns the exit code */
export async function calibrateCommand(args: Arguments): Promise<number> {
  const isJson = parseSwitch(once(args, 'json') ?? 'off', '--json');
  const options = optionsOf(args);
  const interrupt = new Interrupt(() => '');
  try {
    const onStep = (line: string) => process.stderr.write(`${line}\n`);
    const calibrated = await calibrate({ ...options, onStep, signal: interrupt.signal });
    process.stdout.write(
      isJson ? `${JSON.stringify(calibrated.calibration, null, 2)}\n` : textOf(calibrated),
    );
    return EXIT.ok;
  } catch (error) {
    return endOf(error, interrupt.signal);
  } finally {
    interrupt.release();
  }
}

function optionsOf(args: Arguments): CalibrateOptions {
  const duration = once(args, 'duration');
  const stateDir = once(args, 'state-dir');
  return {
    ...(duration === undefined ? {} : { durationMs: parseDuration(duration, '--duration') }),
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}

const COLUMNS = 80;

function textOf({ calibration: { machine, protocols, notes }, file }: Calibrated): string {
  const [first] = protocols;
  const rows = protocols.map((cost) => [
    plain(cost.protocol),
    ...cost.measured.map((load) => formatRate(workerTps(load))),
    cost.transactionUs.toFixed(1),
    cost.statementUs.toFixed(1),
  ]);
  const heads = (first?.measured ?? []).map(({ workload }) => `${plain(workload)} tps`);
  const head = ['protocol', ...heads, 'µs a transaction', '+ µs a statement'];
  return [
    'What one worker can do here with a core of its own:',
    '',
    ...table([head, ...rows], ['left', 'right', 'right', 'right', 'right']),
    '',
    ...wrap(
      `${plain(machine.cpu)}, ${machine.cores} cores, Node ${machine.node}, pgha-bench ${machine.tool}`,
      COLUMNS,
    ),
    ...notes.flatMap((note) => wrap(plain(note), COLUMNS)),
    `kept in ${plain(file)}`,
    '',
  ].join('\n');
}

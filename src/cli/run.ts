import { text } from 'node:stream/consumers';
import { type Arguments, each, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { carryOut } from '../api/run.js';
import { RUN_FLAGS } from '../api/run-flags.js';
import { type RunOrder, readRunOrder } from '../api/run-order.js';
import { type Choice, SELECTION_OPTIONS, type SelectionOption } from '../plan/selection.js';
import { parseSwitch } from '../plan/words.js';
import { problemOf } from '../report/problem.js';
import { renderTerminal } from '../report/terminal.js';
import { Interrupt } from './interrupt.js';
import { ProgressBar } from './progress-bar.js';
import { progressView } from './progress-view.js';
import { terminalOf } from './terminal.js';
import { givenBy, NAME } from './words.js';
import { printPgbenchScripts, printScript } from './workloads.js';

/**
 * `pgha-bench run WORKLOAD`.
 * @param words of the command line, spelled out: they tell in which order things were named
 * @returns the exit code
 */
export async function run(args: Arguments, words: readonly string[]): Promise<number> {
  const shown = once(args, 'show-script');
  if (shown !== undefined) {
    await printScript(shown);
    return EXIT.ok;
  }
  if (each(args, 'builtin').includes('list')) {
    await printPgbenchScripts();
    return EXIT.ok;
  }
  const choices = choicesOf(args, words);
  const live = parseSwitch(once(args, 'live') ?? 'off', '--live');
  const order = await readRunOrder({ ...givenBy(args), choices, readStdin: () => text(process.stdin) });
  return runOrder(order, live);
}

function choicesOf(args: Arguments, words: readonly string[]): readonly Choice[] {
  for (const option of SELECTION_OPTIONS) {
    each(args, option);
  }
  const choices: Choice[] = [];
  if (args[NAME] !== undefined) {
    choices.push({ option: 'workload', text: String(args[NAME]) });
  }
  for (const word of words) {
    const [, name, value = ''] = /^--([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    const option = SELECTION_OPTIONS.find((candidate) => candidate === name);
    if (option !== undefined && (!isSwitch(option) || parseSwitch(value, `--${option}`))) {
      choices.push({ option, text: value });
    }
  }
  return choices;
}

function isSwitch(option: SelectionOption): boolean {
  return 'isSwitch' in RUN_FLAGS[option];
}

async function runOrder(order: RunOrder, live: boolean): Promise<number> {
  let ownLab: string | undefined;
  let standing: readonly string[] = [];
  const interrupt = new Interrupt(() => {
    const left = standing.length === 0 ? '' : `Not undone: ${standing.join(', ')}.\n`;
    return ownLab === undefined ? left : `${left}'pgha-bench lab down --name ${ownLab}' stops the lab.\n`;
  });
  const bar = new ProgressBar(process.stderr);
  const view = progressView(live, process.stderr, terminalOf(process.stderr), interrupt.signal);
  const quiet = () => {
    bar.end();
    view.end();
  };
  try {
    const { exitCode } = await carryOut(order, {
      signal: interrupt.signal,
      onOwnLab: (name) => {
        ownLab = name;
      },
      onStanding: (names) => {
        standing = names;
      },
      onPrepare: (progress) => bar.show(progress),
      onProgress: (progress) => view.show(progress),
      onStep: (line) => {
        quiet();
        tell(line);
      },
      onResult: (result, directory) => {
        quiet();
        const style = terminalOf(process.stdout);
        process.stdout.write(renderTerminal(result, directory === null ? style : { ...style, directory }));
        const problem = problemOf(result);
        if (problem !== null) {
          tell(`pgha-bench: ${problem}`);
        }
      },
    });
    return exitCode;
  } catch (error) {
    if (interrupt.signal.aborted) {
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    quiet();
    interrupt.release();
  }
}

/** Progress goes to stderr: stdout is the report. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

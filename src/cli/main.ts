import yargs, { type Argv } from 'yargs';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { toolVersion } from '../run/tool.js';
import { type Arguments, PARSER } from './arguments.js';
import { EXIT } from './exit.js';

const COMMANDS = ['run', 'init', 'lab'];

/**
 * One invocation of the command line.
 * @param words without node and script
 * @returns the exit code
 */
export async function main(words: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    refuseInherited(words);
    await parser(words, (code) => {
      exitCode = code;
    }).parseAsync();
    return exitCode;
  } catch (error) {
    report(error, words.includes('--debug'));
    return EXIT.usage;
  }
}

/** yargs takes the names of what every object has for options of its own, and fails on them. */
function refuseInherited(words: readonly string[]): void {
  for (const word of words) {
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name !== undefined && name in Object.prototype) {
      throw new UserError(`There is no option --${name}.`, 'See pgha-bench --help.');
    }
  }
}

/** Commands load their code when they run: --help need not wait for drivers. */
function parser(words: readonly string[], exit: (code: number) => void): Argv {
  return (
    yargs([...words])
      .scriptName('pgha-bench')
      .usage(
        'Usage: $0 COMMAND\n\nLoad-tests PostgreSQL through a failover: keeps the clients on, and tells what\nthey lived through.',
      )
      .parserConfiguration(PARSER)
      .version(toolVersion())
      .command({
        command: 'run <workload>',
        describe: 'run a workload, with a switchover in the middle',
        builder: async (cli: Argv) =>
          workloadCommand(cli, (await import('./run.js')).RUN_OPTIONS, [
            '$0 run tpcb --clients 64',
            '$0 run tpcb --clients 64 --fault switchover:candidate=n3@20s',
            '$0 run select-only --rw postgresql://app@db:5000/app --fault none',
          ]),
        handler: async (args: Arguments) => exit(await (await import('./run.js')).run(args)),
      })
      .command({
        command: 'init <workload>',
        describe: 'make and load the tables of a workload',
        builder: async (cli: Argv) =>
          workloadCommand(cli, (await import('./init.js')).INIT_OPTIONS, ['$0 init tpcb --scale 100']),
        handler: async (args: Arguments) => exit(await (await import('./init.js')).init(args)),
      })
      .command({
        command: 'lab',
        describe: 'start, stop and look at a real three-node cluster on loopback',
        builder: async (cli: Argv) => (await import('./lab.js')).labOptions(cli, exit),
        handler: () => undefined,
      })
      .option('debug', { type: 'boolean', describe: 'show the stack of an error' })
      .demandCommand(1, '')
      .strict()
      .help()
      .wrap(80)
      .exitProcess(false)
      .showHelpOnFail(false)
      // yargs has no message where we gave it an empty one, whatever its types say.
      .fail((message: string | null, error) => {
        throw error ?? new UserError(usageProblem(message ?? '', words));
      })
  );
}

/** A workload has options of its own, so that the command itself must judge what it does not know. */
async function workloadCommand(
  cli: Argv,
  options: Parameters<Argv['options']>[0],
  examples: readonly string[],
): Promise<Argv> {
  const { listWorkloads } = await import('../workload/registry.js');
  const built = await listWorkloads();
  const own = built.map(({ name, summary, options: each }) => {
    const flags = each.map((option) => `--${option.name} [${option.default}]`).join(' ');
    return `  ${name} ${flags}\n      ${summary}`;
  });
  for (const example of examples) {
    cli.example(example, '');
  }
  return cli
    .positional('workload', { type: 'string', describe: 'what to run, see below' })
    .options(options)
    .epilogue(`Workloads, and their own options:\n${own.join('\n')}`)
    .strict(false)
    .strictCommands();
}

/** yargs' words in the form of ours: expected, found, what to do. */
function usageProblem(message: string, words: readonly string[]): string {
  const [command = ''] = words;
  if (message.startsWith('Unknown command') && COMMANDS.includes(command)) {
    return `Expected one word behind '${command}'; ${message.replace('Unknown command', 'found more')}. See pgha-bench ${command} --help.`;
  }
  if (message === '' || !COMMANDS.includes(command)) {
    const found = command === '' ? 'none' : `'${command}'`;
    return `Expected a command, one of ${COMMANDS.join(', ')}; found ${found}.${didYouMean(command, COMMANDS)} See pgha-bench --help.`;
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return `Expected the name of a workload behind '${command}', such as tpcb. See pgha-bench ${command} --help.`;
  }
  return `${message.replace(/\.?$/, '.')} See pgha-bench ${command} --help.`;
}

function report(error: unknown, debug: boolean): void {
  if (error instanceof UserError && !debug) {
    process.stderr.write(`pgha-bench: ${error.message}\n`);
  } else {
    // Anything else is a bug: its stack is what a report of it needs.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`pgha-bench: unexpected error\n${text}\n`);
  }
}

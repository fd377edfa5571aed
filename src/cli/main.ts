import yargs, { type Argv } from 'yargs';
import type { Arguments } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { toolVersion } from '../api/version.js';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { spellOut, yargsOptions } from './flags.js';
import { NAME, PARSER } from './words.js';

const COMMANDS = [
  'run',
  'report',
  'results',
  'compare',
  'gate',
  'init',
  'prepare',
  'cleanup',
  'workloads',
  'faults',
  'doctor',
  'target',
  'predict',
  'lab',
  'cluster',
  'null-server',
  'calibrate',
];

/** Of the commands that have commands of their own. */
const SUBCOMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['lab', ['up', 'down', 'status', 'env']],
  ['cluster', ['render']],
]);

/**
 * One invocation of the command line.
 * @param words without node and script
 * @returns the exit code
 */
export async function main(words: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    refuseInherited(words);
    const flags = await flagsOf(words[0] ?? '');
    const spelled = await spelledOut(words, flags);
    await parser(spelled, flags ?? {}, (code) => {
      exitCode = code;
    }).parseAsync();
    return exitCode;
  } catch (error) {
    await report(error, words.includes('--debug'));
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
function parser(words: readonly string[], flags: Flags, exit: (code: number) => void): Argv {
  return (
    yargs([...words])
      .scriptName('pgha-bench')
      .usage(
        'Usage: $0 COMMAND\n\nLoad-tests PostgreSQL through a failover: keeps the clients on, and tells what\nthey lived through.',
      )
      .parserConfiguration(PARSER)
      .version(toolVersion())
      .command({
        command: `run [${NAME}]`,
        describe: 'run workloads or scripts, on a lab with a switchover',
        builder: async (cli: Argv) =>
          workloadCommand(cli, (await import('../api/run-flags.js')).RUN_FLAGS, [
            '$0 run tpcb -c 64 -T 60',
            '$0 run -b tpcb@1 -f mine.sql@4 --rate 500 --fault none',
            "$0 run --mix 'tpcb@1,select-only@9' -c 64 --fault switchover@20s",
            '$0 run oltp_read_write --threads 16 --pgsql-host db',
          ]),
        handler: async (args: Arguments) => exit(await (await import('./run.js')).run(args, words)),
      })
      .command({
        command: 'report [RESULT..]',
        describe: 'show results again: in the terminal, as a page, for a wiki, for others to read',
        builder: async (cli: Argv) =>
          cli
            .positional('RESULT', {
              type: 'string',
              describe: 'folder of a run, its result.json, or its label',
            })
            .options(yargsOptions((await import('./report.js')).REPORT_FLAGS))
            .epilogue((await import('./report.js')).formatList()),
        handler: async (args: Arguments) => exit(await (await import('./report.js')).report(args)),
      })
      .command({
        command: 'results [DIR]',
        describe: 'list what runs have left, the newest last',
        builder: async (cli: Argv) =>
          cli
            .positional('DIR', { type: 'string', describe: 'directory of results [results]' })
            .options(yargsOptions((await import('./results.js')).RESULTS_FLAGS)),
        handler: async (args: Arguments) => exit(await (await import('./results.js')).results(args)),
      })
      .command({
        command: 'compare [BASE] [CANDIDATE..]',
        describe: 'what differs between runs by more than chance, and what may be the cause',
        builder: async (cli: Argv) =>
          cli
            .positional('BASE', {
              type: 'string',
              describe: 'folder of a run, its result.json, or its label',
            })
            .positional('CANDIDATE', { type: 'string', describe: 'one or more of these' })
            .options(yargsOptions((await import('./compare.js')).COMPARE_FLAGS))
            .example('$0 compare before after', '')
            .epilogue((await import('./compare.js')).COMPARE_EPILOGUE),
        handler: async (args: Arguments) => exit(await (await import('./compare.js')).compare(args)),
      })
      .command({
        command: 'gate [RESULT..]',
        describe: 'judge results by conditions; the exit code is for CI',
        builder: async (cli: Argv) => gateOptions(cli),
        handler: async (args: Arguments) => exit(await (await import('./gate.js')).gateCommand(args)),
      })
      .command({
        command: `init [${NAME}]`,
        aliases: [`prepare [${NAME}]`],
        describe: 'make and load the tables of a workload',
        builder: async (cli: Argv) =>
          workloadCommand(cli, (await import('../api/table-flags.js')).TABLE_FLAGS, [
            '$0 init tpcb --scale 100',
            '$0 init oltp_read_write --tables 4 --table-size 100000',
          ]),
        handler: async (args: Arguments) => exit(await (await import('./init.js')).init(args)),
      })
      .command({
        command: `cleanup [${NAME}]`,
        describe: 'drop the tables of a workload',
        builder: async (cli: Argv) =>
          workloadCommand(cli, (await import('../api/table-flags.js')).TABLE_FLAGS, ['$0 cleanup tpcb']),
        handler: async (args: Arguments) => exit(await (await import('./cleanup.js')).cleanup(args)),
      })
      .command({
        command: `workloads [ACTION] [${NAME}]`,
        describe: "list what can be run; 'show NAME' prints options and SQL",
        builder: async (cli: Argv) =>
          // It judges for itself what it does not know, in words of its own.
          cli
            .options(yargsOptions((await import('./workloads.js')).WORKLOADS_FLAGS))
            .strict(false)
            .strictCommands(),
        handler: async (args: Arguments) => exit(await (await import('./workloads.js')).workloads(args)),
      })
      .command({
        command: 'faults',
        describe: 'list what can be done to a cluster, and the downtime to expect',
        builder: async (cli: Argv) => cli.options(yargsOptions((await import('./faults.js')).FAULTS_FLAGS)),
        handler: async (args: Arguments) => exit(await (await import('./faults.js')).faults(args)),
      })
      .command({
        command: 'doctor',
        describe: 'look at a target: what would make a run fail or mislead, and what to do',
        builder: async (cli: Argv) =>
          cli
            .options(yargsOptions((await import('./doctor.js')).DOCTOR_FLAGS))
            .example('$0 doctor --clients 64', '')
            .example('$0 doctor --config patroni.yml --etcd-env etcd.env --haproxy haproxy.cfg', '')
            .epilogue((await import('./doctor.js')).DOCTOR_EPILOGUE),
        handler: async (args: Arguments) => exit(await (await import('./doctor.js')).doctor(args)),
      })
      .command({
        command: `target [ACTION] [${NAME}]`,
        describe: "list targets of pgha-bench.yaml; 'show' or 'test' the one that would be used",
        builder: async (cli: Argv) =>
          cli
            .positional('ACTION', { type: 'string', describe: 'list, show or test' })
            .positional(NAME, { type: 'string', describe: 'of a target; as --target' })
            .options(yargsOptions((await import('./target.js')).TARGET_COMMAND_FLAGS)),
        handler: async (args: Arguments) => exit(await (await import('./target.js')).target(args)),
      })
      .command({
        command: 'predict [FAULT..]',
        describe: 'the downtime that settings imply, per fault, and what it is made of',
        builder: async (cli: Argv) =>
          cli
            .positional('FAULT', { type: 'string', describe: 'only these, with what each is made of' })
            .options(yargsOptions((await import('./predict.js')).PREDICT_FLAGS))
            .example('$0 predict --profile stock --compare profile=fast', '')
            .example("$0 predict kill-node --ttl 20 --haproxy-check 'inter 1s fall 3 rise 2'", '')
            .epilogue((await import('./predict.js')).PREDICT_EPILOGUE),
        handler: async (args: Arguments) => exit(await (await import('./predict.js')).predict(args)),
      })
      .command({
        command: 'lab',
        describe: 'start, stop and look at a real three-node cluster on loopback',
        builder: async (cli: Argv) => (await import('./lab.js')).labOptions(cli, exit),
        handler: () => undefined,
      })
      .command({
        command: 'cluster',
        describe: "write configuration and steps for a cluster of one's own",
        builder: async (cli: Argv) => (await import('./cluster.js')).clusterOptions(cli),
        handler: () => undefined,
      })
      .command({
        command: 'null-server',
        describe: 'answer every statement at once: what is left is the cost of a generator',
        builder: async (cli: Argv) =>
          cli.options(yargsOptions((await import('./null-server.js')).NULL_SERVER_FLAGS)),
        handler: async (args: Arguments) => exit(await (await import('./null-server.js')).nullServer(args)),
      })
      .command({
        command: 'calibrate',
        describe: "measure what this machine's workers can do, so that runs know",
        builder: async (cli: Argv) =>
          cli
            .options(yargsOptions((await import('./calibrate.js')).CALIBRATE_FLAGS))
            .epilogue((await import('./calibrate.js')).CALIBRATE_EPILOGUE),
        handler: async (args: Arguments) =>
          exit(await (await import('./calibrate.js')).calibrateCommand(args)),
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
        throw error ?? new UserError(usageProblem(message ?? '', words, flags));
      })
  );
}

/** What the words of a command mean, in the form that yargs takes for nothing else. */
async function spelledOut(words: readonly string[], flags: Flags | undefined): Promise<readonly string[]> {
  const [command = '', ...rest] = words;
  const asked = rest.length === 1 && ['-h', '-?'].includes(rest[0] ?? '');
  if (asked || ['-h', '-?'].includes(command)) {
    return asked ? [command, '--help'] : ['--help'];
  }
  if (flags === undefined) {
    return words;
  }
  const { listWorkloads } = await import('../api/workloads.js');
  const own = (await listWorkloads()).flatMap(({ options }) => options);
  return [command, ...spellOut(rest, flags, own)];
}

/** Undefined for a command that has no options of a workload. */
async function flagsOf(command: string): Promise<Flags | undefined> {
  switch (command) {
    case 'run':
      return (await import('../api/run-flags.js')).RUN_FLAGS;
    case 'init':
    case 'prepare':
    case 'cleanup':
      return (await import('../api/table-flags.js')).TABLE_FLAGS;
    case 'workloads':
      return (await import('./workloads.js')).WORKLOADS_FLAGS;
    case 'gate':
      return (await import('./gate.js')).GATE_FLAGS;
    case 'faults':
      return (await import('./faults.js')).FAULTS_FLAGS;
    case 'doctor':
      return (await import('./doctor.js')).DOCTOR_FLAGS;
    case 'target':
      return (await import('./target.js')).TARGET_COMMAND_FLAGS;
    case 'predict':
      return (await import('./predict.js')).PREDICT_FLAGS;
    case 'report':
      return (await import('./report.js')).REPORT_FLAGS;
    case 'compare':
      return (await import('./compare.js')).COMPARE_FLAGS;
    case 'calibrate':
      return (await import('./calibrate.js')).CALIBRATE_FLAGS;
    case 'results':
      return (await import('./results.js')).RESULTS_FLAGS;
    default:
      return undefined;
  }
}

async function gateOptions(cli: Argv): Promise<Argv> {
  const { GATE_FLAGS, GATE_HELP } = await import('./gate.js');
  return cli
    .positional('RESULT', { type: 'string', describe: 'folder of a run, its result.json, or its label' })
    .options(yargsOptions(GATE_FLAGS))
    .example("$0 gate results/mine --gate 'lost == 0' --gate 'write_downtime.p95 < 10s'", '')
    .example('$0 gate mine --gates gates.yaml --format junit=gates.xml', '')
    .example("$0 gate mine --baseline main --gate 'write_downtime.median not worse'", '')
    .epilogue(GATE_HELP);
}

/** A workload has options of its own, so that the command itself must judge what it does not know. */
async function workloadCommand(cli: Argv, flags: Flags, examples: readonly string[]): Promise<Argv> {
  const { listWorkloads } = await import('../api/workloads.js');
  const names = (await listWorkloads()).map(({ name }) => name);
  for (const example of examples) {
    cli.example(example, '');
  }
  return cli
    .positional(NAME, { type: 'string', describe: 'a workload of the list below, or a file of your own' })
    .options(yargsOptions(flags))
    .epilogue(
      `Workloads: ${names.join(', ')}.\nEach has options of its own: '$0 workloads show NAME' lists them, and its SQL.`,
    )
    .strict(false)
    .strictCommands();
}

/** yargs' words in the form of ours: expected, found, what to do. */
function usageProblem(message: string, words: readonly string[], flags: Flags): string {
  const [command = ''] = words;
  if (message.startsWith('Unknown command') && COMMANDS.includes(command)) {
    return `Expected one word behind '${command}'; ${message.replace('Unknown command', 'found more')}. See pgha-bench ${command} --help.`;
  }
  if (message === '' || !COMMANDS.includes(command)) {
    const found = command === '' ? 'none' : `'${command}'`;
    return `Expected a command, one of ${COMMANDS.join(', ')}; found ${found}.${didYouMean(command, COMMANDS)} See pgha-bench --help.`;
  }
  const strange = wordProblem(message, command, words.slice(1));
  if (strange !== null) {
    return strange;
  }
  const [, unknown] = /^Unknown arguments?: ([\w-]+)/.exec(message) ?? [];
  if (unknown !== undefined) {
    const option = unknown.length === 1 ? `-${unknown}` : `--${unknown}`;
    const known = Object.keys(flags).map((name) => `--${name}`);
    return `${command} has no option ${option}.${didYouMean(option, known)} See pgha-bench ${command} --help.`;
  }
  return `${message.replace(/\.?$/, '.')} See pgha-bench ${command} --help.`;
}

/** Null where it is no word that is wrong, or the command has no commands of its own: yargs calls words arguments, too. */
function wordProblem(message: string, command: string, words: readonly string[]): string | null {
  const known = SUBCOMMANDS.get(command);
  const unknown = /^Unknown arguments?: (.+)/.exec(message)?.[1]?.split(', ') ?? [];
  // Options stand there without their dashes.
  const word = unknown.find((each) => words.includes(each));
  if (known === undefined || word === undefined) {
    return null;
  }
  const sub = words.find((each) => known.includes(each));
  return sub === undefined
    ? `Expected ${known.map((each) => `${command} ${each}`).join(', ')}; found '${command} ${word}'.${didYouMean(word, known)} See pgha-bench ${command} --help.`
    : `Found more behind '${command} ${sub}' than it takes: '${word}'. See pgha-bench ${command} ${sub} --help.`;
}

/** A message may quote what a server said, which is not to have power over the terminal. */
async function report(error: unknown, debug: boolean): Promise<void> {
  const { plainLines } = await import('../report/terminal/text.js');
  if (error instanceof UserError && !debug) {
    process.stderr.write(`pgha-bench: ${plainLines(error.message)}\n`);
  } else {
    // Anything else is a bug: its stack is what a report of it needs.
    process.stderr.write(`pgha-bench: unexpected error\n${plainLines(stackOf(error))}\n`);
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\n${stackOf(error.cause)}`;
}

import type { Arguments } from '../api/arguments.js';
import { once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { TARGET_FLAGS } from '../api/target-flags.js';
import { describeTarget, listTargets, type TargetDescription, type TargetList } from '../api/target-show.js';
import { askTarget, type TargetTest } from '../api/target-test.js';
import { UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { labelled, plain, styleOf, type TerminalOptions } from '../report/terminal/text.js';
import { terminalOf } from './terminal.js';
import { givenBy, NAME } from './words.js';

/** Options of `pgha-bench target`. */
export const TARGET_COMMAND_FLAGS: Flags = {
  ...TARGET_FLAGS,
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
};

const ACTIONS = ['list', 'show', 'test'] as const;
const FORMATS = ['terminal', 'json'] as const;

/** `pgha-bench target list|show|test [NAME]`. @returns the exit code: 2 when something does not answer as it should */
export async function target(args: Arguments): Promise<number> {
  const action = choice(String(args['ACTION'] ?? 'list'), 'target', ACTIONS);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', FORMATS);
  const { ACTION: _, format: __, ...rest } = args;
  const given = givenBy(withName(rest, action));
  const terminal = terminalOf(process.stdout);
  if (action === 'list') {
    const file = once(given.args, 'target-file');
    const list = await listTargets(file === undefined ? {} : { file });
    print(format === 'json' ? json(list) : listText(list, terminal));
    return EXIT.ok;
  }
  if (action === 'show') {
    const description = await describeTarget(given);
    print(format === 'json' ? json(description) : showText(description, terminal));
    return EXIT.ok;
  }
  const test = await askTarget(given);
  print(format === 'json' ? json(test) : testText(test, terminal));
  return test.ok ? EXIT.ok : EXIT.usage;
}

/** NAME behind the action is short for --target NAME. */
function withName(args: Arguments, action: (typeof ACTIONS)[number]): Arguments {
  const name = args[NAME];
  if (name === undefined) {
    return args;
  }
  if (action === 'list' || args['target'] !== undefined) {
    throw new UserError(
      action === 'list'
        ? `target list takes no name, found '${String(name)}'. 'pgha-bench target show ${String(name)}' shows one.`
        : `Expected one target, found '${String(name)}' and --target.`,
    );
  }
  return { ...args, target: String(name) };
}

function print(text: string): void {
  process.stdout.write(text);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The targets of the file, with what each has. */
export function listText({ file, targets }: TargetList, options: TerminalOptions): string {
  const style = styleOf(options);
  if (file === null) {
    return 'There is no pgha-bench.yaml in the working directory or above it.\n';
  }
  const width = Math.max(...targets.map(({ name }) => name.length), 0);
  const lines = targets.flatMap(({ name, options: has, isDefault }) =>
    labelled(`  ${name}`, `${isDefault ? 'default; ' : ''}${has.join(', ')}`, width + 4, style),
  );
  return `${[`Targets of ${plain(file)}:`, ...lines].join('\n')}\n`;
}

/** The target that would be used: under each option what gave it. */
export function showText(shown: TargetDescription, options: TerminalOptions): string {
  const style = styleOf(options);
  if (shown.kind === 'none') {
    return 'No target is named, and no lab is up: a run starts a lab of its own.\n';
  }
  const name = shown.name === null ? 'target' : `${shown.kind === 'lab' ? 'lab' : 'target'} ${shown.name}`;
  const by = shown.chosenBy ?? (shown.kind === 'lab' ? 'nothing else is named, and it is up' : null);
  const width = Math.max(...shown.options.map(({ option }) => option.length));
  const lines = shown.options.flatMap(({ option, value, from }) => {
    const head = `  ${option.padEnd(width)}  `;
    const source = from === null ? [] : labelled('', `from ${plain(from)}`, head.length, style);
    return [
      ...labelled(head, plain(value), head.length, style),
      ...source.map((line) => style.paint(line, 'dim')),
    ];
  });
  const title = labelled('', `${plain(name)}${by === null ? '' : ` (${plain(by)})`}`, 0, style);
  return `${[...title.map((line) => style.paint(line, 'bold')), ...lines].join('\n')}\n`;
}

/** A line for each endpoint, and what it said. */
export function testText({ target: name, answers, ok }: TargetTest, options: TerminalOptions): string {
  const style = styleOf(options);
  const width = Math.max(...answers.map(({ part }) => part.length));
  const lines = answers.flatMap(({ part, subject, ok: isWell, text }) => {
    const mark = isWell ? 'ok  ' : 'FAIL';
    const head = `${mark}  ${part.padEnd(width)}  `;
    const [first = '', ...more] = labelled(head, `${plain(subject)}: ${plain(text)}`, head.length, style);
    const painted = style.paint(mark, isWell ? 'green' : 'red') + first.slice(mark.length);
    return [painted, ...more];
  });
  const silent = answers.filter((answer) => !answer.ok).length;
  const verdict = ok
    ? 'Everything answers.'
    : `${silent} of ${answers.length} ${silent === 1 ? 'does' : 'do'} not answer as ${silent === 1 ? 'it' : 'they'} should.`;
  return `${[style.paint(plain(name), 'bold'), ...lines, verdict].join('\n')}\n`;
}

import { type Arguments, once, othersThan } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import {
  describePgbenchScript,
  describeWorkload,
  listPgbenchScripts,
  listWorkloads,
  type ScriptDescription,
  statementsOf,
  type WorkloadDescription,
  type WorkloadOption,
} from '../api/workloads.js';
import { UserError } from '../errors.js';
import { wrap } from '../report/terminal/text.js';
import { givenBy, NAME } from './words.js';

/** Word behind `workloads`. */
export const ACTION = 'ACTION';

export const WORKLOADS_FLAGS = {
  workload: { group: 'Options:', describe: 'the same as NAME', hidden: true },
} as const satisfies Flags;

/** `pgha-bench workloads [show NAME]`. @returns the exit code */
export async function workloads(args: Arguments): Promise<number> {
  const action = args[ACTION];
  const name = args[NAME] ?? once(args, 'workload');
  const [other] = othersThan(WORKLOADS_FLAGS, givenBy(args).args).filter((word) => word !== ACTION);
  if (other !== undefined) {
    throw new UserError(
      `workloads has no option ${other.length === 1 ? '-' : '--'}${other}.`,
      'Options of a workload stand behind init, run and cleanup.',
    );
  }
  if (action === undefined) {
    process.stdout.write(listOf(await listWorkloads()));
    return EXIT.ok;
  }
  if (action !== 'show' || name === undefined) {
    throw new UserError(
      `workloads: expected nothing, or show NAME, found '${[action, name ?? ''].join(' ').trim()}'.`,
      'NAME is one of the list, or a file of your own.',
    );
  }
  process.stdout.write(await showOf(await describeWorkload(String(name))));
  return EXIT.ok;
}

function listOf(list: readonly WorkloadDescription[]): string {
  const names = list.map(({ name, aliases }) => [name, ...aliases].join(', '));
  const width = Math.max(...names.map((name) => name.length));
  const lines = list.flatMap((workload, index) => {
    const head = `  ${(names[index] ?? '').padEnd(width)}  ${routesOf(workload.scripts)}  `;
    return hanging(head, summaryOf(workload));
  });
  const hint =
    "'pgha-bench workloads show NAME' prints options and SQL; a file of your own is shown so, too.";
  return `${[...lines, '', ...wrap(hint, columns())].join('\n')}\n`;
}

/** Below its own name, a summary need not say it again. */
function summaryOf({ name, summary }: WorkloadDescription): string {
  const again = `sysbench's ${name}: `;
  return summary.startsWith(again) ? summary.slice(again.length) : summary;
}

/** A pipe or file is as wide as a terminal usually is. */
function columns(): number {
  return process.stdout.columns || 80;
}

/** A paragraph behind a head; further lines stand under the first. */
function hanging(head: string, text: string): string[] {
  const margin = ' '.repeat(head.length);
  return wrap(text, columns() - head.length).map((line, index) => `${index === 0 ? head : margin}${line}`);
}

function routesOf(scripts: readonly ScriptDescription[]): string {
  return [...new Set(scripts.map(({ route }) => route))].sort().reverse().join('+');
}

async function showOf(workload: WorkloadDescription): Promise<string> {
  const { name, aliases, summary, tables, options, scripts } = workload;
  const parts = [
    [[name, ...aliases].join(', '), ...(summary === '' ? [] : hanging('  ', summary))],
    [`Tables: ${tables}`],
    ['Options:', ...(options.length === 0 ? ['  none'] : options.flatMap(optionLines))],
  ];
  for (const script of scripts) {
    const { name: title, weight, route } = script;
    parts.push([
      `Script ${title}, weight ${weight}, route ${route}:`,
      ...(await scriptLines(workload, script)),
    ]);
  }
  return `${parts.map((part) => part.join('\n')).join('\n\n')}\n`;
}

function optionLines({ name, alias, default: value, summary, command, values }: WorkloadOption): string[] {
  const short = alias === undefined ? '' : `-${alias}, `;
  const only = command === undefined ? '' : ` (${command} only)`;
  const words = values === undefined ? '' : `; one of ${values.join(', ')}`;
  return [`  ${short}--${name} [${value}]${only}`, ...hanging('      ', `${summary}${words}`)];
}

async function scriptLines(workload: WorkloadDescription, script: ScriptDescription): Promise<string[]> {
  const { source } = script;
  switch (source.kind) {
    case 'text':
      return indented(source.text);
    case 'function':
      return indented(
        `// a function of the file, which ${source.writes ? 'writes' : 'only reads'}\n${source.text}`,
      );
    case 'event': {
      const texts = await statementsOf(workload, script, source.groups);
      return indented([`-- groups of the event: ${source.groups.join(', ')}`, ...texts].join('\n'));
    }
  }
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`.trimEnd());
}

/** `-b list`: what pgbench has built in, by the names that it has for them. */
export async function printPgbenchScripts(): Promise<void> {
  const scripts = await listPgbenchScripts();
  const lines = scripts.flatMap(({ name, aliases, summary }) => {
    const known = aliases[0] ?? name;
    return hanging('  ', `${known}: ${summary.replace(`pgbench's ${known}: `, '')}`);
  });
  process.stdout.write(`${['Available builtin scripts:', ...lines].join('\n')}\n`);
}

/**
 * `--show-script NAME`: each script of the workload in pgbench's form, a line of comment and the text, to be put into a
 * file and changed.
 * @throws UserError when it is no text
 */
export async function printScript(name: string): Promise<void> {
  const isPgbench = (await listPgbenchScripts()).some((each) =>
    [each.name, ...each.aliases].some((known) => known.startsWith(name)),
  );
  const workload = await (isPgbench ? describePgbenchScript(name) : describeWorkload(name));
  for (const script of workload.scripts) {
    if (script.source.kind !== 'text') {
      throw new UserError(
        `--show-script: ${script.name} is not a script in pgbench's language.`,
        `'pgha-bench workloads show ${name}' prints what it sends.`,
      );
    }
    process.stdout.write(`-- ${script.name}: ${workload.summary || name}\n${script.source.text}\n`);
  }
}

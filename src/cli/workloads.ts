import { type Arguments, NAME, once, othersThan } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { UserError } from '../errors.js';
import { wrap } from '../report/terminal/text.js';
import { compilePrograms } from '../workload/compile.js';
import { loadWorkload } from '../workload/compose.js';
import {
  findPgbenchScript,
  listPgbenchScripts,
  listWorkloads,
  parseOptions,
  schemaName,
} from '../workload/registry.js';
import type { Script, Workload, WorkloadOption } from '../workload/workload.js';

/** Word behind `workloads`. */
export const ACTION = 'ACTION';

export const WORKLOADS_FLAGS = {
  workload: { group: 'Options:', describe: 'the same as NAME', hidden: true },
} as const satisfies Flags;

/** `pgha-bench workloads [show NAME]`. @returns the exit code */
export async function workloads(args: Arguments): Promise<number> {
  const action = args[ACTION];
  const name = args[NAME] ?? once(args, 'workload');
  const [other] = othersThan(WORKLOADS_FLAGS, args).filter((word) => word !== ACTION);
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
  process.stdout.write(await showOf((await loadWorkload(String(name))).workload));
  return EXIT.ok;
}

function listOf(list: readonly Workload[]): string {
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
function summaryOf({ name, summary }: Workload): string {
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

function routesOf(scripts: readonly Script[]): string {
  return [...new Set(scripts.map(({ route }) => route))].sort().reverse().join('+');
}

async function showOf(workload: Workload): Promise<string> {
  const { name, aliases, summary, schema, options, scripts } = workload;
  const parts = [
    [[name, ...aliases].join(', '), ...(summary === '' ? [] : hanging('  ', summary))],
    [`Tables: ${schemaName(schema)}`],
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

async function scriptLines(workload: Workload, script: Script): Promise<string[]> {
  if ('text' in script) {
    return indented(script.text);
  }
  if ('run' in script) {
    return indented(
      `// a function of the file, which ${script.writes ? 'writes' : 'only reads'}\n${script.run}`,
    );
  }
  const [program] = await compilePrograms(
    [{ name: script.name, source: { kind: 'event', groups: script.event } }],
    { protocol: 'prepared', options: parseOptions(workload, {}), variables: {}, seed: 0 },
  );
  const texts = [...new Set(program?.statements.map(({ text }) => text))];
  return indented([`-- groups of the event: ${script.event.join(', ')}`, ...texts].join('\n'));
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
  const workload = isPgbench ? await findPgbenchScript(name) : (await loadWorkload(name)).workload;
  for (const script of workload.scripts) {
    if (!('text' in script)) {
      throw new UserError(
        `--show-script: ${script.name} is not a script in pgbench's language.`,
        `'pgha-bench workloads show ${name}' prints what it sends.`,
      );
    }
    process.stdout.write(`-- ${script.name}: ${workload.summary || name}\n${script.text}\n`);
  }
}

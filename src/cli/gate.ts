import { appendFile, writeFile } from 'node:fs/promises';
import { type Arguments, each, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { type GateReport, gate, listMetrics, listUnits, type MetricForm } from '../api/gate.js';
import { listFormats, renderReport } from '../api/render-report.js';
import { codeOf, messageOf, UserError } from '../errors.js';
import { choice, parseSwitch } from '../plan/words.js';
import { inAscii } from '../report/terminal/ascii.js';
import { gateCountText, outcomeLines } from '../report/terminal/gates.js';
import { labelled, plain, type Style, styleOf, type TerminalOptions, wrap } from '../report/terminal/text.js';
import { terminalOf } from './terminal.js';

export const GATE_FLAGS: Flags = {
  gate: { group: 'Gates:', describe: "a condition, 'write_downtime.p95 < 10s'; several [those of the run]" },
  gates: { group: 'Gates:', describe: 'FILE of conditions, YAML' },
  baseline: { group: 'Gates:', describe: 'RESULT that gates compare with' },
  anyway: {
    group: 'Gates:',
    describe: 'compare what is not comparable, too, and say why it is not',
    isSwitch: true,
  },
  list: { group: 'Gates:', describe: 'print what a condition can be made on', isSwitch: true },
  format: {
    group: 'Output:',
    describe: 'NAME, or NAME=FILE; several [terminal]',
  },
  results: { group: 'Output:', describe: 'directory in which a label is looked for [results]' },
};

/** What tells of gates; `terminal` and `json` are of the gates alone here. */
const FILE_FORMATS = listFormats().filter(({ name }) => !['terminal', 'json', 'csv', 'hlog'].includes(name));

const NAMES = ['terminal', 'json', ...FILE_FORMATS.map(({ name }) => name)];

/** For the end of the help. */
export const GATE_HELP = `Formats: ${NAMES.join(', ')}.\nExit code: 0 all gates hold, 1 one does not, 2 wrong use.`;

/** `pgha-bench gate RESULT…`. @returns the exit code */
export async function gateCommand(args: Arguments): Promise<number> {
  if (parseSwitch(once(args, 'list') ?? 'false', '--list')) {
    const terminal = terminalOf(process.stdout);
    const list = `${listLines(styleOf(terminal)).join('\n')}\n`;
    process.stdout.write(terminal.unicode ? list : inAscii(list));
    return EXIT.ok;
  }
  const outputs = outputsOf(each(args, 'format'));
  const gatesFile = once(args, 'gates');
  const baseline = once(args, 'baseline');
  const resultsDir = once(args, 'results');
  const report = await gate({
    results: [args['RESULT'] ?? []].flat().map(String),
    gates: each(args, 'gate'),
    ...(gatesFile === undefined ? {} : { gatesFile }),
    ...(baseline === undefined ? {} : { baseline }),
    anyway: parseSwitch(once(args, 'anyway') ?? 'off', '--anyway'),
    ...(resultsDir === undefined ? {} : { resultsDir }),
  });
  for (const output of outputs) {
    await put(output, report);
  }
  return report.exitCode;
}

interface Output {
  readonly format: string;
  /** Null for stdout. */
  readonly file: string | null;
}

/** The terminal is told, too, unless something else goes there. */
function outputsOf(texts: readonly string[]): readonly Output[] {
  const outputs = texts.map((text): Output => {
    const [, name = '', file = null] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
    if (file === '') {
      throw new UserError(`--format: expected ${name}=FILE, found '${text}'.`);
    }
    return { format: choice(name, '--format', NAMES), file };
  });
  const toStdout = outputs.filter(({ file }) => file === null);
  if (toStdout.length > 1) {
    const names = toStdout.map(({ format }) => format).join(' and ');
    throw new UserError(
      `--format: expected one for the terminal, found ${names}.`,
      'Write the others to files, NAME=FILE.',
    );
  }
  return toStdout.length === 0 ? [{ format: 'terminal', file: null }, ...outputs] : outputs;
}

async function put({ format, file }: Output, report: GateReport): Promise<void> {
  const text = await rendered(format, report, terminalOf(file === null ? process.stdout : {}));
  if (file === null) {
    process.stdout.write(text);
    return;
  }
  try {
    // GitHub gathers in one file what the commands of a step have to say.
    await (format === 'github-summary' ? appendFile(file, text) : writeFile(file, text));
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
    throw new UserError(`--format: ${file} cannot be written: ${why}.`);
  }
}

async function rendered(format: string, report: GateReport, terminal: TerminalOptions): Promise<string> {
  switch (format) {
    case 'terminal':
      return terminalText(report, terminal);
    case 'json':
      return jsonText(report);
    default:
      return renderReport(report.results, format, { terminal });
  }
}

function terminalText({ results, baseline, warnings }: GateReport, terminal: TerminalOptions): string {
  const style = styleOf(terminal);
  const sections = results.map(({ name, result }) => [
    `${style.paint(plain(name), 'bold')}: ${gateCountText(result.gates, style)}`,
    ...outcomeLines(result.gates, style),
  ]);
  const beside = [
    ...(baseline === null ? [] : [`Compared with ${plain(baseline.name)}.`]),
    ...warnings.flatMap((text) =>
      wrap(plain(text), style.columns).map((line) => style.paint(style.letters(line), 'yellow')),
    ),
  ];
  const text = `${[...sections, ...(beside.length === 0 ? [] : [beside])].map((lines) => lines.join('\n')).join('\n\n')}\n`;
  return terminal.unicode ? text : inAscii(text);
}

function jsonText({ results, baseline, warnings, passed }: GateReport): string {
  const told = {
    passed,
    baseline: baseline?.name ?? null,
    warnings,
    results: results.map(({ name, directory, result }) => ({
      name,
      directory,
      status: result.run.status,
      passed: result.gates.every((outcome) => outcome.passed),
      gates: result.gates,
    })),
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}

function listLines(style: Style): string[] {
  const forms = listMetrics();
  const sections = GROUPS.flatMap((group) => [
    style.paint(group, 'bold'),
    ...forms.filter((each) => each.group === group).flatMap((form) => formLines(form, style)),
    '',
  ]);
  return [...HEAD, '', ...sections, ...unitLines(style), '', ...wrap(TAIL, style.columns)];
}

const GROUPS = ['Downtime', 'Commits', 'Load', 'Reads', 'Run'] as const;

const HEAD = [
  'METRIC OPERATOR VALUE             write_downtime.p95 < 10s',
  'METRIC OPERATOR N% of before      tps@after >= 95% of before',
  'METRIC OPERATOR N% of baseline    tps >= 95% of baseline',
  'METRIC not worse                  write_downtime.median not worse',
  '',
  'OPERATOR is one of < <= > >= == !=. METRIC is a name of the list below, behind',
  'it [PART], .STATISTIC and @PHASE where it has such.',
];

const TAIL =
  'What was not measured fails. Over rounds, those that are not valid do not count, and percentiles are nearest-rank: of few rounds, p95 is the worst. Not worse is told by a test of ranks over the rounds of both.';

const NAME_WIDTH = 20;
const UNIT_WIDTH = 9;

function formLines({ form, metrics }: MetricForm, style: Style): string[] {
  return [
    ...labelled('', form, 2, style).map((line) => style.paint(line, 'dim')),
    ...metrics.flatMap(({ name, unit, meaning }) =>
      labelled(
        `    ${style.paint(name.padEnd(NAME_WIDTH), 'cyan')}${unit.padEnd(UNIT_WIDTH)}`,
        meaning,
        4 + NAME_WIDTH + UNIT_WIDTH,
        style,
      ),
    ),
  ];
}

function unitLines(style: Style): string[] {
  return [
    style.paint('Values', 'bold'),
    ...listUnits().map(({ word, examples }) => `    ${word.padEnd(NAME_WIDTH)}${examples}`),
  ];
}

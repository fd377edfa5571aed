import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { findResults, type NamedResult } from '../api/find-results.js';
import type { Flags } from '../api/flags.js';
import {
  formatNamed,
  formatOfFile,
  listFormats,
  type ReportFormatDescription,
  renderReport,
  TIMES_KINDS,
} from '../api/render-report.js';
import { codeOf, messageOf, UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { wrap } from '../report/terminal/text.js';
import { terminalOf } from './terminal.js';

export const REPORT_FLAGS: Flags = {
  format: {
    group: 'How:',
    describe: 'one of the list below [as --out ends; terminal]',
  },
  out: { group: 'How:', describe: 'FILE to write it to; -: stdout [stdout; a page: beside the result]' },
  kind: { group: 'How:', describe: `of hlog: ${TIMES_KINDS.join(', ')} [response]` },
  results: { group: 'Which:', describe: 'directory in which a label is looked for [results]' },
};

/** For the help: every format with what it is. */
export function formatList(): string {
  const formats = listFormats();
  const width = Math.max(...formats.map(({ name }) => name.length)) + 4;
  const lines = formats.flatMap(({ name, describe }) =>
    wrap(describe, 80 - width).map((line, at) => (at === 0 ? `  ${name}` : '').padEnd(width) + line),
  );
  return ['Formats:', ...lines].join('\n');
}

/** `pgha-bench report RESULT…`. @returns the exit code */
export async function report(args: Arguments): Promise<number> {
  const words = [args['RESULT'] ?? []].flat().map(String);
  if (words.length === 0) {
    throw new UserError(
      'Expected a result: the folder of a run, its result.json, or its label; found none.',
      "'pgha-bench results' lists them.",
    );
  }
  const out = once(args, 'out');
  const format = formatOf(once(args, 'format'), out);
  const kind = once(args, 'kind');
  if (kind !== undefined && format.name !== 'hlog') {
    throw new UserError(`--kind: expected only with --format hlog, found it with ${format.name}.`);
  }
  const times = choice(kind ?? 'response', '--kind', TIMES_KINDS);
  const results = await findResults(words, once(args, 'results'));
  const file = await fileFor(out, format, results);
  // A file is for whoever reads it later, whatever this terminal can do.
  const options = file === null ? { terminal: terminalOf(process.stdout), times } : { times };
  const text = await renderReport(results, format.name, options);
  if (file === null) {
    process.stdout.write(text);
  } else {
    await write(file, text);
    process.stderr.write(`Wrote ${file}.\n`);
  }
  return EXIT.ok;
}

function formatOf(name: string | undefined, out: string | undefined): ReportFormatDescription {
  if (name !== undefined) {
    return formatNamed(name);
  }
  return (out === undefined ? undefined : formatOfFile(out)) ?? formatNamed('terminal');
}

/** Null for stdout. A page is nothing to look at in a terminal: there it goes beside the result that it is of. */
async function fileFor(
  out: string | undefined,
  { name, extension }: ReportFormatDescription,
  results: readonly NamedResult[],
): Promise<string | null> {
  if (out !== undefined) {
    return out === '-' ? null : placed(out, extension);
  }
  if (name !== 'html' || process.stdout.isTTY !== true) {
    return null;
  }
  const [only, ...others] = results;
  const directory = others.length === 0 ? (only?.directory ?? '') : '';
  return join(directory, `report.${extension}`);
}

/** In a directory it is called as `run` calls it. */
async function placed(out: string, extension: string): Promise<string> {
  try {
    return (await stat(out)).isDirectory() ? join(out, `report.${extension}`) : out;
  } catch {
    return out;
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
    throw new UserError(`--out: ${resolve(file)} cannot be written: ${why}.`);
  }
}

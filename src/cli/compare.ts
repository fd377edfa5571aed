import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Arguments, once } from '../api/arguments.js';
import { compare as compareResults, renderComparison } from '../api/compare.js';
import { EXIT } from '../api/exit.js';
import { findResults } from '../api/find-results.js';
import type { Flags } from '../api/flags.js';
import { codeOf, messageOf, UserError } from '../errors.js';
import { choice, parseSwitch } from '../plan/words.js';
import { terminalOf } from './terminal.js';

export const COMPARE_FLAGS: Flags = {
  results: { group: 'Which:', describe: 'directory in which a label is looked for [results]' },
  anyway: {
    group: 'Which:',
    describe: 'compare what is not comparable, too, and say why it is not',
    isSwitch: true,
  },
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
  html: { group: 'How:', describe: 'FILE for a page, too, with the timelines laid over each other' },
};

export const COMPARE_EPILOGUE =
  'Downtimes are compared by ranks over rounds: it takes 4 and 4 to say anything, or fewer of one with more of the other (3 and 5, 2 and 8), and 7 of each are better (run --rounds 7). Throughput and latency are compared over the seconds of steady load, of which it takes 30. Exit code 0: compared, whatever the verdicts; 2: not comparable, or wrong use.';

/** `pgha-bench compare BASE CANDIDATE…`. @returns the exit code */
export async function compare(args: Arguments): Promise<number> {
  const words = [args['BASE'] ?? [], args['CANDIDATE'] ?? []].flat().map(String);
  if (words.length < 2) {
    throw new UserError(
      `Expected a base and at least one candidate, found ${words.length === 0 ? 'neither' : 'a base alone'}.`,
      "Each is the folder of a run, its result.json, or its label; 'pgha-bench results' lists them.",
    );
  }
  const format = choice(once(args, 'format') ?? 'terminal', '--format', ['terminal', 'json'] as const);
  const anyway = parseSwitch(once(args, 'anyway') ?? 'off', '--anyway');
  const page = once(args, 'html');
  const [base, ...candidates] = await findResults(words, once(args, 'results'));
  if (base === undefined) {
    throw new UserError('Expected a base, found none.');
  }
  const comparison = await compareResults(base, candidates, { anyway });
  if (page !== undefined) {
    await writePage(page, renderComparison(comparison, 'html'));
  }
  process.stdout.write(renderComparison(comparison, format, { terminal: terminalOf(process.stdout) }));
  return EXIT.ok;
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
    throw new UserError(`--html: ${resolve(file)} cannot be written: ${why}.`);
  }
  process.stderr.write(`Wrote ${file}.\n`);
}

import { gateTotals } from '../gates/totals.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import type { ReportFormat } from './format.js';
import { nothingWentThrough, problemOf } from './problem.js';
import { plain } from './terminal/text.js';
import { verdictOf } from './verdict.js';

/** Commands of a workflow of GitHub Actions, for the standard output of a step: an error for each gate that failed. */
export const GITHUB_ANNOTATIONS: ReportFormat = {
  name: 'github-annotations',
  describe: 'GitHub Actions: an error for each gate that failed, for the output of a step',
  extension: 'txt',
  render: (results) => renderAnnotations(results),
};

/** So many of a kind GitHub shows of a step; the last one says how many more there are. */
const MOST = 10;

export function renderAnnotations(results: readonly NamedResult[]): string {
  const errors = results.flatMap(errorsOf);
  const shown = errors.length > MOST ? errors.slice(0, MOST - 1) : errors;
  const more = errors.length - shown.length;
  const rest = more === 0 ? [] : [command('error', 'More gates failed', `${more} more: see the report.`)];
  const notices = results.filter((each) => errorsOf(each).length === 0).map(noticeOf);
  return [...shown, ...rest, ...notices.slice(0, MOST)].map((line) => `${line}\n`).join('');
}

function errorsOf({ name, result }: NamedResult): string[] {
  const failed = result.gates.filter(({ passed }) => !passed);
  const gates = failed.map(({ expression, text, why }) => {
    const because = why === undefined ? '' : ` (${why})`;
    return command('error', `Gate failed: ${expression}`, `${name}: ${text}${because}`);
  });
  const wrong = wrongWith(result);
  return [...gates, ...(wrong === null ? [] : [command('error', wrong.title, `${name}: ${wrong.text}`)])];
}

/** What nobody would want of the run itself. Gates judge it, but for scripts that are wrong: those may pass some. */
function wrongWith(result: Result): { readonly title: string; readonly text: string } | null {
  const { gates, run } = result;
  const problem = problemOf(result);
  if (problem !== null) {
    return { title: 'Nothing went through', text: problem };
  }
  if (gates.length > 0) {
    return null;
  }
  switch (run.status) {
    case 'broken':
      return { title: 'The run broke', text: 'the target never came back' };
    case 'interrupted':
      return { title: 'The run was interrupted', text: 'it did not measure what was asked of it' };
    case 'completed':
      return nothingWentThrough(result)
        ? { title: 'Nothing went through', text: 'no transaction was acknowledged' }
        : null;
  }
}

function noticeOf({ name, result }: NamedResult): string {
  const verdict = verdictOf(result)
    .map(({ text, detail }) => `${text}${detail}`)
    .join('; ');
  const tps = `${Math.round(result.totals.tps)} tps`;
  return command(
    'notice',
    `pgha-bench: ${gateTotals(result.gates)}`,
    `${name}: ${[verdict, tps].filter(Boolean).join('; ')}`,
  );
}

/** Escaped as the runner takes it back: its own toolkit does the same. */
function command(kind: 'error' | 'notice', title: string, message: string): string {
  return `::${kind} title=${escapeProperty(plain(title))}::${escapeData(plain(message))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { BENCHER } from './bencher.js';
import { CSV } from './csv.js';
import type { ReportFormat } from './format.js';
import { GITHUB_BENCHMARK_BIGGER, GITHUB_BENCHMARK_SMALLER } from './github-action-benchmark.js';
import { GITHUB_ANNOTATIONS } from './github-annotations.js';
import { GITHUB_SUMMARY } from './github-summary.js';
import { GITLAB_METRICS } from './gitlab-metrics.js';
import { HLOG } from './hlog.js';
import { HTML } from './html.js';
import { JSON_RESULTS } from './json.js';
import { JUNIT } from './junit.js';
import { MARKDOWN } from './markdown.js';
import { TERMINAL } from './terminal.js';

/** Every form of a report, by name. */
export const FORMATS: readonly ReportFormat[] = [
  BENCHER,
  CSV,
  GITHUB_ANNOTATIONS,
  GITHUB_BENCHMARK_BIGGER,
  GITHUB_BENCHMARK_SMALLER,
  GITHUB_SUMMARY,
  GITLAB_METRICS,
  HLOG,
  HTML,
  JSON_RESULTS,
  JUNIT,
  MARKDOWN,
  TERMINAL,
];

/** What a file with such an ending is taken for. */
const BY_ENDING: readonly ReportFormat[] = [CSV, HLOG, HTML, JSON_RESULTS, JUNIT, MARKDOWN, TERMINAL];

/** @throws UserError when there is none of that name */
export function formatNamed(name: string): ReportFormat {
  const found = FORMATS.find((format) => format.name === name);
  if (found === undefined) {
    const names = FORMATS.map((format) => format.name);
    throw new UserError(
      `--format: expected one of ${names.join(', ')}, found '${name}'.${didYouMean(name, names)}`,
    );
  }
  return found;
}

/** The one that the ending of a file says, `report.html`; undefined for one that says nothing. */
export function formatOfFile(file: string): ReportFormat | undefined {
  const [, ending = ''] = /\.([a-z]+)$/i.exec(file) ?? [];
  return BY_ENDING.find(({ extension }) => extension === ending.toLowerCase());
}

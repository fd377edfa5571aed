import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { CSV } from './csv.js';
import type { ReportFormat } from './format.js';
import { HLOG } from './hlog.js';
import { JSON_RESULTS } from './json.js';
import { MARKDOWN } from './markdown.js';
import { TERMINAL } from './terminal.js';

/** Every form of a report, by name. */
export const FORMATS: readonly ReportFormat[] = [CSV, HLOG, JSON_RESULTS, MARKDOWN, TERMINAL];

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

/** The one that a file's name says, `report.html`; of several with that ending the one that is called so, `json`. */
export function formatOfFile(file: string): ReportFormat | undefined {
  const [, extension = ''] = /\.([a-z]+)$/i.exec(file) ?? [];
  const fitting = FORMATS.filter((format) => format.extension === extension.toLowerCase());
  return fitting.find(({ name }) => name === extension.toLowerCase()) ?? fitting[0];
}

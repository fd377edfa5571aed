import type { RenderOptions, ReportFormat } from '../report/format.js';
import { FORMATS, formatNamed as named, formatOfFile as ofFile } from '../report/formats.js';
import type { NamedResult } from '../result/named.js';

export { type RenderOptions, TIMES_KINDS, type TimesKind } from '../report/format.js';
export type { TerminalOptions } from '../report/terminal/text.js';
export { renderTerminal, type TerminalReportOptions } from '../report/terminal.js';

/** A form of a report. */
export interface ReportFormatDescription {
  /** `html` */
  readonly name: string;
  /** One line: what it is for. */
  readonly describe: string;
  /** Of its files, without a dot. */
  readonly extension: string;
}

/** The forms that a report can have. */
export function listFormats(): readonly ReportFormatDescription[] {
  return FORMATS.map(described);
}

/** One of them. @throws UserError when there is none of that name */
export function formatNamed(name: string): ReportFormatDescription {
  return described(named(name));
}

/** The form that the ending of a file's name says, `report.html`; undefined for one that says nothing. */
export function formatOfFile(file: string): ReportFormatDescription | undefined {
  const format = ofFile(file);
  return format === undefined ? undefined : described(format);
}

function described({ name, describe, extension }: ReportFormat): ReportFormatDescription {
  return { name, describe, extension };
}

/**
 * One report of one or several results, as a text.
 * @param results in this order, see {@link findResults}; one that was just made is
 *   `{ name: 'mine', directory, result }`
 * @param format `html`, or another one of {@link listFormats}
 * @throws UserError for a format that there is not, and where it cannot be made of these results
 */
export async function renderReport(
  results: readonly NamedResult[],
  format: string,
  options: Partial<RenderOptions> = {},
): Promise<string> {
  return named(format).render(results, options);
}

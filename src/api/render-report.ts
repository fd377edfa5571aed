import type { RenderOptions } from '../report/format.js';
import { FORMATS, formatNamed } from '../report/formats.js';
import type { NamedResult } from '../result/named.js';

export type { RenderOptions } from '../report/format.js';
export type { TerminalOptions } from '../report/terminal/text.js';

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
  return FORMATS.map(({ name, describe, extension }) => ({ name, describe, extension }));
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
  return formatNamed(format).render(results, options);
}

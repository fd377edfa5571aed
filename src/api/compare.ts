import { type CompareOptions, compare as compareResults } from '../compare/compare.js';
import { type Comparison, withoutResults } from '../compare/comparison.js';
import { UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { renderComparison as terminalText } from '../report/comparison.js';
import { renderComparisonHtml } from '../report/html-comparison.js';
import { FILE, type TerminalOptions } from '../report/terminal/text.js';
import type { NamedResult } from '../result/named.js';
import { refuseUnknown } from './unknown-option.js';

export type { CompareOptions } from '../compare/compare.js';
export type {
  Comparison,
  ComparisonRow,
  Contrast,
  Difference,
  Figure,
  Finding,
  SettingDifference,
} from '../compare/comparison.js';

/**
 * Sets results side by side. Reads the logs of response times that lie beside them.
 * @param candidates at least one, each against the base
 * @throws UserError when they are not comparable, unless that is to be passed over, when there is no candidate, and for an
 *   option that there is not
 */
export async function compare(
  base: NamedResult,
  candidates: readonly NamedResult[],
  options: CompareOptions = {},
): Promise<Comparison> {
  refuseUnknown('compare', options, ['anyway'] satisfies (keyof CompareOptions)[]);
  if (!Array.isArray(candidates) || candidates.length === 0) {
    throw new UserError('Expected a base and at least one candidate, found a base alone.');
  }
  return compareResults(base, candidates, options);
}

/**
 * `terminal`: for people, in lines; `html`: a page of one file, with the timelines laid over each other; `json`: plain
 * data, with the names and folders of the results in place of the results.
 */
export const COMPARISON_FORMATS = ['terminal', 'html', 'json'] as const;

export type ComparisonFormat = (typeof COMPARISON_FORMATS)[number];

/**
 * A comparison as a text.
 * @param options `terminal`: what `terminal` is written to; 80 columns without colours when absent
 * @throws UserError for a format that there is not
 */
export function renderComparison(
  comparison: Comparison,
  format: ComparisonFormat,
  { terminal = FILE }: { readonly terminal?: TerminalOptions } = {},
): string {
  switch (choice(format, 'format', COMPARISON_FORMATS)) {
    case 'terminal':
      return terminalText(comparison, terminal);
    case 'html':
      return renderComparisonHtml(comparison);
    case 'json':
      return `${JSON.stringify(withoutResults(comparison), null, 2)}\n`;
  }
}

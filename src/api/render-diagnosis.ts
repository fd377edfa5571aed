import type { Diagnosis } from '../doctor/finding.js';
import { choice } from '../plan/words.js';
import { renderDiagnosis as terminalText } from '../report/diagnosis.js';
import { FILE, type TerminalOptions } from '../report/terminal/text.js';

export const DIAGNOSIS_FORMATS = ['terminal', 'json'] as const;

/** `terminal`: the gravest first, each with its reason and what to do; `json`: the same data as it was given. */
export type DiagnosisFormat = (typeof DIAGNOSIS_FORMATS)[number];

/**
 * A diagnosis as a text.
 * @param options `terminal`: what `terminal` is written to; 80 columns without colours when absent
 * @throws UserError for a format that there is not
 */
export function renderDiagnosis(
  diagnosis: Diagnosis,
  format: DiagnosisFormat,
  { terminal = FILE }: { readonly terminal?: TerminalOptions } = {},
): string {
  switch (choice(format, 'format', DIAGNOSIS_FORMATS)) {
    case 'terminal':
      return terminalText(diagnosis, terminal);
    case 'json':
      return `${JSON.stringify(diagnosis, null, 2)}\n`;
  }
}

import type { CheckOutcome, Diagnosis, Finding, Layer, Severity } from '../doctor/finding.js';
import { entry, labelled, plain, type Style, styleOf, type TerminalOptions, wrap } from './terminal/text.js';

/** What the doctor found, for people at a terminal: the gravest first, and what was not looked at at the end. */
export function renderDiagnosis(diagnosis: Diagnosis, options: TerminalOptions): string {
  const style = styleOf(options);
  const lines = [...SEVERITIES.flatMap((severity) => sectionOf(severity, diagnosis, style))];
  const skipped = skippedLines(diagnosis.checks, style);
  if (skipped.length > 0) {
    lines.push(style.paint('Not looked at', 'bold'), ...skipped, '');
  }
  lines.push(...wrap(`${plain(diagnosis.subject)}: ${totals(diagnosis)}`, style.columns));
  return `${lines.join('\n')}\n`;
}

const SEVERITIES: readonly Severity[] = ['refuse', 'warn', 'note'];

const TITLES: Readonly<Record<Severity, string>> = {
  refuse: 'A run would fail or mislead',
  warn: 'Figures would be other than they seem',
  note: 'Good to know',
};

const INKS = { refuse: 'red', warn: 'yellow', note: 'cyan' } as const;

function sectionOf(severity: Severity, { findings }: Diagnosis, style: Style): readonly string[] {
  const own = findings.filter((finding) => finding.severity === severity);
  if (own.length === 0) {
    return [];
  }
  const title = style.paint(TITLES[severity], 'bold', INKS[severity]);
  return [title, '', ...own.flatMap((finding) => [...findingLines(finding, style), ''])];
}

/** What was found stands out; why and what to do are behind labels. */
function findingLines({ check, layer, found, why, fix }: Finding, style: Style): readonly string[] {
  const head = wrap(plain(found), style.columns - 2).map((line) => `  ${line}`);
  return [
    ...head,
    ...labelled(`    ${style.paint('why', 'dim')}   `, plain(why), 10, style),
    ...labelled(`    ${style.paint('fix', 'dim')}   `, plain(fix), 10, style),
    ...labelled(`    ${style.paint('check', 'dim')} `, `${layer}, ${check}`, 10, style),
  ];
}

/** Checks with the same reason stand together: a layer that nobody gave the address of is one line. */
function skippedLines(checks: readonly CheckOutcome[], style: Style): readonly string[] {
  const groups = new Map<
    string,
    { readonly layer: Layer; readonly reason: string; readonly ids: string[] }
  >();
  for (const outcome of checks) {
    if (outcome.outcome === 'skipped') {
      const key = `${outcome.layer} ${outcome.reason}`;
      const group = groups.get(key) ?? { layer: outcome.layer, reason: outcome.reason, ids: [] };
      group.ids.push(outcome.check);
      groups.set(key, group);
    }
  }
  return [...groups.values()].flatMap(({ layer, reason, ids }) => {
    const which = ids.length > 3 ? `${ids.length} checks` : ids.join(', ');
    return entry(layer, plain(`${which}: ${reason}`), style);
  });
}

/** `41 checks: 38 well, 2 found, 1 not looked at`. */
export function totals({ checks }: Pick<Diagnosis, 'checks'>): string {
  const of = (wanted: CheckOutcome['outcome']) => checks.filter(({ outcome }) => outcome === wanted).length;
  const parts = [`${of('ok')} well`];
  if (of('found') > 0) {
    parts.push(`${of('found')} found`);
  }
  if (of('skipped') > 0) {
    parts.push(`${of('skipped')} not looked at`);
  }
  return `${checks.length} checks: ${parts.join(', ')}`;
}

import type { Comparison, Contrast } from '../compare/comparison.js';
import type { NamedResult } from '../result/named.js';
import { inAscii } from './terminal/ascii.js';
import { causeLines } from './terminal/comparison-causes.js';
import { tableLines } from './terminal/comparison-table.js';
import {
  counted,
  cut,
  flow,
  labelled,
  plain,
  type Style,
  styleOf,
  type TerminalOptions,
  wrap,
} from './terminal/text.js';
import { nearPath } from './terminal.js';

/**
 * Results side by side for people at a terminal: what makes them hard to compare first, then one table, then what else
 * differs. Lines fit into `columns` from 80 on.
 */
export function renderComparison(comparison: Comparison, options: TerminalOptions): string {
  const style = styleOf(options);
  const sections = [
    headLines(comparison, style),
    verdictLines(comparison, style),
    findingLines(comparison, style),
    tableLines(comparison, style),
    reasonLines(comparison, style),
    causeLines(comparison, style),
    bullets('Notes', comparison.notes, style),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  const report = `${shown.join('\n\n')}\n`;
  return style.unicode ? report : inAscii(report);
}

function headLines({ base, candidates }: Comparison, style: Style): string[] {
  const names = candidates.map(({ name }) => plain(name)).join(', ');
  const title = wrap(`${names} against ${plain(base.name)}`, style.columns);
  return [
    ...title.map((line) => style.paint(line, 'bold')),
    style.paint(style.rule.repeat(style.columns), 'dim'),
    ...runLines('base', base, style),
    ...candidates.flatMap((candidate) => runLines('new', candidate, style)),
  ];
}

const LABEL = 6;

function runLines(label: string, { name, directory, result }: NamedResult, style: Style): string[] {
  const { plan, run, analysis } = result;
  const parts = [
    cut(plain(name), style.columns - LABEL, style),
    plain(plan.workload.name),
    counted(plan.clients, 'client'),
    ...(analysis.rounds.length > 1 ? [counted(analysis.rounds.length, 'round')] : []),
    `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    ...(directory === null ? [] : [plain(nearPath(directory))]),
  ];
  return flow(parts, style.columns - LABEL, style).map((line, index) =>
    index === 0 ? `${style.paint(label.padEnd(LABEL), 'dim')}${line}` : `${' '.repeat(LABEL)}${line}`,
  );
}

/** What of the rows is better or worse, in a line for each candidate. */
function verdictLines({ candidates, rows }: Comparison, style: Style): string[] {
  return candidates.flatMap(({ name }, index) => {
    const titles = (verdict: Contrast['verdict']) =>
      rows.filter(({ contrasts }) => contrasts[index]?.verdict === verdict).map(({ title }) => title);
    const [better, worse, few] = [titles('better'), titles('worse'), titles('too_few')];
    const parts = [
      ...(better.length > 0 ? [style.paint(`better in ${better.join(', ')}`, 'green', 'bold')] : []),
      ...(worse.length > 0 ? [style.paint(`worse in ${worse.join(', ')}`, 'red', 'bold')] : []),
      ...(few.length > 0 ? [style.paint(`too few to say in ${few.join(', ')}`, 'yellow')] : []),
    ];
    const told = parts.length > 0 ? parts.join('; ') : 'no difference shown';
    return wrap(`${plain(name)}: ${told}.`, style.columns);
  });
}

/** Before any figure: whoever reads only the table must have seen it. */
function findingLines({ findings }: Comparison, style: Style): string[] {
  const lines = findings.flatMap(({ text }) => bullet(text, style));
  return lines.length === 0
    ? []
    : [style.paint('Not comparable, and compared anyway', 'yellow', 'bold'), ...lines];
}

/** Why a row has no verdict, once for all rows with the same reason. */
function reasonLines({ rows, candidates }: Comparison, style: Style): string[] {
  const reasons = new Map<string, string[]>();
  for (const { metric, over, title, contrasts } of rows) {
    for (const [index, { verdict, text }] of contrasts.entries()) {
      const isCount = metric === 'indoubt' || (metric === 'errors' && over === 'run');
      if (verdict === 'not_measured' || (verdict === 'no_verdict' && !isCount)) {
        const key = candidates.length > 1 ? `${candidates[index]?.name}: ${text}` : text;
        reasons.set(key, [...new Set([...(reasons.get(key) ?? []), title])]);
      }
    }
  }
  const lines = [...reasons].flatMap(([text, titles]) => bullet(`${titles.join(', ')}: ${text}`, style));
  return lines.length === 0 ? [] : [style.paint('Without a verdict', 'bold'), ...lines];
}

function bullets(title: string, texts: readonly string[], style: Style): string[] {
  return texts.length === 0
    ? []
    : [style.paint(title, 'bold'), ...texts.flatMap((text) => bullet(text, style))];
}

function bullet(text: string, style: Style): string[] {
  return labelled(`  ${style.unicode ? '•' : '*'} `, plain(text), 4, style);
}

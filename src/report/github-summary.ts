import { keyFigures } from '../gates/key-figures.js';
import { gateTotals } from '../gates/totals.js';
import { showValue } from '../gates/values.js';
import type { GateOutcome } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { formatDuration } from '../units.js';
import type { ReportFormat } from './format.js';
import { plain } from './terminal/text.js';
import { verdictOf } from './verdict.js';

/** Markdown for `$GITHUB_STEP_SUMMARY`: what came of it, the gates, and the figures behind a fold. */
export const GITHUB_SUMMARY: ReportFormat = {
  name: 'github-summary',
  describe: 'GitHub Actions: Markdown for $GITHUB_STEP_SUMMARY',
  extension: 'md',
  render: (results) => renderSummary(results),
};

export function renderSummary(results: readonly NamedResult[]): string {
  return results.map(({ name, result }) => `${sectionsOf(name, result).join('\n\n')}\n`).join('\n');
}

function sectionsOf(name: string, result: Result): string[] {
  const { gates, generator } = result;
  const verdict = verdictOf(result).map(({ text, detail }) => escapeMarkdown(`${text}${detail}`));
  return [
    `### ${escapeMarkdown(name)}: ${gates.length > 0 ? gateTotals(gates) : statusText(result)}`,
    [verdict.join(' · '), escapeMarkdown(setting(result))].filter(Boolean).join('\n\n'),
    ...(generator.healthy ? [] : [`> **Doubtful.** ${escapeMarkdown(generator.verdict)}`]),
    ...(gates.length === 0 ? [] : [gateTable(gates)]),
    figures(result),
  ];
}

function statusText({ run }: Result): string {
  switch (run.status) {
    case 'completed':
      return 'no gates';
    case 'interrupted':
      return 'interrupted';
    case 'broken':
      return 'the run broke';
  }
}

/** `tpcb · 64 clients · 40 s · switchover`. */
function setting({ plan, run, cluster }: Result): string {
  const kinds = [...new Set(plan.faults.map(({ kind }) => kind))];
  const parts = [
    plan.workload.name,
    `${plan.clients} client${plan.clients === 1 ? '' : 's'}`,
    formatDuration(Math.round(run.elapsedMs / 100) * 100),
    kinds.length === 0 ? 'no fault' : kinds.join(', '),
    ...(cluster.postgres === null ? [] : [`PostgreSQL ${cluster.postgres}`]),
    ...(cluster.patroni === null ? [] : [`Patroni ${cluster.patroni}`]),
  ];
  return parts.join(' · ');
}

function gateTable(gates: readonly GateOutcome[]): string {
  const rows = gates.map(({ passed, expression, measured, unit, text, why }) => {
    const value = measured === null ? '–' : escapeMarkdown(showValue(measured, unit));
    const shown = measured === null ? '' : showValue(measured, unit);
    const said = passed
      ? ''
      : [text === shown ? '' : text, why ?? ''].filter(Boolean).map(escapeMarkdown).join('<br>');
    return `| ${passed ? '✅' : '❌'} | <code>${escapeMarkdown(expression)}</code> | ${value} | ${said} |`;
  });
  return ['|   | gate | measured | |', '|---|---|---:|---|', ...rows].join('\n');
}

function figures(result: Result): string {
  const rows = keyFigures(result).map(
    ({ name, metric, value, detail }) =>
      `| <code>${escapeMarkdown(name)}</code> | ${escapeMarkdown(showValue(value, metric.unit))} | ${escapeMarkdown(detail)} |`,
  );
  const table = ['| figure | value | |', '|---|---:|---|', ...rows].join('\n');
  return `<details>\n<summary>Figures</summary>\n\n${table}\n\n</details>`;
}

/**
 * Text that stays text in a cell, a heading or a tag: what Markdown or HTML could take for more is written as the number
 * of its sign. That takes links with it, by which a server's message could ask for a click.
 */
export function escapeMarkdown(text: string): string {
  return plain(text)
    .replaceAll(/[&<>"'`*_~|\\[\]#!@$:]|^[-+=]|(?<=^\d+)[.)](?=\s|$)|(?<=www)\./gi, numbered)
    .trim();
}

function numbered(sign: string): string {
  return `&#${sign.charCodeAt(0)};`;
}

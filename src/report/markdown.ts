import type { NamedResult } from '../result/named.js';
import type { PhaseFacts, PhaseTotals, Result } from '../result/result.js';
import { formatCount, formatRate } from '../units.js';
import { explain } from './explain.js';
import type { ReportFormat } from './format.js';
import { code, markdownTable, prose } from './markdown/escape.js';
import { figureRows } from './side-by-side.js';
import { classesOf, IN_DOUBT } from './terminal/errors.js';
import { faultName } from './terminal/fault.js';
import { targetParts, titleParts, versionParts } from './terminal/heading.js';
import { failedAttempts, OUTCOME_NAMES } from './terminal/latency.js';
import { nodeOf } from './terminal/nodes.js';
import { downtimeCell, remarksOn } from './terminal/summary.js';
import { instant, type Style, styleOf } from './terminal/text.js';
import { verdictOf } from './verdict.js';

/** A summary for a pull request or a wiki. */
export const MARKDOWN: ReportFormat = {
  name: 'markdown',
  describe: 'a summary for a pull request or a wiki',
  extension: 'md',
  render: (results) => renderMarkdown(results),
};

/** Of several results the table of what they have side by side first, then each of them. */
export function renderMarkdown(results: readonly NamedResult[]): string {
  const reports = results.map((each) => reportOf(each));
  const sections = results.length > 1 ? [sideBySide(results), ...reports] : reports;
  return `${sections.join('\n\n')}\n`;
}

const STYLE: Style = styleOf({ columns: 80, color: false, unicode: true });

function reportOf({ name, result }: NamedResult): string {
  const blocks = [
    [`## ${code(name)}`],
    [verdict(result)],
    doubts(result),
    [conditions(result)],
    roundRows(result),
    phaseRows(result),
    commitRows(result),
    errorRows(result),
    gateRows(result),
    noteLines(result),
  ];
  return blocks
    .filter((lines) => lines.some((line) => line !== ''))
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function sideBySide(results: readonly NamedResult[]): string {
  const rows = figureRows(results).map(({ name, values }) => [
    name,
    ...values.map((value) => (value === null ? STYLE.dash : prose(value))),
  ]);
  const head = ['', ...results.map(({ name }) => code(name))];
  return ['## Side by side', '', ...markdownTable([head, ...rows], leftThenRight(head))].join('\n');
}

function verdict(result: Result): string {
  const parts = verdictOf(result).map(({ text, detail, strong }) =>
    `${strong ? `**${prose(text)}**` : prose(text)} ${prose(detail)}`.trim(),
  );
  return parts.join(' · ');
}

function doubts({ run, generator }: Result): string[] {
  return [
    ...(run.status === 'completed' ? [] : [`The run was ${ENDINGS[run.status]}.`]),
    ...(generator.healthy ? [] : [`Doubtful: ${prose(generator.verdict)}`]),
  ];
}

const ENDINGS = { interrupted: 'interrupted', broken: 'broken off' } as const;

function conditions(result: Result): string {
  const { plan, run } = result;
  const tags = Object.entries(plan.tags).map(([name, value]) => code(`${name}=${value}`));
  const words = [
    ...titleParts(result, STYLE),
    ...targetParts(result),
    ...versionParts(result),
    `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
  ];
  return [...words.map(prose), ...tags].join(' · ');
}

function leftThenRight(head: readonly string[]): readonly ('left' | 'right')[] {
  return head.map((_, index) => (index === 0 ? 'left' : 'right'));
}

function roundRows(result: Result): string[] {
  const rows = result.analysis.rounds.flatMap((round, index) => {
    const fault = result.faults[round.fault];
    if (fault === undefined) {
      return [];
    }
    const { askedAtMs } = fault;
    const steadyMs = round.phases.after?.fromMs;
    const isKnown = steadyMs !== undefined && askedAtMs !== null;
    return [
      [
        String(index + 1),
        code(faultName(fault)),
        askedAtMs === null ? 'not done' : instant(askedAtMs),
        downtimeCell(round.writeDowntime, STYLE),
        downtimeCell(round.readDowntime, STYLE),
        isKnown ? STYLE.millis(steadyMs - askedAtMs) : STYLE.dash,
        remarksOn(round, fault) + (round.invalid === null ? '' : `: ${prose(round.invalid)}`),
      ],
    ];
  });
  const head = ['round', 'fault', 'at', 'no writes', 'no reads', 'steady after', 'remarks'];
  const aligns = ['right', 'left', 'right', 'right', 'right', 'right', 'left'] as const;
  return rows.length === 0 ? [] : ['### Rounds', '', ...markdownTable([head, ...rows], aligns)];
}

/** Over all valid rounds together, and the whole run. */
function phaseRows({ analysis, totals, run }: Result): string[] {
  if (run.elapsedMs <= 0) {
    return [];
  }
  const { before, during, after } = analysis.phases;
  const phases = [
    ['before', before],
    ['during', during],
    ['after', after],
  ] as const;
  const head = ['', 'tps', 'p50', 'p90', 'p99', 'max', 'failed'];
  const rows = [
    ...phases.flatMap(([name, phase]) => (phase === null ? [] : [loadRow(name, phase)])),
    loadRow('whole run', totals),
  ];
  return ['### Throughput and response time', '', ...markdownTable([head, ...rows], leftThenRight(head))];
}

function loadRow(
  name: string,
  { tps, response, outcomes }: Pick<PhaseFacts | PhaseTotals, 'tps' | 'response' | 'outcomes'>,
): string[] {
  const latencies = [response?.p50Us, response?.p90Us, response?.p99Us, response?.maxUs];
  return [
    name,
    formatRate(tps),
    ...latencies.map((value) => STYLE.micros(value)),
    formatCount(failedAttempts(outcomes)),
  ];
}

function commitRows(result: Result): string[] {
  const { commits, faults, plan } = result;
  const head = '### Commits';
  if (commits === null) {
    const wasFault = faults.some(({ askedAtMs }) => askedAtMs !== null);
    const why = plan.ledger === 'off' ? ' (`--ledger off`)' : '';
    return wasFault ? [head, '', `Not audited${why}: lost ones would not be seen.`] : [];
  }
  const { primary, missing, invariants } = commits;
  const reasons = missing.map((why) => `- ${prose(why)}`);
  if (primary === null) {
    return [head, '', 'Not audited: whether commits are lost is not known.', '', ...reasons];
  }
  const broken = invariants.filter(({ holds }) => !holds);
  const rows = [
    ['acknowledged and there', formatCount(primary.ackedPresent)],
    ['acknowledged and **lost**', formatCount(primary.ackedLost)],
    ['in doubt and committed', formatCount(primary.inDoubtCommitted)],
    ['in doubt and not committed', formatCount(primary.inDoubtAbsent)],
    ['told aborted and yet there', formatCount(primary.ghosts)],
    ['there more than once', formatCount(primary.duplicates)],
    ['of no client of this run', formatCount(primary.unexpected)],
    ['invariants that hold', `${invariants.length - broken.length} of ${invariants.length}`],
  ];
  const lost = commits.losses.map(({ count, servers }) => {
    const by =
      servers.length === 0
        ? ''
        : ` acknowledged by ${servers.map((server) => code(nodeOf(server, result))).join(', ')}`;
    return `- ${formatCount(count)} lost commits${by}`;
  });
  const details = [
    ...lost,
    ...broken.map(({ name, found }) => `- ${code(name)} is broken: ${code(found)}`),
    ...reasons,
  ];
  const list = details.length === 0 ? [] : ['', ...details];
  return [head, '', ...markdownTable([['', 'commits'], ...rows], ['left', 'right']), ...list];
}

function errorRows({ errors, plan }: Result): string[] {
  const proxied = plan.target.haproxy !== undefined || plan.target.kind !== 'server';
  const classes = classesOf(errors);
  if (classes.length === 0) {
    return [];
  }
  const head = ['count', 'outcome', 'code', 'port', 'first', 'last', 'meaning'];
  const rows = classes.map((each) => {
    const meaning = explain(each, proxied);
    return [
      formatCount(each.count),
      OUTCOME_NAMES[each.outcome],
      code(each.code),
      each.route,
      instant(each.firstMs),
      instant(each.lastMs),
      // Without an explanation it is what the server said.
      meaning === each.message ? code(meaning) : prose(meaning),
    ];
  });
  const aligns = ['right', 'left', 'left', 'left', 'right', 'right', 'left'] as const;
  const inDoubt = classes.some(({ outcome }) => outcome === 'in_doubt') ? ['', IN_DOUBT] : [];
  return ['### Errors', '', ...markdownTable([head, ...rows], aligns), ...inDoubt];
}

function gateRows({ gates }: Result): string[] {
  const rows = gates.map(({ expression, passed, text }) => [
    passed ? 'passed' : '**FAILED**',
    code(expression),
    prose(text),
  ]);
  const aligns = ['left', 'left', 'left'] as const;
  return rows.length === 0
    ? []
    : ['### Gates', '', ...markdownTable([['', 'gate', 'found'], ...rows], aligns)];
}

function noteLines({ notes }: Result): string[] {
  return notes.length === 0 ? [] : ['### Notes', '', ...notes.map((note) => `- ${prose(note)}`)];
}

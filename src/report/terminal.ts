import { relative } from 'node:path';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { formatDuration } from '../units.js';
import type { ReportFormat } from './format.js';
import { inAscii } from './terminal/ascii.js';
import type { View } from './terminal/canvas.js';
import { drawTimeline } from './terminal/chart.js';
import { commandLines } from './terminal/commands.js';
import { commitLines } from './terminal/commits.js';
import { errorLines } from './terminal/errors.js';
import { eventLines } from './terminal/events.js';
import { gateLines } from './terminal/gates.js';
import { headingLines } from './terminal/heading.js';
import { throughputLines } from './terminal/latency.js';
import { measurementLines, overloadLines } from './terminal/measurement.js';
import { roundLines } from './terminal/round.js';
import { sideBySideLines } from './terminal/side-by-side.js';
import { isLong, shortRoundLines, summaryLines } from './terminal/summary.js';
import {
  FILE,
  instant,
  labelled,
  plain,
  type Style,
  styleOf,
  type TerminalOptions,
} from './terminal/text.js';
import { verdictLines } from './terminal/verdict.js';

export interface TerminalReportOptions extends TerminalOptions {
  /** Where the result lies, for the last line; absent when it was not kept. */
  readonly directory?: string;
}

/** For people at a terminal; in a file, for whoever reads it at one. */
export const TERMINAL: ReportFormat = {
  name: 'terminal',
  describe: 'for people, in 80 columns or as many as the terminal has',
  extension: 'txt',
  render: (results, { terminal = FILE } = {}) => renderTerminals(results, terminal),
};

/** One report after the other, and what several have side by side. */
export function renderTerminals(results: readonly NamedResult[], options: TerminalOptions): string {
  const reports = results.map(({ directory, result }) =>
    renderTerminal(result, directory === null ? options : { ...options, directory: nearPath(directory) }),
  );
  if (results.length < 2) {
    return reports.join('');
  }
  const style = styleOf(options);
  const rule = `\n${style.paint(style.rule.repeat(style.columns), 'dim')}\n\n`;
  const table = `${sideBySideLines(results, style).join('\n')}\n`;
  return [...reports, style.unicode ? table : inAscii(table)].join(rule);
}

/** As people name it from where they are, unless that is longer. */
export function nearPath(directory: string): string {
  const near = relative('', directory) || '.';
  return near.length < directory.length ? near : directory;
}

/**
 * The whole result for people at a terminal, what they are afraid of first: downtime, then lost commits. Lines fit into
 * `columns` from 80 on; below, tables do not.
 */
export function renderTerminal(result: Result, options: TerminalReportOptions): string {
  const style = styleOf(options);
  const sections = [
    headingLines(result, style),
    [...verdictLines(result, style), ...overloadLines(result, style)],
    gateLines(result.gates, style),
    ...roundSections(result, style),
    commitLines(result, style),
    result.run.elapsedMs > 0 ? throughputLines(result, style) : [],
    commandLines(result, style),
    errorLines(result, style),
    ...viewsOf(result).map((view) => timelineLines(result, view, style)),
    measurementLines(result, style),
    noteLines(result, style),
    resultLines(options.directory, style),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  const report = `${shown.join('\n\n')}\n`;
  return style.unicode ? report : inAscii(report);
}

/** Many rounds as what they have in common, and a line each. */
function roundSections(result: Result, style: Style): string[][] {
  const { rounds } = result.analysis;
  const sections = isLong(result)
    ? [shortRoundLines(result, style)]
    : rounds.map((round) => roundLines(result, round, style));
  return [summaryLines(result, style), ...sections];
}

/** A run up to this long is drawn as a whole; in a longer one, an outage would be lost between two columns. */
const WHOLE_MS = 150_000;
const BEFORE_MS = 20_000;
const AFTER_MS = 20_000;

/** What is drawn: the whole run, and in a long one also each fault from near. */
function viewsOf(result: Result): View[] {
  const endMs = result.run.elapsedMs;
  if (endMs <= 0) {
    return [];
  }
  const whole = { fromMs: 0, toMs: endMs };
  if (endMs <= WHOLE_MS || isLong(result)) {
    return [whole];
  }
  const near: View[] = [];
  for (const { fault, phases, writeDowntime, readDowntime } of result.analysis.rounds) {
    const askedMs = result.faults[fault]?.askedAtMs;
    if (askedMs !== null && askedMs !== undefined) {
      const over = Math.max(
        askedMs,
        phases.after?.fromMs ?? 0,
        writeDowntime?.toMs ?? 0,
        readDowntime?.toMs ?? 0,
      );
      const seenMs = phases.during !== null && phases.after === null ? askedMs + 3 * BEFORE_MS : over;
      near.push({ fromMs: Math.max(0, askedMs - BEFORE_MS), toMs: Math.min(endMs, seenMs + AFTER_MS) });
    }
  }
  return [whole, ...near];
}

function timelineLines(result: Result, view: View, style: Style): string[] {
  const whole = view.fromMs === 0 && view.toMs === result.run.elapsedMs;
  const near = result.run.elapsedMs > WHOLE_MS;
  const title = whole
    ? `Timeline${near ? ` of ${formatDuration(Math.round(view.toMs / 1000) * 1000)}` : ''}`
    : `Timeline from ${instant(view.fromMs)} to ${instant(view.toMs)}`;
  const events =
    whole && near && result.faults.some((fault) => fault.askedAtMs !== null)
      ? []
      : eventLines(result, view, style);
  return [
    style.paint(title, 'bold'),
    ...drawTimeline(result, view, style),
    ...(events.length === 0 ? [] : ['', ...events]),
  ];
}

function noteLines({ notes }: Result, style: Style): string[] {
  if (notes.length === 0) {
    return [];
  }
  const lines = notes.flatMap((note) => labelled(`  ${style.unicode ? '•' : '*'} `, plain(note), 4, style));
  return [style.paint('Notes', 'bold'), ...lines];
}

function resultLines(directory: string | undefined, style: Style): string[] {
  return directory === undefined ? [] : [`${style.paint('Result', 'bold')}  ${plain(directory)}`];
}

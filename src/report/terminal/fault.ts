import type { FaultRecord } from '../../result/result.js';
import { cut, entry, instant, plain, type Style, since } from './text.js';

/** More lines of what a command printed than this are left out, from the beginning. */
const MOST_OUTPUT = 4;
const LABEL = 18;

/** `kill-node n1` */
export function faultName({ kind, subject }: FaultRecord): string {
  return plain(subject === null ? kind : `${kind} ${subject}`);
}

/** What was asked, what was answered, what happened, and how it was undone. */
export function faultLines(fault: FaultRecord, style: Style): string[] {
  const lines: string[] = [];
  if (fault.asked !== null) {
    lines.push(...entry('asked', `${when(fault.askedAtMs, null)}${plain(fault.asked)}`, style));
  }
  if (fault.subject !== null && fault.subject === fault.etcdLeader) {
    lines.push(...entry('', `${plain(fault.subject)} led etcd, too`, style));
  }
  if (fault.answer !== null) {
    const answer = `${when(fault.answeredAtMs, fault.askedAtMs)}${plain(fault.answer)}`;
    lines.push(...entry('answered', answer, style));
  }
  lines.push(...outputLines(fault, style), ...observedLines(fault, style));
  if (fault.failure !== null) {
    lines.push(...entry('failed', style.paint(plain(fault.failure), 'red'), style));
  }
  lines.push(...undoLines(fault, style));
  return lines;
}

function observedLines({ observed, observedAtMs, askedAtMs }: FaultRecord, style: Style): string[] {
  if (observed !== null) {
    const seen = plain(observed).replaceAll('->', style.arrow);
    return entry('observed', `${when(observedAtMs, askedAtMs)}${seen}`, style);
  }
  return askedAtMs === null ? [] : entry('observed', 'nothing that changed', style);
}

function outputLines({ output }: FaultRecord, style: Style): string[] {
  if (output === null) {
    return [];
  }
  const code = output.exitCode === null ? 'ended by a signal' : `exit code ${output.exitCode}`;
  const printed = output.text
    .split('\n')
    .map(plain)
    .filter((line) => line !== '');
  const shown = printed.slice(-MOST_OUTPUT).map((line) => cut(line, style.columns - LABEL, style));
  const hidden = printed.length - shown.length;
  const more = hidden > 0 ? `, the last of ${printed.length} lines` : '';
  return [
    ...entry('command', `${style.paint(code, output.exitCode === 0 ? 'green' : 'red')}${more}`, style),
    ...shown.flatMap((line) => entry('', style.paint(line, 'dim'), style)),
  ];
}

function undoLines(fault: FaultRecord, style: Style): string[] {
  const { askedAtMs, undone, undoneAtMs, undoFailure, healthyAtMs } = fault;
  const lines: string[] = [];
  if (undone !== null) {
    lines.push(...entry('undone', `${when(undoneAtMs, askedAtMs)}${plain(undone)}`, style));
  }
  if (undoFailure !== null) {
    lines.push(...entry('not undone', style.paint(plain(undoFailure), 'red', 'bold'), style));
  }
  if (healthyAtMs !== null) {
    lines.push(...entry('healthy again', when(healthyAtMs, askedAtMs).trimEnd(), style));
  } else if (undone !== null || undoFailure !== null) {
    lines.push(...entry('healthy again', style.paint('not seen', 'yellow'), style));
  }
  return lines;
}

/** `20.003 s  ` or, after the fault was asked, `+3.018 s  `. */
function when(atMs: number | null, askedAtMs: number | null): string {
  if (atMs === null) {
    return '';
  }
  return `${askedAtMs === null ? instant(atMs) : since(atMs, askedAtMs)}  `;
}

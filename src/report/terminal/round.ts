import type {
  ClientGaps,
  Downtime,
  FaultRecord,
  PhaseFacts,
  Result,
  RoundAnalysis,
} from '../../result/result.js';
import { formatCount, formatRate } from '../../units.js';
import { failedAttempts } from './latency.js';
import { instant, labelled, plain, type Style, table } from './text.js';

const LABEL = 18;

/** One fault: what the load was like around it, what was done, and what it cost. */
export function roundLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  const fault = result.faults[round.fault];
  if (fault === undefined) {
    return [];
  }
  return [
    style.paint(titleOf(result, round.fault, fault), 'bold'),
    ...phaseLines(result, round, style),
    ...faultLines(fault, style),
    ...costLines(result, round, style),
  ];
}

function titleOf({ faults }: Result, index: number, fault: FaultRecord): string {
  const kind = plain(fault.kind);
  const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  const number = faults.length > 1 ? ` (${index + 1} of ${faults.length})` : '';
  const at = fault.askedAtMs === null ? 'not done' : `at ${instant(fault.askedAtMs)}`;
  return `${name}${number} ${at}`;
}

function phaseLines({ totals }: Result, { phases }: RoundAnalysis, style: Style): string[] {
  if (phases.before === null && phases.during === null && phases.after === null) {
    return [];
  }
  const head = ['', 'from', 'to', 'tps', 'p50', 'p99', 'max', 'failed', 'skipped'];
  const rows = (['before', 'during', 'after'] as const).map((name) => phaseRow(name, phases[name], style));
  // Only a pace with a latency limit skips.
  const shown = totals.outcomes.skipped > 0 ? head.length : head.length - 1;
  const cells = [head.map((name) => style.paint(name, 'dim')), ...rows].map((row) => row.slice(0, shown));
  return [...table(cells, ALIGNS.slice(0, shown)), ''];
}

const ALIGNS = ['left', ...new Array<'right'>(8).fill('right')] as const;

function phaseRow(name: string, phase: PhaseFacts | null, style: Style): string[] {
  if (phase === null) {
    return [name, ...new Array<string>(8).fill(style.dash)];
  }
  const { response } = phase;
  return [
    name,
    `${(phase.fromMs / 1000).toFixed(1)} s`,
    `${(phase.toMs / 1000).toFixed(1)} s`,
    formatRate(phase.tps),
    style.micros(response?.p50Us),
    style.micros(response?.p99Us),
    style.micros(response?.maxUs),
    formatCount(failedAttempts(phase.outcomes)),
    formatCount(phase.outcomes.skipped),
  ];
}

/** What it cost the clients; nothing for a fault that was not done. */
function costLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  if (result.faults[round.fault]?.askedAtMs === null) {
    return [];
  }
  return [
    '',
    ...downtimeLines('write downtime', round.writeDowntime, style),
    ...downtimeLines('read downtime', round.readDowntime, style, readPort(round.readDowntime)),
    ...clientLines(result, round, style),
  ];
}

function downtimeLines(label: string, downtime: Downtime | null, style: Style, port = ''): string[] {
  if (downtime === null) {
    return line(label, `${style.paint('not measured', 'yellow')}, see the notes`, style);
  }
  if (!downtime.outage) {
    return noOutageLines(label, downtime, style, port);
  }
  const figure = style.paint(style.millis(downtime.durationMs), 'red', 'bold');
  if (downtime.toMs === null) {
    return [
      ...line(
        label,
        `${figure} ${style.paint('and not over', 'red', 'bold')} when the run ended${port}`,
        style,
      ),
      ...line('', `last acknowledged at ${instant(downtime.fromMs)}, none since`, style),
    ];
  }
  return [
    ...line(label, `${figure} from ${instant(downtime.fromMs)} to ${instant(downtime.toMs)}${port}`, style),
    ...line('', style.paint(trueValue(downtime, style), 'dim'), style),
  ];
}

/** Reads are watched on the read-only port, and on the other only where nothing reads there. */
function readPort(downtime: Downtime | null): string {
  return downtime?.route === 'rw' ? ', on the read-write port' : '';
}

function noOutageLines(label: string, downtime: Downtime, style: Style, port: string): string[] {
  const { durationMs, usualPauseMs, resolutionMs, failures } = downtime;
  const usual = usualPauseMs === null ? '' : ` (${style.millis(usualPauseMs)} before)`;
  const none = style.paint('none seen', 'green', 'bold');
  const hidden = `one of up to ${style.millis(resolutionMs)} may have gone unseen`;
  const failed = failures > 0 ? `; ${formatCount(failures)} attempts failed` : '';
  return [
    ...line(label, `${none}, longest pause ${style.millis(durationMs)}${usual}${port}`, style),
    ...line('', style.paint(`${hidden}${failed}`, 'dim'), style),
  ];
}

/** The resolution as what it means for the figure. */
function trueValue({ durationMs, resolutionMs }: Downtime, style: Style): string {
  if (resolutionMs >= durationMs) {
    return 'at most: too little was refused in it to show how much of it is true';
  }
  return `the true outage is ${style.millis(durationMs - resolutionMs)} to ${style.millis(durationMs)} (resolution ${style.millis(resolutionMs)})`;
}

function clientLines({ plan }: Result, round: RoundAnalysis, style: Style): string[] {
  const { clientsBack, clientGaps, writeDowntime, readDowntime } = round;
  if (writeDowntime === null && readDowntime === null) {
    return [];
  }
  const all = clientsBack >= plan.clients;
  const back = style.paint(
    `${formatCount(clientsBack)} of ${formatCount(plan.clients)}`,
    all ? 'green' : 'red',
    'bold',
  );
  const lines = line('clients', `${back} work again`, style);
  if (clientGaps !== null) {
    lines.push(...line('', gapsInWords(clientGaps, plan.clients, style), style));
  }
  return lines;
}

function gapsInWords({ clients, p50Ms, p99Ms, maxMs }: ClientGaps, all: number, style: Style): string {
  if (clients === 1) {
    return `longest gap ${style.millis(maxMs)}`;
  }
  const whose = clients === all ? 'each' : `${formatCount(clients)} of them`;
  return `longest gap of ${whose}: p50 ${style.millis(p50Ms)}, p99 ${style.millis(p99Ms)}, max ${style.millis(maxMs)}`;
}

function faultLines(fault: FaultRecord, style: Style): string[] {
  const lines: string[] = [];
  if (fault.asked !== null) {
    lines.push(...line('asked', `${when(fault.askedAtMs, null)}${plain(fault.asked)}`, style));
  }
  if (fault.answer !== null) {
    lines.push(
      ...line('answered', `${when(fault.answeredAtMs, fault.askedAtMs)}${plain(fault.answer)}`, style),
    );
  }
  if (fault.observed !== null) {
    const seen = plain(fault.observed).replaceAll('->', style.arrow);
    lines.push(...line('observed', `${when(fault.observedAtMs, fault.askedAtMs)}${seen}`, style));
  } else if (fault.askedAtMs !== null) {
    lines.push(...line('observed', 'nothing that changed', style));
  }
  if (fault.failure !== null) {
    lines.push(...line('failed', style.paint(plain(fault.failure), 'red'), style));
  }
  return lines;
}

/** `20.003 s  ` or, after the fault was asked, `+3.018 s  `. */
function when(atMs: number | null, askedAtMs: number | null): string {
  if (atMs === null) {
    return '';
  }
  return askedAtMs === null ? `${instant(atMs)}  ` : `+${instant(atMs - askedAtMs)}  `;
}

function line(label: string, text: string, style: Style): string[] {
  return labelled(`  ${style.paint(label.padEnd(LABEL - 2), 'dim')}`, text, LABEL, style);
}

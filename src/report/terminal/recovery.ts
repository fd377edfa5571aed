import { splitBrainWatch } from '../../analysis/split-brain-watch.js';
import type { Downtime } from '../../result/downtime.js';
import type { ClientGaps, Result, RoundAnalysis } from '../../result/result.js';
import type { Recovery, SplitBrain, Staleness } from '../../result/round.js';
import { formatCount } from '../../units.js';
import { nodeOf } from './nodes.js';
import { counted, entry, type Style } from './text.js';

/** How service came back: to the clients, in throughput, on new connections and on old ones. */
export function recoveryLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  return [...clientLines(result, round, style), ...throughputLines(round, style)];
}

/** Whether two nodes took writes at once, and how old was what readers got. */
export function consistencyLines(result: Result, round: RoundAnalysis, style: Style): string[] {
  return [...splitBrainLines(result, round.splitBrain, style), ...stalenessLines(round, style)];
}

function clientLines({ plan }: Result, round: RoundAnalysis, style: Style): string[] {
  const { clientsBack, clientGaps, writeDowntime, readDowntime } = round;
  if (writeDowntime === null && readDowntime === null) {
    return [];
  }
  const ink = clientsBack >= plan.clients ? 'green' : 'red';
  const share = `${formatCount(clientsBack)} of ${formatCount(plan.clients)}`;
  const lines = entry('clients', `${style.paint(share, ink, 'bold')} work again`, style);
  if (clientGaps !== null) {
    lines.push(...entry('', gapsInWords(clientGaps, plan.clients, style), style));
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

/** All times since the fault was asked for. */
function throughputLines({ recovery, writeDowntime }: RoundAnalysis, style: Style): string[] {
  const { to50Ms, to90Ms, to99Ms } = recovery;
  const shares = [
    [50, to50Ms],
    [90, to90Ms],
    [99, to99Ms],
  ] as const;
  const lines = errorLines(recovery, style);
  if (shares.some(([, ms]) => ms !== null)) {
    const reached = shares.map(([share, ms]) =>
      ms === null ? `never at ${share} %` : `${share} % after ${style.millis(ms)}`,
    );
    lines.push(...entry('throughput', `back at ${reached.join(', ')}`, style));
  }
  return [...lines, ...connectionLines(recovery, writeDowntime, style)];
}

/** The first and the last failure that tell of an outage. */
function errorLines({ firstErrorMs, lastErrorMs }: Recovery, style: Style): string[] {
  if (firstErrorMs === null || lastErrorMs === null) {
    return [];
  }
  const text = `first +${style.millis(firstErrorMs)}, last +${style.millis(lastErrorMs)}`;
  return entry('errors', text, style);
}

function connectionLines(recovery: Recovery, writes: Downtime | null, style: Style): string[] {
  const { newConnectionMs, existingConnectionMs } = recovery;
  if (newConnectionMs === null) {
    return [];
  }
  const parts = [`new ones commit after ${style.millis(newConnectionMs)}`];
  if (existingConnectionMs !== null) {
    parts.push(`old ones after ${style.millis(existingConnectionMs)}`);
  } else if (writes?.outage && writes.toMs !== null) {
    // Where only new ones were away, or nothing came back, the old ones had nothing to survive.
    parts.push('no old one survived');
  }
  return entry('connections', parts.join(', '), style);
}

const EVIDENCE: Readonly<Record<SplitBrain['evidence'], string>> = {
  load: 'by the acknowledgements of the load',
  direct_writes: 'by the acknowledgements of writers on each node',
  roles: 'both nodes were writable; whether clients wrote to both is not known',
};

/** That there was none is said only where something would have seen one. */
function splitBrainLines(result: Result, splitBrain: SplitBrain | null, style: Style): string[] {
  if (splitBrain === null) {
    const watch = splitBrainWatch(result);
    return watch === null
      ? []
      : entry('split brain', `${style.paint('none seen', 'green', 'bold')}, ${WATCHED[watch]}`, style);
  }
  const { winner, loser, overlapMs, acksOnLoser, evidence } = splitBrain;
  const figure = style.paint(`for ${style.millis(overlapMs)}`, 'red', 'bold');
  const nodes = `${nodeOf(loser, result)} took writes beside ${nodeOf(winner, result)}`;
  if (evidence === 'roles') {
    return entry('split brain', `${figure}: ${EVIDENCE.roles}`, style);
  }
  const acks = style.paint(
    `${counted(acksOnLoser, 'write')} acknowledged by ${nodeOf(loser, result)}`,
    'red',
    'bold',
  );
  return [
    ...entry('split brain', `${figure} ${nodes}`, style),
    ...entry('', `${acks} in that time, ${EVIDENCE[evidence]}`, style),
  ];
}

const WATCHED: Readonly<Record<'direct_writes' | 'roles', string>> = {
  direct_writes: 'with a writer on each node',
  roles: 'no two nodes said that they were writable, in looks every 0.2 to 1 s',
};

function stalenessLines({ staleness, stalenessOnRw }: RoundAnalysis, style: Style): string[] {
  const phases = PHASES.flatMap((name) => {
    const phase = staleness?.[name] ?? null;
    return phase === null || phase.reads === 0 ? [] : [`${name.padEnd(8)}${ageInWords(phase, style)}`];
  });
  // There is nothing to tell of the primary's port as long as it leads to the primary.
  const onRw = PHASES.flatMap((name) => {
    const phase = stalenessOnRw?.[name] ?? null;
    return phase === null || phase.stale + phase.nonMonotonic === 0
      ? []
      : [`${name.padEnd(8)}${style.paint('through rw', 'red', 'bold')}: ${ageInWords(phase, style)}`];
  });
  return [...phases, ...onRw].flatMap((text, index) => entry(index === 0 ? 'age of reads' : '', text, style));
}

const PHASES = ['before', 'during', 'after'] as const;

function ageInWords({ reads, p99Ms, maxMs, nonMonotonic, stale }: Staleness, style: Style): string {
  const parts: string[] = [];
  if (p99Ms !== null && maxMs !== null) {
    parts.push(`p99 ${style.millis(p99Ms)}, max ${style.millis(maxMs)}`);
  }
  parts.push(`${formatCount(stale)} of ${formatCount(reads)} stale`);
  if (nonMonotonic > 0) {
    parts.push(style.paint(`${formatCount(nonMonotonic)} went back`, 'yellow'));
  }
  return parts.join(', ');
}

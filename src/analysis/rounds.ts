import type { ClientFacts, ClientGaps, Downtime, FaultRecord, RoundAnalysis } from '../result/result.js';
import type { RoundDetails } from '../result/round.js';
import { formatMillis } from '../units.js';
import {
  downtimeOf,
  endOfLoad,
  longestPause,
  type Measured,
  mostPlannedInPause,
  type Window,
} from './outage.js';
import { type Baseline, baselineOf, phasesOf } from './phases.js';
import { isUneven } from './planned.js';
import type { Recording } from './recording.js';
import { probedStream, type Stream, streamsOf } from './streams.js';

export interface RoundsAnalysis {
  readonly rounds: readonly RoundAnalysis[];
  /** Why a figure of a round is missing, one sentence each. */
  readonly notes: readonly string[];
}

/** What each fault did to the clients. */
export function roundsOf(recording: Recording): RoundsAnalysis {
  const rounds: RoundAnalysis[] = [];
  const notes: string[] = [];
  let steady: SteadyPart | null = { fromMs: 0, rampUp: true };
  for (const index of inOrderOfTime(recording.faults)) {
    const fault = recording.faults[index] as FaultRecord;
    const window = roundWindow(recording, index);
    const subject = nameOf(recording.faults, index);
    if (window === null) {
      rounds.push(nothingOf(index));
      notes.push(`${subject} was not done, so there is nothing to tell of it${reasonOf(fault)}.`);
      continue;
    }
    const round = roundOf({ recording, index, window, steady }, (note) => notes.push(`${subject}: ${note}`));
    rounds.push(round);
    steady = steadyAfter(round, window);
  }
  return { rounds, notes };
}

function inOrderOfTime(faults: readonly FaultRecord[]): number[] {
  const atMs = faults.map((fault) => fault.askedAtMs ?? fault.plannedAtMs);
  return [...faults.keys()].sort((a, b) => (atMs[a] as number) - (atMs[b] as number));
}

interface RoundContext {
  readonly recording: Recording;
  readonly index: number;
  readonly window: Window;
  readonly steady: SteadyPart | null;
}

/** Where to look for the steady part before the next fault; null when the load never was steady again. */
interface SteadyPart {
  readonly fromMs: number;
  readonly rampUp: boolean;
}

function steadyAfter({ phases }: RoundAnalysis, window: Window): SteadyPart | null {
  if (phases.after !== null) {
    return { fromMs: phases.after.fromMs, rampUp: false };
  }
  // Without a steady part before it, the round cannot tell when it was over: its beginning is ramp-up to the next.
  return phases.before === null ? { fromMs: window.fromMs, rampUp: true } : null;
}

function roundOf(context: RoundContext, note: (text: string) => void): RoundAnalysis {
  const { recording, index, window } = context;
  const baseline = figureOf(baselineBefore(context), (why) => {
    note(`before, during and after cannot be told: ${why}.`);
  });
  const writing = writers(recording);
  const writes = figureOf(measure(recording, writing, window, baseline), (why) => {
    note(`write downtime was not measured: ${why}.`);
  });
  const reading = readers(recording);
  const reads = figureOf(measure(recording, reading, window, baseline), (why) => {
    note(`read downtime was not measured: ${why}.`);
  });
  // An outage of what only a probe asks for does not keep the load away.
  const outageEndMs = lastOutageEnd([isLoad(writing) ? writes : null, isLoad(reading) ? reads : null]);
  const phases = baseline === null ? UNKNOWN_PHASES : phasesOf(recording, baseline, window, outageEndMs);
  if (baseline !== null && phases.after === null && outageEndMs !== Infinity) {
    const what = isUneven(recording.plan.pace) ? 'the share of the planned rate' : 'throughput';
    note(`${what} was not back at 90 % for 3 s by ${formatMillis(window.toMs)}.`);
  }
  return {
    fault: index,
    phases,
    writeDowntime: writes,
    readDowntime: reads,
    clientGaps: clientGapsOf(recording.clients, window),
    clientsBack: recording.clients.filter((client) => isBack(client, outageEndMs ?? window.fromMs)).length,
    ...NO_DETAILS,
  };
}

const NO_DETAILS: RoundDetails = {
  invalid: null,
  newConnections: { rw: null, ro: null },
  stages: [],
  prediction: null,
  dominated: null,
  recovery: {
    firstErrorMs: null,
    lastErrorMs: null,
    newConnectionMs: null,
    existingConnectionMs: null,
    to50Ms: null,
    to90Ms: null,
    to99Ms: null,
  },
  splitBrain: null,
  staleness: null,
  generatorStallMs: null,
};

const UNKNOWN_PHASES = { before: null, during: null, after: null };

function nothingOf(fault: number): RoundAnalysis {
  return {
    fault,
    phases: UNKNOWN_PHASES,
    writeDowntime: null,
    readDowntime: null,
    clientGaps: null,
    clientsBack: 0,
    ...NO_DETAILS,
  };
}

function baselineBefore({ recording, window, steady }: RoundContext): Measured<Baseline> {
  if (steady === null) {
    return { missing: 'the load was not steady again after the fault before' };
  }
  return baselineOf(recording, { fromMs: steady.fromMs, toMs: window.fromMs }, steady.rampUp);
}

function measure(
  recording: Recording,
  stream: Stream | string,
  window: Window,
  baseline: Baseline | null,
): Measured<Downtime> {
  if (typeof stream === 'string') {
    return { missing: stream };
  }
  const before = baseline?.window ?? { fromMs: 0, toMs: window.fromMs };
  const usualPauseMs = longestPause(recording, stream, before);
  const mostPlanned = mostPlannedInPause(recording, stream, before);
  return downtimeOf(recording, stream, window, usualPauseMs, mostPlanned);
}

/** The stream that tells of write downtime, or why there is none. */
function writers(recording: Recording): Stream | string {
  const { plan } = recording;
  const stream = streamsOf(plan).find(({ what, route }) => what === 'writes' && route === 'rw');
  return stream ?? probedStream(recording, 'rw') ?? `${plan.workload.name} has no script that writes`;
}

/** Reads on the read-only port; those on the read-write port where nothing else reads. */
function readers(recording: Recording): Stream | string {
  const { plan } = recording;
  const streams = streamsOf(plan).filter(({ what }) => what === 'reads');
  const stream = probedStream(recording, 'ro') ?? streams.find(({ route }) => route === 'ro') ?? streams[0];
  return stream ?? `${plan.workload.name} has no script that only reads, and there is no read-only endpoint`;
}

function isLoad(stream: Stream | string): boolean {
  return typeof stream !== 'string' && stream.scripts.size > 0;
}

function figureOf<Figure>(measured: Measured<Figure>, missing: (why: string) => void): Figure | null {
  if ('figure' in measured) {
    return measured.figure;
  }
  missing(measured.missing);
  return null;
}

function lastOutageEnd(downtimes: readonly (Downtime | null)[]): number | null {
  let end: number | null = null;
  for (const downtime of downtimes) {
    if (downtime?.outage) {
      end = Math.max(end ?? 0, downtime.toMs ?? Infinity);
    }
  }
  return end;
}

/** From the instant of the fault to the next one that was done, or to the end of the load; null for one that was not done. */
function roundWindow(recording: Recording, index: number): Window | null {
  const asked = recording.faults.map((fault) => fault.askedAtMs);
  const fromMs = asked[index] ?? null;
  const endMs = endOfLoad(recording);
  if (fromMs === null || fromMs >= endMs) {
    return null;
  }
  let toMs = endMs;
  for (const atMs of asked) {
    toMs = atMs !== null && atMs > fromMs ? Math.min(toMs, atMs) : toMs;
  }
  return { fromMs, toMs };
}

/** The longest gaps of the clients that overlap the round; a client that never came back has one to the end. */
function clientGapsOf(clients: readonly ClientFacts[], window: Window): ClientGaps | null {
  const lengths: number[] = [];
  for (const client of clients) {
    const gap = longestGapOf(client, window.toMs);
    if (gap !== null && gap.toMs > window.fromMs && gap.fromMs < window.toMs) {
      lengths.push(roundToMicros(gap.toMs - gap.fromMs));
    }
  }
  const ascending = Float64Array.from(lengths).sort();
  const maxMs = ascending.at(-1);
  if (maxMs === undefined) {
    return null;
  }
  return {
    clients: ascending.length,
    p50Ms: nearestRank(ascending, 50),
    p99Ms: nearestRank(ascending, 99),
    maxMs,
  };
}

function longestGapOf(client: ClientFacts, endMs: number): Window | null {
  const open = { fromMs: client.lastAckMs ?? Infinity, toMs: endMs };
  const closed = client.longestGap;
  if (closed !== null && closed.toMs - closed.fromMs >= open.toMs - open.fromMs) {
    return closed;
  }
  return open.fromMs < open.toMs ? open : null;
}

/** A difference of two instants in ms shows digits that neither has. */
function roundToMicros(millis: number): number {
  return Math.round(millis * 1000) / 1000;
}

function nearestRank(ascending: Float64Array, percent: number): number {
  const rank = Math.max(1, Math.ceil((ascending.length * percent) / 100));
  return ascending[rank - 1] as number;
}

function isBack(client: ClientFacts, afterMs: number): boolean {
  return client.lastAckMs !== null && client.lastAckMs >= afterMs;
}

function nameOf(faults: readonly FaultRecord[], index: number): string {
  const kind = faults[index]?.kind ?? 'fault';
  const name = faults.length === 1 ? kind : `${kind} ${index + 1}`;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function reasonOf(fault: FaultRecord): string {
  return fault.failure === null ? '' : ` (${fault.failure})`;
}

import type { Route } from '../plan/target.js';
import type { Downtime } from '../result/downtime.js';
import type { FaultRecord, RoundAnalysis } from '../result/result.js';
import type { RoundsSummary } from '../result/round.js';
import { formatMillis } from '../units.js';
import { type AskedRound, askedRounds } from './asked.js';
import { caughtUpFrom } from './catch-up.js';
import { clientGapsOf, isBack } from './client-gaps.js';
import { detailsOf, noDetails } from './details.js';
import { downtimeOf, longestPause, type Measured, mostPlannedInPause, type Window } from './outage.js';
import { type Baseline, baselineOf, phasesOf } from './phases.js';
import { isUneven } from './planned.js';
import type { Recording } from './recording.js';
import { connectingStream, probedStream, type Stream, servedAfter, streamsOf } from './streams.js';
import { summariesOf } from './summaries.js';

export interface RoundsAnalysis {
  readonly rounds: readonly RoundAnalysis[];
  readonly summaries: readonly RoundsSummary[];
  /** Why a figure of a round is missing, one sentence each. */
  readonly notes: readonly string[];
}

/** What each round did to the clients. */
export function roundsOf(recording: Recording): RoundsAnalysis {
  const rounds: RoundAnalysis[] = [];
  const notes: string[] = [];
  let steady: SteadyPart | null = { fromMs: 0, rampUp: true };
  for (const asked of askedRounds(recording)) {
    notes.push(...notDone(recording, asked));
    if (asked.window === null) {
      rounds.push(nothingOf(recording, asked));
      continue;
    }
    const note = (text: string) => notes.push(`${asked.name}: ${text}`);
    const round = roundOf({ recording, asked, window: asked.window, steady }, note);
    rounds.push(round);
    steady = steadyAfter(recording, round, asked.window);
  }
  const summaries = summariesOf(recording.faults, rounds, (text) => notes.push(text));
  return { rounds, summaries, notes };
}

/** Of the faults of a round that were not done, or came too late. */
function notDone({ faults }: Recording, { name, faults: own, fault, window }: AskedRound): string[] {
  const done = own.filter((index) => faults[index]?.askedAtMs !== null);
  const missed = own.filter((index) => !done.includes(index) || (index === fault && window === null));
  return missed.map((index) => {
    const record = faults[index] as FaultRecord;
    const subject = index === fault ? name : `${name}: ${record.kind}`;
    return `${subject} was not done, so there is nothing to tell of it${reasonOf(record)}.`;
  });
}

interface RoundContext {
  readonly recording: Recording;
  readonly asked: AskedRound;
  readonly window: Window;
  readonly steady: SteadyPart | null;
}

/** Where to look for the steady part before the next fault; null when the load never was steady again. */
interface SteadyPart {
  readonly fromMs: number;
  readonly rampUp: boolean;
}

function steadyAfter(recording: Recording, { phases }: RoundAnalysis, window: Window): SteadyPart | null {
  if (phases.after !== null) {
    const fromMs = caughtUpFrom(recording, phases.after.fromMs, phases.before);
    return fromMs === null ? null : { fromMs, rampUp: false };
  }
  // Without a steady part before it, the round cannot tell when it was over: its beginning is ramp-up to the next.
  return phases.before === null ? { fromMs: window.fromMs, rampUp: true } : null;
}

function roundOf(context: RoundContext, note: (text: string) => void): RoundAnalysis {
  const { recording, asked, window } = context;
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
  const ofLoad = [...outagesOf(writing, writes), ...outagesOf(reading, reads)];
  const outageEndMs = latest(ofLoad.map(({ toMs }) => toMs ?? Infinity));
  // Service may have come back only after the next fault: then a client is back that works after that.
  const backMs = latest(
    ofLoad.map(({ stream, fromMs, toMs }) => toMs ?? servedAfter(recording, stream, fromMs)),
  );
  const phases = baseline === null ? UNKNOWN_PHASES : phasesOf(recording, baseline, window, outageEndMs);
  if (baseline !== null && phases.after === null && outageEndMs !== Infinity) {
    const what = isUneven(recording.plan.pace) ? 'the share of the planned rate' : 'throughput';
    note(`${what} was not back at 90 % for 3 s by ${formatMillis(window.toMs)}.`);
  }
  const newConnections = {
    rw: freshDowntime(context, baseline, 'rw', note),
    ro: freshDowntime(context, baseline, 'ro', note),
  };
  const details = detailsOf({
    recording,
    asked,
    window,
    phases,
    before: baseline?.window ?? null,
    writing: typeof writing === 'string' ? null : writing,
    writes,
    newConnections,
  });
  noteStall('write downtime', writes, note);
  noteStall('read downtime', reads, note);
  noteStall('downtime of new connections to rw', newConnections.rw, note);
  noteStall('downtime of new connections to ro', newConnections.ro, note);
  return {
    fault: asked.fault,
    phases,
    writeDowntime: writes,
    readDowntime: reads,
    clientGaps: clientGapsOf(recording, window),
    clientsBack: recording.clients.filter((client) => isBack(client, backMs ?? window.fromMs)).length,
    ...details,
  };
}

/** Longer than a beat of the probes: a gap may be the generator's own by as much. */
const STALL_MS = 20;

function noteStall(what: string, downtime: Downtime | null, note: (text: string) => void): void {
  if (downtime?.outage && downtime.stallMs > STALL_MS) {
    note(`the generator itself stalled for ${formatMillis(downtime.stallMs)} within the ${what}.`);
  }
}

function freshDowntime(
  { recording, window }: RoundContext,
  baseline: Baseline | null,
  route: Route,
  note: (text: string) => void,
): Downtime | null {
  const stream = connectingStream(recording, route);
  if (stream === undefined) {
    return null;
  }
  return figureOf(measure(recording, stream, window, baseline), (why) => {
    note(`the downtime of new connections to ${route} was not measured: ${why}.`);
  });
}

const UNKNOWN_PHASES = { before: null, during: null, after: null };

function nothingOf(recording: Recording, asked: AskedRound): RoundAnalysis {
  return {
    fault: asked.fault,
    phases: UNKNOWN_PHASES,
    writeDowntime: null,
    readDowntime: null,
    clientGaps: null,
    clientsBack: 0,
    ...noDetails(recording, asked),
  };
}

function baselineBefore({ recording, asked, steady }: RoundContext): Measured<Baseline> {
  if (steady === null) {
    return { missing: 'the load was not steady again after the fault before' };
  }
  return baselineOf(recording, { fromMs: steady.fromMs, toMs: asked.calmUntilMs }, steady.rampUp);
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
  const before = baseline?.window ?? { fromMs: 0, toMs: firstAskedMs(recording) ?? window.fromMs };
  const usualPauseMs = longestPause(recording, stream, before);
  const mostPlanned = mostPlannedInPause(recording, stream, before);
  return downtimeOf(recording, stream, window, usualPauseMs, mostPlanned);
}

/** Without a steady part before its fault, a load is known best from before any: behind one, outages are among its pauses. */
function firstAskedMs({ faults }: Recording): number | null {
  const asked = faults.flatMap(({ askedAtMs }) => askedAtMs ?? []);
  return asked.length === 0 ? null : Math.min(...asked);
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

/** The outage of a stream that the load is part of, if there was one. */
function outagesOf(stream: Stream | string, downtime: Downtime | null): (Downtime & { stream: Stream })[] {
  const isLoad = typeof stream !== 'string' && stream.scripts.size > 0;
  return isLoad && downtime?.outage ? [{ ...downtime, stream }] : [];
}

function figureOf<Figure>(measured: Measured<Figure>, missing: (why: string) => void): Figure | null {
  if ('figure' in measured) {
    return measured.figure;
  }
  missing(measured.missing);
  return null;
}

function latest(instants: readonly number[]): number | null {
  return instants.length === 0 ? null : Math.max(...instants);
}

function reasonOf(fault: FaultRecord): string {
  return fault.failure === null ? '' : ` (${fault.failure})`;
}

import { switchoverEvents } from '../../analysis/sample.fixture.js';
import type { FaultRecord, Result, RoundAnalysis, Timeline } from '../../result/result.js';
import { roundSample } from '../round-samples.fixture.js';

/** Digits that do not repeat, the same at each run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A run of this length on both ports in which every bucket differs from the one before it, with a switchover each
 * `everyMs`: as large as a result of that length gets, since nothing of it is far from a fault.
 * @param widthMs of a bucket that is far from every fault, where there are such
 */
export function longResult(lengthMs: number, everyMs: number): Result {
  const base = roundSample('six rounds');
  const [round] = base.analysis.rounds as [RoundAnalysis];
  const [fault] = base.faults as [FaultRecord];
  const starts = Array.from({ length: Math.floor(lengthMs / everyMs) }, (_, i) => (i + 0.5) * everyMs);
  return {
    ...base,
    run: { ...base.run, elapsedMs: lengthMs },
    events: starts.flatMap((atMs, index) => switchoverEvents(atMs).slice(index === 0 ? 0 : 7)),
    faults: starts.map((atMs, index) => ({ ...fault, round: index + 1, askedAtMs: atMs })),
    analysis: { ...base.analysis, rounds: starts.map((atMs, index) => roundAt(round, index, atMs)) },
    timeline: timelineOf(Math.round(lengthMs / 100), everyMs),
  };
}

function roundAt(round: RoundAnalysis, index: number, atMs: number): RoundAnalysis {
  const { writeDowntime, phases } = round;
  return {
    ...round,
    fault: index,
    writeDowntime:
      writeDowntime === null ? null : { ...writeDowntime, fromMs: atMs + 312, toMs: atMs + 5480 },
    phases: {
      before: phases.before === null ? null : { ...phases.before, fromMs: atMs - 5000, toMs: atMs },
      during: phases.during === null ? null : { ...phases.during, fromMs: atMs, toMs: atMs + 7000 },
      after: phases.after === null ? null : { ...phases.after, fromMs: atMs + 7000, toMs: atMs + 9000 },
    },
  };
}

function timelineOf(buckets: number, everyMs: number): Timeline {
  const next = noise(42);
  const column = <Value>(valueAt: (atMs: number) => Value) =>
    Array.from({ length: buckets }, (_, i) => valueAt(i * 100));
  const isDown = (atMs: number) => {
    const since = (atMs % everyMs) - everyMs / 2;
    return since > 300 && since < 5500;
  };
  const latency = (most: number) =>
    column((atMs) => (isDown(atMs) ? null : 1000 + Math.floor(next() * most)));
  const none = column(() => null);
  const acks = {
    rw: column((atMs) => (isDown(atMs) ? 0 : 150 + Math.floor(next() * 150))),
    ro: column(() => 2000 + Math.floor(next() * 2000)),
  };
  return {
    startMs: column((atMs) => atMs),
    widthMs: column(() => 100),
    outcomes: { rw: { ack: acks.rw }, ro: { ack: acks.ro } },
    firstAckMs: { rw: none, ro: none },
    lastAckMs: { rw: none, ro: none },
    p50Us: latency(9000),
    p90Us: latency(30_000),
    p99Us: latency(90_000),
    maxUs: latency(9_000_000),
    writers: {
      '127.0.1.1:5432': acks.rw.map((count, i) => (Math.floor((i * 100) / everyMs) % 2 === 0 ? count : 0)),
      '127.0.1.2:5432': acks.rw.map((count, i) => (Math.floor((i * 100) / everyMs) % 2 === 1 ? count : 0)),
    },
    probes: {},
    connects: column(() => 0),
    errors: {
      shutdown: column((atMs) => (isDown(atMs) ? Math.floor(next() * 20) : 0)),
      read_only: column((atMs) => (isDown(atMs) ? Math.floor(next() * 40) : 0)),
    },
    stallMs: column(() => Math.round(next() * 30_000) / 1000),
  };
}

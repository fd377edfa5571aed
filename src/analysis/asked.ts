import type { FaultRecord } from '../result/result.js';
import { leaderChanges } from './leaders.js';
import { endOfLoad, type Window } from './outage.js';
import type { Recording } from './recording.js';

/** The faults that were done together, as one. */
export interface AskedRound {
  /** Index in recording.faults: the last one that was asked for, which is the one that hurts; or else the last one. */
  readonly fault: number;
  /** All of them, in order of time. */
  readonly faults: readonly number[];
  /** When the first of them was asked for: until then the load was left alone. */
  readonly calmUntilMs: number;
  /** From the instant of its fault to the next round or the end of the load; null for one that was not done. */
  readonly window: Window | null;
  /** `Kill-node 2`, for messages. */
  readonly name: string;
}

/** In order of time. */
export function askedRounds(recording: Recording): AskedRound[] {
  const groups = new Map<number, number[]>();
  for (const index of inOrderOfTime(recording.faults)) {
    const { round } = recording.faults[index] as FaultRecord;
    groups.set(round, [...(groups.get(round) ?? []), index]);
  }
  return [...groups.values()].map((faults, place) =>
    roundOf(recording, faults, groups.size > 1 ? place + 1 : null),
  );
}

function inOrderOfTime(faults: readonly FaultRecord[]): number[] {
  const atMs = faults.map((fault) => fault.askedAtMs ?? fault.plannedAtMs);
  return [...faults.keys()].sort((a, b) => (atMs[a] as number) - (atMs[b] as number));
}

function roundOf(recording: Recording, faults: readonly number[], place: number | null): AskedRound {
  const askedMs = (index: number) => recording.faults[index]?.askedAtMs ?? null;
  const fault = faults.findLast((index) => askedMs(index) !== null) ?? faults.at(-1) ?? 0;
  const fromMs = askedMs(fault);
  const kind = recording.faults[fault]?.kind ?? 'fault';
  return {
    fault,
    faults,
    calmUntilMs: faults.map(askedMs).find((atMs) => atMs !== null) ?? 0,
    window: fromMs === null ? null : windowFrom(recording, fromMs),
    name: kind.charAt(0).toUpperCase() + kind.slice(1) + (place === null ? '' : ` ${place}`),
  };
}

/** The fault is the last of its own round: what was asked for after it belongs to the next. */
function windowFrom(recording: Recording, fromMs: number): Window | null {
  const endMs = endOfLoad(recording);
  if (fromMs >= endMs) {
    return null;
  }
  let toMs = endMs;
  for (const { askedAtMs } of recording.faults) {
    if (askedAtMs !== null && askedAtMs > fromMs) {
      toMs = Math.min(toMs, askedAtMs);
    }
  }
  return { fromMs, toMs };
}

/** Faults that leave the leader alone: when it changes nevertheless, something else was at work. */
const LEAVES_LEADER: ReadonlySet<string> = new Set([
  'kill-replica',
  'cut-replication',
  'restart-haproxy',
  'reload-haproxy',
  'reinitialize',
]);

/**
 * How often faults of these kinds may change the leader together. One each, but for a freeze: the old primary may take the
 * key back when it is thawed (seen with Patroni 3.0.2). Infinity with a command, of which nobody knows what it does.
 */
export function changesOfLeader(kinds: readonly string[]): number {
  let changes = 0;
  for (const kind of kinds) {
    if (kind === 'exec') {
      return Infinity;
    }
    if (!LEAVES_LEADER.has(kind)) {
      changes += kind.startsWith('freeze-') ? 2 : 1;
    }
  }
  return changes;
}

/**
 * Why the round says nothing of its fault; null when nothing is known against it.
 * @param calm the steady part before it, null where there was none
 */
export function invalidOf(recording: Recording, round: AskedRound, calm: Window | null): string | null {
  const records = round.faults.map((index) => recording.faults[index] as FaultRecord);
  for (const { disturbance, failure } of records) {
    if (disturbance !== null || failure !== null) {
      return disturbance ?? failure;
    }
  }
  const changes = leaderChanges(recording.events);
  const fromMs = calm?.fromMs ?? round.calmUntilMs;
  const before = changes.find(
    ({ atMs, uncertaintyMs }) => atMs - uncertaintyMs >= fromMs && atMs <= round.calmUntilMs,
  );
  if (before !== undefined) {
    return `the leader changed before it, ${before.from} -> ${before.to}`;
  }
  const { window } = round;
  const within = changes.filter(({ atMs }) => window !== null && atMs > window.fromMs && atMs <= window.toMs);
  const mayChange = changesOfLeader(records.map(({ kind }) => kind));
  const more = within[mayChange];
  if (more === undefined) {
    return null;
  }
  const change = `${more.from} -> ${more.to}`;
  return mayChange === 0
    ? `the leader changed, ${change}, which this does not do`
    : `the leader changed again, ${change}`;
}

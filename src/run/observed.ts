import type { Event, FaultRecord } from '../result/result.js';

/**
 * What the observers saw of a fault: the first change of the leader after it was asked for. The answer of whoever was
 * asked is no evidence: Patroni may say 503 and do it, or 200 long after it was done.
 */
export function withObservation(fault: FaultRecord, events: readonly Event[]): FaultRecord {
  const { askedAtMs } = fault;
  if (askedAtMs === null) {
    return fault;
  }
  const before = leaderBefore(events, askedAtMs);
  const change = events.find(
    (event) => event.kind === 'leader' && event.atMs > askedAtMs && event.to !== before,
  );
  if (change === undefined) {
    return fault;
  }
  return { ...fault, observed: `leader ${before ?? '?'} -> ${change.to}`, observedAtMs: change.atMs };
}

function leaderBefore(events: readonly Event[], atMs: number): string | null {
  return events.findLast((event) => event.kind === 'leader' && event.atMs <= atMs)?.to ?? null;
}

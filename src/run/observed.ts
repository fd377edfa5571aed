import type { Event, FaultRecord } from '../result/result.js';

/**
 * What the observers saw of a fault: the first change of the leader after it was asked for. The answer of whoever was
 * asked is no evidence: Patroni may say 503 and do it, or 200 long after it was done. Where etcd was watched, by its
 * leader key; else by Patroni's /cluster, which is looked at once a second.
 */
export function withObservation(fault: FaultRecord, events: readonly Event[]): FaultRecord {
  const { askedAtMs } = fault;
  if (askedAtMs === null) {
    return fault;
  }
  const leads = events.some(({ kind, to }) => KEY.includes(kind) && to !== null) ? KEY : ['leader'];
  const before = events.findLast(({ kind, atMs }) => leads.includes(kind) && atMs <= askedAtMs)?.to ?? null;
  const change = events.find(
    ({ kind, atMs, to }) => leads.includes(kind) && atMs > askedAtMs && to !== before,
  );
  if (change === undefined) {
    return fault;
  }
  return { ...fault, observed: `leader ${before ?? '?'} -> ${change.to}`, observedAtMs: change.atMs };
}

/** Who holds the key at the beginning, and who takes it. */
const KEY: readonly string[] = ['leader_key', 'leader_key_taken'];

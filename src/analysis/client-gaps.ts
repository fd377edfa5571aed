import type { ClientFacts, ClientGaps } from '../result/result.js';
import type { Window } from './outage.js';
import { roundToMicros } from './recovery.js';

/**
 * The longest gaps of the clients that overlap the only round of a run; a client that never came back has one to the
 * end. Of several rounds they would tell the worst alone: each client keeps one gap of the whole run.
 */
export function clientGapsOf(clients: readonly ClientFacts[], window: Window): ClientGaps | null {
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

function nearestRank(ascending: Float64Array, percent: number): number {
  const rank = Math.max(1, Math.ceil((ascending.length * percent) / 100));
  return ascending[rank - 1] as number;
}

export function isBack(client: ClientFacts, afterMs: number): boolean {
  return client.lastAckMs !== null && client.lastAckMs >= afterMs;
}

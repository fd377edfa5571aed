import type { ClientFacts, ClientGaps, Gap } from '../result/result.js';
import type { Window } from './outage.js';
import type { Recording } from './recording.js';
import { roundToMicros } from './recovery.js';

/** The longest gap of each client in the round; one that is not over at the end of the round is told up to there. */
export function clientGapsOf(
  { clients, gaps }: Pick<Recording, 'clients' | 'gaps'>,
  window: Window,
): ClientGaps | null {
  const lengths: number[] = [];
  for (const [index, client] of clients.entries()) {
    const longestMs = longestWithin([...(gaps[index] ?? []), ...openGap(client, window)], window);
    if (longestMs > 0) {
      lengths.push(roundToMicros(longestMs));
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

function longestWithin(gaps: readonly Gap[], { fromMs, toMs }: Window): number {
  let longestMs = 0;
  for (const gap of gaps) {
    if (gap.toMs > fromMs && gap.fromMs < toMs) {
      longestMs = Math.max(longestMs, Math.min(gap.toMs, toMs) - gap.fromMs);
    }
  }
  return longestMs;
}

/** Of a client that was not acknowledged anything more. */
function openGap({ lastAckMs }: ClientFacts, { toMs }: Window): Gap[] {
  return lastAckMs !== null && lastAckMs < toMs ? [{ fromMs: lastAckMs, toMs }] : [];
}

function nearestRank(ascending: Float64Array, percent: number): number {
  const rank = Math.max(1, Math.ceil((ascending.length * percent) / 100));
  return ascending[rank - 1] as number;
}

export function isBack(client: ClientFacts, afterMs: number): boolean {
  return client.lastAckMs !== null && client.lastAckMs >= afterMs;
}

import type { Result, Timeline } from '../../result/result.js';

/** Buckets that a page draws at once without effort, and that fit into its size. */
const MOST_BUCKETS = 24_000;
/** So near to a fault, an outage or a change of the leader, everything is kept. */
export const NEAR_MS = 30_000;
const WIDTHS_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 3_600_000];

/** Buckets that are drawn as one: from the first to the last, both included. */
export interface BucketGroup {
  readonly first: number;
  readonly last: number;
}

/**
 * Groups the buckets of a long run, so that a page of it stays small: alone near faults, joined elsewhere, to the
 * smallest width that brings them below the limit. Most results are thin already and are left as they are.
 */
export function groupsOf(result: Result, most = MOST_BUCKETS): BucketGroup[] {
  const { timeline } = result;
  const alone = timeline.startMs.map((_, index) => ({ first: index, last: index }));
  if (alone.length <= most) {
    return alone;
  }
  const instants = instantsOf(result);
  let groups = alone;
  for (const widthMs of WIDTHS_MS) {
    groups = joined(timeline, instants, widthMs);
    if (groups.length <= most) {
      break;
    }
  }
  return groups;
}

function instantsOf({ faults, events, analysis }: Result): number[] {
  const instants: (number | null | undefined)[] = [];
  for (const { askedAtMs, undoneAtMs } of faults) {
    instants.push(askedAtMs, undoneAtMs);
  }
  for (const { kind, atMs } of events) {
    instants.push(kind === 'leader' || kind === 'leader_key_taken' ? atMs : null);
  }
  for (const { writeDowntime, readDowntime } of analysis.rounds) {
    instants.push(writeDowntime?.fromMs, writeDowntime?.toMs, readDowntime?.fromMs, readDowntime?.toMs);
  }
  return instants.filter((instant) => typeof instant === 'number').sort((a, b) => a - b);
}

function joined({ startMs, widthMs }: Timeline, instants: readonly number[], groupMs: number): BucketGroup[] {
  const groups: { first: number; last: number }[] = [];
  let frame = -1;
  let next = 0;
  for (const [index, from] of startMs.entries()) {
    const to = from + (widthMs[index] ?? 0);
    while (next < instants.length && (instants[next] ?? 0) + NEAR_MS < from) {
      next++;
    }
    const isNear = (instants[next] ?? Infinity) - NEAR_MS < to;
    // By the middle, since an edge such as 0.1 + 0.2 may lie on the wrong side.
    const own = isNear ? -1 : Math.floor((from + to) / 2 / groupMs);
    const last = groups.at(-1);
    if (last !== undefined && own >= 0 && own === frame) {
      last.last = index;
    } else {
      groups.push({ first: index, last: index });
    }
    frame = own;
  }
  return groups;
}

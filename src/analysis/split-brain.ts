import type { ServerFrame } from '../load/frame.js';
import type { ClusterFacts } from '../result/result.js';
import type { SplitBrain } from '../result/round.js';
import { indexAt } from './buckets.js';
import { leaderAt, leaderChanges, leaderSeen } from './leaders.js';
import type { Window } from './outage.js';
import type { Bucket, Recording } from './recording.js';
import { roundToMicros } from './recovery.js';

/*
 * Two servers that acknowledge writes in overlapping time. Each server's acknowledgements have a first and a last instant
 * in each bucket, to the µs. Of two servers, the time from the first to the last one of each is its hull; the overlap is
 * what the hulls have in common.
 *
 * A leader that was lost and came back has a hull around that of the one between, and never acknowledged together with
 * it. So each of the two must be known to have acknowledged between the first and the last acknowledgement of the other;
 * and nothing counts from the second change of the leader on, which would make n1, n2, n1, n2 of it.
 *
 * A server calls itself by the address that a connection came in at, so one server may go by several. What is certainly
 * two of them are two members of the cluster; where none of them is known, only what was connected to in the same way is
 * compared.
 */

/**
 * @param window of the round, from the fault on
 * @returns null where no two servers were at it together, or where nobody saw it
 */
export function splitBrainOf(recording: Recording, window: Window): SplitBrain | null {
  const { events } = recording;
  const changes = leaderChanges(events).filter(({ atMs }) => atMs > window.fromMs && atMs <= window.toMs);
  const again = changes[1];
  const until = again === undefined ? window.toMs : again.atMs - again.uncertaintyMs;
  const watched = { fromMs: window.fromMs, toMs: Math.max(window.fromMs, until) };
  return byAcknowledgements(recording, watched) ?? byRoles(recording, watched);
}

/** What is known of the acknowledgements of one server, µs. */
interface Acknowledging {
  readonly server: string;
  /** How it was connected to, which only those without a known address have to have in common. */
  readonly via: ServerFrame['via'] | null;
  readonly frames: readonly ServerFrame[];
  readonly firstUs: number;
  readonly lastUs: number;
}

function byAcknowledgements(recording: Recording, window: Window): SplitBrain | null {
  const servers = acknowledging(recording, window);
  let longest: SplitBrain | null = null;
  for (const [index, one] of servers.entries()) {
    for (const other of servers.slice(index + 1)) {
      if (other.via === one.via) {
        longest = longer(longest, overlapOf(one, other, recording, window));
      }
    }
  }
  return longest;
}

function acknowledging(recording: Recording, window: Window): Acknowledging[] {
  const members = membersSeen(recording);
  const byServer = new Map<string, ServerFrame[]>();
  for (const frame of writesIn(recording, window)) {
    if (members.size === 0 || members.has(frame.server)) {
      const key = members.size === 0 ? `${frame.via} ${frame.server}` : frame.server;
      const own = byServer.get(key) ?? [];
      byServer.set(key, own);
      own.push(frame);
    }
  }
  return [...byServer.values()].map((frames) => hullOf(frames, members.size > 0, window.toMs * 1000));
}

/** Addresses of members that acknowledged anything; none where Patroni names them as no server calls itself. */
function membersSeen({ buckets, cluster }: Recording): ReadonlySet<string> {
  const addresses = new Set(
    cluster.members.map(({ address }) => address).filter((address) => address !== ''),
  );
  const seen = new Set<string>();
  for (const bucket of buckets) {
    for (const { server } of bucket.servers) {
      if (addresses.has(server)) {
        seen.add(server);
      }
    }
    if (seen.size === addresses.size) {
      return seen;
    }
  }
  return seen;
}

function writesIn({ buckets }: Recording, window: Window): ServerFrame[] {
  const frames: ServerFrame[] = [];
  for (let index = indexAt(buckets, window.fromMs); index < buckets.length; index++) {
    const bucket = buckets[index] as Bucket;
    if (bucket.startMs >= window.toMs) {
      break;
    }
    for (const frame of bucket.servers) {
      // What a bucket holds from behind the end of the window cannot be told from the rest, unless it is all of it.
      if (frame.writes && frame.acks > 0 && frame.firstAckUs < window.toMs * 1000) {
        frames.push(frame);
      }
    }
  }
  return frames;
}

function hullOf(frames: readonly ServerFrame[], isMember: boolean, endUs: number): Acknowledging {
  const [first] = frames;
  let firstUs = Infinity;
  let lastUs = -1;
  for (const { firstAckUs, lastAckUs } of frames) {
    firstUs = Math.min(firstUs, firstAckUs);
    lastUs = Math.max(lastUs, Math.min(endUs, lastAckUs));
  }
  return {
    server: first?.server ?? '',
    via: isMember ? null : (first?.via ?? null),
    frames,
    firstUs,
    lastUs,
  };
}

function overlapOf(
  one: Acknowledging,
  other: Acknowledging,
  recording: Recording,
  window: Window,
): SplitBrain | null {
  const fromUs = Math.max(one.firstUs, other.firstUs);
  const toUs = Math.min(one.lastUs, other.lastUs);
  if (toUs <= fromUs || !isBetween(one, other) || !isBetween(other, one)) {
    return null;
  }
  const [winner, loser] = winnerFirst(one, other, recording, window);
  const { acks, via } = acksWithin(loser, fromUs, toUs);
  return {
    winner: nameOf(recording.cluster, winner.server),
    loser: nameOf(recording.cluster, loser.server),
    fromMs: fromUs / 1000,
    toMs: toUs / 1000,
    overlapMs: roundToMicros((toUs - fromUs) / 1000),
    acksOnLoser: acks,
    evidence: via === 'load' ? 'load' : 'direct_writes',
  };
}

/** Whether one acknowledged between the first and the last of the other, both counted. */
function isBetween(one: Acknowledging, { firstUs, lastUs }: Acknowledging): boolean {
  return one.frames.some(({ firstAckUs, lastAckUs }) =>
    [firstAckUs, lastAckUs].some((atUs) => atUs >= firstUs && atUs <= lastUs),
  );
}

/** The one that Patroni has as leader in the end, or else the one that acknowledged last. */
function winnerFirst(
  one: Acknowledging,
  other: Acknowledging,
  { events, cluster }: Recording,
  { toMs }: Window,
): [Acknowledging, Acknowledging] {
  const leader = leaderSeen(events, toMs);
  const led = [one, other].find(({ server }) => nameOf(cluster, server) === leader);
  const last = one.lastUs > other.lastUs ? one : other;
  return (led ?? last) === one ? [one, other] : [other, one];
}

/**
 * Exact but for the bucket in which the overlap begins, and the one in which it ends where the loser went on: of those,
 * as many are counted as fall within when they are spread evenly.
 */
function acksWithin(
  { frames }: Acknowledging,
  fromUs: number,
  toUs: number,
): { readonly acks: number; readonly via: ServerFrame['via'] } {
  let acks = 0;
  let via: ServerFrame['via'] = 'direct';
  for (const frame of frames) {
    const own = acksOfFrame(frame, fromUs, toUs);
    acks += own;
    via = own > 0 && frame.via === 'load' ? 'load' : via;
  }
  return { acks, via };
}

function acksOfFrame({ acks, firstAckUs, lastAckUs }: ServerFrame, fromUs: number, toUs: number): number {
  const within = Math.min(toUs, lastAckUs) - Math.max(fromUs, firstAckUs);
  if (within < 0) {
    return 0;
  }
  const known = [firstAckUs, lastAckUs].filter((atUs) => atUs >= fromUs && atUs <= toUs).length;
  if (known === 2 || acks === 1) {
    return acks;
  }
  // Of one end of it the instant is known, of the others between them only how many.
  return known + Math.floor(((acks - 1) * within) / (lastAckUs - firstAckUs));
}

/** Member of Patroni, or the address as it is. */
function nameOf({ members }: ClusterFacts, server: string): string {
  return members.find(({ address }) => address === server)?.name ?? server;
}

// ---- by what PostgreSQL says of itself on each node

/** When a node is known to have been primary. */
interface Reign extends Window {
  readonly node: string;
}

/** Only the time in which both are known to be: what the observers' uncertainty leaves open is not counted. */
function byRoles(recording: Recording, window: Window): SplitBrain | null {
  const reigns = reignsOf(recording, window).sort((a, b) => a.fromMs - b.fromMs);
  const leader = leaderSeen(recording.events, window.toMs);
  let longest: SplitBrain | null = null;
  for (const [index, earlier] of reigns.entries()) {
    for (const later of reigns.slice(index + 1)) {
      const toMs = Math.min(earlier.toMs, later.toMs);
      if (later.node !== earlier.node && toMs > later.fromMs) {
        const [winner, loser] = earlier.node === leader ? [earlier, later] : [later, earlier];
        longest = longer(longest, {
          winner: winner.node,
          loser: loser.node,
          fromMs: later.fromMs,
          toMs,
          overlapMs: roundToMicros(toMs - later.fromMs),
          acksOnLoser: 0,
          evidence: 'roles',
        });
      }
    }
  }
  return longest;
}

function longer(one: SplitBrain | null, other: SplitBrain | null): SplitBrain | null {
  return (other?.overlapMs ?? -1) > (one?.overlapMs ?? -1) ? other : one;
}

function reignsOf({ events, cluster }: Recording, window: Window): Reign[] {
  const reigns: Reign[] = [];
  const seen = events.filter(({ layer }) => layer === 'postgres');
  for (const node of new Set(seen.map(({ subject }) => subject))) {
    // Until it says otherwise: an observer may have begun to look after the fault.
    let primary = leaderAt(events, cluster, window.fromMs) === node;
    let up = true;
    let sinceMs: number | null = null;
    for (const { kind, to, atMs, uncertaintyMs, subject } of seen) {
      if (subject !== node || atMs > window.toMs) {
        continue;
      }
      const reigned = primary && up;
      primary = kind in ROLE_EVENTS ? (ROLE_EVENTS[kind] ?? to === 'primary') : primary;
      up = kind in STATE_EVENTS ? STATE_EVENTS[kind] === true : up;
      if (primary && up && !reigned) {
        sinceMs = atMs;
      } else if (reigned && !(primary && up)) {
        reigns.push({ node, fromMs: Math.max(window.fromMs, sinceMs ?? 0), toMs: atMs - uncertaintyMs });
      }
    }
    if (primary && up) {
      reigns.push({ node, fromMs: Math.max(window.fromMs, sinceMs ?? 0), toMs: window.toMs });
    }
  }
  return reigns.filter(({ fromMs, toMs }) => toMs > fromMs);
}

/** Whether a node is primary after such an event; by its value where that says it. */
const ROLE_EVENTS: Readonly<Record<string, boolean | null>> = { role: null, promoted: true, demoted: false };
/** A node that does not answer may be primary still, and nobody knows. */
const STATE_EVENTS: Readonly<Record<string, boolean>> = { pg_up: true, pg_down: false };

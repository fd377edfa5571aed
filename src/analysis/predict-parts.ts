import type { PredictionPart, Range } from '../result/round.js';
import { isAtLeast } from '../version.js';
import type { Timings } from './timings.js';

/*
 * What downtimes are made of, each with the settings that decide it. They follow from how Patroni, etcd and HAProxy work:
 *
 * - A leader refreshes its key once in a loop, so the key of one that died lasts ttl - loop_wait to ttl. Loops begin
 *   loop_wait apart, but each refreshes the key only after its own questions to etcd and PostgreSQL: two refreshes may lie
 *   further apart by as much as these take longer.
 * - HAProxy counts a check's interval from the end of the one before. A server that is down is up after
 *   0..downinter + (rise - 1) × fastinter; one that is up and refuses is down after 0..inter + (fall - 1) × fastinter.
 * - A new leader of etcd grants every lease its whole time anew, and one election timeout on top.
 *
 * What no setting bounds is assumed, and says so in the name of its part.
 */

/** What else decides about a prediction, beside the kind of the fault and the settings. */
export interface PredictionContext {
  /** Version of Patroni, `3.0.2`; null when it is not known: then it counts as the newest. */
  readonly patroni: string | null;
  /** Whether the subject of the fault led the cluster; null when it is not known: then it did. */
  readonly subjectLed: boolean | null;
  /** Whether the leader of etcd was lost together with the subject. */
  readonly etcdLeaderLost: boolean;
  /** From the fault to its undoing, ms; null when it lasted, or when that is not known. */
  readonly lastedMs: number | null;
  /** How clients find the leader: HAProxy's checks, an address that moves with the leader key, or by trying all members. */
  readonly proxy: ProxyKind;
  /** Of PostgreSQL the postmaster alone was frozen, and its sessions went on. */
  readonly postmasterOnly: boolean;
}

export type ProxyKind = 'haproxy' | 'vip' | 'none';

export type Parts = readonly PredictionPart[];

/** Assumptions, ms: what depends on the machine and the data, and on nothing that is configured. */
export const PROMOTE_MAX_MS = 1000;
export const START_MAX_MS = 5000;
const SHUTDOWN_MAX_MS = 2000;
const ELECTION_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 5000;
/** What a loop does before it refreshes the key; of a cluster in good health. */
const LOOP_WORK_MAX_MS = 1000;
/** Patroni's own constants: it waits so long for a member that does not answer, and looks once a second for a shutdown. */
const RACE_TIMEOUT_MS = 2000;
const SHUTDOWN_POLLS_MS = 2000;
/** etcd looks so often which leases are over. */
const LESSOR_TICK_MS = 500;

export function part(
  name: string,
  minMs: number,
  maxMs: number | null,
  ...settings: string[]
): PredictionPart {
  return { name, minMs, maxMs, settings };
}

/** What no setting bounds. */
export function assumed(name: string, minMs: number, maxMs: number | null): PredictionPart {
  return part(name, minMs, maxMs);
}

export const PROMOTION = assumed('the new leader is promoted (assumed)', 0, PROMOTE_MAX_MS);
export const SHUTDOWN = assumed('PostgreSQL shuts down cleanly (assumed)', 0, SHUTDOWN_MAX_MS);
export const CLIENTS = assumed('clients connect again (assumed)', 0, 500);
export const RECOVERY = assumed('PostgreSQL recovers and starts (assumed)', 0, START_MAX_MS);
export const RACE_NAMED = assumed('the candidate takes the key (assumed)', 0, 500);
export const RACE = assumed('the replicas ask each other and the old leader', 0, RACE_TIMEOUT_MS);
/** A frozen member takes the connection and says nothing; of one that is cut off not even a refusal comes. */
export const RACE_TIMED_OUT = assumed(
  'the replicas wait for the old leader',
  RACE_TIMEOUT_MS,
  RACE_TIMEOUT_MS + 500,
);

/** Clients that try the members themselves meet one that does not answer, and wait for it as long as they are told to. */
export function clientsPastHung({ proxy }: PredictionContext): PredictionPart {
  return proxy === 'none'
    ? assumed(
        'clients give up the host that does not answer (connect timeout of up to 5 s assumed)',
        0,
        CONNECT_TIMEOUT_MS,
      )
    : CLIENTS;
}

export function nothing(name = 'writes go on'): Parts {
  return [assumed(name, 0, 0)];
}

/** A leader that is asked to, shuts down and releases its key. */
export function shutdownOf({ patroni }: PredictionContext): Parts {
  const polls = assumed('Patroni sees that it has ended, looking once a second', 0, SHUTDOWN_POLLS_MS);
  const pause = assumed('Patroni waits before it releases the key', 0, 1000);
  return patroni !== null && !isAtLeast(patroni, '3.2.1') ? [SHUTDOWN, polls] : [SHUTDOWN, polls, pause];
}

const LATE_REFRESH = 'the next refresh was late, behind the work of its loop';

/** Loops whose work takes unequal time: either of two refreshes may be the later one. */
export const UNEQUAL_LOOPS = assumed(
  'two loops do not take the same time until they refresh it (up to 1 s assumed)',
  -LOOP_WORK_MAX_MS,
  LOOP_WORK_MAX_MS,
);

/** The key of a leader that is gone. */
export function leaseOf(
  { ttlMs, loopWaitMs, electionTimeoutMs }: Timings,
  { etcdLeaderLost }: Pick<PredictionContext, 'etcdLeaderLost'>,
): Parts | null {
  if (ttlMs === null || loopWaitMs === null) {
    return null;
  }
  const tick = assumed('etcd notices', 0, LESSOR_TICK_MS);
  if (!etcdLeaderLost) {
    const name = 'the leader key expires: ttl − loop_wait … ttl';
    const expires = part(name, ttlMs - loopWaitMs, ttlMs, 'patroni.ttl', 'patroni.loop_wait');
    return [expires, assumed(`${LATE_REFRESH} (0 … 1 s assumed)`, -LOOP_WORK_MAX_MS, 0), tick];
  }
  const election = 'a new leader of etcd grants the lease anew: 2 … 3 election timeouts';
  const timeoutMs = electionTimeoutMs ?? ELECTION_TIMEOUT_MS;
  return [
    part('the leader key expires: ttl', ttlMs, ttlMs, 'patroni.ttl'),
    electionTimeoutMs === null
      ? assumed(`${election} (1 s assumed)`, 2 * timeoutMs, 3 * timeoutMs)
      : part(election, 2 * timeoutMs, 3 * timeoutMs, 'etcd.election_timeout'),
    tick,
  ];
}

/** Whichever is later: the promotion, or that clients are led to the new leader. */
export function seenUp(timings: Timings, { proxy }: PredictionContext): PredictionPart | null {
  if (proxy === 'none') {
    return PROMOTION;
  }
  if (proxy === 'vip') {
    return assumed(
      'the address moves to the new leader, and it is promoted (0 … 1 s assumed)',
      0,
      PROMOTE_MAX_MS,
    );
  }
  const up = upRange(timings);
  return (
    up && {
      name: 'HAProxy sees the new leader up, and it is promoted (0 … 1 s assumed)',
      minMs: Math.max(PROMOTION.minMs, up.minMs),
      maxMs: Math.max(PROMOTE_MAX_MS, up.maxMs),
      settings: upSettings(timings),
    }
  );
}

interface Bounded extends Range {
  readonly maxMs: number;
}

/** Of a server that is down, whose next check is a downinter behind the one before; only then fastinter counts. */
export function upRange({ downinterMs, fastinterMs, rise }: Timings): Bounded | null {
  if (downinterMs === null || fastinterMs === null || rise === null) {
    return null;
  }
  const laterMs = (rise - 1) * fastinterMs;
  return { minMs: laterMs, maxMs: downinterMs + laterMs };
}

/** What decides {@link upRange}. */
export function upSettings({ interMs, downinterMs, fastinterMs }: Timings): readonly string[] {
  return [
    ...(downinterMs === interMs || fastinterMs === interMs ? ['haproxy.inter'] : []),
    ...(downinterMs === interMs ? [] : ['haproxy.downinter']),
    'haproxy.fastinter',
    'haproxy.rise',
  ];
}

/** @param checkMs how long one check takes to fail */
export function downRange({ interMs, fastinterMs, fall }: Timings, checkMs: number): Bounded | null {
  if (interMs === null || fastinterMs === null || fall === null) {
    return null;
  }
  const laterMs = checkMs + (fall - 1) * (fastinterMs + checkMs);
  return { minMs: laterMs, maxMs: interMs + laterMs };
}

export function rangeOf({ minMs, maxMs }: Range): Range {
  return { minMs, maxMs };
}

/** Never less than nothing: a part may be negative, such as the time for which the old leader is still served. */
export function sumOf(parts: Parts): Range {
  let minMs = 0;
  let maxMs: number | null = 0;
  for (const each of parts) {
    minMs += each.minMs;
    maxMs = maxMs === null || each.maxMs === null ? null : maxMs + each.maxMs;
  }
  return { minMs: Math.max(0, minMs), maxMs: maxMs === null ? null : Math.max(0, maxMs) };
}

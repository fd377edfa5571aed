import type { PredictionPart } from '../result/round.js';
import { isAtLeast } from '../version.js';
import {
  assumed,
  CLIENTS,
  clientsPastHung,
  downRange,
  leaseOf,
  nothing,
  type Parts,
  type PredictionContext,
  part,
  RACE,
  RACE_NAMED,
  RACE_TIMED_OUT,
  RECOVERY,
  SHUTDOWN,
  START_MAX_MS,
  seenUp,
  shutdownOf,
  sumOf,
  UNEQUAL_LOOPS,
  upRange,
  upSettings,
} from './predict-parts.js';
import type { Settings, Timings } from './timings.js';

/** The write downtime of a fault by its parts; null where a setting that decides is not known. */
export type Formula = (timings: Timings, context: PredictionContext, settings: Settings) => Parts | null;

/** Of faults that this tool does, and of what else happens to clusters. */
export const FORMULAS: Readonly<Record<string, Formula>> = {
  switchover: planned,
  failover: planned,
  restart,
  'kill-postgres': killPostgres,
  'kill-patroni': killPatroni,
  'kill-node': killNode,
  'freeze-node': freezeNode,
  'freeze-postgres': freezePostgres,
  'kill-replica': (timings, _, settings) => lossOfReplica('kill-replica', timings, settings),
  'cut-replication': () => nothing(),
  'kill-etcd-leader': () => nothing(),
  'stop-etcd-quorum': stopQuorum,
  'restart-haproxy': restartHaproxy,
  'reload-haproxy': (_, { proxy }) => (proxy === 'haproxy' ? nothing() : null),
  reinitialize: () => nothing(),
  pause: () => nothing(),
  resume: () => nothing(),
  config: () => nothing(),
  'partition-node': partitionNode,
  'cut-etcd': cutEtcd,
};

function planned(timings: Timings, context: PredictionContext): Parts | null {
  const up = seenUp(timings, context);
  return up && [...shutdownOf(context), RACE_NAMED, up, CLIENTS];
}

function restart(_: Timings, { subjectLed }: PredictionContext): Parts {
  return subjectLed === false ? nothing() : [SHUTDOWN, RECOVERY, CLIENTS];
}

function killPostgres(timings: Timings, context: PredictionContext): Parts | null {
  const { loopWaitMs, primaryStartTimeoutMs } = timings;
  const up = seenUp(timings, context);
  if (loopWaitMs === null || primaryStartTimeoutMs === null) {
    return null;
  }
  const noticed = part('Patroni notices in its next loop', 0, loopWaitMs, 'patroni.loop_wait');
  const race = assumed('the key is released and the replicas race for it (assumed)', 0, 3000);
  if (primaryStartTimeoutMs === 0) {
    return up && [noticed, race, up, CLIENTS];
  }
  return [noticed, ...recovered(loopWaitMs, context), ...givenUp(timings, race, up), CLIENTS];
}

/** It stays the leader. Patroni 3.0 has it recover alone, start as a replica, and promotes it in the next loop. */
function recovered(loopWaitMs: number, { patroni }: PredictionContext): Parts {
  const byReplica = part('it starts as a replica first and is promoted', 0, loopWaitMs, 'patroni.loop_wait');
  const isOld = patroni !== null && !isAtLeast(patroni, '3.0.4');
  return isOld ? [RECOVERY, byReplica] : [RECOVERY];
}

/** With little time to start in, it may be given up on the way, in the loop that finds that the time is over. */
function givenUp(timings: Timings, race: PredictionPart, up: PredictionPart | null): Parts {
  const { loopWaitMs, primaryStartTimeoutMs } = timings;
  if (loopWaitMs === null || primaryStartTimeoutMs === null || primaryStartTimeoutMs >= START_MAX_MS) {
    return [];
  }
  const lateMs = loopWaitMs + (race.maxMs ?? 0);
  return [
    part(
      'or another takes over, when primary_start_timeout is over before',
      0,
      up === null || up.maxMs === null ? null : lateMs + up.maxMs,
      'patroni.primary_start_timeout',
      'patroni.loop_wait',
      ...(up?.settings ?? []),
    ),
  ];
}

/** The node lives on without a Patroni: HAProxy drops it, and PostgreSQL goes on read-write. */
function killPatroni(timings: Timings, context: PredictionContext): Parts | null {
  const { proxy, lastedMs } = context;
  if (proxy === 'none') {
    return nothing('the old leader goes on read-write, and clients stay with it');
  }
  const lease = leaseOf(timings, { etcdLeaderLost: false });
  const up = seenUp(timings, context);
  if (lease === null || up === null) {
    return null;
  }
  if (proxy === 'vip') {
    return [RACE, up, CLIENTS]; // Until the key is gone the address stays with the old leader.
  }
  const down = downRange(timings, 0);
  if (down === null) {
    return null;
  }
  const served = part(
    'HAProxy still leads to the old leader, which goes on without Patroni',
    -down.maxMs,
    0 - down.minMs,
    'haproxy.inter',
    'haproxy.fastinter',
    'haproxy.fall',
  );
  if (lastedMs !== null && lastedMs < sumOf(lease).minMs) {
    const back = assumed(
      'Patroni is started again before its key expires (0 … 3 s assumed)',
      lastedMs,
      lastedMs + 3000,
    );
    return [back, up, CLIENTS, served];
  }
  return [...lease, RACE, up, CLIENTS, served];
}

function killNode(timings: Timings, context: PredictionContext): Parts | null {
  return crash(timings, context, RACE, CLIENTS);
}

/** Whatever is sent to the old leader or asked of it vanishes; it demotes itself, but nobody can see that. */
function partitionNode(timings: Timings, context: PredictionContext): Parts | null {
  return crash(timings, context, RACE_TIMED_OUT, clientsPastHung(context));
}

function freezeNode(timings: Timings, context: PredictionContext): Parts | null {
  const { lastedMs } = context;
  const clients = clientsPastHung(context);
  const lease = leaseOf(timings, context);
  const full = crash(timings, context, RACE_TIMED_OUT, clients);
  if (lease === null || full === null || lastedMs === null) {
    return full;
  }
  const expires = sumOf(lease);
  if (lastedMs < expires.minMs) {
    const thawed = assumed('it is thawed before its key expires', lastedMs, lastedMs);
    return [thawed, ...upAgain(timings, context, lastedMs), CLIENTS];
  }
  if (lastedMs >= (expires.maxMs ?? Infinity)) {
    return full;
  }
  // Thawed before or after its key expired: then the rest may take no time at all.
  return [...lease, ...full.slice(lease.length).map((each) => ({ ...each, minMs: 0 }))];
}

/** What HAProxy has taken for down meanwhile, since no check was answered, must be up again. */
function upAgain(timings: Timings, { proxy }: PredictionContext, lastedMs: number): Parts {
  const up = upRange(timings);
  const soonest = downRange(timings, timings.checkTimeoutMs ?? 0);
  if (proxy !== 'haproxy' || up === null || soonest === null || lastedMs < soonest.minMs) {
    return [];
  }
  const certain = timings.checkTimeoutMs !== null && lastedMs > soonest.maxMs;
  const downSettings = ['haproxy.inter', 'haproxy.fastinter', 'haproxy.fall', 'haproxy.timeout_check'];
  const names = new Set([...downSettings, ...upSettings(timings)]);
  return [
    part(
      certain ? 'HAProxy sees it up again' : 'HAProxy sees it up again, if it took it for down',
      certain ? up.minMs : 0,
      up.maxMs,
      ...names,
    ),
  ];
}

/** The key of a leader that is gone expires, and another one takes over. */
function crash(
  timings: Timings,
  context: PredictionContext,
  race: PredictionPart,
  clients: PredictionPart,
): Parts | null {
  const lease = leaseOf(timings, context);
  const up = seenUp(timings, context);
  return lease && up && [...lease, race, up, clients];
}

/** Patroni itself runs on; whether its queries hang for so long that its key expires depends on its version. */
function freezePostgres(timings: Timings, context: PredictionContext): Parts | null {
  const { lastedMs, postmasterOnly } = context;
  if (postmasterOnly) {
    return nothing('sessions go on, new ones wait for the postmaster');
  }
  const full = killNode(timings, { ...context, etcdLeaderLost: false });
  if (full === null) {
    return null;
  }
  const { minMs, maxMs } = sumOf(full);
  const thawed = part(
    'it is thawed, or the leader key expires since the queries of Patroni hang',
    Math.min(lastedMs ?? Infinity, minMs),
    lastedMs === null ? null : Math.max(lastedMs, maxMs ?? 0),
    'patroni.ttl',
    'patroni.loop_wait',
  );
  return [thawed, CLIENTS];
}

/**
 * Whatever happens to a replica, the leader goes on; but commits may wait for it. The walsender of one that died ends at
 * once, and Patroni replaces it in a loop of the leader, which takes at most the ttl; one that is frozen counts as a
 * member until its own key expires; and where Patroni lives, until PostgreSQL itself gives the connection up.
 */
export function lossOfReplica(
  kind: string,
  { ttlMs, loopWaitMs }: Timings,
  settings: Settings,
): Parts | null {
  const mode = settings['patroni.synchronous_mode'];
  if (mode === undefined || mode === null) {
    return null;
  }
  if (mode === false || mode === 'off' || kind === 'kill-patroni') {
    return nothing();
  }
  const name = 'commits wait until Patroni gives up the synchronous standby, if it was that one';
  if (kind === 'freeze-postgres') {
    return [part(name, 0, null, 'postgres.wal_sender_timeout')];
  }
  if (ttlMs === null || loopWaitMs === null) {
    return null;
  }
  const mostMs = kind === 'freeze-node' ? ttlMs + loopWaitMs : ttlMs;
  return [part(name, 0, mostMs, 'patroni.ttl', 'patroni.loop_wait')];
}

function stopQuorum(timings: Timings, context: PredictionContext, settings: Settings): Parts | null {
  const { loopWaitMs, retryTimeoutMs } = timings;
  const { lastedMs } = context;
  const up = seenUp(timings, context);
  if (loopWaitMs === null || retryTimeoutMs === null || up === null) {
    return null;
  }
  if (settings['patroni.failsafe_mode'] === true) {
    return nothing('writes go on while all members answer each other (failsafe_mode)');
  }
  if ((lastedMs ?? Infinity) < retryTimeoutMs) {
    return nothing();
  }
  const longestMs = loopWaitMs + retryTimeoutMs;
  if (lastedMs === null) {
    return [{ name: 'until etcd is back', minMs: 0, maxMs: null, settings: [] }];
  }
  const both = ['patroni.loop_wait', 'patroni.retry_timeout'] as const;
  // HAProxy must have had the time to see that nobody leads.
  const certain = lastedMs > longestMs + (downRange(timings, 0)?.maxMs ?? 0);
  return [
    assumed('etcd is away', lastedMs, lastedMs),
    part(
      'the primary goes on until it demotes itself',
      -Math.min(lastedMs, longestMs),
      -retryTimeoutMs,
      ...both,
    ),
    part('a member takes the key again', 0, longestMs, ...both),
    certain ? up : { ...up, minMs: 0 },
    CLIENTS,
  ];
}

/**
 * The leader alone cannot reach etcd. It demotes itself one retry_timeout after the loop that fails, and the key it last
 * refreshed one loop before that expires after its ttl: both count from the same loop, so their difference is fixed.
 */
function cutEtcd(timings: Timings, context: PredictionContext, settings: Settings): Parts | null {
  const { ttlMs, loopWaitMs, retryTimeoutMs } = timings;
  const up = seenUp(timings, context);
  if (ttlMs === null || loopWaitMs === null || retryTimeoutMs === null || up === null) {
    return null;
  }
  if (settings['patroni.failsafe_mode'] === true) {
    return nothing('writes go on while all members answer the leader (failsafe_mode)');
  }
  const leftMs = ttlMs - loopWaitMs - retryTimeoutMs;
  return [
    part(
      'from its demotion until its key expires: ttl − loop_wait − retry_timeout',
      leftMs,
      leftMs,
      'patroni.ttl',
      'patroni.loop_wait',
      'patroni.retry_timeout',
    ),
    UNEQUAL_LOOPS,
    assumed('etcd notices', 0, 500),
    RACE,
    up,
    CLIENTS,
  ];
}

function restartHaproxy({ interMs }: Timings, { proxy }: PredictionContext): Parts | null {
  if (interMs === null || proxy !== 'haproxy') {
    return null;
  }
  return [
    assumed('HAProxy starts (assumed)', 0, 1000),
    part('every server counts as up until its first check', 0, interMs, 'haproxy.inter'),
    CLIENTS,
  ];
}

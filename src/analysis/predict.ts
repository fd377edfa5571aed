import type { Prediction, PredictionPart, Range, StageKind } from '../result/round.js';
import { type Settings, type Timings, timingsOf } from './timings.js';

/*
 * What the settings of Patroni and HAProxy imply for the write downtime of each fault, as a sum of parts. It is derived
 * from how the two work, not fitted to measurements:
 *
 * - A leader refreshes its key once in a loop, so the key of one that died lasts ttl - loop_wait to ttl.
 * - HAProxy counts a check's interval from the end of the one before. A server that is down is up after
 *   0..inter + (rise - 1) × fastinter; one that is up and refuses is down after 0..inter + (fall - 1) × fastinter.
 * - A new leader of etcd grants every lease its whole time anew, and one election timeout on top.
 *
 * What no setting bounds is assumed, and says so in the name of its part.
 */

/** What else decides about a prediction, beside the kind of the fault and the settings. */
export interface PredictionContext {
  /** Version of Patroni, `3.0.2`; null when it is not known. */
  readonly patroni: string | null;
  /** Whether the subject of the fault led the cluster; null when it is not known: then it did. */
  readonly subjectLed: boolean | null;
  /** Whether the leader of etcd was lost together with the subject. */
  readonly etcdLeaderLost: boolean;
  /** From the fault to its undoing, ms; null when it lasted, or when that is not known. */
  readonly lastedMs: number | null;
}

export const USUAL_CONTEXT: PredictionContext = {
  patroni: null,
  subjectLed: null,
  etcdLeaderLost: false,
  lastedMs: null,
};

/** Null where a setting is not known, and for a fault of which settings say nothing. */
export function predictedDowntime(
  kind: string,
  settings: Settings,
  context: PredictionContext = USUAL_CONTEXT,
): Prediction | null {
  const parts = PARTS[predictedAs(kind, context)]?.(timingsOf(settings), context, settings) ?? null;
  return parts === null ? null : { ...sumOf(parts), parts, holds: null };
}

/** What the settings imply for each stage, from the one before it on; absent where they say nothing. */
export function predictedStages(
  kind: string,
  settings: Settings,
  context: PredictionContext = USUAL_CONTEXT,
): Partial<Record<StageKind, Range>> {
  if (predictedAs(kind, context) !== kind) {
    return {};
  }
  const timings = timingsOf(settings);
  const gone = KEY_GONE[kind]?.(timings, context) ?? null;
  const up = upRange(timings);
  if (gone !== null) {
    return {
      leader_key_gone: sumOf(gone),
      leader_key_taken: rangeOf(raceOf(kind)),
      promoted: rangeOf(PROMOTION),
      ...(up === null
        ? {}
        : { proxy_up: { minMs: up.minMs - PROMOTE_MAX_MS, maxMs: (up.maxMs as number) - PROMOTION.minMs } }),
      first_connection: rangeOf(CLIENTS),
      first_commit: rangeOf(CLIENTS),
    };
  }
  // The leader stays: all the time passes until it can be reached again.
  const whole = STAYS.has(kind) ? predictedDowntime(kind, settings, context) : null;
  return whole === null ? {} : { first_connection: { minMs: whole.minMs, maxMs: whole.maxMs } };
}

/** Whoever is hurt on a replica, it is the loss of one: the leader goes on. */
export function predictedAs(kind: string, { subjectLed }: PredictionContext): string {
  return subjectLed === false && HURTS_MEMBER.has(kind) ? 'kill-replica' : kind;
}

/** Whether it is known how the fault goes. */
export function hasFormula(kind: string): boolean {
  return PARTS[kind] !== undefined;
}

/** Faults after which the leader's key lasts until its lease is over. */
export const EXPIRES: ReadonlySet<string> = new Set(['kill-node', 'kill-patroni', 'freeze-node']);

/** Faults of one member, which may be asked for on a replica. */
const HURTS_MEMBER: ReadonlySet<string> = new Set([
  'kill-node',
  'freeze-node',
  'kill-patroni',
  'kill-postgres',
  'freeze-postgres',
]);

/** Faults that a leader survives, though it is away for a while. */
export const STAYS: ReadonlySet<string> = new Set(['kill-postgres', 'restart', 'restart-haproxy']);

// ---- parts

type Parts = readonly PredictionPart[] | null;
type Formula = (timings: Timings, context: PredictionContext, settings: Settings) => Parts;

/** Assumptions, ms: what depends on the machine and the data, and on nothing that is configured. */
const PROMOTE_MAX_MS = 1000;
const SHUTDOWN_MAX_MS = 2000;
const START_MAX_MS = 5000;
const ELECTION_TIMEOUT_MS = 1000;
/** Patroni's own constants: it waits so long for a member that does not answer, and looks once a second for a shutdown. */
const RACE_TIMEOUT_MS = 2000;
const SHUTDOWN_POLLS_MS = 2000;
/** etcd looks so often which leases are over. */
const LESSOR_TICK_MS = 500;

const PROMOTION = assumed('the new leader is promoted (assumed)', 0, PROMOTE_MAX_MS);
const SHUTDOWN = assumed('PostgreSQL shuts down cleanly (assumed)', 0, SHUTDOWN_MAX_MS);
const CLIENTS = assumed('clients connect again (assumed)', 0, 500);
const RECOVERY = assumed('PostgreSQL recovers and starts (assumed)', 0, START_MAX_MS);

const PARTS: Readonly<Record<string, Formula>> = {
  switchover: planned,
  failover: planned,
  restart,
  'kill-postgres': killPostgres,
  'kill-patroni': killPatroni,
  'kill-node': killNode,
  'freeze-node': freezeNode,
  'freeze-postgres': freezePostgres,
  'kill-replica': killReplica,
  'cut-replication': nothing,
  'kill-etcd-leader': nothing,
  'stop-etcd-quorum': stopQuorum,
  'restart-haproxy': restartHaproxy,
  'reload-haproxy': nothing,
  reinitialize: nothing,
  pause: nothing,
  resume: nothing,
  config: nothing,
};

const KEY_GONE: Readonly<Record<string, (timings: Timings, context: PredictionContext) => Parts>> = {
  switchover: (_, context) => shutdownOf(context),
  failover: (_, context) => shutdownOf(context),
  'kill-node': leaseOf,
  'kill-patroni': (timings, context) => leaseOf(timings, { ...context, etcdLeaderLost: false }),
  'freeze-node': leaseOf,
};

function nothing(): Parts {
  return [assumed('writes go on', 0, 0)];
}

function planned(timings: Timings, context: PredictionContext): Parts {
  const up = seenUp(timings);
  return up && [...shutdownOf(context), RACE_NAMED, up, CLIENTS];
}

function shutdownOf({ patroni }: PredictionContext): PredictionPart[] {
  const polls = assumed('Patroni sees that it has ended, looking once a second', 0, SHUTDOWN_POLLS_MS);
  const pause = assumed('Patroni waits before it releases the key', 0, 1000);
  return patroni !== null && !isAtLeast(patroni, '3.2.1') ? [SHUTDOWN, polls] : [SHUTDOWN, polls, pause];
}

function restart(_: Timings, { subjectLed }: PredictionContext): Parts {
  return subjectLed === false ? nothing() : [SHUTDOWN, RECOVERY, CLIENTS];
}

function killPostgres(timings: Timings, { patroni }: PredictionContext): Parts {
  const { loopWaitMs, primaryStartTimeoutMs } = timings;
  if (loopWaitMs === null || primaryStartTimeoutMs === null) {
    return null;
  }
  const noticed = part('Patroni notices in its next loop', 0, loopWaitMs, 'patroni.loop_wait');
  if (primaryStartTimeoutMs === 0) {
    const up = seenUp(timings);
    const race = assumed('the key is released and the replicas race for it (assumed)', 0, 3000);
    return up && [noticed, race, up, CLIENTS];
  }
  const byReplica = part('it starts as a replica first and is promoted', 0, loopWaitMs, 'patroni.loop_wait');
  const old = patroni !== null && !isAtLeast(patroni, '3.0.4');
  return [noticed, RECOVERY, ...(old ? [byReplica] : []), CLIENTS];
}

function killPatroni(timings: Timings, context: PredictionContext): Parts {
  const down = downRange(timings, 0);
  const lease = leaseOf(timings, { ...context, etcdLeaderLost: false });
  const up = seenUp(timings);
  if (down === null || lease === null || up === null) {
    return null;
  }
  const served: PredictionPart = {
    name: 'HAProxy still leads to the old leader, which goes on without Patroni',
    minMs: -(down.maxMs as number),
    maxMs: 0 - down.minMs,
    settings: ['haproxy.inter', 'haproxy.fastinter', 'haproxy.fall'],
  };
  return [...lease, raceOf('kill-patroni'), up, CLIENTS, served];
}

function killNode(timings: Timings, context: PredictionContext): Parts {
  return crash(timings, context, raceOf('kill-node'));
}

function freezeNode(timings: Timings, context: PredictionContext): Parts {
  const { ttlMs, loopWaitMs } = timings;
  const { lastedMs } = context;
  const full = crash(timings, context, raceOf('freeze-node'));
  if (full === null || ttlMs === null || loopWaitMs === null || lastedMs === null || lastedMs >= ttlMs) {
    return full;
  }
  if (lastedMs < ttlMs - loopWaitMs) {
    return [assumed('it is thawed before its key expires', lastedMs, lastedMs), CLIENTS];
  }
  // Thawed before or after its key expired: then the rest may take no time at all.
  return full.map((each) => (each.settings.includes('patroni.ttl') ? each : { ...each, minMs: 0 }));
}

/** The key of a leader that is gone expires, and another one takes over. */
function crash(timings: Timings, context: PredictionContext, race: PredictionPart): Parts {
  const lease = leaseOf(timings, context);
  const up = seenUp(timings);
  return lease && up && [...lease, race, up, CLIENTS];
}

/** Patroni itself runs on; whether its queries hang for so long that its key expires depends on its version. */
function freezePostgres(timings: Timings, context: PredictionContext): Parts {
  const full = killNode(timings, { ...context, etcdLeaderLost: false });
  const { lastedMs } = context;
  if (full === null) {
    return null;
  }
  const { minMs, maxMs } = sumOf(full);
  const thawed: PredictionPart = {
    name: 'it is thawed, or the leader key expires since the queries of Patroni hang',
    minMs: Math.min(lastedMs ?? Infinity, minMs),
    maxMs: lastedMs === null ? null : Math.max(lastedMs, maxMs ?? 0),
    settings: ['patroni.ttl', 'patroni.loop_wait'],
  };
  return [thawed, CLIENTS];
}

function killReplica({ ttlMs }: Timings, _: PredictionContext, settings: Settings): Parts {
  const mode = settings['patroni.synchronous_mode'];
  if (mode === undefined || mode === null) {
    return null;
  }
  if (mode === false || mode === 'off') {
    return nothing();
  }
  const name = 'commits wait until Patroni gives up the synchronous standby, if it was that one';
  return ttlMs === null ? null : [part(name, 0, ttlMs, 'patroni.ttl', 'patroni.loop_wait')];
}

function stopQuorum(timings: Timings, { lastedMs }: PredictionContext, settings: Settings): Parts {
  const { loopWaitMs, retryTimeoutMs } = timings;
  const up = seenUp(timings);
  if (loopWaitMs === null || retryTimeoutMs === null || up === null) {
    return null;
  }
  if (settings['patroni.failsafe_mode'] === true || (lastedMs ?? Infinity) < retryTimeoutMs) {
    return nothing();
  }
  const longestMs = loopWaitMs + retryTimeoutMs;
  if (lastedMs === null) {
    return [{ name: 'until etcd is back', minMs: 0, maxMs: null, settings: [] }];
  }
  const both = ['patroni.loop_wait', 'patroni.retry_timeout'] as const;
  const certain = lastedMs > longestMs;
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

function restartHaproxy({ interMs }: Timings): Parts {
  if (interMs === null) {
    return null;
  }
  return [
    assumed('HAProxy starts (assumed)', 0, 1000),
    part('every server counts as up until its first check', 0, interMs, 'haproxy.inter'),
    CLIENTS,
  ];
}

function leaseOf({ ttlMs, loopWaitMs }: Timings, { etcdLeaderLost }: PredictionContext): Parts {
  if (ttlMs === null || loopWaitMs === null) {
    return null;
  }
  const tick = assumed('etcd notices', 0, LESSOR_TICK_MS);
  if (!etcdLeaderLost) {
    const name = 'the leader key expires: ttl − loop_wait … ttl';
    return [part(name, ttlMs - loopWaitMs, ttlMs, 'patroni.ttl', 'patroni.loop_wait'), tick];
  }
  const election = 'a new leader of etcd grants the lease anew: 2 … 3 election timeouts (1 s assumed)';
  return [
    part('the leader key expires: ttl', ttlMs, ttlMs, 'patroni.ttl'),
    assumed(election, 2 * ELECTION_TIMEOUT_MS, 3 * ELECTION_TIMEOUT_MS),
    tick,
  ];
}

const RACE_NAMED = assumed('the candidate takes the key (assumed)', 0, 500);
const RACE = assumed('the replicas ask each other and the old leader', 0, RACE_TIMEOUT_MS);
/** A frozen member takes the connection and says nothing. */
const RACE_TIMED_OUT = assumed(
  'the replicas wait for the old leader',
  RACE_TIMEOUT_MS,
  RACE_TIMEOUT_MS + 500,
);

function raceOf(kind: string): PredictionPart {
  if (kind === 'freeze-node') {
    return RACE_TIMED_OUT;
  }
  return kind === 'switchover' || kind === 'failover' ? RACE_NAMED : RACE;
}

/** Whichever is later: the promotion, or HAProxy's checks. */
function seenUp(timings: Timings): PredictionPart | null {
  const up = upRange(timings);
  return (
    up && {
      name: 'HAProxy sees the new leader up, and it is promoted (0 … 1 s assumed)',
      minMs: Math.max(PROMOTION.minMs, up.minMs),
      maxMs: Math.max(PROMOTE_MAX_MS, up.maxMs as number),
      settings: ['haproxy.inter', 'haproxy.fastinter', 'haproxy.rise'],
    }
  );
}

function upRange({ interMs, fastinterMs, rise }: Timings): Range | null {
  if (interMs === null || fastinterMs === null || rise === null) {
    return null;
  }
  const laterMs = (rise - 1) * fastinterMs;
  return { minMs: laterMs, maxMs: interMs + laterMs };
}

/** @param checkMs how long one check takes to fail */
export function downRange({ interMs, fastinterMs, fall }: Timings, checkMs: number): Range | null {
  if (interMs === null || fastinterMs === null || fall === null) {
    return null;
  }
  const laterMs = checkMs + (fall - 1) * (fastinterMs + checkMs);
  return { minMs: laterMs, maxMs: interMs + laterMs };
}

function part(name: string, minMs: number, maxMs: number, ...settings: string[]): PredictionPart {
  return { name, minMs, maxMs, settings };
}

function assumed(name: string, minMs: number, maxMs: number): PredictionPart {
  return part(name, minMs, maxMs);
}

function rangeOf({ minMs, maxMs }: Range): Range {
  return { minMs, maxMs };
}

/** Never less than nothing: a part may be negative, such as the time for which the old leader is still served. */
function sumOf(parts: readonly PredictionPart[]): Range {
  let minMs = 0;
  let maxMs: number | null = 0;
  for (const each of parts) {
    minMs += each.minMs;
    maxMs = maxMs === null || each.maxMs === null ? null : maxMs + each.maxMs;
  }
  return { minMs: Math.max(0, minMs), maxMs: maxMs === null ? null : Math.max(0, maxMs) };
}

/** `3.0.2` < `3.2.1`; what cannot be read counts as the newest. */
function isAtLeast(version: string, least: string): boolean {
  const [own, other] = [version, least].map((text) =>
    text.split('.').map((number) => Number.parseInt(number, 10)),
  );
  for (const [index, wanted] of (other ?? []).entries()) {
    const found = own?.[index] ?? 0;
    if (found !== wanted) {
      return !(found < wanted);
    }
  }
  return true;
}

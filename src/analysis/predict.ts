import type { Prediction, Range, StageKind } from '../result/round.js';
import { FORMULAS, lossOfReplica } from './predict-formulas.js';
import {
  CLIENTS,
  leaseOf,
  type Parts,
  PROMOTE_MAX_MS,
  PROMOTION,
  type PredictionContext,
  RACE,
  RACE_NAMED,
  RACE_TIMED_OUT,
  rangeOf,
  shutdownOf,
  sumOf,
  upRange,
} from './predict-parts.js';
import { effectiveTimings, type Settings, type Timings } from './timings.js';

export type { PredictionContext } from './predict-parts.js';

/*
 * What the settings of Patroni, etcd and HAProxy imply for the write downtime of each fault, as a sum of parts. It is
 * derived from how they work, not fitted to measurements: predict-parts.ts has the parts, predict-formulas.ts how the
 * downtime of each fault is made of them.
 */

export const USUAL_CONTEXT: PredictionContext = {
  patroni: null,
  subjectLed: null,
  etcdLeaderLost: false,
  lastedMs: null,
  proxy: 'haproxy',
  postmasterOnly: false,
};

/** Null where a setting is not known, and for a fault of which settings say nothing. */
export function predictedDowntime(
  kind: string,
  settings: Settings,
  context: PredictionContext = USUAL_CONTEXT,
): Prediction | null {
  const timings = effectiveTimings(settings, context.patroni);
  const parts = isOfReplica(kind, context)
    ? lossOfReplica(kind, timings, settings)
    : (FORMULAS[kind]?.(timings, context, settings) ?? null);
  return predictionOf(parts);
}

/** The sum of the parts, not yet measured. */
export function predictionOf(parts: Parts | null): Prediction | null {
  return parts === null ? null : { ...sumOf(parts), parts, holds: null };
}

/** What the settings imply for each stage, from the one before it on; absent where they say nothing. */
export function predictedStages(
  kind: string,
  settings: Settings,
  context: PredictionContext = USUAL_CONTEXT,
): Partial<Record<StageKind, Range>> {
  if (isOfReplica(kind, context)) {
    return {};
  }
  const timings = effectiveTimings(settings, context.patroni);
  const gone = KEY_GONE[kind]?.(timings, context) ?? null;
  const up = context.proxy === 'haproxy' ? upRange(timings) : null;
  if (gone !== null) {
    return {
      leader_key_gone: sumOf(gone),
      leader_key_taken: rangeOf(raceOf(kind)),
      promoted: rangeOf(PROMOTION),
      ...(up === null
        ? {}
        : { proxy_up: { minMs: up.minMs - PROMOTE_MAX_MS, maxMs: up.maxMs - PROMOTION.minMs } }),
      first_connection: rangeOf(CLIENTS),
      first_commit: rangeOf(CLIENTS),
    };
  }
  // The leader stays: all the time passes until it can be reached again.
  const whole = STAYS.has(kind) ? predictedDowntime(kind, settings, context) : null;
  return whole === null ? {} : { first_connection: { minMs: whole.minMs, maxMs: whole.maxMs } };
}

/** Whoever is hurt on a replica, it is the loss of one: the leader goes on. */
export function predictedAs(kind: string, context: PredictionContext): string {
  return isOfReplica(kind, context) ? 'kill-replica' : kind;
}

/** Whether it is known how the fault goes. */
export function hasFormula(kind: string): boolean {
  return FORMULAS[kind] !== undefined;
}

/** Faults after which the leader's key lasts until its lease is over. */
export const EXPIRES: ReadonlySet<string> = new Set(['kill-node', 'kill-patroni', 'freeze-node']);

/** Faults that a leader survives, though it is away for a while. */
export const STAYS: ReadonlySet<string> = new Set(['kill-postgres', 'restart', 'restart-haproxy']);

/** Faults of one member, which may be asked for on a replica. */
const HURTS_MEMBER: ReadonlySet<string> = new Set([
  'kill-node',
  'freeze-node',
  'kill-patroni',
  'kill-postgres',
  'freeze-postgres',
]);

function isOfReplica(kind: string, { subjectLed }: PredictionContext): boolean {
  return subjectLed === false && HURTS_MEMBER.has(kind);
}

const KEY_GONE: Readonly<Record<string, (timings: Timings, context: PredictionContext) => Parts | null>> = {
  switchover: (_, context) => shutdownOf(context),
  failover: (_, context) => shutdownOf(context),
  'kill-node': leaseOf,
  'kill-patroni': (timings) => leaseOf(timings, { etcdLeaderLost: false }),
  'freeze-node': leaseOf,
};

function raceOf(kind: string): Range {
  if (kind === 'freeze-node') {
    return RACE_TIMED_OUT;
  }
  return kind === 'switchover' || kind === 'failover' ? RACE_NAMED : RACE;
}

import type { ClusterFacts } from '../result/result.js';
import { isAtLeast } from '../version.js';

export type Settings = ClusterFacts['settings'];

/** What decides how long a failover takes, ms; null where it is not known. */
export interface Timings {
  readonly ttlMs: number | null;
  readonly loopWaitMs: number | null;
  readonly retryTimeoutMs: number | null;
  readonly primaryStartTimeoutMs: number | null;
  readonly interMs: number | null;
  /** Between UP and DOWN; as `inter` where it is not set. */
  readonly fastinterMs: number | null;
  /** While it is DOWN; as `inter` where it is not set. */
  readonly downinterMs: number | null;
  readonly fall: number | null;
  readonly rise: number | null;
  readonly checkTimeoutMs: number | null;
  readonly electionTimeoutMs: number | null;
}

/** As they stand in the configuration. */
export function timingsOf(settings: Settings): Timings {
  const interMs = haproxyMs(settings['haproxy.inter']);
  return {
    ttlMs: patroniMs(settings['patroni.ttl']),
    loopWaitMs: patroniMs(settings['patroni.loop_wait']),
    retryTimeoutMs: patroniMs(settings['patroni.retry_timeout']),
    primaryStartTimeoutMs: patroniMs(settings['patroni.primary_start_timeout']),
    interMs,
    fastinterMs: haproxyMs(settings['haproxy.fastinter']) ?? interMs,
    downinterMs: haproxyMs(settings['haproxy.downinter']) ?? interMs,
    fall: countOf(settings['haproxy.fall']),
    rise: countOf(settings['haproxy.rise']),
    checkTimeoutMs: haproxyMs(settings['haproxy.timeout_check']),
    electionTimeoutMs: haproxyMs(settings['etcd.election_timeout']),
  };
}

/** What Patroni accepts from 3.2 on, ms; it takes these where the configuration has less. */
export const LEAST = { ttlMs: 20_000, loopWaitMs: 1000, retryTimeoutMs: 3000 } as const;

/**
 * As they are in effect: from 3.2 on Patroni raises what is too small, and makes loop_wait + 2 × retry_timeout fit the
 * ttl; before, it takes what it is told. etcd grants no lease under 1.5 of its election timeouts.
 * @param patroni version; null counts as the newest
 */
export function effectiveTimings(settings: Settings, patroni: string | null): Timings {
  const given = timingsOf(settings);
  const adjusted = hasLimits(patroni) ? adjust(given) : given;
  const { ttlMs, electionTimeoutMs } = adjusted;
  const leastMs = leastLeaseMs(electionTimeoutMs);
  return { ...adjusted, ttlMs: ttlMs === null ? null : Math.max(ttlMs, leastMs) };
}

/** Whether this version of Patroni has limits for its timings. */
export function hasLimits(patroni: string | null): boolean {
  return patroni === null || isAtLeast(patroni, '3.2');
}

/** etcd grants whole seconds. @param electionTimeoutMs null for etcd's own, 1 s */
export function leastLeaseMs(electionTimeoutMs: number | null): number {
  return Math.ceil((1.5 * (electionTimeoutMs ?? 1000)) / 1000) * 1000;
}

function adjust(given: Timings): Timings {
  if (given.ttlMs === null || given.loopWaitMs === null || given.retryTimeoutMs === null) {
    return given;
  }
  const ttlMs = Math.max(given.ttlMs, LEAST.ttlMs);
  const loopWaitMs = Math.max(given.loopWaitMs, LEAST.loopWaitMs);
  const retryTimeoutMs = Math.max(given.retryTimeoutMs, LEAST.retryTimeoutMs);
  const longestRetryMs = Math.floor((ttlMs - LEAST.loopWaitMs) / 2000) * 1000;
  if (retryTimeoutMs > longestRetryMs) {
    return { ...given, ttlMs, loopWaitMs: LEAST.loopWaitMs, retryTimeoutMs: longestRetryMs };
  }
  return { ...given, ttlMs, loopWaitMs: Math.min(loopWaitMs, ttlMs - 2 * retryTimeoutMs), retryTimeoutMs };
}

type Value = Settings[string] | undefined;

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Seconds without a unit, as Patroni has it. */
function patroniMs(value: Value): number | null {
  return durationOf(value, 's');
}

/** Milliseconds without a unit, as HAProxy and etcd have it. */
function haproxyMs(value: Value): number | null {
  return durationOf(value, 'ms');
}

function durationOf(value: Value, usualUnit: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(String(value ?? ''));
  const unit = UNIT_MS[match?.[2] || usualUnit];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

function countOf(value: Value): number | null {
  const count = Number(value ?? Number.NaN);
  return Number.isInteger(count) && count > 0 ? count : null;
}

import type { ClusterFacts } from '../result/result.js';

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
  readonly fall: number | null;
  readonly rise: number | null;
  readonly checkTimeoutMs: number | null;
}

export function timingsOf(settings: Settings): Timings {
  const interMs = haproxyMs(settings['haproxy.inter']);
  return {
    ttlMs: patroniMs(settings['patroni.ttl']),
    loopWaitMs: patroniMs(settings['patroni.loop_wait']),
    retryTimeoutMs: patroniMs(settings['patroni.retry_timeout']),
    primaryStartTimeoutMs: patroniMs(settings['patroni.primary_start_timeout']),
    interMs,
    fastinterMs: haproxyMs(settings['haproxy.fastinter']) ?? interMs,
    fall: countOf(settings['haproxy.fall']),
    rise: countOf(settings['haproxy.rise']),
    checkTimeoutMs: haproxyMs(settings['haproxy.timeout_check']),
  };
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

/** Milliseconds without a unit, as HAProxy has it. */
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

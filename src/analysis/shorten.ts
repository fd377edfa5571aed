import type { Prediction, Range } from '../result/round.js';
import { type PredictionContext, predictedDowntime } from './predict.js';
import { effectiveTimings, hasLimits, LEAST, leastLeaseMs, type Settings, timingsOf } from './timings.js';

/** What would shorten a downtime most: one setting at half of its value, or at the least that is allowed. */
export interface Shortening {
  /** The setting, and those that Patroni's rule ties to it, each with its new value; the setting that matters first. */
  readonly changes: Settings;
  /** The downtime with them, ms. */
  readonly writes: Range;
  /** Why it is not half: `Patroni from 3.2 on allows no ttl below 20`; null where it is. */
  readonly limit: string | null;
}

/**
 * Every setting that the prediction is made of is halved, one at a time, and what is predicted then is looked at: the one
 * that takes most off the upper end, or of several the one that takes most off the lower one. Null where none takes
 * anything off, or nothing bounds the downtime.
 */
export function shortenedBy(
  kind: string,
  given: Settings,
  context: PredictionContext,
  prediction: Prediction,
): Shortening | null {
  const { minMs, maxMs, parts } = prediction;
  if (maxMs === null) {
    return null;
  }
  const settings = withoutFollower(given);
  let best: Shortening | null = null;
  let [mostMs, mostOfMinMs] = [0, 0];
  for (const name of new Set(parts.flatMap((part) => part.settings))) {
    const half = halved(name, settings, context.patroni);
    const then = half && predictedDowntime(kind, { ...settings, ...half.changes }, context);
    if (half === null || then === null || then.maxMs === null) {
      continue;
    }
    const [gainMs, gainOfMinMs] = [maxMs - then.maxMs, minMs - then.minMs];
    if (gainMs > mostMs || (gainMs === mostMs && gainMs > 0 && gainOfMinMs > mostOfMinMs)) {
      best = { ...half, writes: { minMs: then.minMs, maxMs: then.maxMs } };
      [mostMs, mostOfMinMs] = [gainMs, gainOfMinMs];
    }
  }
  return best;
}

/** A fastinter that only follows inter. */
function withoutFollower(settings: Settings): Settings {
  const { interMs, fastinterMs } = timingsOf(settings);
  return interMs === fastinterMs ? { ...settings, 'haproxy.fastinter': null } : settings;
}

type Half = Pick<Shortening, 'changes' | 'limit'>;

function halved(name: string, settings: Settings, patroni: string | null): Half | null {
  const timings = effectiveTimings(settings, patroni);
  switch (name) {
    case 'patroni.ttl':
      return timings.ttlMs === null ? null : halfTtl(timings.ttlMs, settings, patroni);
    case 'patroni.loop_wait':
      return seconds(name, timings.loopWaitMs, LEAST.loopWaitMs, 'Patroni allows no loop_wait below 1');
    case 'patroni.retry_timeout':
      return seconds(
        name,
        timings.retryTimeoutMs,
        LEAST.retryTimeoutMs,
        'Patroni allows no retry_timeout below 3',
      );
    case 'haproxy.inter':
      return millis(name, timingsOf(settings).interMs);
    case 'haproxy.downinter':
      return (settings[name] ?? null) === null ? null : millis(name, timings.downinterMs);
    case 'haproxy.fastinter':
      return (settings[name] ?? null) === null ? null : millis(name, timings.fastinterMs);
    case 'haproxy.timeout_check':
      return millis(name, timings.checkTimeoutMs);
    case 'haproxy.rise':
    case 'haproxy.fall':
      return fewer(name, name === 'haproxy.rise' ? timings.rise : timings.fall);
    default:
      return null;
  }
}

/** loop_wait + 2 × retry_timeout must fit in, so that these shrink with it. */
function halfTtl(ttlMs: number, settings: Settings, patroni: string | null): Half | null {
  const { loopWaitMs, retryTimeoutMs, electionTimeoutMs } = effectiveTimings(settings, patroni);
  const limited = hasLimits(patroni);
  const leastMs = Math.max(
    limited ? LEAST.ttlMs : LEAST.loopWaitMs + 2 * LEAST.retryTimeoutMs,
    leastLeaseMs(electionTimeoutMs),
  );
  const halfMs = Math.max(wholeSeconds(ttlMs / 2), leastMs);
  if (halfMs >= ttlMs || loopWaitMs === null || retryTimeoutMs === null) {
    return null;
  }
  const retryMs = Math.max(
    LEAST.retryTimeoutMs,
    Math.min(retryTimeoutMs, wholeSeconds((halfMs - loopWaitMs) / 2)),
  );
  const loopMs = Math.min(loopWaitMs, halfMs - 2 * retryMs);
  const changes: Record<string, number> = { 'patroni.ttl': halfMs / 1000 };
  if (loopMs !== loopWaitMs) {
    changes['patroni.loop_wait'] = loopMs / 1000;
  }
  if (retryMs !== retryTimeoutMs) {
    changes['patroni.retry_timeout'] = retryMs / 1000;
  }
  const held = halfMs > ttlMs / 2 && halfMs === leastMs;
  return { changes, limit: held ? ttlLimit(leastMs, limited) : null };
}

function ttlLimit(leastMs: number, limited: boolean): string {
  const whose = limited && leastMs === LEAST.ttlMs ? 'Patroni from 3.2 on' : 'The rest';
  return `${whose} allows no ttl below ${leastMs / 1000}`;
}

function seconds(name: string, ms: number | null, leastMs: number, why: string): Half | null {
  if (ms === null) {
    return null;
  }
  const half = Math.max(wholeSeconds(ms / 2), leastMs);
  return half >= ms
    ? null
    : { changes: { [name]: half / 1000 }, limit: half === leastMs && half > ms / 2 ? why : null };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function millis(name: string, ms: number | null): Half | null {
  const half = ms === null ? 0 : Math.round(ms / 2);
  if (half === 0) {
    return null;
  }
  return { changes: { [name]: half % 1000 === 0 ? `${half / 1000}s` : `${half}ms` }, limit: null };
}

function fewer(name: string, count: number | null): Half | null {
  return count === null || count < 2 ? null : { changes: { [name]: Math.floor(count / 2) }, limit: null };
}

import type { Prediction } from '../result/round.js';
import { hasFormula, type PredictionContext, predictedDowntime, USUAL_CONTEXT } from './predict.js';
import type { ProxyKind } from './predict-parts.js';
import { predictedReads } from './predict-reads.js';
import { type Shortening, shortenedBy } from './shorten.js';
import { effectiveTimings, hasLimits, LEAST, leastLeaseMs, type Settings, timingsOf } from './timings.js';
import { unpredictedOf } from './unpredicted.js';

/** Settings, and who they are of. */
export interface ForecastBasis {
  /** In words: `profile stock`, `lab default`, `samples of Patroni and HAProxy, with ttl=20`. */
  readonly of: string;
  /** Version; null when it is not known: then it counts as the newest. */
  readonly patroni: string | null;
  readonly proxy: ProxyKind;
  /** Members beside the leader; null when it is not known. */
  readonly replicas: number | null;
  /** By the names that results have, `patroni.ttl`. */
  readonly settings: Settings;
  /** Names of those, and of what stands beside them here, that nobody gave and no cluster told. */
  readonly assumed: readonly string[];
}

/** What happens, and how. */
export interface Happening {
  /** As it was asked for, `freeze-node:8s`. */
  readonly fault: string;
  readonly kind: string;
  /** What else decides, where it is known: the rest is as in {@link USUAL_CONTEXT}. */
  readonly context: Partial<PredictionContext>;
}

/** What settings imply for what may happen. */
export interface Forecast extends ForecastBasis {
  /** What of the settings is not in effect as it stands, or is against a rule, one sentence each. */
  readonly notes: readonly string[];
  readonly faults: readonly FaultForecast[];
}

export interface FaultForecast {
  /** As it was asked for, `freeze-node:8s`. */
  readonly fault: string;
  /** Whether the leader of etcd is lost with the node. */
  readonly etcdLeaderLost: boolean;
  /** Write downtime, ms; null where it is not known, `unpredicted` may say why. */
  readonly writes: Prediction | null;
  /** Which settings are not known: `haproxy.inter is not known`; null where that is not the reason. */
  readonly unpredicted: string | null;
  /** Downtime of HAProxy's read-only port, ms; null where it does not follow from what is known. */
  readonly reads: Prediction | null;
  readonly shorten: Shortening | null;
}

/** Everything here is derived: nothing is asked or measured. */
export function forecastOf(basis: ForecastBasis, happenings: readonly Happening[]): Forecast {
  return {
    ...basis,
    notes: notesOn(basis),
    faults: happenings.flatMap((happening) => {
      const usual = faultForecast(basis, happening, false);
      const worse = faultForecast(basis, happening, true);
      const differs =
        usual.writes?.minMs !== worse.writes?.minMs || usual.writes?.maxMs !== worse.writes?.maxMs;
      return differs ? [usual, worse] : [usual];
    }),
  };
}

function faultForecast(
  { settings, patroni, proxy, replicas }: ForecastBasis,
  { fault, kind, context: given }: Happening,
  etcdLeaderLost: boolean,
): FaultForecast {
  const context = { ...USUAL_CONTEXT, patroni, proxy, ...given, etcdLeaderLost };
  const writes = predictedDowntime(kind, settings, context);
  return {
    fault,
    etcdLeaderLost,
    writes,
    unpredicted: unsaid(kind, writes, proxy) ?? unpredictedOf(kind, settings, context),
    reads: predictedReads(kind, context, replicas),
    shorten: writes === null ? null : shortenedBy(kind, settings, context, writes),
  };
}

function unsaid(kind: string, writes: Prediction | null, proxy: ProxyKind): string | null {
  if (writes !== null) {
    return null;
  }
  if (!hasFormula(kind)) {
    return 'settings say nothing of it';
  }
  return proxy !== 'haproxy' && OF_HAPROXY.has(kind) ? 'there is no HAProxy' : null;
}

const OF_HAPROXY: ReadonlySet<string> = new Set(['restart-haproxy', 'reload-haproxy']);

function notesOn({ settings, patroni }: ForecastBasis): string[] {
  const given = timingsOf(settings);
  const effective = effectiveTimings(settings, patroni);
  const named = [
    ['ttl', given.ttlMs, effective.ttlMs],
    ['loop_wait', given.loopWaitMs, effective.loopWaitMs],
    ['retry_timeout', given.retryTimeoutMs, effective.retryTimeoutMs],
  ] as const;
  const changed = named.flatMap(([name, from, to]) =>
    from === to || from === null || to === null ? [] : [`${name} ${to / 1000} instead of ${from / 1000}`],
  );
  const notes: string[] = [];
  if (changed.length > 0) {
    const who = hasLimits(patroni)
      ? `Patroni from 3.2 on (ttl ≥ 20, loop_wait ≥ 1, retry_timeout ≥ 3, loop_wait + 2 × retry_timeout ≤ ttl)`
      : `etcd, which grants no lease under ${leastLeaseMs(given.electionTimeoutMs) / 1000} s,`;
    notes.push(`${who} makes it ${changed.join(', ')}.`);
  }
  return [...notes, ...(hasLimits(patroni) ? [] : oldRules(settings))];
}

/** Before 3.2 nothing but the operator keeps them. */
function oldRules(settings: Settings): string[] {
  const { ttlMs, loopWaitMs, retryTimeoutMs } = timingsOf(settings);
  const notes: string[] = [];
  if (ttlMs !== null && ttlMs < LEAST.ttlMs) {
    notes.push('Patroni from 3.2 on does not allow a ttl below 20.');
  }
  if (ttlMs !== null && loopWaitMs !== null && retryTimeoutMs !== null) {
    if (loopWaitMs + 2 * retryTimeoutMs > ttlMs) {
      notes.push(
        'loop_wait + 2 × retry_timeout is more than ttl: the key of a leader that is alive may expire while it tries to refresh it.',
      );
    }
  }
  return notes;
}

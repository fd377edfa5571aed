import type { StageKind } from '../result/round.js';
import { hasFormula } from './predict.js';
import { type Settings, timingsOf } from './timings.js';

/** What would shorten a stage, to be put behind the sentence that tells of it; a full stop where that is not known. */
export function adviceOn(stage: StageKind, kind: string, settings: Settings): string {
  const names = settingsOf(stage, kind, settings);
  if (names === null) {
    return '.';
  }
  if (names.length === 0) {
    return '; no setting of Patroni or HAProxy bounds that.';
  }
  const known = names.map((name) => {
    const value = settings[name] ?? null;
    return value === null ? name : `${name} (now ${value})`;
  });
  return `: a smaller ${known.join(' or ')} shortens it.`;
}

/** Settings that shorten the stage when they are made smaller; null where nobody knows what the fault does. */
function settingsOf(stage: StageKind, kind: string, settings: Settings): readonly string[] | null {
  if (stage === 'leader_key_gone') {
    return keySettings(kind, settings);
  }
  if (!hasFormula(kind)) {
    return null;
  }
  if (stage === 'proxy_up') {
    return ['haproxy.inter', 'haproxy.rise'];
  }
  if (kind === 'stop-etcd-quorum') {
    return OF_ETCD[stage] ?? [];
  }
  return stage === 'first_connection' ? (OF_WAY_BACK[kind] ?? []) : [];
}

/** A key is released by its owner, or its lease runs out. */
function keySettings(kind: string, settings: Settings): readonly string[] {
  if (RELEASES.has(kind)) {
    return [];
  }
  if (kind === 'freeze-postgres') {
    return ['patroni.ttl', 'patroni.loop_wait'];
  }
  if (kind === 'kill-postgres') {
    const atOnce = timingsOf(settings).primaryStartTimeoutMs === 0;
    return atOnce ? ['patroni.loop_wait'] : ['patroni.primary_start_timeout', 'patroni.loop_wait'];
  }
  return ['patroni.ttl'];
}

const RELEASES: ReadonlySet<string> = new Set(['switchover', 'failover', 'restart']);

/** A member that lost etcd asks again in its next loop, and for so long. */
const REACHED = ['patroni.retry_timeout', 'patroni.loop_wait'] as const;
const OF_ETCD: Partial<Readonly<Record<StageKind, readonly string[]>>> = {
  leader_key_taken: REACHED,
  first_connection: REACHED,
};

const OF_WAY_BACK: Readonly<Record<string, readonly string[]>> = {
  'kill-postgres': ['patroni.loop_wait'],
  'restart-haproxy': ['haproxy.inter'],
};

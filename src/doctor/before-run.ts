import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from '../cluster/access.js';
import { patroniSettings } from '../cluster/facts.js';
import type { Target } from '../plan/target.js';
import { known } from './answer.js';
import { LIVE_CHECKS } from './checks.js';
import type { LiveEvidence } from './evidence.js';
import { diagnose, type Finding } from './finding.js';
import { gatherQuick } from './live.js';

/** Checks whose evidence is cheap; what a run of PostgreSQL itself needs, it looks at on its own connection. */
export const BEFORE_RUN: readonly string[] = [
  'members-answer',
  'no-scheduled-change',
  'one-leader',
  'replicas-stream',
  'system-identifier',
  'unique-addresses',
  'failsafe-idle',
  'etcd-alarms',
  'etcd-one-cluster',
  'haproxy-asks-role',
  'haproxy-ro',
  'haproxy-rw',
];

/** What does not pass by itself is not waited for. */
const LASTING: readonly string[] = [
  'no-scheduled-change',
  'system-identifier',
  'unique-addresses',
  'etcd-alarms',
  'haproxy-asks-role',
];

/** A cluster that has just failed over, or a proxy that has just been started, comes to rest by itself. */
const SETTLE_MS = 5000;
const LOOK_EVERY_MS = 500;

/**
 * The first thing that makes a run fail or mislead, null when nothing does. What may pass by itself is looked at again
 * for a while.
 * @param hurt members that a fault of the run is meant for, by name
 * @param signal ends the waiting; rejects with its reason
 */
export async function refusalBeforeRun(
  target: Target,
  access: ClusterAccess,
  hurt: readonly string[],
  signal?: AbortSignal,
): Promise<Finding | null> {
  const beganMs = performance.now();
  for (;;) {
    const evidence = { ...(await gatherQuick(target, access)), hurt };
    const found = firstRefusal(evidence);
    if (
      found === null ||
      LASTING.includes(found.check) ||
      performance.now() - beganMs > settleMs(evidence.patroni)
    ) {
      return found;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** What a member publishes is as old as its last loop. */
export function settleMs(patroni: LiveEvidence['patroni']): number {
  const config = 'value' in patroni ? known(patroni.value.config) : null;
  const loopS = config === null ? 0 : Number(patroniSettings(config)['patroni.loop_wait']);
  return Math.max(SETTLE_MS, (loopS + 2) * 1000);
}

/** Those that last are told first: the others may come of them. */
export function firstRefusal(
  evidence: Pick<LiveEvidence, 'patroni' | 'etcd' | 'haproxy' | 'hurt'>,
): Finding | null {
  const checks = LIVE_CHECKS.filter(({ id }) => BEFORE_RUN.includes(id));
  // None of these looks at anything else.
  const { findings } = diagnose('', checks, evidence as LiveEvidence);
  const refusals = findings.filter(({ severity }) => severity === 'refuse');
  return refusals.find(({ check }) => LASTING.includes(check)) ?? refusals[0] ?? null;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from '../cluster/access.js';
import type { Target } from '../plan/target.js';
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

/** A cluster that has just failed over, or a proxy that has just been started, comes to rest by itself. */
const SETTLE_MS = 5000;
const LOOK_EVERY_MS = 500;

/**
 * The first thing that makes a run fail or mislead, null when nothing does. What may pass by itself is looked at again
 * for a while.
 * @param signal ends the waiting; rejects with its reason
 */
export async function refusalBeforeRun(
  target: Target,
  access: ClusterAccess,
  signal?: AbortSignal,
): Promise<Finding | null> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const found = firstRefusal(await gatherQuick(target, access));
    if (found === null || performance.now() > deadline) {
      return found;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

export function firstRefusal(evidence: Pick<LiveEvidence, 'patroni' | 'etcd' | 'haproxy'>): Finding | null {
  const checks = LIVE_CHECKS.filter(({ id }) => BEFORE_RUN.includes(id));
  // None of these looks at anything else.
  const { findings } = diagnose('', checks, evidence as LiveEvidence);
  return findings.find(({ severity }) => severity === 'refuse') ?? null;
}

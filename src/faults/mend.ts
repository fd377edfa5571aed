import type { ClusterHealth } from '../cluster/health.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, type PatroniCluster, postReinitialize } from '../cluster/patroni.js';

/**
 * So long a replica may take to follow by itself, by what it does; one that copies the leader's data takes less on a lab. One that
 * comes up may have WAL to replay.
 */
const STUCK_MS = { runs: 15_000, comesUp: 45_000 };

/** By the words of Patroni, which tries one that cannot start again and again. What is down, or is being copied, is not stuck. */
const DOES: Readonly<Record<string, keyof typeof STUCK_MS>> = {
  running: 'runs',
  starting: 'comesUp',
  'start failed': 'comesUp',
  crashed: 'comesUp',
};

/** Gets each look at a lab's health, and mends what does not mend itself. @returns what it did, `copied n3 anew` */
export type Mender = (health: ClusterHealth) => Promise<readonly string[]>;

/**
 * Copies the data of a replica anew that runs, or starts, and has not followed for long. Patroni 3.0.2 may leave one that never
 * will: an old primary that is thawed writes the leader key without looking whose it is by now, and the new one, demoted
 * again, has begun a timeline that nobody else knows. It rewinds none that never comes to run.
 * @param nowMs any clock
 */
export function mender(access: HttpAccess, nowMs: () => number = () => performance.now()): Mender {
  const since: Sickness = new Map();
  return async (health) => {
    const done: string[] = [];
    for (const { name, apiUrl } of stuck(health, since, nowMs())) {
      const answer = await postReinitialize(apiUrl, { ...access, timeoutMs: 2000 }).catch(() => null);
      if (answer?.status === 200) {
        since.delete(name);
        done.push(`copied ${name} anew`);
      }
    }
    return done;
  };
}

/** Since when each replica is seen not to follow, and what it does. */
type Sickness = Map<string, { readonly does: keyof typeof STUCK_MS; readonly fromMs: number }>;

function stuck(health: ClusterHealth, since: Sickness, nowMs: number): readonly ClusterMember[] {
  const lagging = health.healthy ? [] : notFollowing(health.cluster, health.reason);
  for (const name of since.keys()) {
    if (!lagging.some((member) => member.name === name)) {
      since.delete(name);
    }
  }
  return lagging.filter(({ name, state }) => {
    const does = DOES[state] ?? 'runs';
    const before = since.get(name);
    const fromMs = before?.does === does ? before.fromMs : nowMs;
    since.set(name, { does, fromMs });
    return nowMs - fromMs > STUCK_MS[does];
  });
}

/** The reason begins with the member that it is about; a second one is looked at when that is mended. */
function notFollowing(cluster: PatroniCluster | null, reason: string): readonly ClusterMember[] {
  const members = cluster?.members ?? [];
  if (!members.some(({ role }) => role === 'leader')) {
    return [];
  }
  return members.filter(
    ({ name, role, state }) => role !== 'leader' && state in DOES && reason.startsWith(`${name} `),
  );
}

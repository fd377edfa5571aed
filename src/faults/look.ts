import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterAccess, checkCredentials } from '../cluster/access.js';
import { getEtcdMembers, getEtcdStatus } from '../cluster/etcd.js';
import type { EtcdAccess } from '../cluster/etcd-login.js';
import { type ClusterHealth, getHealth } from '../cluster/health.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster, type PatroniCluster } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import type { Target } from '../plan/target.js';
import type { FaultCheck } from './fault.js';
import { leaderOf } from './members.js';

/** Who is who at the instant of a fault. */
export interface Look {
  readonly cluster: PatroniCluster;
  readonly leader: ClusterMember;
  /** Name of the member of etcd that leads; null where that is not known. */
  readonly etcdLeader: string | null;
}

/** A question right before a fault: who does not answer at once is not waited for. */
const QUICK_MS = 1000;

/** All members are asked at the same time, and the first answer counts. @throws Error when nobody leads, or nobody answers */
export async function lookAt(target: Target, access: ClusterAccess): Promise<Look> {
  const [cluster, etcdLeader] = await Promise.all([
    clusterNow(target.patroni, { ...access.patroni, timeoutMs: QUICK_MS }),
    etcdLeaderOf(target.etcd ?? [], access.etcd),
  ]);
  const leader = leaderOf(cluster);
  if (leader === null) {
    throw new UserError('The cluster has no leader.');
  }
  return { cluster, leader, etcdLeader };
}

async function clusterNow(urls: readonly string[], access: HttpAccess): Promise<PatroniCluster> {
  if (urls.length === 0) {
    throw new UserError('No Patroni member is known.');
  }
  return Promise.any(urls.map((url) => getCluster(url, access)));
}

/** Null where nobody knows, or etcd is not known. */
export async function etcdLeaderOf(urls: readonly string[], access: EtcdAccess = {}): Promise<string | null> {
  const quick = { ...access, timeoutMs: QUICK_MS };
  try {
    return await Promise.any(
      urls.map(async (url) => {
        const [{ leaderId }, members] = await Promise.all([
          getEtcdStatus(url, quick),
          getEtcdMembers(url, quick),
        ]);
        const leader = members.find(({ id }) => id === leaderId);
        if (leader === undefined) {
          throw new Error(`${url} knows no leader`);
        }
        return leader.name;
      }),
    );
  } catch {
    return null;
  }
}

/**
 * What every fault needs before the load: a cluster that is healthy and not paused.
 * @param title `A switchover`
 * @throws UserError
 */
export async function checkReady(
  { target, access, lab }: FaultCheck,
  title: string,
): Promise<Extract<ClusterHealth, { healthy: true }>> {
  const health = await getHealth(target.patroni, access.patroni, lab?.nodes.length);
  if (!health.healthy) {
    throw new UserError(
      `${title} needs a healthy cluster, but ${health.reason}.`,
      'Mend the cluster, or run with --fault none.',
    );
  }
  if (health.cluster.pause) {
    throw new UserError(
      `${title} needs a cluster that is not paused.`,
      'Run patronictl resume, or run with --fault none.',
    );
  }
  return health;
}

/** The same for a fault that Patroni does: it must let us. @throws UserError */
export async function checkMayAsk(
  context: FaultCheck,
  title: string,
): Promise<Extract<ClusterHealth, { healthy: true }>> {
  const { target, access } = context;
  if (target.patroni.length === 0) {
    throw new UserError(
      `${title} is done by Patroni, and the target has none.`,
      'Add --patroni URL, or use --fault none.',
    );
  }
  await checkCredentials(target.patroni, access.patroni);
  return checkReady(context, title);
}

/** How long an undo is tried: the cluster may just be electing a leader. */
const INSIST_MS = 60_000;

/** Tries until it goes through. @throws what the last try threw, when the time is over */
export async function insist<T>(attempt: () => Promise<T>, forMs = INSIST_MS): Promise<T> {
  const deadline = performance.now() + forMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
    }
    await sleep(250);
  }
}

/** Ends early, without a word, when the signal is aborted. */
export async function sleepUnless(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}

import { getHealth } from '../cluster/health.js';
import { type ClusterMember, getCluster, type PatroniCluster, postSwitchover } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { FaultPlan } from '../plan/plan.js';
import type { Target } from '../plan/target.js';
import type { FaultRecord } from '../result/result.js';
import { type Fault, type FaultCheck, type FaultContext, type Injection, notAsked } from './fault.js';

/** A planned change of the leader: Patroni shuts the old one down cleanly, so that no commit may be lost. */
export const switchover: Fault = {
  kind: 'switchover',
  summary: 'planned change of the leader, through POST /switchover',
  exercises: 'everything but the detection of a failure; loses nothing',
  expects: 'another_leader',
  needs: 'patroni',
  options: [{ name: 'candidate', summary: 'replica that is to lead [the one that lags least]' }],
  check,
  inject,
};

async function check({ target, plan, access }: FaultCheck): Promise<void> {
  const health = await getHealth(target.patroni, access);
  if (!health.healthy) {
    throw new UserError(
      `A switchover needs a healthy cluster, but ${health.reason}.`,
      'Mend the cluster, or run with --fault none.',
    );
  }
  if (health.cluster.pause) {
    throw new UserError(
      'A switchover needs a cluster that is not paused.',
      'Run patronictl resume, or run with --fault none.',
    );
  }
  candidateOf(health.cluster, health.leader, plan.options['candidate']);
}

async function inject(context: FaultContext): Promise<Injection> {
  return { record: await ask(context), undo: null };
}

async function ask(context: FaultContext): Promise<FaultRecord> {
  const { target, plan, clock, signal, access, round } = context;
  const record = notAsked(plan, round);
  let order: Order;
  try {
    order = await orderOf(target, plan);
  } catch (error) {
    return { ...record, failure: messageOf(error) };
  }
  const asked = {
    ...record,
    askedAtMs: clock.nowMs(),
    asked: `POST ${order.url}/switchover leader=${order.leader} candidate=${order.candidate}`,
  };
  try {
    const answer = await postSwitchover(order.url, order, {
      ...access,
      signal,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const text = `${answer.status} ${answer.text}`.trim();
    return { ...asked, answeredAtMs: clock.nowMs(), answer: text, failure: refusal(answer.status, text) };
  } catch (error) {
    // No reply is no verdict: what happened is what the observers saw.
    return { ...asked, answer: messageOf(error) };
  }
}

/** Patroni polls for up to 2 × max(10, loop_wait) seconds before it answers. */
const ANSWER_TIMEOUT_MS = 60_000;

interface Order {
  readonly url: string;
  readonly leader: string;
  readonly candidate: string;
}

/** Whom to ask: only the leader itself acts at once; with a candidate named, the replicas need not race. */
async function orderOf(target: Target, plan: FaultPlan): Promise<Order> {
  let failure: unknown = new UserError('No Patroni member is known.');
  for (const url of target.patroni) {
    try {
      const cluster = await getCluster(url);
      const leader = cluster.members.find((member) => member.role === 'leader');
      if (leader === undefined) {
        throw new UserError('The cluster has no leader to switch over from.');
      }
      const candidate = candidateOf(cluster, leader, plan.options['candidate']);
      return { url: leader.apiUrl, leader: leader.name, candidate: candidate.name };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** The replica that was asked for, or the one that lags least. @throws UserError when there is none */
export function candidateOf(
  cluster: PatroniCluster,
  leader: ClusterMember,
  wanted: string | undefined,
): ClusterMember {
  const replicas = cluster.members.filter((member) => member.name !== leader.name);
  const names = replicas.map((member) => member.name).join(', ') || 'none';
  if (wanted !== undefined) {
    const candidate = replicas.find((member) => member.name === wanted);
    if (candidate === undefined) {
      throw new UserError(`The candidate must be a replica (${names}), found '${wanted}'.`);
    }
    return candidate;
  }
  const fit = replicas
    .filter((member) => member.state === 'running' || member.state === 'streaming')
    .filter((member) => member.tags['nofailover'] !== true && member.tags['failover_priority'] !== 0)
    .sort((a, b) => rankOf(a) - rankOf(b));
  const [best] = fit;
  if (best === undefined) {
    throw new UserError(
      `A switchover needs a replica that runs and may lead; replicas of ${leader.name}: ${names}.`,
      'Start one, or run with --fault none.',
    );
  }
  return best;
}

/** With synchronous replication only a synchronous standby may take over; then the smaller lag wins. */
function rankOf(member: ClusterMember): number {
  const synchronous = member.role === 'sync_standby' || member.role === 'quorum_standby';
  return (synchronous ? 0 : 2 ** 52) + (member.lag ?? 2 ** 51);
}

/** 503 may mean that the status is unknown while the switchover goes on; 4xx means that nothing was begun. */
function refusal(status: number, text: string): string | null {
  return status >= 400 && status < 500 ? `Patroni refused: ${text}` : null;
}

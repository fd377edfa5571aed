import type { Plan } from '../plan/plan.js';
import { routeOfClient } from '../plan/ports.js';
import type { Route, Secrets } from '../plan/target.js';
import { applicationName } from '../postgres/application-name.js';
import type { SessionOptions } from '../postgres/session.js';
import type { LaneOptions } from './lane.js';

/** What one worker has of a run: which part of everything is dealt out follows from it. */
export interface WorkerPart {
  readonly plan: Plan;
  readonly secrets: Secrets;
  /** Names the run in application_name. */
  readonly runId: string;
  /** This worker's clients: firstClient … firstClient + clientCount - 1 of the run. */
  readonly firstClient: number;
  readonly clientCount: number;
}

/** The connections of a client: one, or one for each script that it may run. */
export function lanesOf(part: WorkerPart, client: number, route: Route | 'both'): LaneOptions[] {
  const { plan } = part;
  const ports = hasLanePerScript(plan, route)
    ? plan.workload.scripts.filter(({ weight }) => weight > 0).map((script) => script.route)
    : [route === 'both' ? 'rw' : route];
  return ports.map((port) => ({ route: port, session: sessionOptions(part, client, port) }));
}

/** Which of its lanes a client that serves this port takes for each script. */
export function laneOfScripts(plan: Plan, route: Route | 'both'): number[] {
  const perScript = hasLanePerScript(plan, route);
  let lane = -1;
  return plan.workload.scripts.map(({ weight }) => (perScript && weight > 0 ? ++lane : Math.max(0, lane)));
}

function hasLanePerScript({ connections }: Plan, route: Route | 'both'): boolean {
  return connections === 'per-script' || route === 'both';
}

function sessionOptions({ plan, secrets, runId }: WorkerPart, client: number, route: Route): SessionOptions {
  const { rw, ro } = plan.target;
  // Scripts go to `ro` only where there is one.
  const [endpoint, password] =
    route === 'ro' && ro !== undefined ? [ro, secrets.roPassword] : [rw, secrets.rwPassword];
  return {
    endpoint,
    password,
    applicationName: applicationName(runId, client),
    patienceMs: plan.deadlines.connectMs,
    identify: true,
  };
}

/** Of all transactions of the run, the share that this worker's clients of this port begin. */
export function shareOf({ plan, firstClient, clientCount }: WorkerPart, route: Route | 'both'): number {
  let own = 0;
  let all = 0;
  for (let client = 0; client < plan.clients; client++) {
    if (routeOfClient(plan, client) === route) {
      all++;
      own += client >= firstClient && client < firstClient + clientCount ? 1 : 0;
    }
  }
  let weight = 0;
  let total = 0;
  for (const script of plan.workload.scripts) {
    total += script.weight;
    weight += route === 'both' || script.route === route ? script.weight : 0;
  }
  return (own / all) * (weight / total);
}

/** The worker's part of a limit for the whole run, dealt out by clients; Infinity without one. */
export function transactionsOf({ plan, firstClient, clientCount }: WorkerPart): number {
  const { transactions, clients } = plan;
  if (transactions?.per !== 'run') {
    return Infinity;
  }
  const upTo = (client: number) => Math.floor((transactions.count * client) / clients);
  return upTo(firstClient + clientCount) - upTo(firstClient);
}

/** The worker's part of the connections that may be under way at once; at least one. */
export function burstOf({ plan, firstClient, clientCount }: WorkerPart): number {
  const upTo = (client: number) => Math.floor((plan.reconnect.burst * client) / plan.clients);
  return Math.max(1, upTo(firstClient + clientCount) - upTo(firstClient));
}

import type { Plan } from './plan.js';
import type { Route } from './target.js';

/** What the dealing out of clients rests on. */
type Dealt = Pick<Plan, 'clients' | 'connections' | 'workload'>;

/**
 * Which port a client serves. Where the scripts are for both and a client has one connection, the clients are dealt out
 * by the weights of the scripts, at least one to each port, and evenly over their numbers: workers take clients in
 * turn, and each should have its share of both. A single client serves both, or one port would go without load.
 * @param client 0 … clients - 1
 */
export function routeOfClient(plan: Dealt, client: number): Route | 'both' {
  const weights = { rw: 0, ro: 0 };
  for (const { route, weight } of plan.workload.scripts) {
    weights[route] += weight;
  }
  if (weights.ro === 0) {
    return 'rw';
  }
  if (weights.rw === 0) {
    return 'ro';
  }
  if (plan.connections === 'per-script' || plan.clients < 2) {
    return 'both';
  }
  const share = Math.round((plan.clients * weights.ro) / (weights.ro + weights.rw));
  const readers = Math.min(Math.max(share, 1), plan.clients - 1);
  const readersBefore = Math.floor((client * readers) / plan.clients);
  return Math.floor(((client + 1) * readers) / plan.clients) > readersBefore ? 'ro' : 'rw';
}

/** How many connections all clients together keep to each port. */
export function connectionsByRoute(plan: Dealt): Readonly<Record<Route, number>> {
  const lanes = { rw: 0, ro: 0 };
  for (const { route, weight } of plan.workload.scripts) {
    lanes[route] += weight > 0 ? 1 : 0;
  }
  const connections = { rw: 0, ro: 0 };
  for (let client = 0; client < plan.clients; client++) {
    const route = routeOfClient(plan, client);
    if (plan.connections === 'per-script' || route === 'both') {
      connections.rw += lanes.rw;
      connections.ro += lanes.ro;
    } else {
      connections[route]++;
    }
  }
  return connections;
}

/** How many clients serve each port; those that serve both count for each. */
export function clientsByRoute(plan: Dealt): Readonly<Record<Route, number>> {
  const clients = { rw: 0, ro: 0 };
  for (let client = 0; client < plan.clients; client++) {
    const route = routeOfClient(plan, client);
    clients.rw += route === 'ro' ? 0 : 1;
    clients.ro += route === 'rw' ? 0 : 1;
  }
  return clients;
}

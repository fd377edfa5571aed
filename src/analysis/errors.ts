import type { ServerFrame } from '../load/frame.js';
import type { ErrorFacts, ServerFacts } from '../result/result.js';
import { errorKey, serverKey, sumByKey, sumOfErrors, sumOfServers } from './buckets.js';
import type { Recording } from './recording.js';

/** Every kind of failure of the run, in the order in which they first came. */
export function errorsOf({ buckets, plan }: Recording): ErrorFacts[] {
  const errors = sumByKey(
    buckets.flatMap((bucket) => bucket.errors),
    errorKey,
    sumOfErrors,
  );
  return errors
    .map((error) => ({
      code: error.code,
      outcome: error.outcome,
      route: error.route,
      script: plan.workload.scripts[error.script]?.name ?? String(error.script),
      server: error.server,
      count: error.count,
      firstMs: error.firstUs / 1000,
      lastMs: error.lastUs / 1000,
      message: error.message,
    }))
    .sort((a, b) => a.firstMs - b.firstMs);
}

/** Who acknowledged to the load, or to the writers that are connected to the nodes, in the order in which they first did. */
export function serversOf({ buckets }: Recording, wanted: ServerFrame['via'] = 'load'): ServerFacts[] {
  const servers = sumByKey(
    buckets.flatMap((bucket) => bucket.servers.filter(({ via }) => via === wanted)),
    serverKey,
    sumOfServers,
  );
  return servers
    .map(({ server, route, writes, acks, firstAckUs, lastAckUs }) => ({
      server,
      route,
      writes,
      acks,
      firstAckMs: firstAckUs / 1000,
      lastAckMs: lastAckUs / 1000,
    }))
    .sort((a, b) => a.firstAckMs - b.firstAckMs);
}

import type { Prediction } from '../result/round.js';
import { predictionOf } from './predict.js';
import { assumed, CLIENTS, nothing, type Parts, type PredictionContext } from './predict-parts.js';

/**
 * How long nobody is served on HAProxy's read-only port, whose servers are the replicas: derived from who is left to
 * serve. Null where it cannot be said: without that port, with an unknown number of replicas, and for whatever a fault
 * does that has no formula.
 * @param replicas before the fault
 */
export function predictedReads(
  kind: string,
  { proxy, subjectLed }: PredictionContext,
  replicas: number | null,
): Prediction | null {
  const effect = EFFECT[kind];
  if (proxy !== 'haproxy' || effect === undefined) {
    return null;
  }
  if (effect === 'proxy') {
    return predictionOf([assumed('HAProxy starts (assumed)', 0, 1000), CLIENTS]);
  }
  if (effect === 'none' || (effect === 'leader restarts' && subjectLed !== false)) {
    return predictionOf(nothing('reads go on'));
  }
  return replicas === null || replicas < 1 ? null : predictionOf(without(replicas));
}

/** One replica less, be it that it is gone or that it is promoted. */
function without(replicas: number): Parts {
  return replicas === 1
    ? [assumed('the only replica serves no reads until there is one again', 0, null)]
    : [assumed('another replica goes on', 0, 0), CLIENTS];
}

/** The sessions of a replica that is promoted are cut, for HAProxy drops it from the port. */
type Effect = 'none' | 'proxy' | 'loses a replica' | 'leader restarts';

const EFFECT: Readonly<Record<string, Effect>> = {
  switchover: 'loses a replica',
  failover: 'loses a replica',
  restart: 'leader restarts',
  'kill-postgres': 'leader restarts',
  'kill-patroni': 'loses a replica',
  'kill-node': 'loses a replica',
  'freeze-node': 'loses a replica',
  'freeze-postgres': 'loses a replica',
  'kill-replica': 'loses a replica',
  reinitialize: 'loses a replica',
  'cut-replication': 'none',
  'kill-etcd-leader': 'none',
  'stop-etcd-quorum': 'none',
  'restart-haproxy': 'proxy',
  'reload-haproxy': 'none',
  pause: 'none',
  resume: 'none',
  config: 'none',
  'partition-node': 'loses a replica',
  'cut-etcd': 'loses a replica',
};

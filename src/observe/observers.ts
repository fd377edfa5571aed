import type { ClusterAccess } from '../cluster/access.js';
import type { ClusterMember } from '../cluster/patroni.js';
import type { PatroniKeys } from '../cluster/patroni-keys.js';
import type { Secrets, Target } from '../plan/target.js';
import type { Observed, ObserverFacts, TimelineEnd } from '../result/observed.js';
import type { Event } from '../result/result.js';
import { ETCD_SHOWS, EtcdObserver } from './etcd.js';
import { HAPROXY_SHOWS, HaproxyObserver } from './haproxy.js';
import type { Observer, ObserverContext } from './observer.js';
import { PATRONI_SHOWS, PatroniObserver } from './patroni.js';
import { POSTGRES_SHOWS, PostgresObserver } from './postgres.js';

export interface ObserverSet {
  readonly observers: readonly Observer[];
  /** Layers that cannot be watched: what each would have shown, and what to give for it. */
  readonly missing: readonly ObserverFacts[];
  /** Looks often from now on: call it before a fault is asked for. */
  readonly alert: () => void;
}

/** From a fault to the last event of what it brings about: a lease runs out, and a node is promoted. */
const FAULT_ALERT_MS = 45_000;
/** Whatever happens, more may follow from it. */
const EVENT_ALERT_MS = 15_000;

/**
 * An observer for each layer of the target that can be watched, none of them started. They look seldom until something
 * happens in any layer, or is about to: what follows from it is seen sharply, and the load is left in peace before. The
 * watch of etcd's keys sees everything at once, at any time.
 *
 * @param members as /cluster listed them before the run; empty without Patroni
 */
export function observersOf(
  target: Target,
  members: readonly ClusterMember[],
  secrets: Secrets,
  access: ClusterAccess,
  context: ObserverContext,
  keys: PatroniKeys,
): ObserverSet {
  const observers: Observer[] = [];
  const missing: ObserverFacts[] = [];
  const alert = (forMs: number) => {
    for (const observer of observers) {
      observer.alert(forMs);
    }
  };
  const alerting: ObserverContext = {
    clock: context.clock,
    emit: (event) => {
      context.emit(event);
      if (isChange(event)) {
        alert(EVENT_ALERT_MS);
      }
    },
  };
  const lacks = (layer: Observer['layer'], shows: string, give: string) =>
    missing.push({ layer, watched: false, missing: `${shows}; give ${give}` });

  if (members.length > 0) {
    observers.push(new PatroniObserver(alerting, members, access.patroni));
  } else {
    lacks('patroni', PATRONI_SHOWS, '--patroni URL');
  }
  if (target.haproxy !== undefined) {
    observers.push(new HaproxyObserver(alerting, target.haproxy, access.haproxy));
  } else {
    lacks('haproxy', HAPROXY_SHOWS, '--haproxy URL|SOCKET');
  }
  if (target.etcd !== undefined && target.etcd.length > 0) {
    observers.push(new EtcdObserver(alerting, target.etcd, keys, access.etcd));
  } else {
    lacks('etcd', ETCD_SHOWS, '--etcd URL');
  }
  if (members.some(({ host, port }) => host !== null && port !== null)) {
    observers.push(new PostgresObserver(alerting, members, target.rw, secrets.rwPassword));
  } else {
    lacks('postgres', POSTGRES_SHOWS, '--patroni URL, which names the nodes');
  }
  return { observers, missing, alert: () => alert(FAULT_ALERT_MS) };
}

/** What the observers have to tell when they have stopped. */
export function observedBy({ observers, missing }: ObserverSet, history: readonly TimelineEnd[]): Observed {
  return {
    observers: [...observers.map((observer) => observer.facts()), ...missing],
    clocks: observers.flatMap((observer) => observer.clocks()),
    series: observers.flatMap((observer) => observer.series()),
    history,
  };
}

/** Not what is merely seen for the first time. */
function isChange({ kind, from }: Event): boolean {
  return from !== null || kind === 'failover_key' || kind === 'leader_key_taken';
}

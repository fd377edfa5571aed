import { isIP } from 'node:net';
import { addressesOf, hostPort } from '../plan/target.js';
import type { Prediction } from '../result/round.js';
import { type PredictionContext, predictedDowntime } from './predict.js';
import type { ProxyKind } from './predict-parts.js';
import type { Recording } from './recording.js';
import type { Settings } from './timings.js';

/** What leads the clients of a run to whoever leads the cluster: a way that formulas know, or why there is none. */
export type Leading =
  | { readonly by: ProxyKind }
  /** They go to one member, whoever leads. */
  | { readonly by: 'nothing'; readonly why: string }
  | { readonly by: 'unknown'; readonly why: string };

/** As the addresses say, and what the connection before the load found behind them. */
export function leadingOf(recording: Recording): Leading {
  const { rw } = recording.plan.target;
  const [first, ...others] = addressesOf(rw);
  return first === undefined || others.length > 0 ? ofSeveral(recording) : ofOne(recording);
}

function ofSeveral(recording: Recording): Leading {
  const { rw } = recording.plan.target;
  const ports = new Set(memberAddresses(recording).map((address) => address.slice(address.lastIndexOf(':'))));
  // Members may have other names here than they have for Patroni, but hardly other ports.
  if (ports.size > 0 && addressesOf(rw).every(({ port }) => !ports.has(`:${port}`))) {
    return proxied(recording, 'what stands at the hosts of the load');
  }
  return rw.targetSessionAttrs === 'read-write' || rw.targetSessionAttrs === 'primary'
    ? { by: 'none' }
    : { by: 'nothing', why: 'the load takes any of several hosts, whoever leads (no target_session_attrs)' };
}

function ofOne(recording: Recording): Leading {
  const { plan, cluster } = recording;
  const { rw } = plan.target;
  const members = memberAddresses(recording);
  const way = cluster.ways?.rw ?? null;
  const [server] = way?.servers ?? [];
  const isMember = members.includes(hostPort(rw)) || isDirect(recording);
  if (isMember || (way?.kind === 'direct' && (server === undefined || members.includes(server)))) {
    return { by: 'nothing', why: 'the load goes to one member itself, whoever leads' };
  }
  if (way?.kind === 'direct') {
    // A name cannot be told from an address: the server's own may be that of a member, or one that moves.
    const told = members.length > 0 && members.every((address) => isIP(hostOf(address)) !== 0);
    return told
      ? { by: 'vip' }
      : {
          by: 'unknown',
          why: `whether ${hostPort(rw)} is one member's, or an address that moves, is not known`,
        };
  }
  const pooled = way?.kind === 'pooler';
  return proxied(recording, pooled ? 'how the pooler finds the leader' : 'what finds the leader for clients');
}

/** At the address that was given in place of Patroni's. */
function isDirect({ plan }: Recording): boolean {
  const { rw, direct = {} } = plan.target;
  return Object.values(direct).some((address) => hostPort(address) === hostPort(rw));
}

function memberAddresses({ plan, cluster }: Recording): readonly string[] {
  const given = Object.values(plan.target.direct ?? {}).map((address) => hostPort(address));
  return [...cluster.members.map(({ address }) => address).filter((address) => address !== ''), ...given];
}

/** `[::1]:5432` → `::1` */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** Whoever says how HAProxy checks says that there is one. */
function proxied({ plan, cluster }: Recording, what: string): Leading {
  const isHaproxy = plan.target.haproxy !== undefined || (cluster.settings['haproxy.inter'] ?? null) !== null;
  return isHaproxy ? { by: 'haproxy' } : { by: 'unknown', why: `${what} is not known: no HAProxy was given` };
}

/** What holds whatever leads clients to the leader; null where that decides. */
export function predictedWhateverLeads(
  kind: string,
  settings: Settings,
  context: PredictionContext,
): Prediction | null {
  const [first = null, ...others] = (['none', 'vip', 'haproxy'] as const).map((proxy) =>
    predictedDowntime(kind, settings, { ...context, proxy }),
  );
  const isSame = (other: Prediction | null) => other?.minMs === first?.minMs && other?.maxMs === first?.maxMs;
  return others.every(isSame) ? first : null;
}

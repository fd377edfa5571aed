import type { ClusterFacts, Event } from '../result/result.js';
import type { Window } from './outage.js';

export interface Handed {
  /** Members of Patroni. */
  readonly leader: string;
  readonly old: string | null;
  readonly cluster: ClusterFacts;
}

/**
 * When HAProxy first led to the new leader on the read-write port, or why that is not known. The backend is found by what
 * it did before: it had the old leader up and the new one not; of several, the one that is called `rw`.
 */
export function serverUp(
  events: readonly Event[],
  window: Window,
  handed: Handed,
): { readonly atMs: number; readonly uncertaintyMs: number; readonly source: string } | string {
  const watched = events.filter(({ layer }) => layer === 'haproxy');
  if (watched.length === 0) {
    return 'HAProxy was not watched';
  }
  const servers = serversOf(watched, handed, window.fromMs);
  const [server] = servers;
  if (server === undefined) {
    return `no server of HAProxy is known to be ${handed.leader}`;
  }
  const up = watched.find(
    ({ kind, subject, atMs }) =>
      kind === 'server_up' && subject === server.subject && atMs > window.fromMs && atMs <= window.toMs,
  );
  if (up !== undefined) {
    return { atMs: up.atMs, uncertaintyMs: up.uncertaintyMs, source: `haproxy ${up.subject}` };
  }
  return server.wasUp
    ? `HAProxy had ${server.subject} up before and after`
    : `HAProxy was not seen to take ${server.subject} for up`;
}

interface ProxyServer {
  /** `rw/n2` */
  readonly subject: string;
  /** Just before the fault. */
  readonly wasUp: boolean;
}

/** Of the new leader, the most likely one first. */
function serversOf(watched: readonly Event[], { leader, old, cluster }: Handed, atMs: number): ProxyServer[] {
  const ranked: { readonly server: ProxyServer; readonly rank: number }[] = [];
  for (const subject of new Set(watched.map((event) => event.subject))) {
    const [backend = '', name = ''] = subject.split('/');
    if (!isServerOf(name, leader, cluster)) {
      continue;
    }
    const wasUp = isUp(watched, subject, atMs);
    const oldUp = watched.some(
      (event) =>
        event.subject.startsWith(`${backend}/`) &&
        isServerOf(event.subject.slice(backend.length + 1), old ?? '', cluster) &&
        isUp(watched, event.subject, atMs),
    );
    const writes = oldUp && (!wasUp || leader === old);
    ranked.push({ server: { subject, wasUp }, rank: (writes ? 2 : 0) + (backend === 'rw' ? 1 : 0) });
  }
  return ranked.sort((a, b) => b.rank - a.rank).map(({ server }) => server);
}

function isUp(watched: readonly Event[], subject: string, atMs: number): boolean {
  return watched.findLast((event) => event.subject === subject && event.atMs <= atMs)?.kind === 'server_up';
}

/** Servers are called as members are, or by an address: `postgresql_10.0.0.2_5432` in Patroni's sample. */
function isServerOf(server: string, member: string, { members }: ClusterFacts): boolean {
  if (server === member) {
    return member !== '';
  }
  const address = members.find(({ name }) => name === member)?.address ?? '';
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  const parts = server.split('_');
  return host !== '' && (parts.includes(host) || server === address);
}

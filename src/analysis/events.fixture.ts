import type { Event } from '../result/result.js';

/* Events as the observers of each layer emit them, at instants that a test names. */

type Part = Partial<Event>;

export function eventOf(
  layer: Event['layer'],
  kind: string,
  subject: string,
  atMs: number,
  part: Part = {},
): Event {
  return { atMs, uncertaintyMs: 0, layer, kind, subject, from: null, to: null, text: '', ...part };
}

/** The watch of the leader key: who held it at the start, and each change. `null` is nobody. */
export function leaderKey(...holders: readonly (readonly [atMs: number, holder: string | null])[]): Event[] {
  let from: string | null = null;
  return holders.map(([atMs, to], index) => {
    const change = to === null ? 'leader_key_gone' : 'leader_key_taken';
    const event = eventOf('etcd', index === 0 ? 'leader_key' : change, '', atMs, { from, to });
    from = to;
    return event;
  });
}

/** What /cluster says, asked once a second. */
export function leaderByPatroni(...holders: readonly (readonly [atMs: number, holder: string])[]): Event[] {
  let from: string | null = null;
  return holders.map(([atMs, to], index) => {
    const part = { from, to, uncertaintyMs: index === 0 ? 0 : 1000 };
    from = to;
    return eventOf('patroni', to === '' ? 'leader_gone' : 'leader', '', atMs, part);
  });
}

export function serverIs(state: 'up' | 'down', server: string, atMs: number, uncertaintyMs = 100): Event {
  return eventOf('haproxy', `server_${state}`, server, atMs, { uncertaintyMs });
}

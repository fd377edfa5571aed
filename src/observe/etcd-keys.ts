import type { EtcdSnapshot } from '../cluster/etcd.js';
import type { KeyChange } from '../cluster/etcd-watch.js';
import { type JsonObject, objectOf } from '../cluster/json.js';
import { parseHistory } from '../cluster/patroni.js';
import type { Event } from '../result/result.js';

/** An event of the keys, without its time. */
export type KeyEvent = Pick<Event, 'kind' | 'from' | 'to' | 'text'>;

/**
 * What the changes of Patroni's keys mean:
 * - `leader_key`: who held it at the start; null for nobody
 * - `leader_key_gone`: deleted, by its holder or because its lease ran out; `leader_key_taken`: put by another than
 *   before, or after it was gone. That its holder puts it again is no event.
 * - `failover_key`: what was asked for (`to`), or done with (null)
 * - `sync`: who is a synchronous standby; `history`: the last timeline that ended; `config`: names of what changed
 *
 * Other keys (`status`, `members/…`) change with each loop of Patroni and are told of by Patroni itself.
 */
export class KeyStory {
  private readonly values = new Map<string, string>();

  /** @param prefix `/service/SCOPE/` */
  constructor(private readonly prefix: string) {}

  /** The state at the start. */
  begin(snapshot: EtcdSnapshot): readonly KeyEvent[] {
    for (const [key, value] of snapshot.values) {
      this.values.set(this.nameOf(key), value);
    }
    const holder = this.values.get('leader') ?? null;
    const text = holder === null ? 'nobody holds the leader key' : `${holder} holds the leader key`;
    return [{ kind: 'leader_key', from: null, to: holder, text }];
  }

  /** The state after changes that nobody can tell any more. */
  resume(snapshot: EtcdSnapshot): readonly KeyEvent[] {
    const changes: KeyChange[] = [];
    const { revision } = snapshot;
    for (const name of this.values.keys()) {
      const key = this.prefix + name;
      if (!snapshot.values.has(key)) {
        changes.push({ key, value: null, revision });
      }
    }
    for (const [key, value] of snapshot.values) {
      changes.push({ key, value, revision });
    }
    return this.apply(changes);
  }

  /** Changes in the order in which they happened. */
  apply(changes: readonly KeyChange[]): readonly KeyEvent[] {
    const events: KeyEvent[] = [];
    for (const change of changes) {
      const name = this.nameOf(change.key);
      const before = this.values.get(name) ?? null;
      if (change.value === null) {
        this.values.delete(name);
      } else {
        this.values.set(name, change.value);
      }
      const event = change.value === before ? null : eventOf(name, before, change, changes);
      if (event !== null) {
        events.push(event);
      }
    }
    return events;
  }

  private nameOf(key: string): string {
    return key.startsWith(this.prefix) ? key.slice(this.prefix.length) : key;
  }
}

function eventOf(
  name: string,
  before: string | null,
  change: KeyChange,
  together: readonly KeyChange[],
): KeyEvent | null {
  const { value } = change;
  switch (name) {
    case 'leader':
      return value === null ? leaderGone(before, change, together) : leaderTaken(before, value);
    case 'failover':
      return failoverKey(before, value);
    case 'sync':
      return syncKey(before, value);
    case 'history':
      return historyKey(before, value);
    case 'config':
      return configKey(before, value);
    default:
      return null;
  }
}

function leaderTaken(before: string | null, holder: string): KeyEvent {
  return {
    kind: 'leader_key_taken',
    from: before,
    to: holder,
    text: `${holder} has taken the leader key`,
  };
}

/** A lease that runs out takes all its keys along in one transaction, the holder's member key among them. */
function leaderGone(
  holder: string | null,
  { revision, key }: KeyChange,
  together: readonly KeyChange[],
): KeyEvent {
  const member = key.replace(/leader$/, `members/${holder}`);
  const ranOut = together.some(
    (other) => other.revision === revision && other.key === member && other.value === null,
  );
  const why = ranOut ? 'its lease ran out' : 'it was given back';
  return {
    kind: 'leader_key_gone',
    from: holder,
    to: null,
    text: `the leader key of ${holder ?? 'nobody'} is gone: ${why}`,
  };
}

/** Patroni writes `{}` where others would delete. */
function failoverKey(before: string | null, after: string | null): KeyEvent | null {
  const from = orderOf(before);
  const to = orderOf(after);
  if (from === to) {
    return null;
  }
  const text = to === null ? `done with the order ${from}` : `ordered: ${to}`;
  return { kind: 'failover_key', from, to, text };
}

/** `leave n1, to n2` */
function orderOf(value: string | null): string | null {
  const order = parsed(value);
  if (order === null || Object.keys(order).length === 0) {
    return null;
  }
  const leader = order['leader'];
  const member = order['member'];
  const parts = [
    ...(typeof leader === 'string' ? [`leave ${leader}`] : []),
    ...(typeof member === 'string' ? [`to ${member}`] : []),
  ];
  return parts.length === 0 ? JSON.stringify(order) : parts.join(', ');
}

function syncKey(before: string | null, after: string | null): KeyEvent | null {
  const from = standbysOf(before);
  const to = standbysOf(after);
  const text = to === null ? 'no standby is synchronous' : `synchronous: ${to}`;
  return from === to ? null : { kind: 'sync', from, to, text };
}

function standbysOf(value: string | null): string | null {
  const standbys = parsed(value)?.['sync_standby'];
  return typeof standbys === 'string' && standbys !== '' ? standbys : null;
}

function historyKey(before: string | null, after: string | null): KeyEvent | null {
  const from = lastTimelineOf(before);
  const to = lastTimelineOf(after);
  return from === to || to === null ? null : { kind: 'history', from, to, text: `timeline ${to} has ended` };
}

function lastTimelineOf(value: string | null): string | null {
  const timeline = parseHistory(json(value)).at(-1)?.timeline;
  return timeline === undefined ? null : String(timeline);
}

function configKey(before: string | null, after: string | null): KeyEvent | null {
  const from = parsed(before) ?? {};
  const to = parsed(after) ?? {};
  const changed = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]))
    .join(', ');
  return changed === ''
    ? null
    : { kind: 'config', from: null, to: changed, text: `configuration changed: ${changed}` };
}

function parsed(value: string | null): JsonObject | null {
  return objectOf(json(value));
}

/** Undefined for what is no JSON: Patroni wrote it, but anybody can. */
function json(value: string | null): unknown {
  try {
    return value === null ? undefined : JSON.parse(value);
  } catch {
    return undefined;
  }
}

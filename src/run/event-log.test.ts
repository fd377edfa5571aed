import { expect, it } from 'vitest';
import type { Event } from '../result/result.js';
import { EventLog } from './event-log.js';

function event(layer: Event['layer'], kind: string, to: string | null): Event {
  return { atMs: 1, uncertaintyMs: 0, layer, kind, subject: '', from: null, to, text: '' };
}

function logOf(...events: readonly Event[]): EventLog {
  const log = new EventLog(() => undefined);
  for (const each of events) {
    log.add(each);
  }
  return log;
}

it('counts a change when another member leads, not when nobody does for a while', () => {
  const gone = logOf(event('patroni', 'leader', 'n1'), event('patroni', 'leader_gone', ''));
  expect([gone.leader, gone.leaderNow, gone.leaderChanges]).toEqual(['n1', '', 0]);
  gone.add(event('patroni', 'leader', 'n1'));
  expect([gone.leaderNow, gone.leaderChanges]).toEqual(['n1', 0]);
  gone.add(event('patroni', 'leader', 'n2'));
  expect([gone.leader, gone.leaderChanges]).toEqual(['n2', 1]);
});

it('believes etcd once it has named a leader, for Patroni is asked and late', () => {
  const log = logOf(
    event('etcd', 'leader_key', 'n1'),
    event('etcd', 'leader_key_taken', 'n2'),
    event('patroni', 'leader', 'n1'),
  );
  expect([log.leader, log.leaderChanges]).toEqual(['n2', 1]);
});

it('believes Patroni where etcd never named one', () => {
  const log = logOf(
    event('etcd', 'leader_key', null),
    event('patroni', 'leader', 'n1'),
    event('patroni', 'leader', 'n2'),
  );
  expect([log.leader, log.leaderNow, log.leaderChanges]).toEqual(['n2', 'n2', 1]);
});

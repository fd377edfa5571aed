import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyChange } from '../cluster/etcd-watch.js';
import { KeyStory } from './etcd-keys.js';

const PREFIX = '/service/x/';
let story: KeyStory;
let revision: number;

beforeEach(() => {
  story = new KeyStory(PREFIX);
  revision = 10;
  story.begin(snapshot({ leader: 'n1', config: '{"ttl":30,"loop_wait":10}' }));
});

function snapshot(values: Readonly<Record<string, string>>) {
  const entries = Object.entries(values).map(([name, value]) => [PREFIX + name, value] as const);
  return { revision, values: new Map(entries) };
}

function put(name: string, value: string | null): KeyChange {
  revision++;
  return { key: PREFIX + name, value, revision };
}

describe('the keys of Patroni', () => {
  it('tell who held the leader key at the start', () => {
    const held = new KeyStory(PREFIX).begin(snapshot({ leader: 'n3' }));
    expect(held).toEqual([{ kind: 'leader_key', from: null, to: 'n3', text: 'n3 holds the leader key' }]);
    expect(new KeyStory(PREFIX).begin(snapshot({}))).toMatchObject([{ kind: 'leader_key', to: null }]);
  });

  it('tell of a switchover', () => {
    const events = story.apply([
      put('failover', '{"leader":"n1","member":"n2"}'),
      put('status', '{"optime":71437056}'),
      put('leader', null),
      put('members/n1', '{"state":"stopping"}'),
      put('leader', 'n2'),
      put('failover', '{}'),
      put('history', '[[1,71437352,"no recovery target specified","2026-11-25T13:28:26+00:00","n2"]]'),
    ]);
    expect(events).toEqual([
      { kind: 'failover_key', from: null, to: 'leave n1, to n2', text: 'ordered: leave n1, to n2' },
      {
        kind: 'leader_key_gone',
        from: 'n1',
        to: null,
        text: 'the leader key of n1 is gone: it was given back',
      },
      { kind: 'leader_key_taken', from: null, to: 'n2', text: 'n2 has taken the leader key' },
      {
        kind: 'failover_key',
        from: 'leave n1, to n2',
        to: null,
        text: 'done with the order leave n1, to n2',
      },
      { kind: 'history', from: null, to: '1', text: 'timeline 1 has ended' },
    ]);
  });

  it('tell a lease that ran out from a key that was given back', () => {
    const leader = put('leader', null);
    const member = { key: `${PREFIX}members/n1`, value: null, revision: leader.revision };
    expect(story.apply([leader, member])).toMatchObject([
      { kind: 'leader_key_gone', text: 'the leader key of n1 is gone: its lease ran out' },
    ]);
  });

  it('tell nothing when the holder puts its key again, but of each that takes it', () => {
    expect(story.apply([put('leader', 'n1')])).toEqual([]);
    expect(story.apply([put('leader', 'n2')])).toMatchObject([
      { kind: 'leader_key_taken', from: 'n1', to: 'n2' },
    ]);
    expect(story.apply([put('leader', null), put('leader', 'n2')])).toMatchObject([
      { kind: 'leader_key_gone', from: 'n2' },
      { kind: 'leader_key_taken', from: null, to: 'n2' },
    ]);
  });

  it('tell which settings changed, and which standby is synchronous', () => {
    expect(
      story.apply([
        put('config', '{"ttl":20,"loop_wait":10,"pause":true}'),
        put('sync', '{"leader":"n1","sync_standby":"n2"}'),
        put('sync', '{"leader":"n2","sync_standby":"n2"}'),
        put('sync', '{"leader":"n2","sync_standby":null}'),
      ]),
    ).toEqual([
      { kind: 'config', from: null, to: 'ttl, pause', text: 'configuration changed: ttl, pause' },
      { kind: 'sync', from: null, to: 'n2', text: 'synchronous: n2' },
      { kind: 'sync', from: 'n2', to: null, text: 'no standby is synchronous' },
    ]);
  });

  it('tell the outcome where the changes are lost', () => {
    expect(story.resume(snapshot({ leader: 'n2', config: '{"ttl":30,"loop_wait":10}' }))).toMatchObject([
      { kind: 'leader_key_taken', from: 'n1', to: 'n2' },
    ]);
    expect(story.resume(snapshot({ config: '{"ttl":30,"loop_wait":10}' }))).toMatchObject([
      { kind: 'leader_key_gone', from: 'n2' },
    ]);
  });

  it('are not believed when they hold what Patroni would not write', () => {
    expect(story.apply([put('history', 'no JSON'), put('failover', '7'), put('sync', '[]')])).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Session } from '../postgres/session.js';
import type { ClientGroup } from './client-group.js';
import { ConnectSlots } from './connect-slots.js';
import { Connecting } from './connecting.js';

/** What a group tells of connections, and the clients of it. */
function groupOf(slots: number) {
  const told: string[] = [];
  const group = {
    slots: new ConnectSlots(slots),
    connectUs: 5000,
    warmupUs: 1_000_000,
    running: true,
    now: 100,
    nowUs: () => group.now,
    recorder: {
      connectStarted: (atUs: number) => told.push(`started at ${atUs}`),
      connected: (tookUs: number, atUs: number) => told.push(`connected at ${atUs} in ${tookUs}`),
    },
  };
  const clientOf = (name: string) => {
    const owner = { wakeUs: Number.NaN, mayConnect: true };
    const session = { connect: () => told.push(`${name} connects`) } as unknown as Session;
    const connecting = new Connecting(owner, group as unknown as ClientGroup);
    return { owner, connecting, begin: () => connecting.begin(session) };
  };
  return { group, told, clientOf };
}

describe('how a client gets a connection', () => {
  it('begins with a deadline, and tells how long it took', () => {
    const { group, told, clientOf } = groupOf(1);
    const { owner, connecting, begin } = clientOf('a');
    begin();
    expect(owner.wakeUs).toBe(5100);
    group.now = 1400;
    connecting.succeeded(group.now);
    expect(owner.wakeUs).toBe(Infinity);
    expect(told).toEqual(['started at 100', 'a connects', 'connected at 1400 in 1300']);
  });

  it('counts connections but those of the warm-up', () => {
    const { group, clientOf } = groupOf(1);
    const { connecting, begin } = clientOf('a');
    for (const nowUs of [10, 999_999, 1_000_000]) {
      begin();
      connecting.succeeded(nowUs);
    }
    expect(connecting.made).toBe(1);
    // Before the load instants are those of another clock.
    group.running = false;
    begin();
    connecting.succeeded(10);
    expect(connecting.made).toBe(2);
  });

  it('waits for its turn without a deadline, and its attempt begins with it', () => {
    const { group, told, clientOf } = groupOf(1);
    const [a, b] = [clientOf('a'), clientOf('b')];
    a.begin();
    b.begin();
    expect(b.owner.wakeUs).toBe(Infinity);
    group.now = 7000;
    a.connecting.over();
    expect(b.owner.wakeUs).toBe(12_000);
    expect(told).toEqual(['started at 100', 'a connects', 'started at 7000', 'b connects']);
  });

  it.each(['left the queue', 'gave up', 'has nothing to connect for'])('takes no turn when it %s', (why) => {
    const { told, clientOf } = groupOf(1);
    const [a, b, c] = [clientOf('a'), clientOf('b'), clientOf('c')];
    a.begin();
    b.begin();
    c.begin();
    if (why === 'left the queue') {
      b.connecting.leaveQueue();
    } else if (why === 'gave up') {
      b.connecting.over();
    } else {
      b.owner.mayConnect = false;
    }
    a.connecting.over();
    expect(told.filter((line) => line.endsWith('connects'))).toEqual(['a connects', 'c connects']);
  });

  it('takes one turn when it left the queue and came back', () => {
    const { told, clientOf } = groupOf(1);
    const [a, b, c] = [clientOf('a'), clientOf('b'), clientOf('c')];
    a.begin();
    b.begin();
    b.connecting.leaveQueue();
    b.begin();
    c.begin();
    a.connecting.over();
    b.connecting.over();
    expect(told.filter((line) => line.endsWith('connects'))).toEqual([
      'a connects',
      'b connects',
      'c connects',
    ]);
  });

  it('gives its place back once', () => {
    const { told, clientOf } = groupOf(1);
    const [a, b, c] = [clientOf('a'), clientOf('b'), clientOf('c')];
    a.begin();
    a.connecting.over();
    a.connecting.over();
    b.begin();
    c.begin();
    expect(told.filter((line) => line.endsWith('connects'))).toEqual(['a connects', 'b connects']);
  });
});

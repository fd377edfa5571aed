import { describe, expect, it } from 'vitest';
import { firstRefusal, settleMs } from './before-run.js';
import { cluster, config, etcd, healthy, line, member, patroniNode, self } from './healthy.fixture.js';

describe('what refuses a run', () => {
  it('is nothing on a healthy cluster', () => {
    expect(firstRefusal(healthy())).toBeNull();
  });

  it('is told with what to do', () => {
    const found = firstRefusal(line('rw/n1', { status: 'DOWN' })(healthy()));
    expect(found?.check).toBe('haproxy-rw');
    expect(found?.fix).not.toBe('');
  });

  it('is nothing that only makes figures other than they seem', () => {
    expect(firstRefusal(config({ loop_wait: 5 })(healthy()))).toBeNull();
    expect(firstRefusal(self('n1', { watchdogFailed: true })(healthy()))).toBeNull();
  });

  it('is no pause: whoever runs without a fault may want it, and faults look for themselves', () => {
    expect(firstRefusal(cluster({ pause: true })(healthy()))).toBeNull();
  });

  it('is nothing where there is no Patroni, no etcd and no HAProxy', () => {
    const nothing = { unknown: 'not given' };
    expect(firstRefusal({ patroni: nothing, etcd: nothing, haproxy: nothing, hurt: [] })).toBeNull();
  });

  it('is no replica whose Patroni cannot be reached from here, unless a fault is meant for it', () => {
    const evidence = patroniNode('n2', { self: { unknown: 'no route' } })(healthy());
    expect(firstRefusal(evidence)).toBeNull();
    expect(firstRefusal({ ...evidence, hurt: ['leader', 'n2'] })?.check).toBe('members-answer');
    expect(firstRefusal(patroniNode('n1', { self: { unknown: 'no route' } })(healthy()))?.check).toBe(
      'members-answer',
    );
  });

  it('goes by what a replica says of itself: /cluster is a loop of Patroni behind', () => {
    expect(firstRefusal(member('n2', { timeline: 7, state: 'starting' })(healthy()))).toBeNull();
  });

  it('is first what does not pass by itself', () => {
    const evidence = line('rw/n1', { status: 'DOWN' })(self('n2', { scheduledRestart: true })(healthy()));
    expect(firstRefusal(evidence)?.check).toBe('no-scheduled-change');
    const both = member('n1', { role: 'replica' })(etcdAlarm(healthy()));
    expect(firstRefusal(both)?.check).toBe('etcd-alarms');
  });

  it('is looked at again for a loop of Patroni and 2 s, 5 s at least', () => {
    expect(settleMs(healthy().patroni)).toBe(5000);
    expect(settleMs(config({ loop_wait: 10 })(healthy()).patroni)).toBe(12_000);
    expect(settleMs({ unknown: 'not given' })).toBe(5000);
  });
});

const etcdAlarm = etcd((old) => ({ ...old, alarms: { value: [{ memberId: '2', alarm: 'NOSPACE' }] } }));

import { describe, expect, it } from 'vitest';
import { firstRefusal } from './before-run.js';
import { cluster, config, healthy, line, self } from './healthy.fixture.js';

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
    expect(firstRefusal({ patroni: nothing, etcd: nothing, haproxy: nothing })).toBeNull();
  });
});

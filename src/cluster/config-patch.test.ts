import { describe, expect, it } from 'vitest';
import { patchOf } from './config-patch.js';
import { patchedSettings } from './facts.js';

describe('patchOf', () => {
  it('reads values as JSON where they are, and goes down at dots', () => {
    expect(
      patchOf({
        ttl: '20',
        failsafe_mode: 'true',
        check_timeline: 'null',
        'postgresql.parameters.work_mem': '8MB',
        'postgresql.use_slots': 'false',
      }),
    ).toEqual({
      ttl: 20,
      failsafe_mode: true,
      check_timeline: null,
      postgresql: { parameters: { work_mem: '8MB' }, use_slots: false },
    });
  });

  it('takes an object, and single settings on top', () => {
    expect(patchOf({ set: '{"ttl":20,"a":{"b.c":1}}', ttl: '30', 'a.d': '2' })).toEqual({
      ttl: 30,
      a: { 'b.c': 1, d: 2 },
    });
  });

  it('needs something to change', () => {
    expect(() => patchOf({})).toThrow('config needs a setting');
    expect(() => patchOf({ set: '[1]' })).toThrow('expected an object in JSON');
  });
});

describe('patchedSettings', () => {
  const settings = { 'patroni.ttl': 45, 'patroni.loop_wait': 10, 'haproxy.inter': '3s' };

  it('has what was patched, by its new name, and the default of what was removed', () => {
    const patch = { loop_wait: 2, ttl: null, master_start_timeout: 0, postgresql: { use_slots: false } };
    expect(patchedSettings(settings, patch)).toEqual({
      'patroni.ttl': 30,
      'patroni.loop_wait': 2,
      'patroni.primary_start_timeout': 0,
      'haproxy.inter': '3s',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { USUAL_CONTEXT } from './predict.js';
import type { Settings } from './timings.js';
import { unpredictedOf } from './unpredicted.js';

/** Of a cluster whose HAProxy does not tell how it checks. */
const PATRONI: Settings = {
  'patroni.ttl': 30,
  'patroni.loop_wait': 10,
  'patroni.retry_timeout': 10,
  'patroni.primary_start_timeout': 300,
  'patroni.synchronous_mode': false,
  'haproxy.inter': null,
  'haproxy.fastinter': null,
  'haproxy.fall': null,
  'haproxy.rise': null,
};

describe('why nothing is predicted', () => {
  it.each([
    ['switchover', 'haproxy.inter and haproxy.rise are not known'],
    ['kill-node', 'haproxy.inter and haproxy.rise are not known'],
    ['kill-patroni', 'haproxy.inter, haproxy.fall and haproxy.rise are not known'],
    ['restart-haproxy', 'haproxy.inter is not known'],
  ])('of %s: %s', (kind, why) => {
    expect(unpredictedOf(kind, PATRONI)).toBe(why);
  });

  it('names what the formula needs by the settings that are known', () => {
    expect(unpredictedOf('kill-postgres', PATRONI)).toBeNull();
    const atOnce = { ...PATRONI, 'patroni.primary_start_timeout': 0 };
    expect(unpredictedOf('kill-postgres', atOnce)).toBe('haproxy.inter and haproxy.rise are not known');
    const all = { 'haproxy.inter': '3s', 'haproxy.rise': 2 };
    expect(unpredictedOf('kill-node', all)).toBe('patroni.ttl and patroni.loop_wait are not known');
    expect(unpredictedOf('kill-replica', {})).toBe('patroni.synchronous_mode is not known');
    expect(unpredictedOf('kill-node', { ...PATRONI, ...all, 'haproxy.inter': 'soon' })).toBe(
      'haproxy.inter is not known',
    );
  });

  it('is nothing where there is a prediction, or no formula', () => {
    expect(unpredictedOf('kill-node', { ...PATRONI, 'haproxy.inter': '1s', 'haproxy.rise': 1 })).toBeNull();
    expect(unpredictedOf('kill-node', PATRONI, { ...USUAL_CONTEXT, subjectLed: false })).toBeNull();
    expect(unpredictedOf('pause', {})).toBeNull();
    expect(unpredictedOf('exec', {})).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { predictedDowntime, USUAL_CONTEXT } from './predict.js';
import { shortenedBy } from './shorten.js';
import type { Settings } from './timings.js';

const STOCK: Settings = {
  'patroni.ttl': 30,
  'patroni.loop_wait': 10,
  'patroni.retry_timeout': 10,
  'patroni.primary_start_timeout': 300,
  'patroni.synchronous_mode': false,
  'patroni.failsafe_mode': false,
  'haproxy.inter': '3s',
  'haproxy.fastinter': null,
  'haproxy.fall': 3,
  'haproxy.rise': 2,
  'haproxy.timeout_check': '5s',
};

function shortened(kind: string, settings: Settings, given = {}) {
  const context = { ...USUAL_CONTEXT, ...given };
  const prediction = predictedDowntime(kind, settings, context);
  return prediction && shortenedBy(kind, settings, context, prediction);
}

describe('what shortens a downtime most', () => {
  it('is the ttl of a leader that dies, with what must fit into it, and down to what is allowed', () => {
    expect(shortened('kill-node', STOCK)).toEqual({
      changes: { 'patroni.ttl': 20, 'patroni.retry_timeout': 5 },
      writes: { minMs: 12_000, maxMs: 29_000 },
      limit: 'Patroni from 3.2 on allows no ttl below 20',
    });
    // Before, nothing but the rule holds it.
    expect(shortened('kill-node', STOCK, { patroni: '3.0.2' })).toMatchObject({
      changes: { 'patroni.ttl': 15, 'patroni.loop_wait': 9, 'patroni.retry_timeout': 3 },
      limit: null,
    });
  });

  it('is something else where the ttl is at its least', () => {
    const fast = { ...STOCK, 'patroni.ttl': 20, 'patroni.loop_wait': 2, 'patroni.retry_timeout': 3 };
    expect(shortened('kill-node', fast)).toMatchObject({ changes: { 'haproxy.rise': 1 } });
    const faster = { ...fast, 'haproxy.rise': 1, 'haproxy.fastinter': '3s' };
    expect(shortened('kill-node', faster)).toMatchObject({ changes: { 'haproxy.inter': '1500ms' } });
  });

  it('counts what a shorter time takes away elsewhere', () => {
    // Faster checks see the new leader up sooner, and drop the old one sooner: nothing is won.
    const gained = shortened('kill-patroni', { ...STOCK, 'patroni.ttl': 20, 'patroni.retry_timeout': 5 });
    expect(gained?.changes).toEqual({ 'haproxy.rise': 1 });
  });

  it('agrees with a prediction of the changed settings', () => {
    for (const kind of ['switchover', 'kill-postgres', 'cut-etcd', 'restart-haproxy']) {
      const found = shortened(kind, STOCK);
      const then = predictedDowntime(kind, { ...STOCK, ...found?.changes });
      expect(found?.writes).toEqual({ minMs: then?.minMs, maxMs: then?.maxMs });
    }
  });

  it('is nothing where no setting bounds it, or no setting is left to change', () => {
    expect(shortened('freeze-postgres', STOCK)).toBeNull();
    expect(shortened('restart', STOCK)).toBeNull();
    expect(shortened('kill-etcd-leader', STOCK)).toBeNull();
  });
});

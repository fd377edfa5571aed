import { describe, expect, it } from 'vitest';
import { predictedDowntime, predictedStages, USUAL_CONTEXT } from './predict.js';
import type { Settings } from './timings.js';

/** Patroni's and HAProxy's sample configurations. */
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

const FAST: Settings = {
  ...STOCK,
  'patroni.ttl': 20,
  'patroni.loop_wait': 1,
  'patroni.retry_timeout': 3,
  'haproxy.inter': '500ms',
  'haproxy.fastinter': '200ms',
  'haproxy.fall': 2,
  'haproxy.rise': 1,
};

const KINDS = [
  'switchover',
  'failover',
  'restart',
  'kill-postgres',
  'kill-patroni',
  'kill-node',
  'freeze-node',
  'freeze-postgres',
  'kill-replica',
  'cut-replication',
  'kill-etcd-leader',
  'stop-etcd-quorum',
  'restart-haproxy',
  'reload-haproxy',
  'reinitialize',
  'pause',
  'resume',
  'config',
  'partition-node',
  'cut-etcd',
];

function rangeOf(kind: string, settings = STOCK, context = {}): [number, number | null] | null {
  const predicted = predictedDowntime(kind, settings, { ...USUAL_CONTEXT, ...context });
  return predicted && [predicted.minMs, predicted.maxMs];
}

describe('the predicted write downtime', () => {
  it('of a switchover is the shutdown and HAProxy', () => {
    // Shutdown 0-2, polls 0-2, from 3.2.1 on a pause of 0-1, the key 0-0.5, HAProxy 3-6, clients 0-0.5.
    expect(rangeOf('switchover', STOCK, { patroni: '4.1.4' })).toEqual([3000, 12_000]);
    expect(rangeOf('switchover', STOCK, { patroni: '3.0.2' })).toEqual([3000, 11_000]);
    expect(rangeOf('failover')).toEqual(rangeOf('switchover'));
    // HAProxy may be faster than the promotion, for which a second is allowed.
    expect(rangeOf('switchover', FAST, { patroni: '3.2.0' })).toEqual([0, 6000]);
  });

  it('of a node that died is bound by the lease', () => {
    // 20-30, a late refresh 1-0 less, etcd 0-0.5, race 0-2, HAProxy 3-6, clients 0-0.5.
    expect(rangeOf('kill-node')).toEqual([22_000, 39_000]);
    expect(rangeOf('kill-node', FAST)).toEqual([18_000, 24_000]);
  });

  it('is longer where the leader of etcd died with it, which prolongs every lease', () => {
    expect(rangeOf('kill-node', STOCK, { etcdLeaderLost: true })).toEqual([35_000, 42_000]);
    // It is Patroni that was killed, not the node.
    expect(rangeOf('kill-patroni', STOCK, { etcdLeaderLost: true })).toEqual(rangeOf('kill-patroni'));
  });

  it('without Patroni begins when HAProxy drops the old leader', () => {
    // As the node's, but 6-9 s of it are still served.
    expect(rangeOf('kill-patroni')).toEqual([13_000, 33_000]);
  });

  it('of a frozen node ends with the thaw, or with the lease', () => {
    expect(rangeOf('freeze-node')).toEqual([24_000, 39_500]);
    expect(rangeOf('freeze-node', STOCK, { lastedMs: 10_000 })).toEqual([10_000, 10_500]);
    expect(rangeOf('freeze-node', STOCK, { lastedMs: 25_000 })).toEqual([19_000, 39_500]);
    expect(rangeOf('freeze-node', STOCK, { lastedMs: 60_000 })).toEqual([24_000, 39_500]);
    expect(rangeOf('freeze-postgres', STOCK, { lastedMs: 10_000 })).toEqual([10_000, 39_500]);
    expect(rangeOf('freeze-postgres')).toEqual([22_000, null]);
  });

  it('of a killed PostgreSQL is one loop and its recovery', () => {
    expect(rangeOf('kill-postgres', STOCK, { patroni: '4.1.4' })).toEqual([0, 15_500]);
    expect(rangeOf('kill-postgres', STOCK, { patroni: '3.0.2' })).toEqual([0, 25_500]);
    // It is given up at once, and another leads.
    expect(rangeOf('kill-postgres', { ...STOCK, 'patroni.primary_start_timeout': 0 })).toEqual([
      3000, 19_500,
    ]);
  });

  it('without a quorum of etcd is what it lasts, but for the time until the primary demotes itself', () => {
    // 60 - 10..20 + 0..20 + 3..6 + 0..0.5
    expect(rangeOf('stop-etcd-quorum', STOCK, { lastedMs: 60_000 })).toEqual([43_000, 76_500]);
    expect(rangeOf('stop-etcd-quorum', STOCK, { lastedMs: 9000 })).toEqual([0, 0]);
    expect(rangeOf('stop-etcd-quorum', STOCK, { lastedMs: 15_000 })).toEqual([0, 31_500]);
    expect(rangeOf('stop-etcd-quorum')).toEqual([0, null]);
    const failsafe = { ...STOCK, 'patroni.failsafe_mode': true };
    expect(rangeOf('stop-etcd-quorum', failsafe, { lastedMs: 60_000 })).toEqual([0, 0]);
  });

  it('is none where writes go on, but for commits that wait for a synchronous standby', () => {
    for (const kind of ['kill-replica', 'cut-replication', 'kill-etcd-leader', 'reload-haproxy', 'pause']) {
      expect(rangeOf(kind)).toEqual([0, 0]);
    }
    expect(rangeOf('restart', STOCK, { subjectLed: false })).toEqual([0, 0]);
    expect(rangeOf('kill-replica', { ...STOCK, 'patroni.synchronous_mode': true })).toEqual([0, 30_000]);
  });

  it.each(['kill-node', 'freeze-node', 'kill-patroni', 'kill-postgres', 'freeze-postgres'])(
    'of %s on a replica is that of its loss: the leader goes on',
    (kind) => {
      const context = { ...USUAL_CONTEXT, subjectLed: false };
      expect(rangeOf(kind, STOCK, context)).toEqual([0, 0]);
      expect(predictedStages(kind, STOCK, context)).toEqual({});
      for (const subjectLed of [true, null]) {
        expect(rangeOf(kind, STOCK, { subjectLed })).toEqual(rangeOf(kind));
      }
    },
  );

  it('of a synchronous standby is how long Patroni and PostgreSQL take it for one', () => {
    const synchronous = { ...STOCK, 'patroni.synchronous_mode': true };
    const lost = (kind: string) => rangeOf(kind, synchronous, { subjectLed: false });
    expect(lost('kill-node')).toEqual([0, 30_000]);
    expect(lost('kill-postgres')).toEqual([0, 30_000]);
    // Its member key expires first, and then the leader looks in its next loop.
    expect(lost('freeze-node')).toEqual([0, 40_000]);
    // Its PostgreSQL goes on and acknowledges; of a frozen one Patroni says that it runs.
    expect(lost('kill-patroni')).toEqual([0, 0]);
    expect(lost('freeze-postgres')).toEqual([0, null]);
  });

  it('of a thawed node has to wait for HAProxy only where that took it for down', () => {
    // No check of 5 s is answered: down after 0-3 + 5 + 2 × (3 + 5).
    const thawed = { ...STOCK, 'patroni.ttl': 60 };
    expect(rangeOf('freeze-node', thawed, { lastedMs: 20_000 })).toEqual([20_000, 20_500]);
    expect(rangeOf('freeze-node', thawed, { lastedMs: 22_000 })).toEqual([22_000, 28_500]);
    expect(rangeOf('freeze-node', thawed, { lastedMs: 25_000 })).toEqual([28_000, 31_500]);
    const unknown = { ...thawed, 'haproxy.timeout_check': null };
    expect(rangeOf('freeze-node', unknown, { lastedMs: 25_000 })).toEqual([25_000, 31_500]);
    // The lease of a lost leader of etcd lasts longer than its ttl.
    expect(rangeOf('freeze-node', STOCK, { lastedMs: 31_000, etcdLeaderLost: true })).toEqual([
      34_000, 37_500,
    ]);
  });

  it('of a machine that is cut off is that of a frozen one; of etcd alone what is left of the ttl', () => {
    expect(rangeOf('partition-node')).toEqual(rangeOf('freeze-node'));
    // 30 - 10 - 10, unequal loops 1 less to 1 more, etcd 0-0.5, race 0-2, HAProxy 3-6, clients 0-0.5.
    expect(rangeOf('cut-etcd')).toEqual([12_000, 20_000]);
    expect(rangeOf('cut-etcd', { ...STOCK, 'patroni.failsafe_mode': true })).toEqual([0, 0]);
  });

  it('without HAProxy has no part of it', () => {
    const without: Settings = Object.fromEntries(
      Object.entries(STOCK).filter(([name]) => name.startsWith('patroni')),
    );
    for (const proxy of ['none', 'vip']) {
      const range = (kind: string, context = {}) => rangeOf(kind, without, { proxy, ...context });
      // 20-30, a late refresh 1-0 less, etcd 0-0.5, race 0-2, promotion 0-1, clients 0-0.5.
      expect(range('kill-node')).toEqual([19_000, 34_000]);
      expect(range('switchover', { patroni: '3.0.2' })).toEqual([0, 6000]);
      expect(range('restart-haproxy')).toBeNull();
      expect(range('freeze-node', { lastedMs: 15_000 })).toEqual([15_000, 15_500]);
      expect(
        predictedStages('kill-node', without, { ...USUAL_CONTEXT, proxy: proxy as 'none' }),
      ).not.toHaveProperty('proxy_up');
    }
    // One that does not answer holds its clients up until their own patience is over.
    expect(rangeOf('freeze-node', without, { proxy: 'none' })).toEqual([21_000, 39_000]);
    expect(rangeOf('freeze-node', without, { proxy: 'vip' })).toEqual([21_000, 34_500]);
    // The old leader goes on: its clients stay with it, or with its address until the key has gone.
    expect(rangeOf('kill-patroni', without, { proxy: 'none' })).toEqual([0, 0]);
    expect(rangeOf('kill-patroni', without, { proxy: 'vip' })).toEqual([0, 3500]);
  });

  it('of a Patroni that is started again in time is a flap of HAProxy', () => {
    // Started after 8-11 s, up 3-6 s later; the old leader is served for 6-9 s of it.
    expect(rangeOf('kill-patroni', STOCK, { lastedMs: 8000 })).toEqual([2000, 11_500]);
  });

  it('of a postmaster alone is none: sessions go on', () => {
    expect(rangeOf('freeze-postgres', STOCK, { postmasterOnly: true })).toEqual([0, 0]);
  });

  it('takes what Patroni makes of timings under its limits, from 3.2 on', () => {
    const tight = { ...STOCK, 'patroni.ttl': 8, 'patroni.loop_wait': 2, 'patroni.retry_timeout': 3 };
    expect(rangeOf('kill-node', tight, { patroni: '3.1.2' })).toEqual([8000, 17_000]);
    expect(rangeOf('kill-node', tight, { patroni: '3.2.0' })).toEqual([20_000, 29_000]);
    expect(rangeOf('kill-node', tight)).toEqual(rangeOf('kill-node', tight, { patroni: '4.1.4' }));
    // 10 + 2 × 10 is more than 25: the loop is made shorter.
    expect(rangeOf('kill-node', { ...STOCK, 'patroni.ttl': 25 })).toEqual([22_000, 34_000]);
    // 1 + 2 × 15 is more than 30: a loop of 1 s, and a retry_timeout of 14 s.
    const long = { ...STOCK, 'patroni.retry_timeout': 15 };
    expect(rangeOf('cut-etcd', long)).toEqual([17_000, 25_000]);
  });

  it('counts with the leases that etcd grants', () => {
    const slow = { ...STOCK, 'patroni.ttl': 6, 'patroni.loop_wait': 2, 'etcd.election_timeout': 5000 };
    expect(rangeOf('kill-node', slow, { patroni: '3.0.2' })).toEqual([8000, 17_000]);
    expect(
      rangeOf('kill-node', { ...STOCK, 'etcd.election_timeout': '2s' }, { etcdLeaderLost: true }),
    ).toEqual([37_000, 45_000]);
  });

  it.each(KINDS)('of %s is the sum of its parts', (kind) => {
    for (const lastedMs of [null, 25_000]) {
      const predicted = predictedDowntime(kind, STOCK, { ...USUAL_CONTEXT, lastedMs });
      let [minMs, maxMs]: [number, number | null] = [0, 0];
      for (const part of predicted?.parts ?? []) {
        minMs += part.minMs;
        maxMs = part.maxMs === null || maxMs === null ? null : maxMs + part.maxMs;
        expect(part.minMs).toBeLessThanOrEqual(part.maxMs ?? Infinity);
        expect(part.settings.filter((name) => STOCK[name] === undefined)).toEqual([]);
      }
      expect(predicted?.parts.length).toBeGreaterThan(0);
      expect(predicted).toMatchObject({ minMs: Math.max(0, minMs), maxMs, holds: null });
    }
  });

  it('is not known without the settings, nor of what settings say nothing of', () => {
    for (const kind of [
      'switchover',
      'kill-node',
      'kill-patroni',
      'freeze-node',
      'kill-postgres',
      'stop-etcd-quorum',
    ]) {
      expect(rangeOf(kind, {})).toBeNull();
      expect(predictedStages(kind, {}).proxy_up).toBeUndefined();
    }
    expect(rangeOf('kill-node', { ...STOCK, 'haproxy.rise': null })).toBeNull();
    expect(rangeOf('kill-node', { ...STOCK, 'patroni.ttl': null })).toBeNull();
    expect(rangeOf('exec')).toBeNull();
  });

  it('takes durations as each program writes them', () => {
    expect(rangeOf('kill-node', { ...STOCK, 'haproxy.inter': '3000', 'patroni.ttl': '30' })).toEqual([
      22_000, 39_000,
    ]);
    expect(rangeOf('kill-node', { ...STOCK, 'haproxy.inter': 3000, 'patroni.ttl': '30s' })).toEqual([
      22_000, 39_000,
    ]);
    expect(rangeOf('kill-node', { ...STOCK, 'haproxy.inter': 'soon' })).toBeNull();
  });
});

describe('the predicted stages', () => {
  it('of a node that died', () => {
    expect(predictedStages('kill-node', STOCK)).toEqual({
      leader_key_gone: { minMs: 19_000, maxMs: 30_500 },
      leader_key_taken: { minMs: 0, maxMs: 2000 },
      promoted: { minMs: 0, maxMs: 1000 },
      // From the promotion on; HAProxy counts from the key on, and may be ahead of it.
      proxy_up: { minMs: 2000, maxMs: 6000 },
      first_connection: { minMs: 0, maxMs: 500 },
      first_commit: { minMs: 0, maxMs: 500 },
    });
  });

  it('where the leader stays are none but the way back', () => {
    expect(predictedStages('kill-postgres', STOCK, { ...USUAL_CONTEXT, patroni: '4.1.4' })).toEqual({
      first_connection: { minMs: 0, maxMs: 15_500 },
    });
    expect(predictedStages('kill-replica', STOCK)).toEqual({});
  });
});

import { describe, expect, it } from 'vitest';
import { adviceOn } from './advice.js';

describe('the advice on a stage', () => {
  it.each([
    ['leader_key_gone', 'kill-node', 'patroni.ttl'],
    ['leader_key_gone', 'freeze-postgres', 'patroni.ttl or patroni.loop_wait'],
    ['leader_key_gone', 'kill-postgres', 'patroni.primary_start_timeout or patroni.loop_wait'],
    ['leader_key_gone', 'stop-etcd-quorum', 'patroni.ttl'],
    ['leader_key_gone', 'restart-haproxy', 'patroni.ttl'],
    ['leader_key_gone', 'exec', 'patroni.ttl'],
    ['leader_key_taken', 'stop-etcd-quorum', 'patroni.retry_timeout or patroni.loop_wait'],
    ['first_connection', 'stop-etcd-quorum', 'patroni.retry_timeout or patroni.loop_wait'],
    ['first_connection', 'kill-postgres', 'patroni.loop_wait'],
    ['first_connection', 'restart-haproxy', 'haproxy.inter'],
    ['proxy_up', 'switchover', 'haproxy.inter or haproxy.rise'],
  ] as const)('%s of %s names %s', (stage, kind, names) => {
    expect(adviceOn(stage, kind, {})).toBe(`: a smaller ${names} shortens it.`);
  });

  it('names one loop where a killed PostgreSQL is given up at once', () => {
    const settings = { 'patroni.primary_start_timeout': 0, 'patroni.loop_wait': 10 };
    expect(adviceOn('leader_key_gone', 'kill-postgres', settings)).toBe(
      ': a smaller patroni.loop_wait (now 10) shortens it.',
    );
  });

  it('says that nothing bounds it only where that is known', () => {
    for (const kind of ['switchover', 'failover', 'restart']) {
      expect(adviceOn('leader_key_gone', kind, {})).toContain('no setting of Patroni or HAProxy bounds that');
    }
    expect(adviceOn('promoted', 'kill-node', {})).toContain('no setting');
    for (const stage of ['promoted', 'proxy_up', 'first_connection'] as const) {
      expect(adviceOn(stage, 'exec', {})).toBe('.');
    }
  });
});

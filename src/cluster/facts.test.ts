import { describe, expect, it } from 'vitest';
import type { Target } from '../plan/target.js';
import { clusterFacts, patroniSettings } from './facts.js';

const server: Target = {
  kind: 'server',
  name: 'server',
  rw: { host: '127.0.0.1', port: 5432, user: 'me', database: 'me', sslMode: 'disable' },
  patroni: [],
};

describe('patroniSettings', () => {
  it("fills in Patroni's defaults where the DCS has nothing", () => {
    expect(patroniSettings({ ttl: 20 })).toMatchObject({
      'patroni.ttl': 20,
      'patroni.loop_wait': 10,
      'patroni.maximum_lag_on_failover': 1_048_576,
      'patroni.primary_start_timeout': 300,
      'patroni.synchronous_mode': false,
      'patroni.use_slots': true,
      'patroni.use_pg_rewind': false,
    });
  });

  it('reads a setting under the name that it had before 3.0', () => {
    expect(patroniSettings({ master_start_timeout: 0 })['patroni.primary_start_timeout']).toBe(0);
  });

  it('has nothing but nulls when the configuration could not be read', () => {
    const values = new Set(Object.values(patroniSettings(null)));
    expect(values).toEqual(new Set([null]));
  });

  it('keeps values that are no booleans, such as quorum', () => {
    expect(patroniSettings({ synchronous_mode: 'quorum' })['patroni.synchronous_mode']).toBe('quorum');
  });
});

describe('clusterFacts', () => {
  it('reads what a plain server tells, and nothing of Patroni or HAProxy', async () => {
    const facts = await clusterFacts(server, {
      query: async () => ({
        rows: [
          { name: 'server_version', value: '15.18 (Debian 15.18-0+deb12u1)' },
          { name: 'fsync', value: 'on' },
        ],
      }),
    });
    expect(facts).toMatchObject({
      postgres: '15.18',
      patroni: null,
      haproxy: null,
      scope: null,
      members: [],
    });
    expect(facts.settings['postgres.fsync']).toBe('on');
    expect(facts.settings['postgres.synchronous_commit']).toBeNull();
    expect(Object.keys(facts.settings).filter((name) => !name.startsWith('postgres.'))).toEqual([]);
  });

  it('has nulls when nobody answers', async () => {
    const target: Target = {
      ...server,
      patroni: ['http://127.0.0.1:1'],
      haproxy: { kind: 'socket', path: '/nowhere' },
    };
    const facts = await clusterFacts(target, null);
    expect(facts).toMatchObject({ postgres: null, patroni: null, haproxy: null, members: [] });
    expect(facts.settings).toMatchObject({
      'patroni.ttl': null,
      'postgres.fsync': null,
      'haproxy.inter': null,
    });
  });

  it('takes settings that are known otherwise', async () => {
    const facts = await clusterFacts(server, null, { 'haproxy.inter': '3s' });
    expect(facts.settings['haproxy.inter']).toBe('3s');
  });
});

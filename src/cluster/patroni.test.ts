import { describe, expect, it } from 'vitest';
import { parseCluster, parseHistory, parseMember } from './patroni.js';

/** Replies of Patroni 3.0.2 in a lab, after a switchover from n1 to n2. */
const PRIMARY = `{"state": "running", "postmaster_start_time": "2026-11-23 15:34:19.466516+00:00", "role": "master", "server_version": 150018, "xlog": {"location": 67115680}, "timeline": 2, "replication": [{"usename": "replicator", "application_name": "n3", "client_addr": "127.0.0.1", "state": "streaming", "sync_state": "async", "sync_priority": 0}, {"usename": "replicator", "application_name": "n1", "client_addr": "127.0.0.1", "state": "streaming", "sync_state": "async", "sync_priority": 0}], "dcs_last_seen": 1795448068, "database_system_identifier": "7711390671052927195", "patroni": {"version": "3.0.2", "scope": "pgha-fx"}}`;
const REPLICA = `{"state": "running", "postmaster_start_time": "2026-11-23 15:34:19.428563+00:00", "role": "replica", "server_version": 150018, "xlog": {"received_location": 67115680, "replayed_location": 67115680, "replayed_timestamp": "2026-11-23 15:34:21.019112+00:00", "paused": false}, "timeline": 2, "dcs_last_seen": 1795448069, "database_system_identifier": "7711390671052927195", "patroni": {"version": "3.0.2", "scope": "pgha-fx"}}`;
const CLUSTER = `{"members": [{"name": "n1", "role": "replica", "state": "running", "api_url": "http://127.0.3.1:8008/patroni", "host": "127.0.3.1", "port": 5432, "timeline": 2, "lag": 0}, {"name": "n2", "role": "leader", "state": "running", "api_url": "http://127.0.3.2:8008/patroni", "host": "127.0.3.2", "port": 5432, "timeline": 2}, {"name": "n3", "role": "replica", "state": "running", "api_url": "http://127.0.3.3:8008/patroni", "host": "127.0.3.3", "port": 5432, "timeline": 2, "lag": 0}]}`;
const HISTORY = `[[1, 67115280, "no recovery target specified", "2026-11-23T15:34:23.720388+00:00", "n2"]]`;

/** Replies of Patroni 4.1.5 after the same. */
const LATER_REPLICA = `{"state": "running", "postmaster_start_time": "2026-11-23 15:57:56.831323+00:00", "role": "replica", "server_version": 180006, "xlog": {"received_location": 70157576, "replayed_location": 70157576, "replayed_timestamp": "2026-11-23 15:57:58.106917+00:00", "paused": false}, "timeline": 2, "replication_state": "streaming", "dcs_last_seen": 1795449485, "database_system_identifier": "7711396766789392775", "patroni": {"version": "4.1.5", "scope": "pgha-t1", "name": "n3"}}`;
const LATER_CLUSTER = `{"members": [{"name": "n1", "role": "replica", "state": "streaming", "api_url": "http://127.0.2.1:8008/patroni", "host": "127.0.2.1", "port": 5432, "timeline": 2, "receive_lag": 0, "receive_lsn": "0/42E8508", "replay_lag": 0, "replay_lsn": "0/42E8508", "lag": 0, "lsn": "0/42E8508"}, {"name": "n2", "role": "leader", "state": "running", "api_url": "http://127.0.2.2:8008/patroni", "host": "127.0.2.2", "port": 5432, "timeline": 2}], "scope": "pgha-t1"}`;

const URL = 'http://127.0.3.2:8008';

describe('parseMember', () => {
  it('reads a primary, and calls it primary though this version says master', () => {
    expect(parseMember(URL, JSON.parse(PRIMARY))).toMatchObject({
      name: null,
      scope: 'pgha-fx',
      version: '3.0.2',
      role: 'primary',
      state: 'running',
      serverVersion: 150018,
      timeline: 2,
      walLocation: 67115680,
      receivedLocation: null,
      clusterUnlocked: false,
      pause: false,
    });
  });

  it('reads who streams from it', () => {
    const { replication } = parseMember(URL, JSON.parse(PRIMARY));
    expect(replication).toEqual([
      { applicationName: 'n3', clientAddress: '127.0.0.1', state: 'streaming', syncState: 'async' },
      { applicationName: 'n1', clientAddress: '127.0.0.1', state: 'streaming', syncState: 'async' },
    ]);
  });

  it('reads a replica', () => {
    expect(parseMember(URL, JSON.parse(REPLICA))).toMatchObject({
      role: 'replica',
      receivedLocation: 67115680,
      replayedLocation: 67115680,
      walLocation: null,
      replicationState: null,
      replication: [],
    });
  });

  it('takes name, scope and replication state where a later version tells them', () => {
    expect(parseMember(URL, JSON.parse(LATER_REPLICA))).toMatchObject({
      name: 'n3',
      scope: 'pgha-t1',
      version: '4.1.5',
      role: 'replica',
      replicationState: 'streaming',
    });
  });

  it('reads the little that is left when PostgreSQL is down', () => {
    const down = { state: 'stopped', role: 'replica', cluster_unlocked: true };
    expect(parseMember(URL, down)).toMatchObject({ state: 'stopped', clusterUnlocked: true, timeline: null });
  });

  it('refuses JSON that is no object', () => {
    expect(() => parseMember(URL, [])).toThrow(`${URL}: answered JSON that is no object`);
  });
});

describe('parseCluster', () => {
  it('reads members, and gives the base of their URL', () => {
    const { members, pause, scope } = parseCluster(URL, JSON.parse(CLUSTER));
    expect({ pause, scope }).toEqual({ pause: false, scope: null });
    expect(members.map(({ name, role, apiUrl }) => `${name} ${role} ${apiUrl}`)).toEqual([
      'n1 replica http://127.0.3.1:8008',
      'n2 leader http://127.0.3.2:8008',
      'n3 replica http://127.0.3.3:8008',
    ]);
    expect(members[0]).toMatchObject({ host: '127.0.3.1', port: 5432, timeline: 2, lag: 0 });
  });

  it('reads what a later version calls a replica that streams', () => {
    const { members, scope } = parseCluster(URL, JSON.parse(LATER_CLUSTER));
    expect(scope).toBe('pgha-t1');
    expect(members.map(({ state, lag }) => ({ state, lag }))).toEqual([
      { state: 'streaming', lag: 0 },
      { state: 'running', lag: null },
    ]);
  });

  it('has no lag where Patroni says unknown', () => {
    const { members } = parseCluster(URL, { members: [{ name: 'n1', role: 'replica', lag: 'unknown' }] });
    expect(members[0]).toMatchObject({ lag: null, state: 'unknown', apiUrl: '' });
  });

  it('sees a pause and a switchover to come', () => {
    const json = { members: [], pause: true, scheduled_switchover: { at: '2030-01-01T00:00:00+00:00' } };
    expect(parseCluster(URL, json)).toMatchObject({ pause: true, scheduledSwitchover: true });
  });

  it('refuses a reply without members', () => {
    expect(() => parseCluster(URL, {})).toThrow('no list of members');
  });
});

describe('parseHistory', () => {
  it('reads where the timeline forked, and who led then', () => {
    expect(parseHistory(JSON.parse(HISTORY))).toEqual([
      {
        timeline: 1,
        forkLsn: 67115280,
        reason: 'no recovery target specified',
        at: '2026-11-23T15:34:23.720388+00:00',
        newLeader: 'n2',
      },
    ]);
  });

  it('takes an entry that is not filled in yet', () => {
    expect(parseHistory([[1, 100, 'no recovery target specified']])).toMatchObject([
      { at: null, newLeader: null },
    ]);
  });
});

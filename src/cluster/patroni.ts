import { EndpointError, getJson, type HttpAccess, jsonOf, request } from './http.js';
import { arrayOf, flagOf, type JsonObject, numberOf, objectOf, objectsOf, textOf } from './json.js';

/** What one member says of itself: GET /patroni. Null is what this version, or this state, does not tell. */
export interface PatroniMember {
  /** Only from Patroni 3.2 on. */
  readonly name: string | null;
  readonly scope: string | null;
  readonly version: string | null;
  /** From pg_is_in_recovery(): `primary`, `replica`; `standby_leader`, `uninitialized`, … when PostgreSQL is down. */
  readonly role: string;
  readonly state: string;
  /** Three zero-padded pairs, 150018 for 15.18. */
  readonly serverVersion: number | null;
  readonly timeline: number | null;
  readonly postmasterStartTime: string | null;
  readonly systemIdentifier: string | null;
  /** Bytes: what a primary has written, what a replica has received and replayed. */
  readonly walLocation: number | null;
  readonly receivedLocation: number | null;
  readonly replayedLocation: number | null;
  /** `streaming` on a replica, from Patroni 3.0.4 on. */
  readonly replicationState: string | null;
  /** Who streams from this member. */
  readonly replication: readonly ReplicationPeer[];
  readonly pause: boolean;
  readonly pendingRestart: boolean;
  /** It will be restarted at a time that somebody has set. */
  readonly scheduledRestart: boolean;
  /** It should hold a watchdog and cannot. */
  readonly watchdogFailed: boolean;
  /** No member holds the leader key, as far as this one knows. */
  readonly clusterUnlocked: boolean;
  readonly failsafeActive: boolean;
  /** Epoch seconds. */
  readonly dcsLastSeen: number | null;
}

export interface ReplicationPeer {
  /** The member's name: Patroni sets application_name to it. */
  readonly applicationName: string;
  readonly clientAddress: string | null;
  readonly state: string;
  /** `async`, `sync`, `quorum`, `potential`. */
  readonly syncState: string | null;
}

/** What the DCS says of all: GET /cluster. */
export interface PatroniCluster {
  readonly scope: string | null;
  readonly pause: boolean;
  readonly scheduledSwitchover: boolean;
  readonly members: readonly ClusterMember[];
}

export interface ClusterMember {
  readonly name: string;
  /** `leader`, `standby_leader`, `replica`, `sync_standby`, `quorum_standby`. */
  readonly role: string;
  readonly state: string;
  /** Base URL without /patroni at its end. */
  readonly apiUrl: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly timeline: number | null;
  /** Bytes; null when unknown, and for the leader. */
  readonly lag: number | null;
  readonly tags: JsonObject;
}

/** An end of a timeline: GET /history. */
export interface HistoryEntry {
  readonly timeline: number;
  /** Where the next timeline forks off, in bytes. */
  readonly forkLsn: number;
  readonly reason: string;
  /** Filled in by the new leader some time after the entry appears. */
  readonly at: string | null;
  readonly newLeader: string | null;
}

/** Dynamic configuration as it is in the DCS: GET /config. What is absent has Patroni's default. */
export type PatroniConfig = JsonObject;

/** What a request that changes the cluster was answered. It is not the truth: 503 may go with a switchover that happens. */
export interface PatroniAnswer {
  readonly status: number;
  readonly text: string;
}

export async function getMember(url: string, access: HttpAccess = {}): Promise<PatroniMember> {
  const endpoint = join(url, '/patroni');
  return parseMember(endpoint, await getJson(endpoint, access));
}

export async function getCluster(url: string, access: HttpAccess = {}): Promise<PatroniCluster> {
  const endpoint = join(url, '/cluster');
  return parseCluster(endpoint, await getJson(endpoint, access));
}

export async function getHistory(url: string, access: HttpAccess = {}): Promise<readonly HistoryEntry[]> {
  return parseHistory(await getJson(join(url, '/history'), access));
}

export async function getConfig(url: string, access: HttpAccess = {}): Promise<PatroniConfig> {
  const endpoint = join(url, '/config');
  return expectObject(endpoint, await getJson(endpoint, access));
}

/** Whether the member holds the leader key: what HAProxy's check on the read-write port asks. */
export async function isLeader(url: string, access: HttpAccess = {}): Promise<boolean> {
  return (await request('OPTIONS', join(url, '/primary'), access)).status === 200;
}

/**
 * Send it to the leader: only the member that is asked wakes up at once. Patroni polls the DCS once a second for
 * up to 2 × max(10, loop_wait) seconds before it answers, so the default timeout is long.
 */
export async function postSwitchover(
  url: string,
  order: { readonly leader: string; readonly candidate?: string },
  access: HttpAccess = {},
): Promise<PatroniAnswer> {
  return request('POST', join(url, '/switchover'), { timeoutMs: 60_000, ...access }, order);
}

/** As a switchover, but one that needs no leader; on a healthy cluster it ends in the same graceful demotion. */
export async function postFailover(
  url: string,
  order: { readonly candidate: string },
  access: HttpAccess = {},
): Promise<PatroniAnswer> {
  return request('POST', join(url, '/failover'), { timeoutMs: 60_000, ...access }, order);
}

/** Restarts the member's PostgreSQL; answers when that is done. */
export async function postRestart(url: string, access: HttpAccess = {}): Promise<PatroniAnswer> {
  return request('POST', join(url, '/restart'), { timeoutMs: 120_000, ...access }, {});
}

/** Throws the replica's data away and copies the leader's; answers when that has begun. */
export async function postReinitialize(url: string, access: HttpAccess = {}): Promise<PatroniAnswer> {
  return request('POST', join(url, '/reinitialize'), { timeoutMs: 60_000, ...access }, { force: true });
}

/** Takes back a restart that was scheduled; 404 when none was. */
export async function deleteRestart(url: string, access: HttpAccess = {}): Promise<PatroniAnswer> {
  return request('DELETE', join(url, '/restart'), access);
}

/** Whether the member will restart PostgreSQL at a time that somebody has set. */
export async function hasScheduledRestart(url: string, access: HttpAccess = {}): Promise<boolean> {
  const endpoint = join(url, '/patroni');
  const body = expectObject(endpoint, await getJson(endpoint, access));
  return objectOf(body['scheduled_restart']) !== null;
}

/** Changes dynamic configuration (null removes a setting), and wakes the member that is asked. */
export async function patchConfig(
  url: string,
  patch: JsonObject,
  access: HttpAccess = {},
): Promise<PatroniConfig> {
  const endpoint = join(url, '/config');
  return expectObject(endpoint, jsonOf(endpoint, await requestPatch(url, patch, access)));
}

/** The same, whatever the answer is: 409 when somebody else was faster, 503 when there is no configuration. */
export async function requestPatch(
  url: string,
  patch: JsonObject,
  access: HttpAccess = {},
): Promise<PatroniAnswer> {
  return request('PATCH', join(url, '/config'), access, patch);
}

export function parseMember(endpoint: string, json: unknown): PatroniMember {
  const body = expectObject(endpoint, json);
  const patroni = objectOf(body['patroni']) ?? {};
  const xlog = objectOf(body['xlog']) ?? {};
  return {
    name: textOf(patroni['name']),
    scope: textOf(patroni['scope']),
    version: textOf(patroni['version']),
    role: normaliseRole(textOf(body['role']) ?? 'unknown'),
    state: textOf(body['state']) ?? 'unknown',
    serverVersion: numberOf(body['server_version']),
    timeline: numberOf(body['timeline']),
    postmasterStartTime: textOf(body['postmaster_start_time']),
    systemIdentifier: textOf(body['database_system_identifier']),
    walLocation: numberOf(xlog['location']),
    receivedLocation: numberOf(xlog['received_location']),
    replayedLocation: numberOf(xlog['replayed_location']),
    replicationState: textOf(body['replication_state']),
    replication: objectsOf(body['replication']).map(parsePeer),
    pause: flagOf(body['pause']),
    pendingRestart: flagOf(body['pending_restart']),
    scheduledRestart: objectOf(body['scheduled_restart']) !== null,
    watchdogFailed: flagOf(body['watchdog_failed']),
    clusterUnlocked: flagOf(body['cluster_unlocked']),
    failsafeActive: flagOf(body['failsafe_mode_is_active']),
    dcsLastSeen: numberOf(body['dcs_last_seen']),
  };
}

export function parseCluster(endpoint: string, json: unknown): PatroniCluster {
  const body = expectObject(endpoint, json);
  if (!Array.isArray(body['members'])) {
    throw new EndpointError(endpoint, 'malformed', 'answered no list of members');
  }
  return {
    scope: textOf(body['scope']),
    pause: flagOf(body['pause']),
    scheduledSwitchover: objectOf(body['scheduled_switchover']) !== null,
    members: objectsOf(body['members']).map(parseClusterMember),
  };
}

export function parseHistory(json: unknown): readonly HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const line of arrayOf(json)) {
    const [timeline, forkLsn, reason, at, newLeader] = arrayOf(line);
    if (typeof timeline === 'number' && typeof forkLsn === 'number') {
      entries.push({
        timeline,
        forkLsn,
        reason: textOf(reason) ?? '',
        at: textOf(at),
        newLeader: textOf(newLeader),
      });
    }
  }
  return entries;
}

function parseClusterMember(json: JsonObject): ClusterMember {
  return {
    name: textOf(json['name']) ?? '',
    role: normaliseRole(textOf(json['role']) ?? 'unknown'),
    state: textOf(json['state']) ?? 'unknown',
    apiUrl: (textOf(json['api_url']) ?? '').replace(/\/patroni\/?$/, ''),
    host: textOf(json['host']),
    port: numberOf(json['port']),
    timeline: numberOf(json['timeline']),
    lag: numberOf(json['lag']),
    tags: objectOf(json['tags']) ?? {},
  };
}

function parsePeer(json: JsonObject): ReplicationPeer {
  return {
    applicationName: textOf(json['application_name']) ?? '',
    clientAddress: textOf(json['client_addr']),
    state: textOf(json['state']) ?? 'unknown',
    syncState: textOf(json['sync_state']),
  };
}

/** Patroni before 4.0 answers `master` where later ones answer `primary`. */
function normaliseRole(role: string): string {
  return role === 'master' ? 'primary' : role;
}

function expectObject(endpoint: string, json: unknown): JsonObject {
  const object = objectOf(json);
  if (object === null) {
    throw new EndpointError(endpoint, 'malformed', 'answered JSON that is no object');
  }
  return object;
}

function join(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path;
}

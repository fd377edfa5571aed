import { hostPort, type Target } from '../plan/target.js';
import type { ClusterFacts, MemberFacts } from '../result/result.js';
import { type ClusterAccess, NO_ACCESS } from './access.js';
import { getHaproxyServers, getHaproxyVersion, type HaproxyLine } from './haproxy.js';
import { type JsonObject, objectOf } from './json.js';
import { getCluster, getConfig, getMember, type PatroniCluster, type PatroniConfig } from './patroni.js';

/** A connection to the primary; pg's Client is one. */
export interface SqlConnection {
  query(statement: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/**
 * What can be found out about the target; what cannot be read is null, and nothing here fails.
 *
 * @param known settings that whoever started the cluster knows, such as HAProxy's checks, which it does not tell
 */
export async function clusterFacts(
  target: Target,
  sql: SqlConnection | null,
  known: ClusterFacts['settings'] = {},
  access: ClusterAccess = NO_ACCESS,
): Promise<ClusterFacts> {
  const [url] = target.patroni;
  const [member, cluster, config, haproxy, checks, postgres] = await Promise.all([
    url === undefined ? null : orNull(getMember(url, access.patroni)),
    url === undefined ? null : orNull(getCluster(url, access.patroni)),
    url === undefined ? null : orNull(getConfig(url, access.patroni)),
    target.haproxy === undefined ? null : orNull(getHaproxyVersion(target.haproxy, access.haproxy)),
    target.haproxy === undefined ? null : orNull(getHaproxyServers(target.haproxy, access.haproxy)),
    sql === null ? null : orNull(postgresFacts(sql)),
  ]);
  return {
    postgres: postgres?.version ?? versionText(member?.serverVersion ?? null),
    patroni: member?.version ?? null,
    haproxy,
    scope: member?.scope ?? cluster?.scope ?? null,
    ways: null,
    members: membersOf(cluster),
    settings: {
      ...(url === undefined ? {} : patroniSettings(config)),
      ...(postgres?.settings ?? nulls(POSTGRES_SETTINGS)),
      ...(target.haproxy === undefined ? {} : { ...nulls(HAPROXY_SETTINGS), ...checkCounts(checks ?? []) }),
      ...known,
    },
  };
}

type Setting = string | number | boolean | null;

/** Patroni's dynamic settings that decide about a failover, with the value of each that is absent from the DCS. */
const PATRONI_DEFAULTS: Readonly<Record<string, Setting>> = {
  ttl: 30,
  loop_wait: 10,
  retry_timeout: 10,
  maximum_lag_on_failover: 1_048_576,
  maximum_lag_on_syncnode: -1,
  primary_start_timeout: 300,
  primary_stop_timeout: 0,
  check_timeline: false,
  synchronous_mode: false,
  synchronous_mode_strict: false,
  synchronous_node_count: 1,
  failsafe_mode: false,
  pause: false,
};

/** Names before 3.0, which later versions still read. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  primary_start_timeout: 'master_start_timeout',
  primary_stop_timeout: 'master_stop_timeout',
};

const POSTGRES_SETTINGS: readonly string[] = [
  'synchronous_commit',
  'synchronous_standby_names',
  'fsync',
  'full_page_writes',
  'wal_sender_timeout',
  'wal_receiver_timeout',
  'max_connections',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
].map((name) => `postgres.${name}`);

const HAPROXY_SETTINGS: readonly string[] = [
  'inter',
  'fastinter',
  'fall',
  'rise',
  'timeout_check',
  'timeout_connect',
].map((name) => `haproxy.${name}`);

/** @param config null when it could not be read, which is not the same as a default */
export function patroniSettings(config: PatroniConfig | null): Record<string, Setting> {
  const settings: Record<string, Setting> = {};
  for (const [name, absent] of Object.entries(PATRONI_DEFAULTS)) {
    const old = OLD_NAMES[name];
    const value = config?.[name] ?? (old === undefined ? undefined : config?.[old]);
    settings[`patroni.${name}`] = config === null ? null : (settingOf(value) ?? absent);
  }
  const postgresql = objectOf(config?.['postgresql']);
  settings['patroni.use_pg_rewind'] = config === null ? null : postgresql?.['use_pg_rewind'] === true;
  settings['patroni.use_slots'] = config === null ? null : postgresql?.['use_slots'] !== false;
  return settings;
}

/** The settings with the patch of a configuration on top; what it sets to null is at its default again. */
export function patchedSettings(
  settings: ClusterFacts['settings'],
  patch: JsonObject,
): ClusterFacts['settings'] {
  const patched: Record<string, Setting> = { ...settings };
  for (const [name, absent] of Object.entries(PATRONI_DEFAULTS)) {
    const given = [name, OLD_NAMES[name] ?? name].find((each) => Object.hasOwn(patch, each));
    if (given !== undefined) {
      patched[`patroni.${name}`] = settingOf(patch[given]) ?? absent;
    }
  }
  return patched;
}

/** Null where the servers that are checked differ: which of them are those of the endpoint, HAProxy does not say. */
function checkCounts(servers: readonly HaproxyLine[]): Record<string, Setting> {
  const same = (read: (server: HaproxyLine) => number | null): number | null => {
    const values = new Set(servers.filter(({ rise }) => rise !== null).map(read));
    return values.size === 1 ? ([...values][0] ?? null) : null;
  };
  return { 'haproxy.rise': same(({ rise }) => rise), 'haproxy.fall': same(({ fall }) => fall) };
}

interface PostgresFacts {
  readonly version: string | null;
  readonly settings: Record<string, Setting>;
}

async function postgresFacts(sql: SqlConnection): Promise<PostgresFacts> {
  const names = POSTGRES_SETTINGS.map((name) => `'${name.replace('postgres.', '')}'`).join(', ');
  const { rows } = await sql.query(
    `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name IN ('server_version', ${names})`,
  );
  const values = new Map(rows.map((row) => [String(row['name']), String(row['value'])]));
  const settings: Record<string, Setting> = {};
  for (const name of POSTGRES_SETTINGS) {
    settings[name] = values.get(name.replace('postgres.', '')) ?? null;
  }
  // Debian adds its package's version in parentheses.
  return { version: values.get('server_version')?.split(' ')[0] ?? null, settings };
}

function membersOf(cluster: PatroniCluster | null): readonly MemberFacts[] {
  return (cluster?.members ?? []).map((member) => ({
    name: member.name,
    role: member.role,
    address:
      member.host === null || member.port === null ? '' : hostPort({ host: member.host, port: member.port }),
    apiUrl: member.apiUrl,
  }));
}

/** 150018 is 15.18. */
function versionText(serverVersion: number | null): string | null {
  return serverVersion === null ? null : `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;
}

function settingOf(value: unknown): Setting {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function nulls(names: readonly string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch {
    return null;
  }
}

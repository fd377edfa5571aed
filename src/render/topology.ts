import { patroniSettings } from '../cluster/facts.js';
import {
  haproxySettings,
  type Profile,
  type ProfileName,
  type ProfileSettings,
  profileFrom,
} from '../lab/profiles.js';
import { dynamicConfig } from '../lab/templates/patroni.js';
import type { ClusterFacts } from '../result/result.js';

/** What somebody's own cluster consists of, as they wrote it down; every value checked. */
export interface Topology {
  /** Patroni's scope, etcd's token, and the name of the target: 1 to 40 of a–z, 0–9 and -. */
  readonly name: string;
  readonly profile: ProfileName;
  /** Major version. */
  readonly postgres: number;
  /** Version of Patroni, `4.1` or `4.1.4`: it decides which settings there are, and which values are allowed. */
  readonly patroni: string;
  readonly os: 'debian';
  /** The Unix user that Patroni and PostgreSQL run as, which is the superuser's name, too. */
  readonly user: string;
  /** Of a database host, MiB. */
  readonly memoryMib: number;
  /** Each runs etcd, Patroni and PostgreSQL; at least one, in the order of the file. */
  readonly hosts: readonly TopologyHost[];
  /** Each runs HAProxy: database hosts, or hosts of their own; none, when nobody wants it. */
  readonly proxies: readonly TopologyHost[];
  /** Where members and clients come from, as pg_hba.conf writes it: `10.0.0.0/24`. */
  readonly network: string;
  readonly directories: Directories;
  /** Patroni's and HAProxy's, and PostgreSQL's parameters: the profile's, the machine's, and what the file sets itself. */
  readonly settings: ProfileSettings;
}

export interface TopologyHost {
  readonly name: string;
  /** IPv4. */
  readonly address: string;
}

export interface Directories {
  /** In front of every other path but that of programs, `{host}` filled in; empty on hosts of its own. */
  readonly prefix: string;
  readonly postgresBin: string;
  readonly postgresData: string;
  readonly postgresSocket: string;
  readonly etcdData: string;
}

/** Typed, as the templates take them. */
export function timingOf(topology: Topology): Profile {
  return profileFrom(topology.settings);
}

/** Patroni's watchdog: `off`, `automatic` or `required`. */
export function watchdogOf({ settings }: Topology): string {
  return String(settings['watchdog.mode']?.value ?? 'off');
}

/** PostgreSQL's parameters that all members share. */
export function parametersOf({ settings }: Topology): Readonly<Record<string, string | number>> {
  const parameters: Record<string, string | number> = {};
  for (const [name, { value }] of Object.entries(settings)) {
    if (name.startsWith('postgres.')) {
      parameters[name.slice('postgres.'.length)] = typeof value === 'boolean' ? onOrOff(value) : value;
    }
  }
  return parameters;
}

/** The settings of a running cluster of this topology, named and spelled as results have them. */
export function topologySettings(topology: Topology): ClusterFacts['settings'] {
  const { patroni, haproxy } = timingOf(topology);
  const parameters = parametersOf(topology);
  const config = dynamicConfig(patroni, parameters);
  return {
    ...patroniSettings(config),
    ...Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [`postgres.${name}`, String(value)]),
    ),
    ...(topology.proxies.length === 0 ? {} : haproxySettings(haproxy)),
  };
}

function onOrOff(value: boolean): string {
  return value ? 'on' : 'off';
}

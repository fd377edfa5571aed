import type { Address } from '../../plan/target.js';
import type { Located } from './located.js';
import { isAny, type Listen, parseAddress, parseListen } from './network-address.js';
import { type HbaFile, parseHba } from './pg-hba.js';
import type { YamlFile } from './yaml-file.js';

/** patroni.yml of one member: what several checks look at; the rest is in `yaml`. */
export interface PatroniFile {
  readonly path: string;
  readonly yaml: YamlFile;
  /** Absent where the environment says it, PATRONI_NAME. */
  readonly name: Located<string> | undefined;
  readonly scope: Located<string> | undefined;
  readonly api: Service;
  readonly postgres: Service;
  /** Of bootstrap.dcs, in seconds, with Patroni's defaults. */
  readonly timing: Timing;
  /** Null where the file has no list: initdb's own lines hold then. */
  readonly hba: (HbaFile & { readonly source: 'bootstrap' | 'postgresql'; readonly line: number }) | null;
}

export interface Service {
  readonly listen: Located<Listen> | undefined;
  /** What other members and HAProxy are told; what it listens on where the file has nothing else, and not all of them. */
  readonly connect: Located<Address> | undefined;
}

export interface Timing {
  readonly ttl: Located<number>;
  readonly loopWait: Located<number>;
  readonly retryTimeout: Located<number>;
}

const PG_PORT = 5432;
const API_PORT = 8008;

export function patroniFile(yaml: YamlFile): PatroniFile {
  return {
    path: yaml.path,
    yaml,
    name: yaml.text('name'),
    scope: yaml.text('scope'),
    api: serviceOf(yaml, 'restapi', API_PORT),
    postgres: serviceOf(yaml, 'postgresql', PG_PORT),
    timing: {
      ttl: dcsNumber(yaml, 'ttl', 30),
      loopWait: dcsNumber(yaml, 'loop_wait', 10),
      retryTimeout: dcsNumber(yaml, 'retry_timeout', 10),
    },
    hba: hbaOf(yaml),
  };
}

/** What to call it in a message. */
export function memberName(file: PatroniFile): string {
  return file.name?.value ?? file.path;
}

/**
 * A setting of PostgreSQL: from the member's own part where Patroni takes it from there, else from what all share.
 * Patroni takes some from what all share alone; see {@link SHARED_PARAMETERS}.
 */
export function parameter(file: PatroniFile, name: string): Located<string> | undefined {
  const shared = file.yaml.text('bootstrap', 'dcs', 'postgresql', 'parameters', name);
  return SHARED_PARAMETERS.includes(name)
    ? shared
    : (file.yaml.text('postgresql', 'parameters', name) ?? shared);
}

/** What Patroni leaves out of a member's own part, so that all members have the same: config.py, CMDLINE_OPTIONS. */
export const SHARED_PARAMETERS: readonly string[] = [
  'max_connections',
  'max_locks_per_transaction',
  'max_prepared_transactions',
  'max_replication_slots',
  'max_wal_senders',
  'max_worker_processes',
  'track_commit_timestamp',
  'wal_keep_segments',
  'wal_keep_size',
  'wal_level',
];

/** The names in `postgresql.authentication`, and those that PostgreSQL's samples have. */
export function userOf(file: PatroniFile, role: 'superuser' | 'replication' | 'rewind'): string {
  const usual = { superuser: 'postgres', replication: 'replicator', rewind: 'rewind_user' };
  return file.yaml.text('postgresql', 'authentication', role, 'username')?.value ?? usual[role];
}

/** By its tags: `nofailover`, or the lowest priority. */
export function neverLeads(file: PatroniFile): boolean {
  return isTagged(file, 'nofailover') || file.yaml.text('tags', 'failover_priority')?.value === '0';
}

/** Patroni says of such a replica that it is none, and HAProxy leaves it out. */
export function takesNoReads(file: PatroniFile): boolean {
  return isTagged(file, 'noloadbalance');
}

function isTagged({ yaml }: PatroniFile, tag: string): boolean {
  return /^(true|yes|on|1)$/i.test(yaml.text('tags', tag)?.value ?? '');
}

function serviceOf(yaml: YamlFile, section: string, usualPort: number): Service {
  const text = yaml.text(section, 'listen');
  const parsed = text === undefined ? undefined : parseListen(text.value, usualPort);
  const listen = text === undefined || parsed === undefined ? undefined : { value: parsed, line: text.line };
  return { listen, connect: connectOf(yaml, section, usualPort, listen) };
}

function connectOf(
  yaml: YamlFile,
  section: string,
  usualPort: number,
  listen: Located<Listen> | undefined,
): Located<Address> | undefined {
  const given = yaml.text(section, 'connect_address');
  if (given !== undefined) {
    const value = parseAddress(given.value, usualPort);
    return value === undefined ? undefined : { value, line: given.line };
  }
  const [host] = listen?.value.hosts ?? [];
  return listen === undefined || host === undefined || isAny(host)
    ? undefined
    : { value: { host, port: listen.value.port }, line: listen.line };
}

function dcsNumber(yaml: YamlFile, name: string, usual: number): Located<number> {
  const line = yaml.find('bootstrap', 'dcs')?.line ?? yaml.find('bootstrap')?.line ?? 1;
  return yaml.number('bootstrap', 'dcs', name) ?? { value: usual, line };
}

/** The member's own list is written at each start; that of bootstrap once, behind initdb's lines, and only without it. */
function hbaOf(yaml: YamlFile): PatroniFile['hba'] {
  for (const source of ['postgresql', 'bootstrap'] as const) {
    const at = yaml.find(source, 'pg_hba') ?? (source === 'postgresql' ? sharedHba(yaml) : undefined);
    if (at !== undefined) {
      const keys = yaml.find(source, 'pg_hba') === undefined ? SHARED_HBA : [source, 'pg_hba'];
      const lines = yaml.list(...keys).map(({ value, line }) => ({ value: String(value), line }));
      return { source, line: at.line, ...parseHba(lines) };
    }
  }
  return null;
}

const SHARED_HBA = ['bootstrap', 'dcs', 'postgresql', 'pg_hba'];
const sharedHba = (yaml: YamlFile) => yaml.find(...SHARED_HBA);

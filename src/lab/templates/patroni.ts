import { toYaml, type Yaml } from './yaml.js';

export interface PatroniConfigFile {
  readonly scope: string;
  readonly name: string;
  readonly host: string;
  readonly apiPort: number;
  readonly pgPort: number;
  /** `host:port` of each member of etcd. */
  readonly etcdHosts: readonly string[];
  readonly binDir: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly passFile: string;
  readonly log: { readonly directory: string; readonly fileName: string };
  /** Addresses that members and clients come from, as pg_hba.conf writes them. */
  readonly clientNetwork: string;
  readonly timing: PatroniTiming;
  /** PostgreSQL's settings that all members share. */
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly users: PatroniUsers;
}

export interface PatroniTiming {
  readonly ttl: number;
  readonly loopWait: number;
  readonly retryTimeout: number;
  readonly maximumLagOnFailover: number;
  /** Further dynamic settings by their own names: `synchronous_mode`. */
  readonly more?: Readonly<Record<string, Yaml | undefined>>;
}

export interface PatroniUsers {
  readonly superuser: Credentials;
  readonly replication: Credentials;
  readonly rewind: Credentials;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** patroni.yml of one member; keys that Patroni 3.0 to 4.1 all know. */
export function patroniConfig(config: PatroniConfigFile): string {
  return toYaml({
    scope: config.scope,
    name: config.name,
    restapi: {
      listen: `${config.host}:${config.apiPort}`,
      connect_address: `${config.host}:${config.apiPort}`,
    },
    // Not `etcd`, which is the v2 API: off from etcd 3.4 on, gone in 3.6.
    etcd3: { hosts: config.etcdHosts },
    bootstrap: {
      dcs: dynamicConfig(config.timing, config.parameters),
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums', { 'auth-host': 'scram-sha-256' }],
    },
    postgresql: {
      listen: `${config.host}:${config.pgPort}`,
      connect_address: `${config.host}:${config.pgPort}`,
      bin_dir: config.binDir,
      data_dir: config.dataDir,
      pgpass: config.passFile,
      use_unix_socket: true,
      basebackup: [{ checkpoint: 'fast' }],
      authentication: authentication(config.users),
      parameters: {
        unix_socket_directories: config.socketDir,
        password_encryption: 'scram-sha-256',
        // A file per server: without the collector its lines go between Patroni's.
        logging_collector: 'on',
        log_directory: config.log.directory,
        log_filename: config.log.fileName,
        log_rotation_age: 0,
        log_rotation_size: 0,
      },
      pg_hba: [
        // The socket is in a directory that only the owner of the server can enter.
        'local all all trust',
        `host replication ${config.users.replication.user} ${config.clientNetwork} scram-sha-256`,
        `host all all ${config.clientNetwork} scram-sha-256`,
      ],
    },
    watchdog: { mode: 'off' },
  });
}

/** What all members share, in the DCS. */
export function dynamicConfig(
  timing: PatroniTiming,
  parameters: Readonly<Record<string, string | number>>,
): { readonly [key: string]: Yaml | undefined } {
  return {
    ttl: timing.ttl,
    loop_wait: timing.loopWait,
    retry_timeout: timing.retryTimeout,
    maximum_lag_on_failover: timing.maximumLagOnFailover,
    ...timing.more,
    postgresql: { use_pg_rewind: true, use_slots: true, parameters },
  };
}

function authentication(users: PatroniUsers): Yaml {
  const entry = ({ user, password }: Credentials) => ({ username: user, password });
  return {
    superuser: entry(users.superuser),
    replication: entry(users.replication),
    rewind: entry(users.rewind),
  };
}

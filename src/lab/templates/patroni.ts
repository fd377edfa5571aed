import type { NodeTls } from './tls.js';
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
  /** Everything on TCP is encrypted, and Patroni's API asks for a client certificate, when given. */
  readonly tls?: NodeTls;
  /** Whom the API lets change anything; everybody when absent. */
  readonly api?: Credentials;
  readonly own?: OwnPatroni;
}

/** What is other than in a lab, on hosts that are somebody's own. */
export interface OwnPatroni {
  /** Lines of pg_hba.conf for the socket, which is in a directory that everybody can enter. */
  readonly local: readonly string[];
  readonly watchdog: string;
  /** Why settings are as they are, by their path: `bootstrap.dcs.ttl`. */
  readonly comments: Readonly<Record<string, string>>;
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
  return toYaml(patroniContent(config), config.own?.comments);
}

function patroniContent(config: PatroniConfigFile): { readonly [key: string]: Yaml } {
  const { tls } = config;
  const host = tls === undefined ? 'host' : 'hostssl';
  return {
    scope: config.scope,
    name: config.name,
    restapi: {
      ...(config.api === undefined ? {} : { authentication: apiLogin(config.api) }),
      listen: `${config.host}:${config.apiPort}`,
      connect_address: `${config.host}:${config.apiPort}`,
      ...(tls === undefined ? {} : apiTls(tls)),
    },
    ...(tls === undefined ? {} : { ctl: ctlTls(tls) }),
    // Not `etcd`, which is the v2 API: off from etcd 3.4 on, gone in 3.6.
    etcd3: { hosts: config.etcdHosts, ...(tls === undefined ? {} : etcdTls(tls)) },
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
      authentication: authentication(config.users, tls),
      parameters: {
        unix_socket_directories: config.socketDir,
        password_encryption: 'scram-sha-256',
        // A file per server: without the collector its lines go between Patroni's.
        logging_collector: 'on',
        log_directory: config.log.directory,
        log_filename: config.log.fileName,
        log_rotation_age: 0,
        log_rotation_size: 0,
        ...(tls === undefined ? {} : serverTls(tls)),
      },
      pg_hba: [
        ...(config.own?.local ?? LAB_LOCAL),
        `${host} replication ${config.users.replication.user} ${config.clientNetwork} scram-sha-256`,
        `${host} all all ${config.clientNetwork} scram-sha-256`,
      ],
    },
    watchdog: { mode: config.own?.watchdog ?? 'off' },
  };
}

/** The socket is in a directory that only the owner of the server can enter. */
const LAB_LOCAL: readonly string[] = ['local all all trust'];

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

function authentication(users: PatroniUsers, tls: NodeTls | undefined): Yaml {
  const entry = ({ user, password }: Credentials) => ({
    username: user,
    password,
    ...(tls === undefined ? {} : { sslmode: 'verify-full', sslrootcert: tls.caFile }),
  });
  return {
    superuser: entry(users.superuser),
    replication: entry(users.replication),
    rewind: entry(users.rewind),
  };
}

function apiLogin({ user, password }: Credentials): Yaml {
  return { username: user, password };
}

function apiTls({ caFile, certFile, keyFile }: NodeTls): { readonly [key: string]: Yaml } {
  return {
    certfile: certFile,
    keyfile: keyFile,
    cafile: caFile,
    verify_client: 'required',
  };
}

/** As a client of the other members, and for patronictl; without it they fall back on the files of the API. */
function ctlTls({ caFile, certFile, keyFile }: NodeTls): Yaml {
  return { cacert: caFile, certfile: certFile, keyfile: keyFile };
}

function etcdTls({ caFile, certFile, keyFile }: NodeTls): { readonly [key: string]: Yaml } {
  return { protocol: 'https', cacert: caFile, cert: certFile, key: keyFile };
}

/** The authority is for clients that show a certificate; none is asked for. */
function serverTls({ caFile, certFile, keyFile }: NodeTls): { readonly [key: string]: Yaml } {
  return { ssl: 'on', ssl_ca_file: caFile, ssl_cert_file: certFile, ssl_key_file: keyFile };
}

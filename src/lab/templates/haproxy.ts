export interface HaproxyConfig {
  readonly host: string;
  readonly rwPort: number;
  readonly roPort: number;
  readonly statsPort: number;
  readonly socketPath: string;
  readonly servers: readonly HaproxyServer[];
  /** What all servers together could take: PostgreSQL's max_connections times their number. */
  readonly connections: number;
  readonly timing: HaproxyTiming;
  /** Of the page of statistics, which everybody may read when absent; neither may hold a colon or a space. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Whom a HAProxy that root starts becomes; absent where nobody but that user starts it. */
  readonly runAs?: { readonly user: string; readonly group: string };
  /**
   * The page of statistics is encrypted, and checks go to a Patroni that asks for a client certificate, when given.
   * PostgreSQL's own TLS is passed through as it is.
   */
  readonly tls?: HaproxyTls;
}

/** Files in PEM, absolute paths. */
export interface HaproxyTls {
  readonly caFile: string;
  /** Certificate and key, one behind the other, for the page and as a client of Patroni. */
  readonly certAndKeyFile: string;
}

export interface HaproxyServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly apiPort: number;
}

/** Times as HAProxy writes them, `500ms`. */
export interface HaproxyTiming {
  readonly inter: string;
  /** While a server is between UP and DOWN; `inter` when absent. */
  readonly fastinter?: string;
  readonly fall: number;
  readonly rise: number;
  readonly connectTimeout: string;
  readonly checkTimeout: string;
}

/** Names of the listeners that the statistics show. */
export const RW_LISTENER = 'rw';
export const RO_LISTENER = 'ro';

/**
 * Patroni's haproxy.cfg with a read-only port, a socket and room for clients: with the sample's maxconn of 100 the
 * 101st client would wait in HAProxy's queue, and its wait would be taken for PostgreSQL's latency. A quarter more
 * than the servers can take is for those that come back while the dead sessions are not gone yet.
 */
export function haproxyConfig(config: HaproxyConfig): string {
  const { timing } = config;
  return `global
    maxconn ${Math.ceil(config.connections * 1.25)}
    # With a low limit of open files HAProxy takes fewer connections; the alternative is that it does not start.
    no strict-limits
    stats socket ${quoted(config.socketPath)} mode 600 level admin
    log stdout format iso local0 notice
${runAs(config.runAs)}
defaults
    mode tcp
    log global
    option log-health-checks
    retries 2
    timeout client 30m
    timeout connect ${timing.connectTimeout}
    timeout server 30m
    timeout check ${timing.checkTimeout}

listen stats
    mode http
    bind ${config.host}:${config.statsPort}${pageTls(config.tls)}
    stats enable
${login(config.login)}    stats uri /

${listener(config, RW_LISTENER, config.rwPort, '/primary')}
${listener(config, RO_LISTENER, config.roPort, '/replica')}`;
}

/** OPTIONS, as in the sample: the body of a GET makes HAProxy close early, and Patroni log a broken pipe. */
function listener(config: HaproxyConfig, name: string, port: number, check: string): string {
  const { timing } = config;
  const fastinter = timing.fastinter === undefined ? '' : ` fastinter ${timing.fastinter}`;
  const servers = config.servers.map(
    (server) =>
      `    server ${server.name} ${server.host}:${server.port} check port ${server.apiPort}${checkTls(config.tls)}\n`,
  );
  return `listen ${name}
    bind ${config.host}:${port}
    balance roundrobin
    option httpchk OPTIONS ${check}
    http-check expect status 200
    default-server inter ${timing.inter}${fastinter} fall ${timing.fall} rise ${timing.rise} on-marked-down shutdown-sessions
${servers.join('')}`;
}

function login(given: HaproxyConfig['login']): string {
  return given === undefined ? '' : `    stats auth ${given.user}:${given.password}\n`;
}

function runAs(given: HaproxyConfig['runAs']): string {
  return given === undefined ? '' : `    user ${given.user}\n    group ${given.group}\n`;
}

function pageTls(tls: HaproxyTls | undefined): string {
  return tls === undefined ? '' : ` ssl crt ${quoted(tls.certAndKeyFile)}`;
}

/** Of the checks alone: `ssl` in its place would speak TLS to PostgreSQL, too, which begins in the clear. */
function checkTls(tls: HaproxyTls | undefined): string {
  return tls === undefined
    ? ''
    : ` check-ssl verify required ca-file ${quoted(tls.caFile)} crt ${quoted(tls.certAndKeyFile)}`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/**
 * Where the load goes. A target is part of the plan and of every result, so it holds no secret:
 * passwords travel in {@link Secrets} beside it.
 */
export interface Target {
  /** `lab`: started by this tool; `cluster`: someone's own, with Patroni; `server`: only an address, no fault is possible. */
  readonly kind: 'lab' | 'cluster' | 'server';
  /** Name of the lab, or a word for the cluster in reports. */
  readonly name: string;
  readonly rw: Endpoint;
  readonly ro?: Endpoint;
  /** Base URLs of Patroni's REST API, `http://127.0.0.1:8008`; one is enough, the rest is found from /cluster. */
  readonly patroni: readonly string[];
  /** How Patroni's API is reached, where that takes more than the URL; its password is a secret. */
  readonly patroniAccess?: ServiceAccess;
  readonly haproxy?: HaproxyAddress;
  /** How HAProxy's page of statistics is reached, where that takes more than the URL. */
  readonly haproxyAccess?: ServiceAccess;
  /** Client URLs of etcd, `http://127.0.0.1:2379`. */
  readonly etcd?: readonly string[];
  readonly etcdAccess?: ServiceAccess;
  /** Addresses of PostgreSQL itself by the name of the member, where they are not those that Patroni tells. */
  readonly direct?: Readonly<Record<string, Address>>;
}

/** How an HTTP service is reached. Files in PEM, absolute paths. */
export interface ServiceAccess {
  /** Of basic auth, which Patroni asks for before it changes anything; of etcd's own authentication. */
  readonly user?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Accept whatever certificate the server shows. */
  readonly insecure?: boolean;
}

export interface Address {
  /** Name, address, or directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Where PostgreSQL's protocol is spoken to, without the password: one address, or several as libpq knows them. */
export interface Endpoint extends Address {
  readonly user: string;
  readonly database: string;
  /** As libpq's sslmode; `prefer` and `allow` are settled before a plan is made: the result says which it was. */
  readonly sslMode: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  /** Further addresses that every new connection tries behind the first, in this order. */
  readonly otherHosts?: readonly Address[];
  /** Which server will do, as libpq's target_session_attrs; any when absent. */
  readonly targetSessionAttrs?: 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';
  /** `random`: each connection tries the addresses in an order of its own, as libpq's load_balance_hosts. */
  readonly loadBalanceHosts?: 'random';
  /** PEM files of TLS, absolute paths: sslrootcert, sslcert, sslkey. */
  readonly tlsFiles?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
  };
  /** libpq's channel_binding; `prefer` when absent. */
  readonly channelBinding?: 'disable' | 'require';
}

/** HAProxy's statistics: the CSV page, `http://127.0.0.1:7000/;csv`, or the stats socket. */
export type HaproxyAddress =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'socket'; readonly path: string };

/** What must never reach a result, a log or a message. */
export interface Secrets {
  readonly rwPassword?: string;
  readonly roPassword?: string;
  readonly patroniPassword?: string;
  readonly haproxyPassword?: string;
  readonly etcdPassword?: string;
}

export type Route = 'rw' | 'ro';

/** `127.0.0.1:5432`, with brackets around an IPv6 address; of an endpoint with several addresses all of them. */
export function hostPort(address: Address & Pick<Endpoint, 'otherHosts'>): string {
  return [address, ...(address.otherHosts ?? [])]
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',');
}

/** In the order in which they are tried, unless that is random. */
export function addressesOf({ host, port, otherHosts = [] }: Endpoint): readonly Address[] {
  return [{ host, port }, ...otherHosts];
}

/** The same login to one address, whatever the server there is: past a proxy, or past the other addresses. */
export function directly(
  { otherHosts: _, targetSessionAttrs: __, loadBalanceHosts: ___, ...login }: Endpoint,
  { host, port }: Address,
): Endpoint {
  return { ...login, host, port };
}

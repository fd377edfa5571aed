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
  readonly patroniAccess?: PatroniAccess;
  readonly haproxy?: HaproxyAddress;
  /** Client URLs of etcd, `http://127.0.0.1:2379`. */
  readonly etcd?: readonly string[];
}

/** Files in PEM. */
export interface PatroniAccess {
  /** Of basic auth, which Patroni asks for before it changes anything. */
  readonly user?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Accept whatever certificate the server shows. */
  readonly insecure?: boolean;
}

/** One address that PostgreSQL's protocol is spoken to, without the password. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** As libpq's sslmode; `prefer` and `allow` are settled before a plan is made: the result says which it was. */
  readonly sslMode: 'disable' | 'require' | 'verify-ca' | 'verify-full';
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
}

export type Route = 'rw' | 'ro';

/** `127.0.0.1:5432`, with brackets around an IPv6 address. */
export function hostPort(address: { readonly host: string; readonly port: number }): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

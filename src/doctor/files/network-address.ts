import { BlockList, isIP } from 'node:net';
import { type Address, hostPort } from '../../plan/target.js';

/** Where something listens: some addresses (`*` and `0.0.0.0` for all of them), one port. */
export interface Listen {
  readonly hosts: readonly string[];
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:5432`, and a host alone where there is a usual port.
 * @returns undefined where it is none
 */
export function parseAddress(text: string, usualPort: number): Address | undefined {
  const [, bracketed, plainHost, port] =
    /^(?:\[([^\]]+)\]|([^:\s]*))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plainHost ?? (isIP(text.trim()) === 6 ? text.trim() : undefined);
  if (host === undefined || host === '' || Number(port ?? 0) > 65_535) {
    return undefined;
  }
  return { host, port: port === undefined ? usualPort : Number(port) };
}

/** Reads `*:5432` and `127.0.0.1,10.0.0.1:5432`, as Patroni's `listen` has them. */
export function parseListen(text: string, usualPort: number): Listen | undefined {
  const parts = text.split(',').map((part) => parseAddress(part, usualPort));
  const last = parts.at(-1);
  if (last === undefined) {
    return undefined;
  }
  return { hosts: parts.flatMap((part) => (part === undefined ? [] : [part.host])), port: last.port };
}

/** The address of a URL such as etcd's, `http://10.0.0.1:2379`; undefined where it is none. */
export function addressOfUrl(text: string): Address | undefined {
  const [, scheme = '', authority = ''] = /^(https?|unixs?):\/\/([^/\s]*)\/?$/.exec(text.trim()) ?? [];
  return authority === '' ? undefined : parseAddress(authority, scheme === 'https' ? 443 : 80);
}

/** Reaches nothing but its own machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('localhost.') || host === '::1' || /^127\./.test(host);
}

/** All addresses of a machine: something to listen on, and nothing to connect to. */
export function isAny(host: string): boolean {
  return host === '*' || host === '0.0.0.0' || host === '::';
}

export function sameAddress(a: Address, b: Address): boolean {
  return hostPort(a).toLowerCase() === hostPort(b).toLowerCase();
}

/** Whether an address lies in a network, `10.0.0.0/24`; undefined where one of them is a name, which only DNS knows. */
export function isInNetwork(address: string, network: string): boolean | undefined {
  const [base = '', prefix] = network.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(address) === 0) {
    return base.toLowerCase() === address.toLowerCase() ? true : undefined;
  }
  if (isIP(address) !== family) {
    return false;
  }
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (!Number.isInteger(length) || length < 0 || length > bits) {
    return undefined;
  }
  const list = new BlockList();
  list.addSubnet(base, length, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

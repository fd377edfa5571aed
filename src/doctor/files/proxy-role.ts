import type { HaproxyConfigFile, HaproxyProxy } from './haproxy-config.js';

/** What a proxy is for: writes, reads, or nothing of PostgreSQL's. */
export type ProxyRole = 'rw' | 'ro' | null;

const RW_PATHS = /^\/(primary|master|leader|read-write|standby[-_]leader)?$/;
const RO_PATHS =
  /^\/(replica|read-only|sync|synchronous|async|asynchronous|quorum|read-only-sync|read-only-quorum|health)$/;

/** By the path that its servers are asked for. */
export function roleOfPath(path: string): ProxyRole {
  const bare = path.replace(/\?.*$/, '');
  if (RW_PATHS.test(bare)) {
    return 'rw';
  }
  return RO_PATHS.test(bare) ? 'ro' : null;
}

/** By its names and those of the frontends before it, else by the ports of Patroni's samples. */
export function roleOfName({ name, frontends, binds }: HaproxyProxy): ProxyRole {
  const words = [name, ...frontends].flatMap((each) => each.toLowerCase().split(/[^a-z]+/));
  const reads = words.some((word) =>
    /^(ro|replicas?|reads?|readonly|standbys?|secondary|slaves?|sync|async)$/.test(word),
  );
  const writes = words.some((word) => /^(rw|primary|master|writes?|writer|readwrite|leader)$/.test(word));
  if (reads !== writes) {
    return writes ? 'rw' : 'ro';
  }
  const ports = binds.map(({ value }) => value.port);
  if (ports.includes(5000) !== ports.includes(5001)) {
    return ports.includes(5000) ? 'rw' : 'ro';
  }
  return null;
}

/** Proxies with servers that are PostgreSQL: not those of web pages. */
export function postgresProxies(file: HaproxyConfigFile): readonly HaproxyProxy[] {
  return file.proxies.filter(({ kind, servers }) => kind !== 'frontend' && servers.length > 0);
}

/** What it is for: its names say what is meant, and where they say nothing, what is asked for. */
export function roleOf(proxy: HaproxyProxy): ProxyRole {
  return roleOfName(proxy) ?? (proxy.httpCheck === null ? null : roleOfPath(proxy.httpCheck.path));
}

import type { Check, Complaint } from '../finding.js';
import type { EtcdFile } from './etcd-file.js';
import type { HaproxyConfigFile } from './haproxy-config.js';
import type { HostLook } from './host-look.js';
import { isAny, isLoopback } from './network-address.js';
import type { PatroniFile } from './patroni-file.js';
import type { UnitFile } from './unit-file.js';

/** What the checks of files look at: all files that were given, and what the host has that some of them are of. */
export interface FilesEvidence {
  readonly patroni: readonly PatroniFile[];
  readonly etcd: readonly EtcdFile[];
  readonly haproxy: readonly HaproxyConfigFile[];
  readonly units: readonly UnitFile[];
  /** Null where none of the files is of a host that can be looked at. */
  readonly host: HostLook | null;
}

export type FileCheck = Check<FilesEvidence>;

type Kind = 'patroni' | 'etcd' | 'haproxy' | 'units';

const NOT_GIVEN: Readonly<Record<Kind, string>> = {
  patroni: 'no patroni.yml was given (--config)',
  etcd: 'no configuration of etcd was given (--etcd-env)',
  haproxy: 'no haproxy.cfg was given (--haproxy)',
  units: 'no unit of systemd was given (--unit)',
};

/** A look that cannot be made without files of these kinds. */
export function lookAt(
  kinds: readonly Kind[],
  look: (evidence: FilesEvidence) => readonly Complaint[],
): FileCheck['look'] {
  return (evidence) => {
    const missing = kinds.find((kind) => evidence[kind].length === 0);
    return missing === undefined ? look(evidence) : NOT_GIVEN[missing];
  };
}

/** A look that compares files of one kind with each other. */
export function compareAll(
  kind: Kind,
  look: (evidence: FilesEvidence) => readonly Complaint[],
): FileCheck['look'] {
  return (evidence) => {
    const { length } = evidence[kind];
    if (length === 0) {
      return NOT_GIVEN[kind];
    }
    return length === 1 ? 'there is only one such file to compare' : look(evidence);
  };
}

/** A look at a host's files and directories. */
export function lookAtHost(
  look: (host: HostLook, evidence: FilesEvidence) => readonly Complaint[] | string,
): FileCheck['look'] {
  return (evidence) =>
    evidence.host === null
      ? 'no host was looked at: run it on the host that the files are of, or give its root with --root'
      : look(evidence.host, evidence);
}

/**
 * Whether the files are of machines on a network. A cluster that has loopback addresses alone, each another one or another
 * port, is one machine's on purpose.
 */
export function isOnNetwork({ patroni, etcd, haproxy }: FilesEvidence): boolean {
  const hosts = [
    ...patroni.flatMap(({ api, postgres }) => [api.connect?.value.host, postgres.connect?.value.host]),
    ...patroni.flatMap(({ yaml }) =>
      ['etcd3', 'etcd'].flatMap((key) =>
        [...yaml.list(key, 'hosts'), ...yaml.list(key, 'host')].flatMap(({ value }) =>
          hostsIn(String(value)),
        ),
      ),
    ),
    ...etcd.flatMap(({ settings }) =>
      ['initial-cluster', 'initial-advertise-peer-urls', 'advertise-client-urls'].flatMap((name) =>
        hostsIn(settings.get(name)?.value ?? ''),
      ),
    ),
    ...haproxy.flatMap(({ proxies }) =>
      proxies.flatMap(({ servers }) => servers.map(({ address }) => address?.host)),
    ),
  ];
  return hosts.some((host) => host !== undefined && !isLoopback(host) && !isAny(host));
}

/** Hosts of lists of URLs or addresses: `n1=http://10.0.0.1:2380,…`. */
function hostsIn(text: string): readonly string[] {
  return text.split(',').flatMap((part) => {
    const bare = part
      .trim()
      .replace(/^[^=/]*=/, '')
      .replace(/^\w+:\/\//, '');
    const [, bracketed, host] = /^(?:\[([^\]]+)\]|([^:/]+))/.exec(bare) ?? [];
    return bracketed ?? host ?? [];
  });
}

/** Groups by a key; what has none is left out. */
export function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | undefined,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) {
      groups.set(key, [...(groups.get(key) ?? []), item]);
    }
  }
  return groups;
}

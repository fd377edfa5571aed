import type { ParsedNode } from 'yaml';
import { PATHS } from './places.js';
import type { Directories, Topology } from './topology.js';
import { entriesIn, refuseUnknownKeys, textIn, type YamlFile } from './yaml-reader.js';

/**
 * Where things are: Debian's places, but for what the topology sets itself. Data is in directories of the cluster's
 * name, so that neither Debian's own cluster nor an etcd of before is taken for it.
 */
export function readDirectories(
  file: YamlFile,
  node: ParsedNode | null,
  { name: scope, postgres, hosts }: Pick<Topology, 'name' | 'postgres' | 'hosts'>,
): Directories {
  const given: Record<string, string> = {};
  const entries = node === null ? [] : entriesIn(file, node, 'directories');
  refuseUnknownKeys(file, entries, KEYS, 'directories');
  for (const { name, key, value } of entries) {
    const path =
      value === null ? '' : textIn(file, value, `directories: expected an absolute path for ${name}`);
    if (!PATH.test(path) || path.split('/').includes('..')) {
      throw file.complain(
        value ?? key,
        `directories: expected an absolute path of letters, digits, . _ - and / for ${name}, found ${JSON.stringify(path)}.`,
      );
    }
    if (name === 'prefix' && hosts.length > 1 && !path.includes('{host}')) {
      throw file.complain(
        value ?? key,
        `directories: expected {host} in the prefix, such as /srv/{host}: the hosts would share their files.`,
      );
    }
    given[name] = path.replace(/\/+$/, '');
  }
  return {
    prefix: given['prefix'] ?? '',
    postgresBin: given['postgres_bin'] ?? `/usr/lib/postgresql/${postgres}/bin`,
    postgresData: given['postgres_data'] ?? `${PATHS.clusters}/${postgres}/${scope}`,
    postgresSocket: given['postgres_socket'] ?? PATHS.socket,
    etcdData: given['etcd_data'] ?? `/var/lib/etcd/${scope}`,
  };
}

const KEYS = ['prefix', 'postgres_bin', 'postgres_data', 'postgres_socket', 'etcd_data'] as const;

/** What needs no quotes in any of the files that it gets into. */
const PATH = /^(?=.*[A-Za-z0-9])\/(?:[A-Za-z0-9._/-]|\{host\})+$/;

import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4 } from 'node:net';
import type { ParsedNode } from 'yaml';
import { codeOf, messageOf, UserError } from '../errors.js';
import { newestPostgresOf } from '../lab/binaries.js';
import { PROFILE_NAMES, type ProfileName, profileSettings } from '../lab/profiles.js';
import { didYouMean } from '../plan/nearest.js';
import { memorySettings } from './memory.js';
import { checkTimes, ownSettings } from './own-settings.js';
import { readDirectories } from './read-directories.js';
import type { Topology, TopologyHost } from './topology.js';
import {
  type Entry,
  entriesIn,
  isList,
  itemsIn,
  kindOf,
  readYaml,
  refuseUnknownKeys,
  textIn,
  type YamlFile,
} from './yaml-reader.js';

/** @throws UserError with the line where it is no topology */
export async function readTopologyFile(path: string, options: TopologyOptions = {}): Promise<Topology> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new UserError(
      `Expected a file that describes a cluster, ${path}: ${why}.`,
      'docs/own-cluster.md shows one.',
    );
  }
  return parseTopology(text, path, options);
}

export interface TopologyOptions {
  /** Instead of the file's own. */
  readonly profile?: ProfileName;
}

/** @param name of the file, for messages @throws UserError with the line where it is no topology */
export function parseTopology(text: string, name: string, options: TopologyOptions = {}): Topology {
  const file = readYaml(text, name);
  if (file.contents === null) {
    throw new UserError(`${name}: expected a topology, found nothing.`, 'docs/own-cluster.md shows one.');
  }
  const root = file.contents;
  const entries = entriesIn(file, root, 'a topology');
  refuseUnknownKeys(file, entries, KEYS, 'a topology');
  return topologyOf(file, root, new Map(entries.map((entry) => [entry.name, entry])), options);
}

const KEYS = [
  'name',
  'profile',
  'postgres',
  'patroni',
  'os',
  'user',
  'memory',
  'hosts',
  'haproxy',
  'network',
  'directories',
  'settings',
] as const;

type Entries = ReadonlyMap<string, Entry>;

function topologyOf(file: YamlFile, root: ParsedNode, entries: Entries, options: TopologyOptions): Topology {
  const get = (key: (typeof KEYS)[number]) => entries.get(key)?.value ?? null;
  const need = (key: (typeof KEYS)[number], example: string): ParsedNode => {
    const value = get(key);
    if (value === null) {
      throw file.complain(entries.get(key)?.key ?? root, `expected '${key}: ${example}', found none.`);
    }
    return value;
  };
  const patroni = patroniOf(file, need('patroni', '4.1'));
  const postgres = postgresOf(file, need('postgres', '18'), patroni);
  const user = get('user') === null ? 'postgres' : wordOf(file, need('user', 'postgres'), 'user', USER);
  checkOs(file, get('os'));
  const profile = options.profile ?? profileIn(file, get('profile'));
  const memoryMib = memoryOf(file, need('memory', '2GB'));
  const hosts = hostsOf(file, need('hosts', '{ pg1: 10.0.0.11, … }'), 'hosts');
  const proxies = proxiesOf(file, get('haproxy'), hosts);
  const network = networkOf(file, need('network', '10.0.0.0/24'), [...hosts, ...proxies]);
  const own = get('settings') === null ? {} : ownSettings(file, need('settings', '{}'), patroni);
  const settings = { ...memorySettings(memoryMib), ...profileSettings(profile, patroni), ...own };
  checkTimes(file, get('settings') ?? root, settings, patroni);
  const name = wordOf(file, need('name', 'shop'), 'name', NAME);
  return {
    name,
    profile,
    postgres,
    patroni,
    os: 'debian',
    user,
    memoryMib,
    hosts,
    proxies,
    network,
    directories: readDirectories(file, get('directories'), { name, postgres, hosts }),
    settings,
  };
}

const NAME = { pattern: /^[a-z][a-z0-9-]{0,39}$/, form: '1 to 40 of a-z, 0-9 and -, a letter first' };
const USER = { pattern: /^[a-z_][a-z0-9_-]{0,31}$/, form: 'the name of a Unix user' };

function wordOf(
  file: YamlFile,
  node: ParsedNode,
  what: string,
  { pattern, form }: { readonly pattern: RegExp; readonly form: string },
): string {
  const text = textIn(file, node, `${what}: expected ${form}`);
  if (!pattern.test(text)) {
    throw file.complain(node, `${what}: expected ${form}, found ${JSON.stringify(text)}.`);
  }
  return text;
}

function patroniOf(file: YamlFile, node: ParsedNode): string {
  const text = textIn(file, node, 'patroni: expected a version such as 4.1');
  if (!/^([3-9]|[1-9]\d)\.\d{1,3}(\.\d{1,3})?$/.test(text)) {
    throw file.complain(
      node,
      `patroni: expected a version from 3.0 on, such as 4.1, found ${JSON.stringify(text)}.`,
    );
  }
  return text;
}

/** The major versions whose parameters are known to be right. */
const OLDEST_POSTGRES = 13;
const NEWEST_POSTGRES = 18;

function postgresOf(file: YamlFile, node: ParsedNode, patroni: string): number {
  const text = textIn(file, node, 'postgres: expected a major version such as 18');
  const major = /^\d{2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(major >= OLDEST_POSTGRES && major <= NEWEST_POSTGRES)) {
    throw file.complain(
      node,
      `postgres: expected a major version from ${OLDEST_POSTGRES} to ${NEWEST_POSTGRES}, found ${JSON.stringify(text)}.`,
    );
  }
  const newest = newestPostgresOf(patroni);
  if (major > newest) {
    throw file.complain(
      node,
      `Patroni ${patroni} knows PostgreSQL up to ${newest}, found ${major}.`,
      'Take a newer Patroni, 4.1 for PostgreSQL 18.',
    );
  }
  return major;
}

function checkOs(file: YamlFile, node: ParsedNode | null): void {
  if (node !== null && textIn(file, node, 'os: expected debian') !== 'debian') {
    throw file.complain(
      node,
      `os: expected debian (which Ubuntu is, too), found ${kindOf(node)}.`,
      "For another system leave it at debian, and say in 'directories' where its programs are.",
    );
  }
}

function profileIn(file: YamlFile, node: ParsedNode | null): ProfileName {
  if (node === null) {
    return 'stock';
  }
  const text = textIn(file, node, 'profile: expected a word');
  const profile = PROFILE_NAMES.find((name) => name === text);
  if (profile === undefined) {
    const found = `${JSON.stringify(text)}.${didYouMean(text, PROFILE_NAMES)}`;
    throw file.complain(node, `profile: expected one of ${PROFILE_NAMES.join(', ')}, found ${found}`);
  }
  return profile;
}

const MIB: Readonly<Record<string, number>> = { MB: 1, MIB: 1, GB: 1024, GIB: 1024 };

function memoryOf(file: YamlFile, node: ParsedNode): number {
  const text = textIn(file, node, 'memory: expected a size such as 2GB');
  const match = /^(\d{1,7}(?:\.\d{1,3})?) ?(MB|MiB|GB|GiB)$/i.exec(text);
  const mib = Math.floor(Number(match?.[1]) * (MIB[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN));
  // Less is not enough for PostgreSQL with etcd and Patroni beside it; more than 4 TiB is a typo.
  if (!(mib >= 256 && mib <= 4 * 1024 * 1024)) {
    throw file.complain(
      node,
      `memory: expected the memory of a database host, 256MB or more, such as 2GB, found ${JSON.stringify(text)}.`,
    );
  }
  return mib;
}

function hostsOf(file: YamlFile, node: ParsedNode, what: string): readonly TopologyHost[] {
  const hosts: TopologyHost[] = [];
  for (const { name, key, value } of entriesIn(file, node, what)) {
    if (!HOST.test(name)) {
      throw file.complain(
        key,
        `${what}: expected a name of 1 to 32 of a-z, 0-9 and -, a letter first, found ${JSON.stringify(name)}.`,
      );
    }
    const address =
      value === null ? '' : textIn(file, value, `${what}: expected an IPv4 address for ${name}`);
    if (!isIPv4(address) || address === '0.0.0.0') {
      throw file.complain(
        value ?? key,
        `${what}: expected an IPv4 address for ${name}, such as 10.0.0.11, found ${JSON.stringify(address)}.`,
        'A name would have to be resolved before etcd and PostgreSQL can listen.',
      );
    }
    const twin = hosts.find((other) => other.address === address);
    if (twin !== undefined) {
      throw file.complain(
        value ?? key,
        `${what}: ${twin.name} and ${name} have the same address ${address}.`,
      );
    }
    hosts.push({ name, address });
  }
  if (hosts.length === 0) {
    throw file.complain(node, `${what}: expected at least one host with its address, found none.`);
  }
  if (hosts.length > 9) {
    throw file.complain(
      node,
      `${what}: expected at most 9 hosts, found ${hosts.length}.`,
      'Each is a member of etcd, which gets slower with every one.',
    );
  }
  return hosts;
}

const HOST = /^[a-z][a-z0-9-]{0,31}$/;

/** A list names database hosts; keys with addresses are hosts of their own. */
function proxiesOf(
  file: YamlFile,
  node: ParsedNode | null,
  hosts: readonly TopologyHost[],
): readonly TopologyHost[] {
  if (node === null) {
    return [];
  }
  if (!isList(node)) {
    const proxies = hostsOf(file, node, 'haproxy');
    const twin = proxies.find(({ name, address }) =>
      hosts.some((host) => host.name === name || host.address === address),
    );
    if (twin !== undefined) {
      throw file.complain(
        node,
        `haproxy: ${twin.name} is among the hosts already, by its name or its address.`,
        "Name database hosts in a list: 'haproxy: [pg1, pg2]'.",
      );
    }
    return proxies;
  }
  const names = hosts.map(({ name }) => name);
  const proxies = itemsIn(file, node, 'haproxy').map((item) => {
    const name = textIn(file, item, 'haproxy: expected names of hosts');
    const host = hosts.find((each) => each.name === name);
    if (host === undefined) {
      const hint = didYouMean(name, names);
      throw file.complain(
        item,
        `haproxy: expected one of the hosts ${names.join(', ')}, found ${JSON.stringify(name)}.${hint}`,
        "Hosts of its own have addresses: 'haproxy: { lb1: 10.0.0.20 }'.",
      );
    }
    return host;
  });
  if (new Set(proxies).size < proxies.length) {
    throw file.complain(node, 'haproxy: expected each host once, found one twice.');
  }
  return proxies;
}

/** Every host must be in it: pg_hba.conf would refuse the others. */
function networkOf(file: YamlFile, node: ParsedNode, hosts: readonly TopologyHost[]): string {
  const text = textIn(file, node, 'network: expected addresses such as 10.0.0.0/24');
  const [, address = '', length = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const bits = Number(length);
  if (!isIPv4(address) || length === '' || bits > 32) {
    throw file.complain(
      node,
      `network: expected addresses such as 10.0.0.0/24, found ${JSON.stringify(text)}.`,
    );
  }
  if (bits === 0) {
    throw file.complain(
      node,
      'network: 0.0.0.0/0 would let the whole world try passwords.',
      'Name the network that members and clients are in.',
    );
  }
  const list = new BlockList();
  list.addSubnet(address, bits);
  const outside = hosts.find((host) => !list.check(host.address));
  if (outside !== undefined) {
    throw file.complain(
      node,
      `network: ${text} does not hold ${outside.name}, ${outside.address}: PostgreSQL would refuse it.`,
    );
  }
  return text;
}

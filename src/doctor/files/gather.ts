import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { resolve, sep } from 'node:path';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { parseEnvironmentFile } from './environment-file.js';
import { type EtcdFile, etcdFromEnvironment, etcdFromYaml } from './etcd-file.js';
import type { FilesEvidence } from './evidence.js';
import { type FileKind, KIND_WORDS, kindOf } from './file-kind.js';
import { haproxyConfigFile } from './haproxy-config.js';
import { lookAtRoot } from './host-look.js';
import { addressOfUrl, isLoopback } from './network-address.js';
import { type PatroniFile, patroniFile } from './patroni-file.js';
import { parseUnitFile } from './unit-file.js';
import { parseYamlFile } from './yaml-file.js';

/** Paths by what they are of; messages name them so. */
export interface FilePaths {
  readonly patroni: readonly string[];
  readonly etcd: readonly string[];
  readonly haproxy: readonly string[];
  readonly units: readonly string[];
  /** Directory that stands for the root of the host that files are of; without it, this machine's, where they are of it. */
  readonly root?: string;
}

/**
 * Reads the files, and looks at the host that they are of.
 * @throws UserError for a file that cannot be read, or is of another kind
 */
export async function gatherFiles(paths: FilePaths): Promise<FilesEvidence> {
  const [patroni, etcd, haproxy, units] = await Promise.all([
    each(paths.patroni, 'patroni', (path, text) => patroniFile(parseYamlFile(text, path))),
    each(paths.etcd, 'etcd', etcdFile),
    each(paths.haproxy, 'haproxy', haproxyConfigFile),
    each(paths.units, 'unit', parseUnitFile),
  ]);
  return { patroni, etcd, haproxy, units, host: await hostOf(paths.root, patroni, etcd, units.length) };
}

const FLAGS: Readonly<Record<FileKind, string>> = {
  patroni: '--config',
  etcd: '--etcd-env',
  haproxy: '--haproxy',
  unit: '--unit',
};

async function each<Parsed>(
  paths: readonly string[],
  kind: FileKind,
  parse: (path: string, text: string) => Parsed,
): Promise<readonly Parsed[]> {
  const twice = paths.find(
    (path, index) => paths.findIndex((other) => resolve(other) === resolve(path)) < index,
  );
  if (twice !== undefined) {
    throw new UserError(`${FLAGS[kind]}: expected each file once, found ${twice} twice.`);
  }
  return Promise.all(
    paths.map(async (path) => {
      const text = await textOf(path, kind);
      const found = kindOf(text);
      if (found !== kind && found !== null) {
        throw new UserError(
          `${FLAGS[kind]}: expected ${KIND_WORDS[kind]}, and ${path} is ${KIND_WORDS[found]}.`,
          `Give it with ${FLAGS[found]}.`,
        );
      }
      if (found === null) {
        throw new UserError(
          `${FLAGS[kind]}: expected ${KIND_WORDS[kind]}, and ${path} does not look like it.`,
        );
      }
      return parse(path, text);
    }),
  );
}

async function textOf(path: string, kind: FileKind): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why =
      new Map([
        ['ENOENT', 'there is no such file'],
        ['EISDIR', 'it is a directory'],
        ['EACCES', 'it may not be read by this user'],
      ]).get(codeOf(error) ?? '') ?? messageOf(error);
    throw new UserError(`${FLAGS[kind]}: expected ${KIND_WORDS[kind]}, found of ${path}: ${why}.`);
  }
}

function etcdFile(path: string, text: string): EtcdFile {
  return /^\s*(export\s+)?[A-Z_]+\s*=/m.test(text)
    ? etcdFromEnvironment(path, parseEnvironmentFile(text))
    : etcdFromYaml(parseYamlFile(text, path));
}

/** A host is looked at where it is known which one the files are of. */
async function hostOf(
  root: string | undefined,
  patroni: readonly PatroniFile[],
  etcd: readonly EtcdFile[],
  units: number,
): Promise<FilesEvidence['host']> {
  const isThere = root === undefined ? isOfThisMachine() : isBelow(resolve(root));
  const own = <File extends PatroniFile | EtcdFile>(files: readonly File[]) =>
    root !== undefined && files.length === 1 ? files : files.filter(isThere);
  const [ownPatroni, ownEtcd] = [own(patroni), own(etcd)];
  if (root === undefined && ownPatroni.length + ownEtcd.length === 0) {
    return null;
  }
  if (root !== undefined && ownPatroni.length + ownEtcd.length + units === 0) {
    throw new UserError(
      `--root: expected files of that host, and none of those given lies below ${root}.`,
      'Give the paths of its own files, or one --config alone.',
    );
  }
  return lookAtRoot(resolve(root ?? '/'), ownPatroni, ownEtcd);
}

type OfHost = (file: PatroniFile | EtcdFile) => boolean;

function isBelow(root: string): OfHost {
  const prefix = root.endsWith(sep) ? root : root + sep;
  return ({ path }) => resolve(path).startsWith(prefix);
}

function isOfThisMachine(): OfHost {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  const own = new Set([...addresses, hostname()].filter((host) => !isLoopback(host)));
  return (file) => {
    const host =
      'yaml' in file
        ? file.postgres.connect?.value.host
        : addressOfUrl(file.settings.get('initial-advertise-peer-urls')?.value ?? '')?.host;
    return host !== undefined && own.has(host);
  };
}

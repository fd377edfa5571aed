import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../errors.js';
import { autoClusters } from '../debian-clusters.js';
import { type EtcdData, readEtcdData } from './etcd-data.js';
import type { EtcdFile } from './etcd-file.js';
import { namedPaths } from './named-paths.js';
import type { PatroniFile } from './patroni-file.js';

/** What a host has of all that its files name. */
export interface HostLook {
  /** `/`, or the directory that stands for it. */
  readonly root: string;
  /** The files that are of this host. */
  readonly patroni: readonly PatroniFile[];
  readonly etcd: readonly EtcdFile[];
  /** Of each path that the files name. */
  readonly paths: ReadonlyMap<string, PathState>;
  /** By data directory, of each that holds a member. */
  readonly etcdData: ReadonlyMap<string, EtcdData | 'unreadable'>;
  /** Names of units that systemd starts by itself. */
  readonly enabledUnits: readonly string[];
  /** Debian's clusters that postgresql.service starts, `15/main`. */
  readonly autoClusters: readonly string[];
  /** Whether it has Debian's directory of clusters at all. */
  readonly hasDebianClusters: boolean;
  readonly patronictl: { readonly isOnPath: boolean; readonly hasConfig: boolean };
}

export type PathState = 'missing' | 'file' | 'directory' | 'empty' | 'unreadable';

/** Looks at the host; changes nothing. */
export async function lookAtRoot(
  root: string,
  patroni: readonly PatroniFile[],
  etcd: readonly EtcdFile[],
): Promise<HostLook> {
  const named = namedPaths(patroni, etcd).map(({ path }) => path);
  const paths = await Promise.all(
    named.map(async (path) => [path, await stateOf(join(root, path))] as const),
  );
  const data = await Promise.all(
    etcd.map(async ({ settings }) => {
      const directory = settings.get('data-dir')?.value;
      const found = directory === undefined ? null : await readEtcdData(join(root, directory));
      return directory === undefined || found === null ? [] : [[directory, found] as const];
    }),
  );
  return {
    root,
    patroni,
    etcd,
    paths: new Map(paths),
    etcdData: new Map(data.flat()),
    enabledUnits: await enabledUnits(root),
    autoClusters: await autoClusters(join(root, 'etc/postgresql')),
    hasDebianClusters: (await stateOf(join(root, 'etc/postgresql-common'))) === 'directory',
    patronictl: { isOnPath: await hasPatronictl(root), hasConfig: await hasPatronictlConfig(root) },
  };
}

async function stateOf(path: string): Promise<PathState> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return 'file';
    }
    return (await readdir(path)).length === 0 ? 'empty' : 'directory';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? 'missing' : 'unreadable';
  }
}

/** Entries of a directory; none where it is not there or not readable. */
async function entries(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

async function enabledUnits(root: string): Promise<readonly string[]> {
  const system = join(root, 'etc/systemd/system');
  const wants = (await entries(system)).filter((name) => /\.(wants|requires)$/.test(name));
  const units = await Promise.all(wants.map((name) => entries(join(system, name))));
  return [...new Set(units.flat())].sort();
}

/** What a login shell of root or postgres has. */
const PATH = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'];

async function hasPatronictl(root: string): Promise<boolean> {
  const states = await Promise.all(PATH.map((directory) => stateOf(join(root, directory, 'patronictl'))));
  return states.includes('file');
}

/** In the place where patronictl looks for itself, or in the environment of those who log in. */
async function hasPatronictlConfig(root: string): Promise<boolean> {
  const homes = ['root', 'var/lib/postgresql', 'var/lib/pgsql'];
  const people = (await entries(join(root, 'home'))).map((name) => join('home', name));
  const states = await Promise.all(
    [...homes, ...people].map((home) => stateOf(join(root, home, '.config/patroni/patronictl.yaml'))),
  );
  if (states.includes('file')) {
    return true;
  }
  const profiles = (await entries(join(root, 'etc/profile.d'))).map((name) => join('etc/profile.d', name));
  const texts = await Promise.all(
    ['etc/environment', 'etc/profile', ...profiles].map((path) =>
      readFile(join(root, path), 'utf8').catch(() => ''),
    ),
  );
  const isHere = root === '/' && process.env['PATRONICTL_CONFIG_FILE'] !== undefined;
  return isHere || texts.some((text) => /^[^#\n]*\bPATRONICTL_CONFIG_FILE=/m.test(text));
}

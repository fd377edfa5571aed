import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, UserError } from '../errors.js';
import { isAtLeast } from '../version.js';
import type { UnixUser } from './user.js';

/** Programs given by the user; what is absent is looked for. */
export interface BinaryOptions {
  /** Directory of PostgreSQL's programs. */
  readonly pgBin?: string;
  readonly patroni?: string;
  readonly etcd?: string;
  readonly haproxy?: string;
}

export interface Binaries {
  readonly pgBin: string;
  readonly patroni: string;
  readonly etcd: string;
  readonly haproxy: string;
}

export interface Versions {
  readonly postgres: string;
  readonly patroni: string;
  readonly etcd: string;
  readonly haproxy: string;
}

/** Finds the programs, and runs each as the lab will, so that one that cannot run is known before anything starts. */
export async function findBinaries(
  options: BinaryOptions,
  user: UnixUser | null,
): Promise<{ readonly binaries: Binaries; readonly versions: Versions }> {
  const [patroni, etcd, haproxy] = await Promise.all([
    findProgram('Patroni', 'patroni', options.patroni),
    findProgram('etcd', 'etcd', options.etcd),
    findProgram('HAProxy', 'haproxy', options.haproxy),
  ]);
  const [patroniVersion, etcdVersion, haproxyVersion] = await Promise.all([
    versionOf(patroni, '--version', user),
    versionOf(etcd, '--version', user),
    versionOf(haproxy, '-v', user),
  ]);
  const pgBin = await findPostgres(options.pgBin, newestPostgresOf(patroniVersion));
  const postgresVersion = await versionOf(join(pgBin, 'postgres'), '--version', user);
  return {
    binaries: { pgBin, patroni, etcd, haproxy },
    versions: {
      postgres: postgresVersion,
      patroni: patroniVersion,
      etcd: etcdVersion,
      haproxy: haproxyVersion,
    },
  };
}

/** The newest major version of PostgreSQL that a Patroni knows the parameters of; infinite where none is newer. */
export function newestPostgresOf(patroniVersion: string): number {
  if (!isAtLeast(patroniVersion, '3.0.3')) {
    return 15;
  }
  if (!isAtLeast(patroniVersion, '3.3.3')) {
    return 16;
  }
  if (!isAtLeast(patroniVersion, '4.0.7')) {
    return 17;
  }
  return Number.POSITIVE_INFINITY;
}

/** openssl, which PostgreSQL's packages bring along. @throws UserError when it is not there */
export async function findOpenssl(): Promise<string> {
  const path = await searchedFor('openssl');
  if (path === null) {
    throw new UserError(
      `A lab with TLS makes its certificates with openssl, and no such program is on PATH or in ${SEARCHED.join(', ')}.`,
      'Install it (on Debian and Ubuntu the package openssl), or leave --tls out.',
    );
  }
  return path;
}

const SEARCHED = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/usr/local/sbin'];
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

async function findProgram(title: string, name: string, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (await isExecutable(given)) {
      return await realpath(given);
    }
    throw new UserError(
      `--${name} must name an executable file; ${given} is none.`,
      `Leave it out to have ${title} looked for.`,
    );
  }
  const path = await searchedFor(name);
  if (path !== null) {
    return path;
  }
  throw new UserError(
    `The lab needs ${title}; no program ${name} is on PATH or in ${SEARCHED.join(', ')}.`,
    `Install it (on Debian and Ubuntu scripts/setup does), or give it with --${name} PATH.`,
  );
}

async function searchedFor(name: string): Promise<string | null> {
  const directories = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), ...SEARCHED])];
  for (const directory of directories) {
    const path = join(directory, name);
    if (directory !== '' && (await isExecutable(path))) {
      return path;
    }
  }
  return null;
}

async function findPostgres(given: string | undefined, newest: number): Promise<string> {
  if (given !== undefined) {
    if (await hasPostgres(given)) {
      return await realpath(given);
    }
    throw new UserError(
      `--pg-bin must name the directory of PostgreSQL's programs; ${given} has not all of ${PROGRAMS.join(', ')}.`,
      'Leave it out to have PostgreSQL looked for.',
    );
  }
  const majors = (await readdir(DEBIAN_POSTGRES).catch(() => [])).map(Number).filter(Number.isInteger);
  for (const major of majors.sort((a, b) => b - a)) {
    const directory = join(DEBIAN_POSTGRES, String(major), 'bin');
    if (major <= newest && (await hasPostgres(directory))) {
      return await realpath(directory);
    }
  }
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (directory !== '' && (await hasPostgres(directory))) {
      return await realpath(directory);
    }
  }
  const limit = Number.isFinite(newest) ? ` ${newest} or older (for the Patroni that is here)` : '';
  throw new UserError(
    `The lab needs PostgreSQL${limit}; its programs are neither in ${DEBIAN_POSTGRES}/*/bin nor on PATH.`,
    'Install it (on Debian and Ubuntu scripts/setup does), or give its directory with --pg-bin DIR.',
  );
}

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl', 'pg_basebackup', 'pg_rewind', 'pg_controldata'];

async function hasPostgres(directory: string): Promise<boolean> {
  const found = await Promise.all(PROGRAMS.map((program) => isExecutable(join(directory, program))));
  return found.every(Boolean);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(program: string, flag: string, user: UnixUser | null): Promise<string> {
  const as = user === null ? {} : { uid: user.uid, gid: user.gid };
  try {
    const { stdout } = await promisify(execFile)(program, [flag], { ...as, cwd: '/', timeout: 20_000 });
    const version = /\d+(\.\d+)+/.exec(stdout)?.[0];
    if (version !== undefined) {
      return version;
    }
    throw new Error(`it said: ${stdout.trim().slice(0, 200)}`);
  } catch (error) {
    const who = user === null ? '' : ` as user ${user.name}`;
    const reason = messageOf(error).replace(/\s+/g, ' ').trim();
    throw new UserError(`\`${program} ${flag}\`${who} must tell a version: ${reason}.`);
  }
}

import { randomBytes } from 'node:crypto';
import { appendFileSync, constants } from 'node:fs';
import {
  appendFile,
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { Binaries, Versions } from './binaries.js';
import { NODE_NAMES } from './network.js';
import { bootId, type ProcessRecord } from './process.js';
import type { ProfileName } from './profiles.js';
import type { UnixUser } from './user.js';

/** What is known of a lab once it has a name, a network and a directory: `lab.json` in that directory. */
export interface LabState {
  readonly format: 1;
  readonly name: string;
  readonly profile: ProfileName;
  /** `127.0.2` */
  readonly network: string;
  readonly scope: string;
  /** New at each start, so that no member of etcd can join the cluster of an earlier lab. */
  readonly clusterToken: string;
  readonly maxConnections: number;
  readonly user: UnixUser | null;
  readonly binaries: Binaries;
  readonly versions: Versions;
  readonly passwords: Passwords;
  /** Present when everything on TCP is encrypted; the files are in {@link LabDirectory.tls}. */
  readonly tls?: TlsPasswords;
  /** The boot in which it was started: no process survives it. */
  readonly bootId: string;
  readonly phase: 'starting' | 'up' | 'failed';
  /** Who starts it, while the phase is `starting`. */
  readonly starter: ProcessRecord;
}

/** Of Patroni's, etcd's and HAProxy's addresses. */
export function schemeOf({ tls }: LabState): 'http' | 'https' {
  return tls === undefined ? 'http' : 'https';
}

export interface Passwords {
  readonly superuser: string;
  readonly replication: string;
  readonly rewind: string;
  readonly application: string;
}

/** Of what asks for a password in a lab with TLS only. */
export interface TlsPasswords {
  /** Of Patroni's API. */
  readonly api: string;
  /** Of HAProxy's page of statistics. */
  readonly stats: string;
}

export type Component = 'etcd' | 'patroni' | 'postgres' | 'haproxy';

/** A process that was started for the lab, ended or not. */
export interface RecordedProcess extends ProcessRecord {
  readonly component: Component;
  /** `n1`; null for HAProxy. */
  readonly node: string | null;
}

/** Files of a lab. */
export class LabDirectory {
  constructor(readonly path: string) {}

  get stateFile(): string {
    return join(this.path, 'lab.json');
  }
  /** One line of JSON for each process, appended at its start: several may be started at once. */
  get processFile(): string {
    return join(this.path, 'processes');
  }
  /** A line for each file in /dev/shm of a server that may be killed. */
  get sharedMemoryFile(): string {
    return join(this.path, 'shared-memory');
  }
  get logs(): string {
    return join(this.path, 'logs');
  }
  get haproxyConfig(): string {
    return join(this.path, 'haproxy.cfg');
  }
  get haproxySocket(): string {
    return join(this.path, 'run', 'haproxy.sock');
  }
  /** Certificates and keys of a lab with TLS. */
  get tls(): string {
    return join(this.path, 'tls');
  }
  log(component: Component, node: string | null): string {
    return join(this.logs, node === null ? `${component}.log` : `${node}-${component}.log`);
  }
  /** Working directory of the node's processes, and of PostgreSQL's socket. */
  node(node: string): string {
    return join(this.path, node);
  }
  postgresData(node: string): string {
    return join(this.path, node, 'data');
  }
  etcdData(node: string): string {
    return join(this.path, node, 'etcd');
  }
  patroniConfig(node: string): string {
    return join(this.path, node, 'patroni.yml');
  }
}

/** Base directory of all state: as given, or $PGHA_BENCH_STATE, or where the user's state belongs. */
export function stateBase(given?: string): string {
  const chosen = given ?? process.env['PGHA_BENCH_STATE'];
  if (chosen !== undefined && chosen !== '') {
    return resolve(chosen);
  }
  // Root's home is closed to the user that the lab runs as.
  if (process.getuid?.() === 0) {
    return '/var/lib/pgha-bench';
  }
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'pgha-bench');
}

export function labDirectory(name: string, base?: string): LabDirectory {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/.test(name)) {
    throw new UserError(
      `A lab's name must be 1 to 31 letters, digits, - or _, found ${JSON.stringify(name)}.`,
      'Choose another with --name.',
    );
  }
  return new LabDirectory(join(stateBase(base), 'labs', name));
}

export async function labNames(base?: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(stateBase(base), 'labs'));
    return names.filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (isAbsent(error)) {
      return [];
    }
    throw unreadable(join(stateBase(base), 'labs'), error);
  }
}

/** Null when there is no such lab. */
export async function readState(directory: LabDirectory): Promise<LabState | null> {
  let text: string;
  try {
    text = await readFile(directory.stateFile, 'utf8');
  } catch (error) {
    if (isAbsent(error) && !(await exists(directory.path))) {
      return null;
    }
    throw unreadable(directory.stateFile, error);
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw unreadable(directory.stateFile, error);
  }
  if (!isState(state)) {
    throw unreadable(directory.stateFile, new Error('it was written by another version of this program'));
  }
  return state;
}

export async function readProcesses(directory: LabDirectory): Promise<readonly RecordedProcess[]> {
  const text = await readFile(directory.processFile, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return '';
    }
    throw unreadable(directory.processFile, error);
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedProcess);
}

/** Synchronous, to be called in the same turn as the spawn: nothing can come between a process and its record. */
export function recordProcess(directory: LabDirectory, record: RecordedProcess): void {
  const { component, node, pid, startTicks } = record;
  appendFileSync(directory.processFile, `${JSON.stringify({ component, node, pid, startTicks })}\n`, {
    mode: 0o600,
  });
}

export async function recordSharedMemory(directory: LabDirectory, files: readonly string[]): Promise<void> {
  await appendFile(directory.sharedMemoryFile, files.map((file) => `${file}\n`).join(''), { mode: 0o600 });
}

export async function readSharedMemory(directory: LabDirectory): Promise<readonly string[]> {
  const text = await readFile(directory.sharedMemoryFile, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Makes the directory and takes the name, in one atomic step: false when a lab of this name exists.
 */
export async function createDirectory(directory: LabDirectory, state: LabState): Promise<boolean> {
  const labs = join(directory.path, '..');
  const draft = join(labs, `.${state.name}.${randomBytes(4).toString('hex')}`);
  try {
    await makeDirectory(labs);
    await fill(new LabDirectory(draft), state);
    await rename(draft, directory.path);
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') {
      return false;
    }
    throw new UserError(
      `The lab's state must be writable at ${directory.path}: ${messageOf(error)}.`,
      'Choose another place with --state-dir DIR or PGHA_BENCH_STATE.',
    );
  }
}

/** Atomic, so that a reader never sees half of it. */
export async function writeState(directory: LabDirectory, state: LabState): Promise<void> {
  const draft = `${directory.stateFile}.new`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, directory.stateFile);
}

export async function removeDirectory(directory: LabDirectory): Promise<void> {
  await rm(directory.path, { recursive: true, force: true, maxRetries: 3 });
  // The directory of all labs goes with the last one.
  await rmdir(join(directory.path, '..')).catch(() => undefined);
}

/** A file of the lab that its processes read: theirs, and nobody else's, since there are passwords in some. */
export async function writeOwned(path: string, text: string, user: UnixUser | null): Promise<void> {
  // The directory may be theirs already: root must not follow a link that somebody put there.
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  try {
    await file.writeFile(text);
    if (user !== null) {
      await file.chown(user.uid, user.gid);
    }
  } finally {
    await file.close();
  }
}

/** The lab's processes see nothing of the caller's settings: PATRONI_*, ETCD_* and PG* would change what they do. */
export function environment(directory: LabDirectory): Readonly<Record<string, string>> {
  const kept: Record<string, string> = { HOME: directory.path, LC_ALL: 'C.UTF-8' };
  for (const name of ['PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) {
      kept[name] = value;
    }
  }
  return kept;
}

/** The longest path of a socket below the lab's directory: `/run/haproxy.sock.<pid>.tmp`, to which HAProxy binds first. */
const SOCKET_SUFFIX = '/run/haproxy.sock.4194304.tmp';

/** Paths of Unix sockets are limited to 107 bytes. */
export function checkSocketLength(directory: LabDirectory): void {
  const longest = 107 - SOCKET_SUFFIX.length;
  const length = Buffer.byteLength(directory.path);
  if (length > longest) {
    throw new UserError(
      `The lab's directory holds Unix sockets, so its path may have ${longest} bytes; ${directory.path} has ${length}.`,
      'Choose a shorter place with --state-dir DIR.',
    );
  }
}

/** As mkdir -p. Node's own `recursive` never returns where the file system answers ENOENT for a name it will not make, as /proc does. */
export async function makeDirectory(path: string): Promise<void> {
  if (await exists(path)) {
    return;
  }
  await makeDirectory(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    // Another lab may be making it at the same time.
    if (codeOf(error) !== 'EEXIST') {
      throw error;
    }
  });
}

/** Root keeps its own files in the directory, and hands the others to the user that the lab runs as. */
async function fill(directory: LabDirectory, state: LabState): Promise<void> {
  const { user } = state;
  await mkdir(directory.path, { mode: 0o700 });
  await writeState(directory, state);
  const owned = [
    directory.logs,
    join(directory.path, 'run'),
    ...NODE_NAMES.map((node) => directory.node(node)),
  ];
  for (const path of owned) {
    await mkdir(path, { mode: 0o700 });
    if (user !== null) {
      await chown(path, user.uid, user.gid);
    }
  }
  if (state.tls !== undefined) {
    await mkdir(directory.tls, { mode: 0o700 });
  }
  if (user !== null) {
    await chown(directory.path, 0, user.gid);
    await chmod(directory.path, 0o750);
  }
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

function isState(value: unknown): value is LabState {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether the lab was started in an earlier boot of this machine. */
export async function isOfEarlierBoot(state: LabState): Promise<boolean> {
  return state.bootId !== (await bootId());
}

function unreadable(path: string, error: unknown): UserError {
  const action =
    codeOf(error) === 'EACCES'
      ? 'The lab belongs to another user; choose another --name, or --state-dir.'
      : 'If no process of it runs any more, remove the directory.';
  return new UserError(`The state of the lab cannot be read from ${path}: ${messageOf(error)}.`, action);
}

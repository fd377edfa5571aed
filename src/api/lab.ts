import { UserError } from '../errors.js';
import type { BinaryOptions } from '../lab/binaries.js';
import * as labs from '../lab/lab.js';
import type { ProfileName } from '../lab/profiles.js';
import { API_USER, STATS_USER, tlsFiles } from '../lab/tls.js';
import type { Endpoint } from '../plan/target.js';
import type { LabTarget } from './options.js';
import { refuseUnknown } from './unknown-option.js';

export type { BinaryOptions } from '../lab/binaries.js';
export type { ComponentStatus, LabStatus } from '../lab/lab.js';
export { PROFILE_NAMES, type ProfileName, profileNamed } from '../lab/profiles.js';

/** Which of the labs of this machine. */
export interface LabName {
  /** `default` when absent. */
  readonly name?: string;
  /** Base directory of all labs' state; $PGHA_BENCH_STATE, or the user's state directory, when absent. */
  readonly stateDir?: string;
}

/** What a lab is started with. */
export interface StartLabOptions extends LabName {
  /** `stock`: sample values of Patroni and HAProxy; `fast`: the shortest that are supported; `safe`: synchronous. `stock` when absent. */
  readonly profile?: ProfileName;
  /** PostgreSQL's max_connections, 20 to 10,000; 300 when absent. */
  readonly maxConnections?: number;
  /** Loopback network to use, `127.0.7`; the first free one when absent. */
  readonly network?: string;
  /** Programs; what is absent is looked for. */
  readonly binaries?: BinaryOptions;
  /**
   * Encrypt everything on TCP, with certificates of an authority of the lab's own: PostgreSQL, which must be 15 or
   * later, Patroni's API (which then asks for a client certificate, and for a password before it changes anything),
   * etcd, and HAProxy's page of statistics (with a password). It needs openssl.
   */
  readonly tls?: boolean;
  /** Leave the files of a start that fails. */
  readonly keep?: boolean;
  /** Ends the start; nothing of it is left then. */
  readonly signal?: AbortSignal;
  /** One line about what is waited for, for people. */
  readonly onStep?: (line: string) => void;
}

/** A real cluster of three nodes on loopback: PostgreSQL with Patroni, etcd and HAProxy. */
export interface Lab {
  readonly name: string;
  readonly profile: ProfileName;
  /** Of run, init and cleanup. */
  readonly target: LabTarget;
  /** HAProxy's ports, to the primary and to the replicas. */
  readonly rw: LabEndpoint;
  readonly ro: LabEndpoint;
  /** Base URL of each node's REST API. */
  readonly patroni: readonly string[];
  /** Path of the configuration that patronictl takes. */
  readonly patroniConfig: string;
  /** Path of HAProxy's stats socket. */
  readonly haproxySocket: string;
  readonly versions: labs.Lab['versions'];
  /** What it takes to reach a lab with TLS beside `rw` and `ro`; null for one without. */
  readonly tls: LabTls | null;
  /** Stops everything of the lab and removes its files, whatever state it is in; again, it does nothing. */
  stop(): Promise<void>;
}

/** Files in PEM. */
export interface LabTls {
  /** The authority that signed all certificates of the lab. */
  readonly caFile: string;
  /** Of Patroni's API. */
  readonly patroniAccess: {
    readonly user: string;
    readonly password: string;
    readonly certFile: string;
    readonly keyFile: string;
  };
  /** Client URLs of etcd. */
  readonly etcd: readonly string[];
  readonly etcdAccess: { readonly certFile: string; readonly keyFile: string };
  /** HAProxy's page of statistics. */
  readonly haproxyPage: { readonly url: string; readonly user: string; readonly password: string };
}

export interface LabEndpoint extends Endpoint {
  readonly password: string;
  /** The same as a URI, `postgresql://user:password@host:port/database`, with `sslmode` and `sslrootcert` where there is TLS. */
  readonly uri: string;
}

/**
 * Starts a lab; it serves when the promise is fulfilled. It outlives the process that started it, unless it is stopped.
 * @throws UserError for what is wrong in the options, where a lab of this name stands, and when it does not come up: then
 *   nothing of it is left; the signal's reason when it is aborted
 */
export async function startLab(options: StartLabOptions = {}): Promise<Lab> {
  const { name = 'default', profile = 'stock', signal, onStep = () => undefined, ...others } = options;
  refuseUnknown('startLab', options, Object.keys(LAB_OPTIONS));
  try {
    return labOf(await labs.labUp({ name, profile, ...others }, onStep, signal), others.stateDir);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

const LAB_OPTIONS: { readonly [Name in keyof StartLabOptions]-?: true } = {
  name: true,
  stateDir: true,
  profile: true,
  maxConnections: true,
  network: true,
  binaries: true,
  tls: true,
  keep: true,
  signal: true,
  onStep: true,
};

/** The lab of this name, whoever started it; undefined when it is not up. */
export async function findLab({ name = 'default', stateDir }: LabName = {}): Promise<Lab | undefined> {
  const lab = await labs.readLab(name, stateDir);
  return lab === undefined ? undefined : labOf(lab, stateDir);
}

/**
 * Stops a lab and removes its files, whatever state it is in.
 * @throws UserError when there is none, and while another process starts it
 */
export async function stopLab(lab: LabName = {}): Promise<void> {
  const { name = 'default', stateDir } = lab;
  if (!(await labs.listLabs(stateDir)).includes(name)) {
    throw await noLab(lab);
  }
  await labs.labDown(name, stateDir);
}

/** Its processes and what they say of themselves. @throws UserError when there is no such lab, up or not */
export async function labStatus(lab: LabName = {}): Promise<labs.LabStatus> {
  const { name = 'default', stateDir } = lab;
  const found = await labs.labStatus(name, stateDir);
  if (found === undefined) {
    throw await noLab(lab);
  }
  return found;
}

/** Names of all labs that have files, up or not. @param stateDir as {@link LabName} has it */
export function listLabs(stateDir?: string): Promise<readonly string[]> {
  return labs.listLabs(stateDir);
}

/** For a lab that is not up, with those that are. */
export async function noLab({ name = 'default', stateDir }: LabName): Promise<UserError> {
  const others = (await labs.listLabs(stateDir)).filter((other) => other !== name);
  const known = others.length === 0 ? '' : ` There is: ${others.join(', ')}.`;
  return new UserError(`The lab ${name} is not up.${known}`, 'Start it with `pgha-bench lab up`.');
}

function labOf(lab: labs.Lab, stateDir: string | undefined): Lab {
  const { name, profile, target, secrets, versions, directory, haproxy } = lab;
  return {
    name,
    profile,
    target: { lab: name, ...(stateDir === undefined ? {} : { stateDir }) },
    rw: endpointOf(target.rw, secrets.rwPassword ?? ''),
    ro: endpointOf(target.ro ?? target.rw, secrets.roPassword ?? ''),
    patroni: target.patroni,
    patroniConfig: directory.patroniConfig('n1'),
    haproxySocket: haproxy.socketPath,
    versions,
    tls: tlsOf(lab),
    stop: () => labs.labDown(name, stateDir),
  };
}

function endpointOf(endpoint: Endpoint, password: string): LabEndpoint {
  const { host, port, user, database, sslMode, tlsFiles } = endpoint;
  const plain = `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  const caFile = tlsFiles?.caFile;
  const uri =
    caFile === undefined ? plain : `${plain}?sslmode=${sslMode}&sslrootcert=${encodeURIComponent(caFile)}`;
  return { ...endpoint, password, uri };
}

function tlsOf({ directory, state, target, haproxy }: labs.Lab): LabTls | null {
  if (state.tls === undefined) {
    return null;
  }
  const { caFile, ...ofPatroni } = tlsFiles(directory, 'patroni-client');
  const { certFile, keyFile } = tlsFiles(directory, 'client');
  return {
    caFile,
    patroniAccess: { user: API_USER, password: state.tls.api, ...ofPatroni },
    etcd: target.etcd ?? [],
    etcdAccess: { certFile, keyFile },
    haproxyPage: { url: haproxy.statsUrl, user: STATS_USER, password: state.tls.stats },
  };
}

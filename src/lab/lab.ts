import { getHaproxyStats, type HaproxyLine } from '../cluster/haproxy.js';
import { getMember, type PatroniMember } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import type { Endpoint, Secrets, Target } from '../plan/target.js';
import type { Versions } from './binaries.js';
import { endLab } from './down.js';
import { etcdUrl } from './etcd.js';
import { NODE_NAMES, nodeAddress, PORTS, PROXY_PORTS, proxyAddress } from './network.js';
import type { LabOptions } from './options.js';
import { patroniUrl, patroniUsers } from './patroni.js';
import { APPLICATION, postmasterOf } from './postgres.js';
import { isAlive, type ProcessRecord, type ProcessState, stateOf } from './process.js';
import { haproxySettings, type ProfileName, profileOf } from './profiles.js';
import {
  type Component,
  isOfEarlierBoot,
  type LabDirectory,
  type LabState,
  labDirectory,
  labNames,
  readProcesses,
  readState,
  removeDirectory,
} from './state.js';
import type { Credentials } from './templates/patroni.js';
import { startLab } from './up.js';

export type { LabOptions } from './options.js';

/** A real cluster of three nodes on loopback, started by this tool. */
export interface Lab {
  readonly name: string;
  readonly profile: ProfileName;
  /** The first three parts of its addresses, `127.0.2`. */
  readonly network: string;
  readonly scope: string;
  /** Everything it has on disk. */
  readonly directory: LabDirectory;
  readonly nodes: readonly LabNode[];
  readonly haproxy: LabHaproxy;
  readonly target: Target;
  readonly secrets: Secrets;
  /** For faults and audits; loads use the target's role. */
  readonly superuser: Credentials;
  readonly maxConnections: number;
  readonly versions: Versions;
  /** Settings of HAProxy's checks, which it does not tell itself: `haproxy.inter`, `haproxy.fall`, … */
  readonly settings: Readonly<Record<string, string | number>>;
  /** What it was started from; see startProcess in src/lab/start-process.ts. */
  readonly state: LabState;
}

export interface LabNode {
  readonly name: string;
  readonly address: string;
  readonly pgPort: number;
  /** Directory of the Unix socket, where no password is asked. */
  readonly socketDirectory: string;
  readonly dataDirectory: string;
  readonly apiUrl: string;
  readonly etcdUrl: string;
  /** The last one that was started, which may have ended; null when there is none. */
  readonly processes: Readonly<Record<'etcd' | 'patroni' | 'postgres', ProcessRecord | null>>;
}

export interface LabHaproxy {
  readonly address: string;
  readonly rwPort: number;
  readonly roPort: number;
  readonly statsUrl: string;
  readonly socketPath: string;
  readonly process: ProcessRecord | null;
}

export interface LabStatus {
  readonly name: string;
  readonly profile: ProfileName;
  readonly network: string;
  readonly directory: string;
  /** `starting` by a process that still runs; `broken`: neither up nor being started, `lab down` clears it away. */
  readonly phase: 'up' | 'starting' | 'broken';
  readonly components: readonly ComponentStatus[];
}

export interface ComponentStatus {
  readonly component: Component;
  readonly node: string | null;
  readonly address: string;
  readonly process: ProcessRecord | null;
  readonly state: ProcessState;
  /** What it says of itself: `leader, timeline 2`, `rw n1, ro n2 n3`; null when it does not answer. */
  readonly says: string | null;
}

/**
 * Starts a lab, and ends when a write commits, a read works and both replicas stream. When it fails, or is
 * interrupted, it leaves nothing behind.
 *
 * @param progress gets one line for each thing that is waited for
 */
export async function labUp(
  options: LabOptions,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<Lab> {
  const { directory, state } = await startLab(options, progress, signal);
  return await describeLab(directory, state);
}

/** Stops everything of the lab and removes its files, whatever state it is in; nothing to do when there is none. */
export async function labDown(name: string, stateDir?: string): Promise<void> {
  const directory = labDirectory(name, stateDir);
  const state = await readState(directory);
  if (state === null) {
    return;
  }
  if (state.phase === 'starting' && !(await isOfEarlierBoot(state)) && (await isAlive(state.starter))) {
    throw new UserError(
      `The lab ${name} is being started by process ${state.starter.pid}.`,
      'Interrupt that one: it clears away what it has started.',
    );
  }
  await endLab(directory, state);
  await removeDirectory(directory);
}

/** The lab of this name, undefined when it is not up. Some of its processes may have ended: faults do that. */
export async function readLab(name: string, stateDir?: string): Promise<Lab | undefined> {
  const directory = labDirectory(name, stateDir);
  const state = await readState(directory);
  if (state === null || state.phase !== 'up' || (await isOfEarlierBoot(state))) {
    return undefined;
  }
  const lab = await describeLab(directory, state);
  const records = [lab.haproxy.process, ...lab.nodes.flatMap((node) => Object.values(node.processes))];
  const states = await Promise.all(records.map(stateOrEnded));
  return states.every((each) => each === 'ended') ? undefined : lab;
}

/** Undefined when there is no lab of this name. */
export async function labStatus(name: string, stateDir?: string): Promise<LabStatus | undefined> {
  const directory = labDirectory(name, stateDir);
  const state = await readState(directory);
  if (state === null) {
    return undefined;
  }
  const lab = await describeLab(directory, state);
  const nodes = await Promise.all(lab.nodes.map((node) => nodeStatus(node)));
  const components = [...nodes.flat(), await haproxyStatus(lab.haproxy)];
  return {
    name,
    profile: state.profile,
    network: state.network,
    directory: directory.path,
    phase: await phaseOf(state, components),
    components,
  };
}

/** Names of all labs that have files, up or not. */
export function listLabs(stateDir?: string): Promise<readonly string[]> {
  return labNames(stateDir);
}

async function describeLab(directory: LabDirectory, state: LabState): Promise<Lab> {
  const recorded = await readProcesses(directory);
  const lastOf = (component: Component, node: string | null) =>
    recorded.findLast((each) => each.component === component && each.node === node) ?? null;
  const nodes = await Promise.all(
    NODE_NAMES.map(async (name): Promise<LabNode> => {
      const dataDirectory = directory.postgresData(name);
      return {
        name,
        address: nodeAddress(state.network, name),
        pgPort: PORTS.postgres,
        socketDirectory: directory.node(name),
        dataDirectory,
        apiUrl: patroniUrl(state, name),
        etcdUrl: etcdUrl(state, name),
        processes: {
          etcd: lastOf('etcd', name),
          patroni: lastOf('patroni', name),
          // Patroni starts and stops PostgreSQL as it likes, so only the data directory knows.
          postgres: (await postmasterOf(dataDirectory)) ?? lastOf('postgres', name),
        },
      };
    }),
  );
  return {
    name: state.name,
    profile: state.profile,
    network: state.network,
    scope: state.scope,
    directory,
    nodes,
    haproxy: {
      address: proxyAddress(state.network),
      rwPort: PROXY_PORTS.rw,
      roPort: PROXY_PORTS.ro,
      statsUrl: `http://${proxyAddress(state.network)}:${PROXY_PORTS.stats}/;csv`,
      socketPath: directory.haproxySocket,
      process: lastOf('haproxy', null),
    },
    target: targetOf(directory, state),
    secrets: { rwPassword: state.passwords.application, roPassword: state.passwords.application },
    superuser: patroniUsers(state).superuser,
    maxConnections: state.maxConnections,
    versions: state.versions,
    settings: haproxySettings(profileOf(state.profile, state.versions.patroni).haproxy),
    state,
  };
}

function targetOf(directory: LabDirectory, state: LabState): Target {
  const endpoint = (port: number): Endpoint => ({
    host: proxyAddress(state.network),
    port,
    user: APPLICATION,
    database: APPLICATION,
    sslMode: 'disable',
  });
  return {
    kind: 'lab',
    name: state.name,
    rw: endpoint(PROXY_PORTS.rw),
    ro: endpoint(PROXY_PORTS.ro),
    patroni: NODE_NAMES.map((node) => patroniUrl(state, node)),
    haproxy: { kind: 'socket', path: directory.haproxySocket },
    etcd: NODE_NAMES.map((node) => etcdUrl(state, node)),
  };
}

async function phaseOf(state: LabState, components: readonly ComponentStatus[]): Promise<LabStatus['phase']> {
  if (await isOfEarlierBoot(state)) {
    return 'broken';
  }
  if (state.phase === 'starting') {
    return (await isAlive(state.starter)) ? 'starting' : 'broken';
  }
  return state.phase === 'up' && components.some((each) => each.state !== 'ended') ? 'up' : 'broken';
}

async function nodeStatus(node: LabNode): Promise<readonly ComponentStatus[]> {
  const member = await getMember(node.apiUrl, { timeoutMs: 1000 }).catch(() => null);
  const rows: ComponentStatus[] = [];
  for (const [component, port] of [
    ['etcd', PORTS.etcdClient],
    ['patroni', PORTS.api],
    ['postgres', node.pgPort],
  ] as const) {
    const record = node.processes[component];
    rows.push({
      component,
      node: node.name,
      address: `${node.address}:${port}`,
      process: record,
      state: await stateOrEnded(record),
      says: component === 'postgres' ? roleOf(member) : null,
    });
  }
  return rows;
}

async function haproxyStatus(haproxy: LabHaproxy): Promise<ComponentStatus> {
  const lines = await getHaproxyStats({ kind: 'socket', path: haproxy.socketPath }).catch(() => null);
  return {
    component: 'haproxy',
    node: null,
    address: `${haproxy.address}:${haproxy.rwPort}`,
    process: haproxy.process,
    state: await stateOrEnded(haproxy.process),
    says: lines === null ? null : routesOf(lines),
  };
}

function roleOf(member: PatroniMember | null): string | null {
  if (member === null) {
    return null;
  }
  const timeline = member.timeline === null ? '' : `, timeline ${member.timeline}`;
  return `${member.role}, ${member.state}${timeline}`;
}

function routesOf(lines: readonly HaproxyLine[]): string {
  const up = (listener: string) => {
    const servers = lines.filter(
      (line) => line.proxy === listener && line.kind === 'server' && line.status.startsWith('UP'),
    );
    return servers.length === 0 ? 'nobody' : servers.map(({ server }) => server).join(' ');
  };
  return `rw to ${up('rw')}, ro to ${up('ro')}`;
}

async function stateOrEnded(record: ProcessRecord | null): Promise<ProcessState> {
  return record === null ? 'ended' : stateOf(record);
}

import type { HttpAccess } from '../cluster/http.js';
import { getMember, isLeader, patchConfig } from '../cluster/patroni.js';
import { NODE_NAMES, nodeAddress, PORTS } from './network.js';
import type { ProcessSpec } from './process.js';
import { profileOf } from './profiles.js';
import { environment, type LabDirectory, type LabState, schemeOf, writeOwned } from './state.js';
import { type PatroniUsers, patroniConfig } from './templates/patroni.js';
import { API_USER, tlsFiles } from './tls.js';

export function patroniUrl(state: LabState, node: string): string {
  return `${schemeOf(state)}://${nodeAddress(state.network, node)}:${PORTS.api}`;
}

export function patroniUsers(state: LabState): PatroniUsers {
  const { passwords } = state;
  return {
    superuser: { user: 'postgres', password: passwords.superuser },
    replication: { user: 'replicator', password: passwords.replication },
    rewind: { user: 'rewind', password: passwords.rewind },
  };
}

export async function writePatroniConfig(
  directory: LabDirectory,
  state: LabState,
  node: string,
): Promise<void> {
  const timing = profileOf(state.profile, state.versions.patroni).patroni;
  const text = patroniConfig({
    scope: state.scope,
    name: node,
    host: nodeAddress(state.network, node),
    apiPort: PORTS.api,
    pgPort: PORTS.postgres,
    etcdHosts: NODE_NAMES.map((name) => `${nodeAddress(state.network, name)}:${PORTS.etcdClient}`),
    binDir: state.binaries.pgBin,
    dataDir: directory.postgresData(node),
    socketDir: directory.node(node),
    passFile: `${directory.node(node)}/pgpass`,
    log: { directory: directory.logs, fileName: `${node}-postgres.log` },
    // Whatever address of the network is connected to, the kernel chooses 127.0.0.1 as the one it comes from.
    clientNetwork: '127.0.0.0/8',
    // The leader makes a new replica's slot in its next loop; with the profile's own loop_wait that would be
    // most of the time that the lab needs to come up. See setLoopWait.
    timing: { ...timing, loopWait: 1 },
    parameters: { max_connections: state.maxConnections, shared_buffers: '256MB' },
    users: patroniUsers(state),
    ...(state.tls === undefined
      ? {}
      : { tls: tlsFiles(directory, node), api: { user: API_USER, password: state.tls.api } }),
  });
  await writeOwned(directory.patroniConfig(node), text, state.user);
}

export function patroniSpec(directory: LabDirectory, state: LabState, node: string): ProcessSpec {
  return {
    command: state.binaries.patroni,
    args: [directory.patroniConfig(node)],
    cwd: directory.node(node),
    env: environment(directory),
    logFile: directory.log('patroni', node),
    user: state.user,
  };
}

export async function missingPrimary(
  state: LabState,
  node: string,
  access: HttpAccess,
): Promise<string | null> {
  const url = patroniUrl(state, node);
  const member = await getMember(url, access);
  if (member.state !== 'running' || member.role !== 'primary') {
    return `${node} is ${member.role}, ${member.state}`;
  }
  return (await isLeader(url, access)) ? null : `${node} does not hold the leader key`;
}

/** The start has its own loop_wait; this sets the profile's. */
export async function setLoopWait(state: LabState, leader: string, access: HttpAccess): Promise<void> {
  const { loopWait } = profileOf(state.profile, state.versions.patroni).patroni;
  await patchConfig(patroniUrl(state, leader), { loop_wait: loopWait }, access);
}

import { getHaproxyStats, haproxyCommand } from '../cluster/haproxy.js';
import { NODE_NAMES, nodeAddress, PORTS, PROXY_PORTS, proxyAddress } from './network.js';
import type { ProcessSpec } from './process.js';
import { profileOf } from './profiles.js';
import { environment, type LabDirectory, type LabState, writeOwned } from './state.js';
import { type HaproxyTls, haproxyConfig, RO_LISTENER, RW_LISTENER } from './templates/haproxy.js';
import { caFile, proxyFile, STATS_USER } from './tls.js';

export async function writeHaproxyConfig(directory: LabDirectory, state: LabState): Promise<void> {
  const text = haproxyConfig({
    host: proxyAddress(state.network),
    rwPort: PROXY_PORTS.rw,
    roPort: PROXY_PORTS.ro,
    statsPort: PROXY_PORTS.stats,
    socketPath: directory.haproxySocket,
    servers: NODE_NAMES.map((name) => ({
      name,
      host: nodeAddress(state.network, name),
      port: PORTS.postgres,
      apiPort: PORTS.api,
    })),
    connections: state.maxConnections * NODE_NAMES.length,
    timing: profileOf(state.profile, state.versions.patroni).haproxy,
    ...(state.tls === undefined
      ? {}
      : { tls: proxyTls(directory), login: { user: STATS_USER, password: state.tls.stats } }),
  });
  await writeOwned(directory.haproxyConfig, text, state.user);
}

function proxyTls(directory: LabDirectory): HaproxyTls {
  return { caFile: caFile(directory), certAndKeyFile: proxyFile(directory) };
}

/** One process without a master: its pid is the one that serves, so it can be recorded and ended. */
export function haproxySpec(
  directory: LabDirectory,
  state: LabState,
  extraArgs: readonly string[],
): ProcessSpec {
  return {
    command: state.binaries.haproxy,
    args: ['-db', '-f', directory.haproxyConfig, ...extraArgs],
    cwd: directory.path,
    env: environment(directory),
    logFile: directory.log('haproxy', null),
    user: state.user,
  };
}

/**
 * Tells HAProxy who leads. It starts with every server UP, and would need inter × fall to find out by its checks
 * that two of three are not for writing; from here on its checks decide alone.
 */
export async function presetHealth(directory: LabDirectory, leader: string): Promise<void> {
  const path = directory.haproxySocket;
  for (const node of NODE_NAMES) {
    const listener = node === leader ? RO_LISTENER : RW_LISTENER;
    await haproxyCommand(path, `set server ${listener}/${node} health down`);
  }
}

/** What is missing until HAProxy sends writes to the leader alone and reads to all replicas, null when nothing is. */
export async function missingRoutes(directory: LabDirectory, leader: string): Promise<string | null> {
  const lines = await getHaproxyStats({ kind: 'socket', path: directory.haproxySocket });
  for (const listener of [RW_LISTENER, RO_LISTENER]) {
    for (const node of NODE_NAMES) {
      const line = lines.find(({ proxy, server }) => proxy === listener && server === node);
      const isUp = line?.status.startsWith('UP') === true;
      const shouldBeUp = (listener === RW_LISTENER) === (node === leader);
      if (isUp !== shouldBeUp) {
        return `${listener}/${node} is ${line?.status ?? 'not there'}`;
      }
    }
  }
  return null;
}

import { getEtcdKey, getEtcdStatus, isEtcdHealthy } from '../cluster/etcd.js';
import type { HttpAccess } from '../cluster/http.js';
import { NODE_NAMES, nodeAddress, PORTS } from './network.js';
import type { ProcessSpec } from './process.js';
import { environment, type LabDirectory, type LabState, schemeOf } from './state.js';
import { etcdSettings } from './templates/etcd.js';
import { tlsFiles } from './tls.js';

export function etcdUrl(state: LabState, node: string): string {
  return `${schemeOf(state)}://${nodeAddress(state.network, node)}:${PORTS.etcdClient}`;
}

export function etcdSpec(directory: LabDirectory, state: LabState, node: string): ProcessSpec {
  const settings = etcdSettings({
    name: node,
    host: nodeAddress(state.network, node),
    clientPort: PORTS.etcdClient,
    peerPort: PORTS.etcdPeer,
    dataDir: directory.etcdData(node),
    token: state.clusterToken,
    members: NODE_NAMES.map((name) => ({ name, host: nodeAddress(state.network, name) })),
    ...(state.tls === undefined ? {} : { tls: tlsFiles(directory, node) }),
  });
  return {
    command: state.binaries.etcd,
    args: Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    cwd: directory.node(node),
    env: { ...environment(directory), ...unsupportedArchitecture() },
    logFile: directory.log('etcd', node),
    user: state.user,
  };
}

/** What is missing until all members serve under one leader, null when nothing is. */
export async function missingEtcd(state: LabState, access: HttpAccess): Promise<string | null> {
  for (const node of NODE_NAMES) {
    const url = etcdUrl(state, node);
    const { leaderId } = await getEtcdStatus(url, access);
    if (leaderId === null) {
      return `${node} sees no leader`;
    }
    if (!(await isEtcdHealthy(url, access))) {
      return `${node} is not healthy`;
    }
  }
  return null;
}

/** Whether a member of Patroni's cluster has won the right to bootstrap it: from then on no other will. */
export async function missingInitializeKey(state: LabState, access: HttpAccess): Promise<string | null> {
  const key = await getEtcdKey(etcdUrl(state, 'n1'), `/service/${state.scope}/initialize`, access);
  return key === null ? 'no member has begun to bootstrap' : null;
}

/** etcd 3.4 refuses to start on anything but amd64, unless it is told which architecture it is on. */
function unsupportedArchitecture(): Record<string, string> {
  return process.arch === 'x64' ? {} : { ETCD_UNSUPPORTED_ARCH: process.arch };
}

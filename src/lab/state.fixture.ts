import { bootId, recordOf } from './process.js';
import type { LabState } from './state.js';

/** The state of a lab that this process is just starting. */
export async function someState(name: string): Promise<LabState> {
  const starter = await recordOf(process.pid);
  return {
    format: 1,
    name,
    profile: 'stock',
    network: '127.0.203',
    scope: `pgha-${name}`,
    clusterToken: 'token',
    maxConnections: 300,
    user: null,
    binaries: { pgBin: '/usr/lib/postgresql/15/bin', patroni: '/p', etcd: '/e', haproxy: '/h' },
    versions: { postgres: '15.18', patroni: '3.0.2', etcd: '3.4.23', haproxy: '2.6.12' },
    passwords: { superuser: 's', replication: 'r', rewind: 'w', application: 'a' },
    bootId: await bootId(),
    phase: 'starting',
    starter: starter ?? { pid: 0, startTicks: 0 },
  };
}

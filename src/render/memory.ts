import type { ProfileSettings } from '../lab/profiles.js';

/**
 * PostgreSQL's parameters that follow from a host's memory, MiB: on a host that runs etcd, Patroni and perhaps HAProxy,
 * too, and where connections are clients of a pool or of a benchmark.
 */
export function memorySettings(memoryMib: number): ProfileSettings {
  const sharedBuffers = atLeast(memoryMib / 4, 64);
  const connections = Math.min(500, Math.max(50, Math.floor(memoryMib / 20 / 10) * 10));
  const workMem = Math.max(1, Math.floor(memoryMib / 4 / connections));
  return {
    'postgres.max_connections': {
      value: connections,
      reason: `one for each 20 MB of memory; HAProxy lets a quarter more wait`,
    },
    'postgres.shared_buffers': {
      value: `${sharedBuffers}MB`,
      reason: 'a quarter of the memory: the rest is for connections, the file cache and etcd',
    },
    'postgres.effective_cache_size': {
      value: `${atLeast(memoryMib / 2, 128)}MB`,
      reason: 'half of the memory: what the planner may expect to be cached',
    },
    'postgres.work_mem': {
      value: `${workMem}MB`,
      reason: 'a quarter of the memory, shared by all connections',
    },
    'postgres.maintenance_work_mem': {
      value: `${Math.min(1024, atLeast(memoryMib / 32, 16))}MB`,
      reason: 'a 32nd of the memory, since three autovacuum workers may each take it',
    },
  };
}

function atLeast(mib: number, least: number): number {
  return Math.max(least, Math.floor(mib));
}

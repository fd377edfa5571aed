import { NODE_NAMES } from './network.js';
import { postmasterOf, sharedMemoryOf } from './postgres.js';
import { type LabDirectory, recordProcess, recordSharedMemory } from './state.js';

/**
 * Records the servers that run now, which are Patroni's to start. To be called before one of them is killed: what a
 * killed server leaves in shared memory is known only while it runs.
 */
export async function recordServers({ directory }: { readonly directory: LabDirectory }): Promise<void> {
  for (const node of NODE_NAMES) {
    const record = await postmasterOf(directory.postgresData(node));
    if (record !== null) {
      recordProcess(directory, { component: 'postgres', node, ...record });
      await recordSharedMemory(directory, await sharedMemoryOf([record]));
    }
  }
}

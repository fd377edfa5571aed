import { parentPort } from 'node:worker_threads';
import { startNullServer } from './server.js';

/** A null server in a thread of its own, which ends with it: to be started as a worker; tells its port. */
export interface FromNullServer {
  readonly port: number;
}

if (parentPort !== null) {
  const { port } = await startNullServer();
  parentPort.postMessage({ port } satisfies FromNullServer);
}

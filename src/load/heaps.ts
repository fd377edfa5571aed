import { setFlagsFromString } from 'node:v8';

/**
 * What makes the memory of a run that takes hours what it is after a minute. V8 doubles what a thread has for new objects, up to
 * 32 MB, by how much of them has ever survived, and begins to look for garbage among the old at 256 MB: threads that make little
 * garbage, of which some gets old, are at both after hours.
 */
export const WORKER_LIMITS = { maxYoungGenerationSizeMb: 2 };

/** Of a worker with 32 clients 9 MB stay. */
const FIRST_OLD_COLLECTION_MB = 12;

/** For threads that are started later. */
export function collectOldEarly(): void {
  setFlagsFromString(`--initial-old-space-size=${FIRST_OLD_COLLECTION_MB}`);
}

/**
 * For the threads that run already, and until one more is started: V8 sets its factor back then. The main thread has no other
 * limit but a flag of the node that started it.
 */
export function growYoungNoMore(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

/**
 * Holds what a long run's threads take. V8 doubles a thread's space for new objects, up to 32 MB, by how much of them has ever
 * survived: threads that make little garbage grow for hours. Its flags hold for the whole process, that of a program which uses
 * this one as a library, too.
 */
const YOUNG_MB = 2;

/** @param workerData copied to it */
export function startWorker(file: URL, workerData: unknown): Worker {
  // Else V8 may begin to look for garbage among the old as late as at 256 MB, and waits for 8 MB more each time; so for 2.
  setFlagsFromString('--optimize-for-size');
  return new Worker(file, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
}

/**
 * For the main thread, which has no other limit but a flag of the node that started it. To be called when all workers run: in Node
 * 20 V8 sets its factor back with each thread that is started.
 */
export function holdMainThread(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

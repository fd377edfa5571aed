import { readFileSync } from 'node:fs';

/**
 * How many files this process may have open, connections among them: Node raises its soft limit to the hard one when it
 * starts, so that this is what the process sees, and not the shell. Null where the system does not tell.
 */
export function openFilesLimit(): number | null {
  try {
    return parseOpenFiles(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return null; // another system
  }
}

/** The soft limit of `/proc/self/limits`; null where it is not in there. */
export function parseOpenFiles(text: string): number | null {
  const [, limit] = /^Max open files\s+(\d+|unlimited)\s/m.exec(text) ?? [];
  if (limit === undefined) {
    return null;
  }
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}

/** What keeps files open in a process that makes a load. */
export interface FilesOfLoad {
  /** Of all clients. */
  readonly connections: number;
  readonly workers: number;
  /** Connections of probes, writers and observers, at most. */
  readonly lookers: number;
}

/** Node itself (17 were seen in use), questions to the services, files of the result. */
const OWN_FILES = 64;

/** Its event loop (5 were seen in use), a log, files of a workload. */
const FILES_OF_WORKER = 10;

/** How many files it has open at once, at most. */
export function filesNeeded({ connections, workers, lookers }: FilesOfLoad): number {
  return connections + lookers + FILES_OF_WORKER * workers + OWN_FILES;
}

/** A limit to ask for that has room for so many: a power of two, as people write them. */
export function roomyLimit(needed: number): number {
  return 2 ** Math.max(12, Math.ceil(Math.log2(needed * 1.25)));
}

import { readdir, statfs } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Answer, answerOf } from './answer.js';
import { autoClusters } from './debian-clusters.js';

/** The machine of the servers, where it is this one. */
export interface HostEvidence {
  readonly disks: readonly Disk[];
  /** Whether the distribution's own service starts a PostgreSQL, too; never one of a lab, whose data lie elsewhere. */
  readonly serviceEnabled: Answer<boolean>;
}

export interface Disk {
  /** Member whose data lie on it. */
  readonly name: string;
  readonly directory: string;
  readonly free: Answer<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

const WANTED = '/etc/systemd/system/multi-user.target.wants';
const DEBIAN = '/etc/postgresql';

/** @param directories of data by the member's name; @param isLab whether the tool itself started all of it */
export async function gatherHost(
  directories: Readonly<Record<string, string>>,
  isLab: boolean,
): Promise<HostEvidence> {
  const disks = await Promise.all(
    Object.entries(directories).map(async ([name, directory]) => ({
      name,
      directory,
      free: await answerOf(async () => {
        const { bavail, blocks, bsize } = await statfs(directory);
        return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      }),
    })),
  );
  return {
    disks,
    serviceEnabled: isLab ? { value: false } : await answerOf(() => startsByItself(WANTED, DEBIAN)),
  };
}

/** Whether a host is this machine, as far as its address tells. */
export function isLocal(host: string): boolean {
  if (host === 'localhost' || host.startsWith('/')) {
    return true;
  }
  if (isIP(host) === 0) {
    return false;
  }
  const own = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
  return host.startsWith('127.') || own.includes(host);
}

/**
 * Debian's service starts those clusters whose start.conf says `auto`, or says nothing; those of other distributions
 * have the version in their name, and start one.
 * @param wanted directory of the services that are enabled; @param debian of the clusters, by version and name
 */
export async function startsByItself(wanted: string, debian: string): Promise<boolean> {
  const enabled = await namesIn(wanted);
  if (enabled.some((name) => /^postgresql-\d+\.service$/.test(name))) {
    return true;
  }
  if (!enabled.includes('postgresql.service')) {
    return false;
  }
  return (await autoClusters(debian)).length > 0;
}

/** None where there is no such directory. */
async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

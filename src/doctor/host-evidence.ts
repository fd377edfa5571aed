import { access, statfs } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Answer, answerOf } from './answer.js';

/** The machine of the servers, where it is this one. */
export interface HostEvidence {
  readonly disks: readonly Disk[];
  /** Whether the distribution's own service starts a PostgreSQL, too; unknown on a lab, which has nothing to do with it. */
  readonly serviceEnabled: Answer<boolean>;
}

export interface Disk {
  /** Member whose data lie on it. */
  readonly name: string;
  readonly directory: string;
  readonly free: Answer<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

const UNITS = [
  '/etc/systemd/system/multi-user.target.wants/postgresql.service',
  '/etc/systemd/system/multi-user.target.wants/postgresql-15.service',
  '/etc/systemd/system/multi-user.target.wants/postgresql-16.service',
  '/etc/systemd/system/multi-user.target.wants/postgresql-17.service',
  '/etc/systemd/system/multi-user.target.wants/postgresql-18.service',
];

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
    serviceEnabled: isLab
      ? { unknown: 'a lab has no services' }
      : { value: (await Promise.all(UNITS.map(exists))).some(Boolean) },
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

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

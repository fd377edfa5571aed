import { UserError } from '../errors.js';
import { filesNeeded, openFilesLimit, roomyLimit } from '../load/open-files.js';
import { lookersOf } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import { connectionsByRoute } from '../plan/ports.js';

/** What a run keeps open, as far as it is known before the target is looked at. */
export type LoadShape = Pick<
  Plan,
  'clients' | 'workers' | 'connections' | 'workload' | 'probes' | 'observers' | 'directWrites'
>;

/**
 * A client that cannot have a file has no connection, and that would look as if the server refused it.
 * @param limit of this process, null where it is not known
 * @throws UserError when it is too low
 */
export function expectRoomForFiles(load: LoadShape, limit: number | null = openFilesLimit()): void {
  const needed = filesOf(load, load.clients);
  if (limit === null || needed <= limit) {
    return;
  }
  const most = mostClients(load, limit);
  const fewer = most > 0 ? `, or use --clients ${most} at most` : '';
  throw new UserError(
    `--clients: ${load.clients} clients need ${needed} open files (connections, probes, threads), and this process may have ${limit}.`,
    `Raise it with 'ulimit -n ${roomyLimit(needed)}' as root, or for good by LimitNOFILE= of the systemd unit or nofile in /etc/security/limits.conf${fewer}.`,
  );
}

function filesOf(load: LoadShape, clients: number): number {
  const { rw, ro } = connectionsByRoute({ ...load, clients });
  // Whether the target has a read-only port is not known yet; one server more or less is no matter.
  const { port, server } = lookersOf({ ...load, target: { ro: ANY } });
  return filesNeeded({
    connections: rw + ro,
    workers: Math.min(load.workers, clients),
    lookers: 2 * port + (server - port),
  });
}

const ANY = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;

/** 0 when there is no room for a single one. */
function mostClients(load: LoadShape, limit: number): number {
  let [fits, tooMany] = [0, load.clients];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (filesOf(load, middle) <= limit) {
      fits = middle;
    } else {
      tooMany = middle;
    }
  }
  return fits;
}

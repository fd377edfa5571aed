import type { HaproxyLine } from '../cluster/haproxy.js';
import { given, known } from './answer.js';
import { warning } from './complaint.js';
import type { LiveEvidence } from './evidence.js';
import type { Complaint } from './finding.js';
import { type Backend, backendsOf, sideByName } from './haproxy-backends.js';
import type { Look } from './patroni-look.js';

/** Whether HAProxy takes the load's connections, and those that look on through it. */
export function roomComplaints({
  clients,
  lookers,
  haproxy,
  patroni,
}: LiveEvidence): readonly Complaint[] | string {
  return given(haproxy, ({ stats, info, paths }) =>
    given(stats, (lines): Look => {
      const members = ('value' in patroni ? known(patroni.value.cluster)?.members : null) ?? [];
      const ports = paths.ro === null ? 1 : 2;
      const small = (what: string, limit: number, looking: number, fix: string) =>
        warning(
          what,
          `HAProxy takes ${limit} connections for ${what}, and ${clients} clients with ${looking} to look on need ${clients + looking}.`,
          'The others wait in its queue, and their wait would be taken for that of PostgreSQL.',
          fix,
        );
      const global = Number(known(info)?.get('Maxconn') ?? Number.POSITIVE_INFINITY);
      const through = ports * lookers.port;
      const backends = backendsOf(lines, members, paths).filter(({ side }) => side !== null);
      return [
        // Each connection of a client is one of the process; those to servers are not counted.
        ...(global < clients + through
          ? [
              small(
                'the process',
                global,
                through,
                `Set maxconn ${2 * (clients + through)} in the section global.`,
              ),
            ]
          : []),
        ...limited(lines, backends)
          .filter(
            ({ sessionLimit }) =>
              sessionLimit !== null && sessionLimit > 0 && sessionLimit < clients + lookers.port,
          )
          .map(({ kind, proxy, server, sessionLimit }) =>
            small(
              kind === 'server' ? `${proxy}/${server}` : proxy,
              sessionLimit ?? 0,
              lookers.port,
              `Raise maxconn of it to ${2 * (clients + lookers.port)}.`,
            ),
          ),
      ];
    }),
  );
}

/**
 * Frontends and servers that the load may come by. A frontend that stands alone, whose servers are those of a backend
 * with another name, is known by its own name only.
 */
function limited(lines: readonly HaproxyLine[], backends: readonly Backend[]): readonly HaproxyLine[] {
  const ours = new Set(backends.map(({ proxy }) => proxy));
  const sides = new Set(backends.map(({ side }) => side));
  const withServers = new Set(lines.filter(({ kind }) => kind === 'server').map(({ proxy }) => proxy));
  return lines.filter(({ kind, proxy }) => {
    if (kind !== 'frontend') {
      return kind === 'server' && ours.has(proxy);
    }
    const side = withServers.has(proxy) ? null : sideByName(proxy);
    return ours.has(proxy) || (side !== null && sides.has(side));
  });
}

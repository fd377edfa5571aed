import type { Lookers } from '../observe/probes.js';
import { given, givenBoth } from './answer.js';
import { warning } from './complaint.js';
import type { LiveCheck } from './evidence.js';

/** Whether this machine can make the load. */
export const GENERATOR_CHECKS: readonly LiveCheck[] = [
  {
    id: 'ephemeral-ports',
    layer: 'generator',
    about: 'this machine has a port for each connection',
    look: ({ generator, clients, lookers }) =>
      givenBoth(generator.ephemeralPorts, generator.timeWait, (ports, waiting) =>
        ports - waiting >= connectionsFrom(clients, lookers)
          ? []
          : [
              warning(
                null,
                `This machine has ${ports} ports for connections, ${waiting} of them in TIME_WAIT, for ${clients} clients.`,
                'Connections fail here, and look as if the server refused them.',
                "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
              ),
            ],
      ),
  },
  {
    id: 'open-files',
    layer: 'generator',
    about: 'this machine lets a process have a file open for each connection',
    look: ({ generator, clients, lookers }) =>
      given(generator.openFiles, (limit) => {
        const needed = connectionsFrom(clients, lookers) + OWN_FILES;
        return limit >= needed
          ? []
          : [
              warning(
                null,
                `A process may have ${limit} files open here, and ${clients} clients need ${needed}.`,
                'Connections fail here, and look as if the server refused them.',
                `ulimit -n ${2 * needed}`,
              ),
            ];
      }),
  },
];

/** Modules, logs, threads, questions to the services. */
const OWN_FILES = 100;

function connectionsFrom(clients: number, { port, server }: Lookers): number {
  return clients + port + server;
}

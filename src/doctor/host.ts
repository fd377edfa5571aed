import { each, given } from './answer.js';
import { warning } from './complaint.js';
import type { LiveCheck } from './evidence.js';

/** The machine of the servers, where it is this one. */
export const HOST_CHECKS: readonly LiveCheck[] = [
  {
    id: 'disk-space',
    layer: 'host',
    about: 'the disks of the data have room for the WAL of a run',
    look: ({ host }) =>
      given(host, ({ disks }) =>
        each(
          disks.map(({ name, directory, free }) => ({
            name,
            answer: 'value' in free ? { value: { directory, ...free.value } } : free,
          })),
          ({ directory, freeBytes, totalBytes }, name) =>
            freeBytes >= LEAST_FREE_BYTES
              ? []
              : [
                  warning(
                    name,
                    `${megabytes(freeBytes)} MB of ${megabytes(totalBytes)} MB are free at ${directory}.`,
                    'A server whose disk is full stops in the middle of the run.',
                    'Make room, or put the data elsewhere.',
                  ),
                ],
        ),
      ),
  },
  {
    id: 'one-starter',
    layer: 'host',
    about: 'nothing but Patroni starts PostgreSQL (postgresql.service is not enabled)',
    look: ({ host }) =>
      given(host, ({ serviceEnabled }) =>
        given(serviceEnabled, (enabled) =>
          enabled
            ? [
                warning(
                  null,
                  'postgresql.service is enabled on this machine, and has a cluster to start.',
                  'It starts PostgreSQL behind the back of Patroni: after a reboot as a second primary.',
                  "systemctl disable --now postgresql, or 'manual' in start.conf of the cluster",
                ),
              ]
            : [],
        ),
      ),
  },
];

/** As much as PostgreSQL writes with its default max_wal_size. */
const LEAST_FREE_BYTES = 1024 ** 3;

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

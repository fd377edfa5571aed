import type { Complaint, Severity } from '../../finding.js';
import { type FileCheck, lookAtHost } from '../evidence.js';
import type { HostLook } from '../host-look.js';
import { type NamedPath, namedPaths } from '../named-paths.js';

/** What the files name and the host has, or has not. */
export const HOST_PATH_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-config-dir',
    layer: 'host',
    about: "PostgreSQL's config_dir is there",
    look: lookAtHost((host) => missing(host, 'config-dir')),
  },
  {
    id: 'file-programs',
    layer: 'host',
    about: "bin_dir has PostgreSQL's programs",
    look: lookAtHost((host) => missing(host, 'program')),
  },
  {
    id: 'file-certificates',
    layer: 'host',
    about: 'certificates and keys that the files name are there',
    look: lookAtHost((host) => missing(host, 'certificate')),
  },
  {
    id: 'file-watchdog',
    layer: 'host',
    about: 'the watchdog that Patroni must have is there',
    look: lookAtHost((host) => missing(host, 'watchdog')),
  },
  {
    id: 'file-patronictl',
    layer: 'host',
    about: 'patronictl is on the PATH and finds its configuration',
    look: lookAtHost((host) =>
      host.patroni.length === 0 ? 'no patroni.yml of this host was given' : patronictl(host),
    ),
  },
];

const MISSING: Readonly<
  Record<
    Exclude<NamedPath['what'], 'data-dir'>,
    { readonly severity: Severity; readonly why: string; readonly fix: string }
  >
> = {
  'config-dir': {
    severity: 'refuse',
    why: "Patroni writes PostgreSQL's configuration there and fails at bootstrap; pg_dropcluster takes it away on Debian.",
    fix: 'Take config_dir out, so that it is the data directory, or make it: install -d -o postgres -m 755',
  },
  program: {
    severity: 'refuse',
    why: 'Patroni cannot start PostgreSQL, nor make a data directory.',
    fix: 'Install PostgreSQL of that version, or set bin_dir to where its programs are.',
  },
  certificate: {
    severity: 'refuse',
    why: 'The service does not start without it.',
    fix: 'Put it there, for the user of the service to read.',
  },
  watchdog: {
    severity: 'refuse',
    why: 'With watchdog.mode required a member without the device never becomes the leader.',
    fix: 'modprobe softdog, and make the device writable for postgres; or set watchdog.mode: automatic.',
  },
};

function missing(
  host: HostLook,
  what: Exclude<NamedPath['what'], 'data-dir'>,
): readonly Complaint[] | string {
  const named = namedPaths(host.patroni, host.etcd).filter((path) => path.what === what);
  const { severity, why, fix } = MISSING[what];
  return named.flatMap(({ path, setting, place }) =>
    host.paths.get(path) === 'missing'
      ? [
          {
            severity,
            subject: place,
            found: `${setting} needs ${path}, which is not there.`,
            why,
            fix: what === 'config-dir' ? `${fix} ${path}` : fix,
          },
        ]
      : [],
  );
}

function patronictl({ patronictl: { isOnPath, hasConfig } }: HostLook): readonly Complaint[] {
  if (isOnPath && hasConfig) {
    return [];
  }
  return [
    {
      severity: 'note',
      subject: null,
      found: isOnPath
        ? 'patronictl is there, and neither ~/.config/patroni/patronictl.yaml nor PATRONICTL_CONFIG_FILE.'
        : 'patronictl is in no directory of the usual PATH.',
      why: 'In an outage one would have to know where it is, and give -c FILE with each command.',
      fix: isOnPath
        ? "echo 'PATRONICTL_CONFIG_FILE=/etc/patroni/config.yml' >> /etc/environment"
        : 'ln -s it from where Patroni is installed to /usr/local/bin.',
    },
  ];
}

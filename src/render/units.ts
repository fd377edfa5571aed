import { PATHS } from './places.js';
import { type Topology, watchdogOf } from './topology.js';

/** A unit of its own in /etc goes before the one of the package. */
export function patroniUnit(topology: Topology): string {
  const { name, user } = topology;
  return `[Unit]
Description=Patroni, which runs PostgreSQL of the cluster ${name}
# It listens on the host's own address, which must be there.
After=network-online.target etcd.service
Wants=network-online.target

[Service]
Type=simple
User=${user}
Group=${user}
${runtimeLines(topology)}${watchdogOf(topology) === 'off' ? '' : watchdogLines(user)}ExecStart=/usr/bin/patroni ${PATHS.patroni}
ExecReload=/bin/kill -s HUP $MAINPID
# Patroni alone gets the signal, and shuts PostgreSQL down cleanly; the rest of the group would crash it.
KillMode=process
# A clean shutdown writes a checkpoint, which may take its time.
TimeoutStopSec=120
# Back before its key expires, it goes on with the PostgreSQL that it left.
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
}

/** What lies below /run is gone with each boot; PostgreSQL's package makes its own directory there again. */
function runtimeLines({ directories: { prefix, postgresSocket } }: Topology): string {
  const [, name] = /^(?:\/var)?\/run\/(.+)$/.exec(postgresSocket) ?? [];
  return prefix !== '' || name === undefined || name === 'postgresql'
    ? ''
    : `# PostgreSQL's socket is there, and PostgreSQL goes on when Patroni ends.
RuntimeDirectory=${name}
RuntimeDirectoryPreserve=yes
`;
}

/** As root, whoever the service runs as; a host without the module starts all the same. */
function watchdogLines(user: string): string {
  return `# The watchdog resets a host whose Patroni hangs while it leads.
ExecStartPre=-+/sbin/modprobe softdog
ExecStartPre=-+/bin/chown ${user} /dev/watchdog
`;
}

/** What the unit of etcd's package lacks. */
export function etcdDropIn(): string {
  return `[Unit]
# It listens on the host's own address, which must be there.
After=network-online.target

[Service]
# The package starts it again after a crash, but not when it ends with an error.
Restart=on-failure
RestartSec=1
# Beside PostgreSQL: a load must not cost etcd its heartbeats.
CPUWeight=1000
IOWeight=1000
`;
}

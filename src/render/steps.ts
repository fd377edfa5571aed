import { PORTS, PROXY_PORTS } from '../lab/network.js';
import { APPLICATION_SQL } from './application.js';
import { DEBIAN_USER, onHost, PATHS, passDirectory } from './places.js';
import type { HostFile } from './rendered-file.js';
import type { Topology, TopologyHost } from './topology.js';

/** What somebody does on a host, in this order. */
export interface Step {
  readonly title: string;
  /** Before the commands: what must have been done elsewhere, and what for. */
  readonly note: string | null;
  /** Of a root shell in the host's folder. */
  readonly commands: readonly string[];
}

/** The steps of one host; those of the same title are at the same time on all hosts. */
export function hostSteps(
  topology: Topology,
  host: TopologyHost,
  files: readonly Pick<HostFile, 'path' | 'owner' | 'secret'>[],
): readonly Step[] {
  const isDatabase = topology.hosts.includes(host);
  const isProxy = topology.proxies.includes(host);
  return [
    installPackages(topology, isDatabase, isProxy),
    putFiles(topology, host, files, isDatabase),
    ...(isDatabase ? [startEtcd(topology), startPatroni(topology, host)] : []),
    ...(host === topology.hosts[0] ? [makeApplication(topology, host)] : []),
    ...(isProxy ? [startHaproxy(host)] : []),
  ];
}

function installPackages({ postgres }: Topology, isDatabase: boolean, isProxy: boolean): Step {
  if (!isDatabase) {
    return {
      title: 'Install the packages',
      note: null,
      commands: ['apt-get update', 'apt-get install -y haproxy', 'systemctl disable --now haproxy'],
    };
  }
  const services = ['patroni', 'etcd', 'postgresql', ...(isProxy ? ['haproxy'] : [])].join(' ');
  return {
    title: 'Install the packages',
    note: "PostgreSQL's own repository has every version of it, and Patroni. Debian must neither make a cluster of its own nor start what is not configured yet.",
    commands: [
      'apt-get update',
      'apt-get install -y postgresql-common ca-certificates',
      '/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y',
      "echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf",
      `apt-get install -y postgresql-${postgres} etcd-server etcd-client`,
      `apt-get install -y patroni python3-etcd python3-dnspython${isProxy ? ' haproxy' : ''}`,
      `systemctl disable --now ${services}`,
      'patroni --version',
    ],
  };
}

function putFiles(
  topology: Topology,
  host: TopologyHost,
  files: readonly Pick<HostFile, 'path' | 'owner' | 'secret'>[],
  isDatabase: boolean,
): Step {
  const { user } = topology;
  const commands = files.map(({ path, owner, secret }) => {
    const who = owner === 'user' ? user : 'root';
    return `install -D -o ${who} -g ${who} -m ${secret ? 600 : 644} .${path} ${path}`;
  });
  return {
    title: 'Put the files in their places',
    note: null,
    commands: [
      ...(isDatabase ? makeUser(user) : []),
      ...commands,
      ...(isDatabase ? makeDirectories(topology, host) : []),
      'systemctl daemon-reload',
    ],
  };
}

/** Debian's own user is there; the directories of logs and sockets are open to its group. */
function makeUser(user: string): readonly string[] {
  return user === DEBIAN_USER
    ? []
    : [
        `getent group ${user} || groupadd --system ${user}`,
        `getent passwd ${user} || useradd --system --gid ${user} --home-dir /var/lib/patroni ${user}`,
        `usermod --append --groups ${DEBIAN_USER} ${user}`,
      ];
}

function makeDirectories(topology: Topology, host: TopologyHost): readonly string[] {
  const { user, directories } = topology;
  const own = (mode: number, path: string) =>
    `install -d -o ${user} -g ${user} -m ${mode} ${onHost(topology, host, path)}`;
  const { postgresData, postgresSocket, etcdData } = directories;
  // Patroni makes the data directory anew for a member that starts over; elsewhere what is above it may be anybody's.
  const above = postgresData.slice(0, postgresData.lastIndexOf('/'));
  const socket = onHost(topology, host, postgresSocket);
  return [
    `install -d -o etcd -g etcd -m 700 ${onHost(topology, host, etcdData)}`,
    ...(above.startsWith(`${PATHS.clusters}/`) ? [own(755, above)] : []),
    own(700, postgresData),
    ...(user === DEBIAN_USER ? [] : [own(700, passDirectory(topology))]),
    // It may be one that is shared, such as /tmp.
    ...(isOwnSocket(topology) ? [`test -d ${socket} || ${own(755, postgresSocket)}`] : []),
  ];
}

/** Whether PostgreSQL's socket is elsewhere than its package makes room for it, and its programs look. */
function isOwnSocket({ directories }: Topology): boolean {
  const { prefix, postgresSocket } = directories;
  return prefix !== '' || ![PATHS.socket, '/run/postgresql'].includes(postgresSocket);
}

function startEtcd(topology: Topology): Step {
  const endpoints = topology.hosts.map(({ address }) => `http://${address}:${PORTS.etcdClient}`).join(',');
  return {
    title: 'Start etcd',
    note: 'On every database host before going on: a member waits for the others. All must be healthy before the state is set to existing, so that one that loses its data later joins the others and begins no cluster of its own.',
    commands: [
      'systemctl enable --now --no-block etcd',
      `ETCDCTL_API=3 etcdctl --endpoints=${endpoints} endpoint health`,
      `sed -i 's/^ETCD_INITIAL_CLUSTER_STATE=.*/ETCD_INITIAL_CLUSTER_STATE=existing/' ${PATHS.etcd}`,
    ],
  };
}

function startPatroni(topology: Topology, host: TopologyHost): Step {
  const [first] = topology.hosts;
  const list = `runuser -u ${topology.user} -- patronictl -c ${PATHS.patroni} list`;
  return {
    title: 'Start Patroni',
    note:
      host === first
        ? `Before the other hosts: it makes the cluster. Go on when the list shows ${host.name} as Leader, running.`
        : `When ${first?.name} is Leader: it is copied from there. Go on when the list shows ${host.name} streaming.`,
    commands: ['systemctl enable --now patroni', list],
  };
}

function makeApplication(topology: Topology, host: TopologyHost): Step {
  const at = isOwnSocket(topology)
    ? `-h ${onHost(topology, host, topology.directories.postgresSocket)} `
    : '';
  return {
    title: 'Make the role and the database of the loads',
    note: 'Here alone, while this host leads. The password goes by standard input, so that no list of processes shows it.',
    commands: [`runuser -u ${topology.user} -- psql -X ${at}-d postgres -f - < ${APPLICATION_SQL}`],
  };
}

function startHaproxy({ address }: TopologyHost): Step {
  return {
    title: 'Start HAProxy',
    note: `Read-write on ${address}:${PROXY_PORTS.rw}, read-only on ${address}:${PROXY_PORTS.ro}, statistics on ${address}:${PROXY_PORTS.stats}.`,
    commands: [`haproxy -c -f ${PATHS.haproxy}`, 'systemctl enable --now haproxy'],
  };
}

/** On the machine that pgha-bench runs on, in the rendered directory. */
export function toolSteps({ name }: Topology): readonly Step[] {
  return [
    {
      title: 'Look whether the tool gets everywhere',
      note: null,
      commands: [
        'set -a; . ./passwords.env; set +a',
        `pgha-bench target test ${name}`,
        `pgha-bench doctor --target ${name}`,
      ],
    },
    {
      title: 'Run a load through a switchover',
      note: `Faults on a cluster that is not a lab need its name, ${name}, behind --allow-fault.`,
      commands: [
        `pgha-bench init tpcb --scale 10 --target ${name}`,
        `pgha-bench run tpcb -c 16 -T 90 --target ${name} \\\n  --fault switchover@30s --allow-fault ${name}`,
      ],
    },
  ];
}

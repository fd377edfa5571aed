import { PORTS, PROXY_PORTS } from '../lab/network.js';
import { allHosts, PATHS } from './places.js';
import type { HostFile } from './rendered-file.js';
import { hostSteps, type Step, toolSteps } from './steps.js';
import type { Topology, TopologyHost } from './topology.js';

type PlacedFile = Pick<HostFile, 'path' | 'owner' | 'secret'>;

/** steps.md of one host. */
export function stepsText(topology: Topology, host: TopologyHost, files: readonly PlacedFile[]): string {
  const steps = hostSteps(topology, host, files);
  return `# ${host.name}, ${host.address}

As root on the host, in the folder that this file is in.

${sections(steps)}`;
}

/** README.md of the rendered directory: what there is, and the order over all hosts. */
export function readmeText(topology: Topology): string {
  const { name, profile, postgres, patroni, hosts, proxies } = topology;
  const names = (list: readonly TopologyHost[]) => list.map((host) => host.name).join(', ');
  const copies = allHosts(topology).map((host) => `scp -rp ${host.name} root@${host.address}:`);
  const [first] = hosts;
  const order = [
    'install the packages and put the files in their places, on all',
    `start etcd, on ${names(hosts)}`,
    `start Patroni, on ${first?.name} first${hosts.length > 1 ? ', then on the others' : ''}`,
    `make the role and the database of the loads, on ${first?.name}`,
    ...(proxies.length > 0 ? [`start HAProxy, on ${names(proxies)}`] : []),
  ];
  return `# The cluster ${name}

PostgreSQL ${postgres}, Patroni ${patroni}, etcd${proxies.length > 0 ? ', HAProxy' : ''}; profile ${profile}. Written by pgha-bench cluster render.
Passwords are in passwords.env and in files that only their owner can read: keep this directory to yourself.

## Check the files

${shell([checkCommand(topology)])}
## Copy them to the hosts

${shell(copies)}
## Set up the hosts

Each folder has its steps.md. The order over all hosts:

${order.map((each, index) => `${index + 1}. ${each}\n`).join('')}
## Open the ports

${portsText(topology)}
The clocks of the hosts must be right. Nothing is encrypted: keep the network to these hosts and their clients.

## Try it

On the machine that pgha-bench runs on, in this directory:

${sections(toolSteps(topology))}`;
}

/** Who must reach what. */
function portsText({ hosts, proxies, network }: Topology): string {
  const names = (list: readonly TopologyHost[]) => list.map(({ name }) => name).join(', ');
  const all = proxies.length > 0 ? 'database hosts, HAProxy, the tool' : 'database hosts, clients, the tool';
  const rows = [
    [PORTS.etcdClient, 'etcd', names(hosts), 'database hosts, the tool'],
    [PORTS.etcdPeer, "etcd's members among themselves", names(hosts), 'database hosts'],
    [PORTS.postgres, 'PostgreSQL', names(hosts), all],
    [PORTS.api, "Patroni's API", names(hosts), proxies.length > 0 ? all : 'database hosts, the tool'],
    ...(proxies.length === 0
      ? []
      : [
          [PROXY_PORTS.rw, 'HAProxy, read-write', names(proxies), 'clients, the tool'],
          [PROXY_PORTS.ro, 'HAProxy, read-only', names(proxies), 'clients, the tool'],
          [PROXY_PORTS.stats, "HAProxy's statistics", names(proxies), 'the tool'],
        ]),
  ];
  return `| port | | on | for |
|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |\n`).join('')}
The tool is the machine that pgha-bench runs on. Its address must be within ${network}: PostgreSQL takes nobody from elsewhere,
and the tool asks each member itself, past HAProxy.
`;
}

/** The files of all hosts at once, since some mistakes show only beside another. */
function checkCommand(topology: Topology): string {
  const files = allHosts(topology).map((host) => {
    const database = topology.hosts.includes(host)
      ? [`--config ${host.name}${PATHS.patroni}`, `--etcd-env ${host.name}${PATHS.etcd}`]
      : [];
    const proxy = topology.proxies.includes(host) ? [`--haproxy ${host.name}${PATHS.haproxy}`] : [];
    return [...database, ...proxy].join(' \\\n  ');
  });
  return `pgha-bench doctor \\\n  ${files.join(' \\\n  ')}`;
}

function sections(steps: readonly Step[]): string {
  return steps
    .map(({ title, note, commands }, index) => {
      const text = note === null ? '' : `${note}\n\n`;
      return `### ${index + 1}. ${title}\n\n${text}${shell(commands)}`;
    })
    .join('\n');
}

function shell(commands: readonly string[]): string {
  return `\`\`\`sh\n${commands.join('\n')}\n\`\`\`\n`;
}

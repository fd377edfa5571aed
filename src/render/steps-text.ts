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
The hosts must reach each other on the ports 2379 and 2380 (etcd), 5432 (PostgreSQL) and 8008 (Patroni), and their
clocks must be right. Nothing is encrypted: keep the network to these hosts and their clients.

## Try it

On the machine that pgha-bench runs on, in this directory:

${sections(toolSteps(topology))}`;
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
